import { expect, test } from 'vitest';
import { needsApproval } from '../../../core/plan/needs-approval.ts';

const FINDING = { segment: 'web', changed: 1, members: 8, share: 0.125, limit: 0.2 };
const CROSSING = { guardrail: 'apart', group: 'segment:web@vpc-1', workloads: ['i-1'] };

test('a plan needs approval for one finding that exceeds, or for one crossing', () => {
  const [calm, exceeded] = [false, true].map((one) => ({ ...FINDING, exceeded: one }));
  if (calm === undefined || exceeded === undefined) throw new Error('no findings');
  expect(needsApproval({ guard: [] })).toBe(false);
  expect(needsApproval({ guard: [calm], crossings: [] })).toBe(false);
  expect(needsApproval({ guard: [calm, exceeded] })).toBe(true);
  expect(needsApproval({ guard: [calm], crossings: [CROSSING] })).toBe(true);
});
