import { describe, expect, test } from 'vitest';
import {
  type Barrier,
  isStalled,
  lookedAt,
  openBarrier,
  STALL_MS,
} from '../../functions/barrier.ts';

const waiting = (pending: number, parked = 0) => ({ pending, parked });

describe('a barrier', () => {
  test('passes when nothing is missing, and not before', () => {
    const first = lookedAt(openBarrier(0), waiting(3), 1_000);
    expect(first.passed).toBe(false);
    expect(lookedAt(first, waiting(0), 2_000).passed).toBe(true);
  });

  test('stalls by the last progress, not by the time since it was set', () => {
    let barrier: Barrier = openBarrier(0);
    const slow = STALL_MS - 1;
    for (let step = 1; step <= 10; step += 1) {
      barrier = lookedAt(barrier, waiting(100 - step), step * slow);
      expect(isStalled(barrier, step * slow)).toBe(false);
    }
    const stuck = lookedAt(barrier, waiting(barrier.pending ?? 0), 11 * slow);
    expect(isStalled(stuck, 10 * slow + STALL_MS)).toBe(true);
  });

  test('who waits for a turn will come: that is no standstill', () => {
    let barrier: Barrier = openBarrier(0);
    for (let step = 1; step <= 10; step += 1) {
      barrier = lookedAt(barrier, waiting(5, 2), step * STALL_MS);
      expect(isStalled(barrier, step * STALL_MS)).toBe(false);
    }
    const stuck = lookedAt(barrier, waiting(5, 0), 11 * STALL_MS);
    expect(isStalled(stuck, 11 * STALL_MS)).toBe(true);
  });

  test('growing is no progress', () => {
    const first = lookedAt(openBarrier(0), waiting(3), 0);
    const grown = lookedAt(first, waiting(5), STALL_MS);
    expect(isStalled(grown, STALL_MS)).toBe(true);
  });

  test('waits longer the longer it takes, and fits into the history of an execution', () => {
    let barrier: Barrier = openBarrier(0);
    const waits: number[] = [];
    let looks = 0;
    while (!isStalled(barrier, 0)) {
      barrier = { ...lookedAt(barrier, waiting(1), 0), progressAt: 0 };
      waits.push(barrier.waitSeconds);
      looks += 1;
    }
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(looks * 10).toBeLessThan(25_000);
    // Long enough for 50,000 interfaces at 5 a second.
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(10_000);
  });
});
