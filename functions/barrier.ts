import { z } from 'zod';

/**
 * How a barrier stands, carried by the state machine from one look to the next. `passed` and
 * `waitSeconds` are read by infra/publishing/publish-states.ts.
 */
export const barrierSchema = z.object({
  passed: z.boolean(),
  waitSeconds: z.number().int().positive(),
  looks: z.number().int().nonnegative(),
  /** Interfaces still to come; absent before the first look. */
  pending: z.number().int().nonnegative().optional(),
  /** When `pending` last fell; milliseconds since 1970. */
  progressAt: z.number(),
});
export type Barrier = z.infer<typeof barrierSchema>;

/**
 * With no interface read back for this long, those that are missing will not come by waiting. They
 * are marked blocked and hold back their own rule peers, not the rest.
 */
export const STALL_MS = 5 * 60_000;

/** A look is about ten entries in the history of the execution, which holds 25,000 (Step Functions). */
const LOOKS_MAX = 2_000;

/** Looks until which each wait applies: close together while it may be over in seconds. */
const WAITS: readonly { readonly below: number; readonly seconds: number }[] = [
  { below: 5, seconds: 1 },
  { below: 15, seconds: 2 },
  { below: 40, seconds: 5 },
];
const WAIT_SECONDS_MAX = 15;

export function openBarrier(now: number): Barrier {
  return { passed: false, waitSeconds: 1, looks: 0, progressAt: now };
}

/** True when waiting longer for what is missing makes no sense. */
export function isStalled(barrier: Barrier, now: number): boolean {
  return now - barrier.progressAt >= STALL_MS || barrier.looks >= LOOKS_MAX;
}

/** What one look found: interfaces missing, and those of them whose write waits for its turn. */
export interface Look {
  readonly pending: number;
  readonly parked: number;
}

/** The barrier after one more look. Whoever waits for a turn will come, so that is no standstill. */
export function lookedAt(barrier: Barrier, { pending, parked }: Look, now: number): Barrier {
  const looks = barrier.looks + 1;
  const fewer = barrier.pending === undefined || pending < barrier.pending || parked > 0;
  return {
    passed: pending === 0,
    waitSeconds: WAITS.find(({ below }) => looks < below)?.seconds ?? WAIT_SECONDS_MAX,
    looks,
    pending,
    progressAt: fewer ? now : barrier.progressAt,
  };
}
