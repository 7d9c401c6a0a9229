import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeaveGuard } from '../../core/model/policy.ts';
import { judgeLeave, leavesMax } from '../../core/plan/leave-guard.ts';
import { ConditionFailed } from '../../engine/ports.ts';
import { MemoryLeaves } from '../fakes/store/memory-leaves.ts';

const START = 1_763_985_600_000;

/** A wish to leave: so long after the one before, judged from what was read so many wishes ago. */
interface Wish {
  readonly afterMs: number;
  readonly segments: readonly string[];
  /** Another worker's clock. */
  readonly skewMs: number;
  readonly readsAgo: number;
}

const wishes = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(2_000), fc.nat(90_000)),
    segments: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    skewMs: fc.integer({ min: -500, max: 500 }),
    readsAgo: fc.nat(4),
  }),
  { maxLength: 60 },
);

const guards = fc.record({
  share: fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100),
  windowMs: fc.constantFrom(10_000, 60_000, 600_000),
  movesMax: fc.constant(3),
});

const running = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(40));

/** Plays the wishes; gives when, by the true time, each segment was left. */
async function play(
  guard: LeaveGuard,
  counts: Readonly<Record<string, number>>,
  all: readonly Wish[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const store = new MemoryLeaves();
  await store.recordRunning(counts);
  const seen = [await store.readLeaves(['a', 'b', 'c'])];
  const left = new Map<string, number[]>();
  let now = START;
  for (const wish of all) {
    now += wish.afterMs;
    const leaves = seen.at(-1 - Math.min(wish.readsAgo, seen.length - 1)) ?? seen[0];
    if (leaves === undefined) throw new Error('nothing was read');
    const verdict = judgeLeave({ lost: wish.segments, leaves, guard, nowMs: now + wish.skewMs });
    if (verdict.kind === 'go') {
      try {
        store.claimLeaves(verdict.claims);
        for (const segment of wish.segments) {
          left.set(segment, [...(left.get(segment) ?? []), now + wish.skewMs]);
        }
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error;
      }
    }
    seen.push(await store.readLeaves(['a', 'b', 'c']));
  }
  return left;
}

describe('the leave guard', () => {
  test('never lets more leave in any window than it says, whatever workers have read', async () => {
    await fc.assert(
      fc.asyncProperty(guards, running, wishes, async (guard, counts, all) => {
        const left = await play(guard, counts, all);
        for (const [segment, times] of left) {
          const max = leavesMax(guard.share, counts[segment] ?? 0);
          for (const from of times) {
            const inWindow = times.filter((at) => at >= from && at < from + guard.windowMs);
            expect(inWindow.length).toBeLessThanOrEqual(max);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('lets one leave again when a window and a tenth have passed without any', async () => {
    await fc.assert(
      fc.asyncProperty(guards, running, wishes, async (guard, counts, all) => {
        const quiet: Wish = {
          ...{ segments: ['a', 'b', 'c'], skewMs: 0, readsAgo: 0 },
          afterMs: guard.windowMs * 1.1 + 1_001,
        };
        const before = await play(guard, counts, all);
        const after = await play(guard, counts, [...all, quiet]);
        for (const segment of quiet.segments) {
          expect(after.get(segment)?.length).toBe((before.get(segment)?.length ?? 0) + 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('lets the whole share leave at once', async () => {
    const all = (segments: readonly string[]): Wish[] =>
      Array.from({ length: 50 }, () => ({ segments, afterMs: 1, skewMs: 0, readsAgo: 0 }));
    const guard = { share: 0.29, windowMs: 600_000, movesMax: 3 };
    const left = await play(guard, { a: 100 }, all(['a']));
    expect(left.get('a')).toHaveLength(29);
    expect((await play(guard, {}, all(['a']))).get('a')).toHaveLength(1);
  });
});
