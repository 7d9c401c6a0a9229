import { expect, test } from 'vitest';
import { leaveGuardOf, leavesMax } from '../../../core/plan/leave-guard.ts';
import { parsePolicy } from '../../../core/policy/parse-policy.ts';

/** What the settings come to. */
function read(settings: string) {
  const text = `apiVersion: bulkhead/v1\nsettings: { ${settings} }\n`;
  const { policy, diagnostics } = parsePolicy([{ file: 'root.yaml', text }], {
    now: '2026-11-24T12:00:00Z',
  });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return leaveGuardOf(policy.settings);
}

test.each([
  ['onLeave: hold', { share: 0.2, windowMs: 600_000, movesMax: 3 }],
  ['changeGuard: { share: 35% }', { share: 0.35, windowMs: 600_000, movesMax: 3 }],
  ['leaveGuard: {}, changeGuard: { share: 35% }', { share: 0.35, windowMs: 600_000, movesMax: 3 }],
  ['leaveGuard: { share: 0% }', { share: 0, windowMs: 600_000, movesMax: 3 }],
  [
    'leaveGuard: { share: 100%, window: 10s, moves: 100 }',
    { share: 1, windowMs: 10_000, movesMax: 100 },
  ],
])('%s', (settings, expected) => {
  expect(read(settings)).toEqual(expected);
});

test.each([
  [0.2, 3_000, 600],
  [0.29, 100, 29],
  [0.2, 4, 1],
  [0, 3_000, 1],
  [0.2, 0, 1],
])('%d of %d running members is %d', (share, running, max) => {
  expect(leavesMax(share, running)).toBe(max);
});
