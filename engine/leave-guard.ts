import { decideMembership } from '../core/compile/decide-membership.ts';
import type { PolicyIndex } from '../core/compile/index-policy.ts';
import type { Identity } from '../core/model/identity.ts';
import type { LeaveGuard } from '../core/model/policy.ts';
import type {
  Guarded,
  Keeps,
  LeaveClaim,
  Leaves,
  MoveRecord,
  WorkloadRecord,
} from '../core/model/record.ts';
import { judgeLeave, leaveGuardOf } from '../core/plan/leave-guard.ts';
import type { InForce } from './in-force.ts';
import { isManaged, keepsByConflict, standsSince } from './standing.ts';

/** What a change of identity takes from a workload, by the policy in force. Names are sorted. */
export interface Move {
  /** Segments that it leaves although it carries their groups; observed ones write none. */
  readonly lost: readonly string[];
  /** It is back in everything that it was held in: what it leaves, it had only because it was held. */
  readonly isHome: boolean;
  /** What it keeps if nothing may come off. */
  readonly keeps?: Keeps;
}

const NO_MOVE: Move = { lost: [], isHome: false };

type Stored = Pick<WorkloadRecord, 'identity' | 'keeps' | 'left' | 'loosened' | 'guarded'>;

/** Total. A change of the policy is no move: both identities are judged by the one in force. */
export function moveOf(inForce: InForce, stored: Stored | undefined, after: Identity): Move {
  if (stored === undefined || inForce.head.kind === 'uninstall') return NO_MOVE;
  if (!isManaged(inForce, stored.identity)) return NO_MOVE;
  const { index } = inForce;
  const known = standingKeeps(inForce, stored);
  const was = decideMembership(index, stored.identity).segments;
  const before = written(index, [...was, ...(known?.segments ?? [])]);
  const now = new Set(decideMembership(index, after).segments);
  const lost = before.filter((segment) => !now.has(segment));
  const isHome = known?.from.every((segment) => now.has(segment)) === true;
  if (lost.length === 0 || isHome) return { lost, isHome };
  return { lost, isHome, keeps: { from: known?.from ?? before, segments: lost } };
}

/** What it keeps, unless a plan has decided about it since or its reason is gone. */
function standingKeeps(inForce: InForce, stored: Stored): Keeps | undefined {
  const { keeps, left, loosened, guarded, identity } = stored;
  if (keeps === undefined) return undefined;
  const stands =
    standsSince(inForce.head, guarded?.generation) ||
    standsSince(inForce.head, loosened) ||
    (left === true && inForce.bundle.policy.settings.onLeave === 'hold') ||
    keepsByConflict(decideMembership(inForce.index, identity));
  return stands ? keeps : undefined;
}

function written(index: PolicyIndex, segments: readonly string[]): readonly string[] {
  const isWritten = (name: string): boolean => {
    const mode = index.segments.get(name)?.mode;
    return mode !== undefined && mode !== 'observe';
  };
  return [...new Set(segments)].filter(isWritten).sort();
}

/**
 * - free: nothing comes off, or the guard has no say;
 * - count: it may leave, if these claims are written with its record;
 * - hold: it keeps what it has.
 */
export type GuardVerdict =
  | { readonly kind: 'free' }
  | { readonly kind: 'count'; readonly claims: readonly LeaveClaim[]; readonly moved: MoveRecord }
  | { readonly kind: 'hold'; readonly guarded: Guarded };

export const FREE: GuardVerdict = { kind: 'free' };

/** What the guard needs of a move that would take groups off. Pure but for the one read. */
export async function judgeMove(
  inForce: InForce,
  move: Move,
  input: {
    readonly moves: readonly MoveRecord[];
    readonly nowMs: number;
    /** Called only when the count decides. */
    readonly readLeaves: (segments: readonly string[]) => Promise<Leaves>;
  },
): Promise<GuardVerdict> {
  const guard = leaveGuardOf(inForce.bundle.policy.settings);
  const hold = (because: Guarded['because'], why: string): GuardVerdict => ({
    kind: 'hold',
    guarded: {
      generation: inForce.head.generation,
      because,
      reason: `an event would take it out of ${move.lost.join(', ')}, but ${why}; it keeps its groups until the event is taken back or a plan moves it`,
    },
  });
  const within = `within ${durationText(guard.windowMs)}`;
  const moves = recentMoves(guard, input.moves, input.nowMs).length;
  if (moves >= guard.movesMax)
    return hold('flapping', `events have moved it ${moves} times ${within}`);
  const moved = { at: new Date(input.nowMs).toISOString(), from: move.lost };
  if (guard.share >= 1) return { kind: 'count', claims: [], moved };
  const leaves = await input.readLeaves(move.lost);
  const verdict = judgeLeave({ lost: move.lost, leaves, guard, nowMs: input.nowMs });
  if (verdict.kind === 'full') {
    const { segment, left, max } = verdict;
    const running = leaves.running[segment] ?? 0;
    return hold(
      'share',
      `${segment} has lost ${left} members by events ${within} and may lose ${max} (of ${running} running)`,
    );
  }
  return { kind: 'count', claims: verdict.claims, moved };
}

/** The moves that still count, of those that a record names. */
export function recentMoves(
  guard: LeaveGuard,
  moves: readonly MoveRecord[],
  nowMs: number,
): readonly MoveRecord[] {
  return moves.filter(({ at }) => Date.parse(at) > nowMs - guard.windowMs);
}

function durationText(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} minutes` : `${ms / 1_000} seconds`;
}

/**
 * Running members by segment, for the guard's share: also those that keep its group although they are
 * in it no more, and those that events have taken from it within the window.
 */
export function countRunning(
  records: readonly WorkloadRecord[],
  guard: LeaveGuard,
  nowMs: number,
): Leaves['running'] {
  const counts = new Map<string, number>();
  for (const { state, membership, keeps, moves = [] } of records) {
    if (state !== 'running') continue;
    const left = recentMoves(guard, moves, nowMs).flatMap(({ from }) => from);
    const all = new Set([...membership.segments, ...(keeps?.segments ?? []), ...left]);
    for (const segment of all) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
