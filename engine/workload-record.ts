import type { Guarded, WorkloadRecord, WorkloadStatus } from '../core/model/record.ts';
import { leaveGuardOf } from '../core/plan/leave-guard.ts';
import type { InForce } from './in-force.ts';
import { FREE, type GuardVerdict, type Move, moveOf, recentMoves } from './leave-guard.ts';
import type { Known } from './merge-reading.ts';
import {
  decideStanding,
  expectedStatus,
  isUnclassified,
  keepsByConflict,
  loosenedByEvent,
  lostByEvent,
  type Standing,
  standsSince,
} from './standing.ts';

const ISOLATED = 'no segment matches it: isolated';

export interface Drafted {
  readonly record: WorkloadRecord;
  readonly standing: Standing;
  /** What is known of it, or what the policy makes of it, is not what was stored. */
  readonly differs: boolean;
  /** It differs by what is known of it, not only because its time is up or its VPC managed now. */
  readonly isChange: boolean;
  /** It differs, or only the generation or the tag version is to be kept up. */
  readonly toWrite: boolean;
}

/**
 * The record of a workload as it should be now, with the next revision. Total.
 *
 * The status is what the policy leads to expect; where nothing has changed, what the interfaces said
 * last (`blocked` for want of slots, say) stands.
 *
 * `verdict`: the leave guard's, on a change that takes segments away. Whether anything has changed
 * does not depend on it.
 */
export function draftRecord(
  inForce: InForce,
  known: Known,
  stored: WorkloadRecord | undefined,
  nowMs: number,
  verdict: GuardVerdict = FREE,
): Drafted {
  const now = new Date(nowMs).toISOString();
  const left = hasLeft(inForce, known, stored);
  const loosened = stored && loosenedByEvent(inForce, stored, known.identity);
  const firstSeen = stored?.firstSeen ?? now;
  const classified = stored?.classified ?? false;
  const move = moveOf(inForce, stored, known.identity);
  const guarded = verdict.kind === 'hold' ? verdict.guarded : stillGuarded(inForce, stored, move);
  const holds = {
    ...(loosened === undefined ? {} : { loosened }),
    ...(guarded === undefined ? {} : { guarded }),
  };
  const keeps = move.keeps === undefined ? {} : { keeps: move.keeps };
  const subject = { identity: known.identity, left, classified, firstSeen, ...holds, ...keeps };
  const standing = decideStanding(inForce, subject, nowMs);
  const inNone = isUnclassified(standing.membership);
  const draft: WorkloadRecord = {
    ...known,
    membership: standing.membership,
    status: soFar(inForce, expectedStatus(standing, known.control), stored),
    ...reasonOf(standing, { known, stored, guarded }),
    held: standing.held,
    ...(left && inNone ? { left } : {}),
    ...holds,
    ...(standing.held || keepsByConflict(standing.membership) ? keeps : {}),
    ...movesOf(inForce, { stored, nowMs, verdict }),
    classified: classified || !inNone,
    firstSeen,
    changedAt: now,
    generation: inForce.head.generation,
    revision: (stored?.revision ?? 0) + 1,
  };
  if (stored === undefined) {
    return { record: draft, standing, differs: true, isChange: true, toWrite: true };
  }
  const isChange = substance(draft) !== substance(stored);
  const differs = isChange || isOtherWorld(stored, draft, standing);
  return {
    record: differs ? draft : keepStatus(draft, stored),
    standing,
    differs,
    isChange,
    toWrite:
      differs || stored.generation !== draft.generation || stored.tagVersion !== draft.tagVersion,
  };
}

/** Until a plan moves it, or the event is taken back. */
function stillGuarded(
  inForce: InForce,
  stored: WorkloadRecord | undefined,
  move: Move,
): Guarded | undefined {
  const { guarded } = stored ?? {};
  if (move.keeps === undefined || !standsSince(inForce.head, guarded?.generation)) return undefined;
  return guarded;
}

/** The moves that the guard will look at, this one among them if it takes place. */
function movesOf(
  inForce: InForce,
  {
    stored,
    nowMs,
    verdict,
  }: {
    readonly stored: WorkloadRecord | undefined;
    readonly nowMs: number;
    readonly verdict: GuardVerdict;
  },
): Pick<WorkloadRecord, 'moves'> {
  const guard = leaveGuardOf(inForce.bundle.policy.settings);
  const earlier = recentMoves(guard, stored?.moves ?? [], nowMs);
  const moves = verdict.kind === 'count' ? [...earlier, verdict.moved] : earlier;
  return moves.length === 0 ? {} : { moves };
}

/** Nothing comes off in phase attach: who did not enforce before does not do so yet. */
function soFar(
  { head }: InForce,
  status: WorkloadStatus,
  stored: WorkloadRecord | undefined,
): WorkloadStatus {
  const isYet = status === 'enforced' && head.phase === 'attach' && stored?.status !== 'enforced';
  return isYet ? 'staged' : status;
}

function keepStatus(draft: WorkloadRecord, stored: WorkloadRecord): WorkloadRecord {
  const { statusReason: _reason, ...rest } = draft;
  const { status, statusReason, changedAt } = stored;
  return { ...rest, status, changedAt, ...(statusReason === undefined ? {} : { statusReason }) };
}

/**
 * Its VPC has come under management or has left it, its settle window is over, or what it was staged
 * for is blocked now or in force, of which no write tells.
 */
function isOtherWorld(stored: WorkloadRecord, draft: WorkloadRecord, standing: Standing): boolean {
  return (
    (stored.status === 'unmanaged') === standing.managed ||
    (['staged', 'conflict'].includes(stored.status) &&
      ['blocked', 'enforced'].includes(draft.status)) ||
    (stored.statusReason === ISOLATED) !== (draft.statusReason === ISOLATED)
  );
}

function hasLeft(inForce: InForce, known: Known, stored: WorkloadRecord | undefined): boolean {
  if (stored === undefined) return false;
  return stored.left === true || lostByEvent(inForce, stored.identity, known.identity);
}

interface Background {
  readonly known: Known;
  readonly stored: WorkloadRecord | undefined;
  readonly guarded: Guarded | undefined;
}

function reasonOf(standing: Standing, background: Background): { readonly statusReason?: string } {
  const reason = whyNot(standing, background);
  return reason === undefined ? {} : { statusReason: reason };
}

function whyNot(standing: Standing, { known, stored, guarded }: Background): string | undefined {
  if (!standing.managed) return undefined;
  if (known.control !== 'attach') return known.controlReason ?? known.control;
  if (standing.held) return whyHeld(standing, stored, guarded);
  if (standing.isolate) return ISOLATED;
  const reasons = [...standing.membership.conflicts, standing.blocked?.message ?? []].flat();
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function whyHeld(
  { membership, joins }: Standing,
  stored: WorkloadRecord | undefined,
  guarded: Guarded | undefined,
): string {
  const notJoined = (joins?.conflicts ?? []).map((conflict) => `; ${conflict}`).join('');
  const { segments, mode } = membership;
  if (guarded !== undefined) return `${guarded.reason}${notJoined}`;
  if (segments.length > 0) {
    return `an event put it into ${segments.join(', ')}, which is in mode ${mode}; it keeps its groups until a plan puts the former ones back${notJoined}`;
  }
  const from = stored?.membership.segments ?? [];
  if (from.length === 0 && stored?.statusReason !== undefined) return stored.statusReason;
  return `an event took it out of ${from.join(', ') || 'its segments'}; it keeps its groups until a person decides${notJoined}`;
}

/** What two records must have in common to say the same of a workload. */
function substance(record: WorkloadRecord): string {
  const { identity, interfaces, state, control, controlReason, membership } = record;
  const { held, left = false, loosened, guarded, keeps, classified } = record;
  return JSON.stringify(
    inOrder({
      ...{ identity, interfaces, state, control, controlReason, membership },
      ...{ held, left, classified, isLoosened: loosened !== undefined },
      ...{ keeps, isGuarded: guarded !== undefined },
    }),
  );
}

/** Keys in order, all the way down: a record from the table has them in another one. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]),
  );
}
