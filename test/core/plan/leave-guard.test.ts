import { describe, expect, test } from 'vitest';
import type { LeaveWindow } from '../../../core/model/record.ts';
import { heldBecause, judgeLeave } from '../../../core/plan/leave-guard.ts';

/** A window of a second, so that a slot lasts 100 ms. */
function judge(
  windows: Readonly<Record<string, LeaveWindow>>,
  nowMs: number,
  more: { lost?: readonly string[]; windowMs?: number; share?: number } = {},
) {
  return judgeLeave({
    lost: more.lost ?? ['web'],
    leaves: { running: { web: 10, api: 20 }, windows },
    guard: { share: more.share ?? 0.2, windowMs: more.windowMs ?? 1_000, movesMax: 3 },
    nowMs,
  });
}

/** What one more leave makes of the window. */
function nextOf(window: LeaveWindow | undefined, nowMs: number, windowMs = 1_000) {
  const verdict = judge(window === undefined ? {} : { web: window }, nowMs, { windowMs, share: 1 });
  return verdict.kind === 'go' ? verdict.claims[0]?.next : verdict;
}

describe('a leave', () => {
  test('goes while the segment has fewer than its share, with a claim to be written', () => {
    const seen = { until: 1_300, total: 1, before: {} };
    expect(judge({}, 1_234)).toEqual({
      kind: 'go',
      claims: [{ segment: 'web', next: { until: 1_300, total: 1, before: {} }, totalMax: 2 }],
    });
    expect(judge({ web: seen }, 1_299)).toEqual({
      kind: 'go',
      claims: [{ segment: 'web', seen, next: { ...seen, total: 2 }, totalMax: 2 }],
    });
  });

  test('is refused with the numbers when the share is reached', () => {
    const web = { until: 1_300, total: 2, before: {} };
    expect(judge({ web }, 1_299)).toEqual({ kind: 'full', segment: 'web', left: 2, max: 2 });
  });

  test('from several segments goes only if each has room', () => {
    const web = { until: 1_300, total: 2, before: {} };
    const lost = ['api', 'web'];
    expect(judge({ web }, 1_299, { lost })).toMatchObject({ kind: 'full', segment: 'web' });
    expect(judge({}, 1_299, { lost })).toMatchObject({
      claims: [
        { segment: 'api', totalMax: 4 },
        { segment: 'web', totalMax: 2 },
      ],
    });
    expect(judge({}, 1_299, { lost: [] })).toEqual({ kind: 'go', claims: [] });
  });

  test('of a segment that nobody has counted yet goes once', () => {
    const lost = ['new'];
    expect(judge({}, 1_299, { lost })).toMatchObject({ claims: [{ totalMax: 1 }] });
    const seen = { until: 1_300, total: 1, before: {} };
    expect(judge({ new: seen }, 1_299, { lost })).toMatchObject({ kind: 'full', max: 1 });
  });
});

describe('a window', () => {
  const one = { until: 1_300, total: 1, before: {} };

  test.each([
    ['opens a slot at the full tenth', undefined, 1_234, { until: 1_300, total: 1, before: {} }],
    ['opens the next slot at its end', undefined, 1_300, { until: 1_400, total: 1, before: {} }],
    ['counts in the slot that is open', one, 1_299, { ...one, total: 2 }],
    ['counts there too by a clock that lags', one, 900, { ...one, total: 2 }],
    ['keeps a slot that is over', one, 1_300, { until: 1_400, total: 2, before: { 1300: 1 } }],
    ['keeps it to the end', one, 2_299, { until: 2_300, total: 2, before: { 1300: 1 } }],
    ['drops it when its end is out', one, 2_300, { until: 2_400, total: 1, before: {} }],
    [
      'keeps each slot by itself, and none of nothing',
      { until: 1_500, total: 5, before: { 1300: 2, 1400: 3 } },
      1_600,
      { until: 1_700, total: 6, before: { 1300: 2, 1400: 3 } },
    ],
    [
      'drops what is out and keeps the rest',
      { until: 2_000, total: 9, before: { 1300: 4, 1900: 3 } },
      2_350,
      { until: 2_400, total: 6, before: { 1900: 3, 2000: 2 } },
    ],
  ])('%s', (_, window, nowMs, next) => {
    expect(nextOf(window, nowMs)).toEqual(next);
  });

  test('has slots of a millisecond at least', () => {
    expect(nextOf(undefined, 1_234, 5)).toEqual({ until: 1_235, total: 1, before: {} });
  });
});

const guarded = { because: 'share', generation: 7, reason: '2 of 10 have left' } as const;

test.each([
  ['nothing while it is not held', { held: false, left: true, guarded }, undefined],
  ['the guard first', { held: true, left: true, guarded }, 'share'],
  ['having left every segment', { held: true, left: true }, 'left'],
  ['having been loosened', { held: true, left: false }, 'loosened'],
  ['having been loosened, where nothing else is said', { held: true }, 'loosened'],
])('a workload is held because of %s', (_, record, because) => {
  expect(heldBecause(record)).toBe(because);
});
