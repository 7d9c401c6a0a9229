import type { LeaveGuard, Settings } from '../model/policy.ts';
import type { Guarded, LeaveClaim, Leaves, LeaveWindow, WorkloadRecord } from '../model/record.ts';

/**
 * Leaves are counted by slots of the window, so that the count has a bounded size and ten workers
 * can add to it at once. A slot counts until its end is out of the window: a tenth longer at most.
 */
const SLOTS = 10;

/** Shares are decimal fractions: 0.29 x 100 must come to 29. */
const ROUNDING = 1e-9;

/**
 * What holds where the policy says nothing. The share is that of the change guard: what a plan may
 * change without a second person, events may take. Ten minutes is what somebody who is woken by the
 * alarm needs to look; a rolling re-tag that takes longer than that goes on. Three moves let a tag be
 * set, corrected and set right again; a fourth within ten minutes is a loop or two owners at odds.
 */
export const LEAVE_GUARD_DEFAULTS: Omit<LeaveGuard, 'share'> = {
  windowMs: 600_000,
  movesMax: 3,
};

export function leaveGuardOf(settings: Settings): LeaveGuard {
  return settings.leaveGuard ?? { share: settings.changeGuardShare, ...LEAVE_GUARD_DEFAULTS };
}

/** How many of a segment's running members events may take within the window; 100 % is no limit. */
export function leavesMax(share: number, running: number): number {
  return Math.max(1, Math.floor(share * running + ROUNDING));
}

export type LeaveVerdict =
  | { readonly kind: 'go'; readonly claims: readonly LeaveClaim[] }
  | {
      readonly kind: 'full';
      readonly segment: string;
      readonly left: number;
      readonly max: number;
    };

/**
 * Whether a workload may leave all these segments now. Total. The claims are to be written together
 * with what makes it leave, all or nothing.
 */
export function judgeLeave(input: {
  readonly lost: readonly string[];
  readonly leaves: Leaves;
  readonly guard: LeaveGuard;
  readonly nowMs: number;
}): LeaveVerdict {
  const { lost, leaves, guard, nowMs } = input;
  const claims: LeaveClaim[] = [];
  for (const segment of lost) {
    const seen = leaves.windows[segment];
    const current = advance(seen, guard.windowMs, nowMs);
    const max = leavesMax(guard.share, leaves.running[segment] ?? 0);
    if (current.total >= max) return { kind: 'full', segment, left: current.total, max };
    claims.push({
      segment,
      ...(seen === undefined ? {} : { seen }),
      next: { ...current, total: current.total + 1 },
      totalMax: max,
    });
  }
  return { kind: 'go', claims };
}

/** The window as of now: a slot that is over joins the earlier ones, those out of it are dropped. */
function advance(window: LeaveWindow | undefined, windowMs: number, nowMs: number): LeaveWindow {
  // A clock that lags behind another worker's counts into the slot that the other has opened.
  if (window !== undefined && nowMs < window.until) return window;
  const slotMs = Math.max(1, Math.floor(windowMs / SLOTS));
  const until = (Math.floor(nowMs / slotMs) + 1) * slotMs;
  const before = Object.fromEntries(
    earlierSlots(window).filter(([end, count]) => count > 0 && Number(end) > nowMs - windowMs),
  );
  return { until, total: sum(before), before };
}

function earlierSlots(window: LeaveWindow | undefined): readonly (readonly [string, number])[] {
  if (window === undefined) return [];
  const inSlot = window.total - sum(window.before);
  return [...Object.entries(window.before), [String(window.until), inSlot]];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** left: it is in no segment any more; loosened: an event would have ended its enforcement. */
export type HeldBecause = 'left' | 'loosened' | Guarded['because'];

/** Undefined for a workload that is not held. */
export function heldBecause(
  record: Pick<WorkloadRecord, 'held' | 'left' | 'guarded'>,
): HeldBecause | undefined {
  if (!record.held) return undefined;
  return record.guarded?.because ?? (record.left === true ? 'left' : 'loosened');
}
