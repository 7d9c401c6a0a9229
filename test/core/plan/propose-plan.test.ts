import { describe, expect, test } from 'vitest';
import { proposePlan } from '../../../core/plan/propose-plan.ts';
import { inventory, NOW, OWNER, policy, rule, segment } from '../../properties/builders.ts';
import { publish, START, TWO, webAndDb } from './plan-for.ts';

const GROUND = { now: NOW, owner: OWNER };

/** Compiling refuses it: one group would need more rules than there are groups for. */
const REFUSED = {
  ...{ policy: webAndDb('enforce', ['tcp/1', 'tcp/3']), ...GROUND },
  inventory: inventory(TWO, {
    quotas: { groupsPerInterface: 1, rulesPerGroup: 1, groupsPerRegion: 100 },
  }),
};

describe('proposePlan', () => {
  test('plans as for a first publish, unless more is said', () => {
    const first = { policy: webAndDb('stage'), inventory: START.inventory, ...GROUND };
    const { plan, diagnostics, desired } = proposePlan(first);
    expect(plan).toMatchObject({ id: 'plan-1', generation: 1, base: 0, kind: 'publish' });
    expect(plan?.steps.length).toBeGreaterThan(0);
    expect(diagnostics).toEqual([]);
    expect(desired.groups.length).toBeGreaterThan(0);
    const later = proposePlan({ ...first, generation: 7, base: 6, held: new Set(['i-w']) });
    expect(later.plan).toMatchObject({ id: 'plan-7', base: 6 });
    expect(later.plan?.steps.map(({ id }) => id)).not.toContain('attach:eni-w');
  });

  test('gives no plan where the policy does not fit, but to uninstall', () => {
    const refused = proposePlan(REFUSED);
    expect(refused.plan).toBeUndefined();
    expect(refused.diagnostics.map(({ severity }) => severity)).toContain('error');
    const leaving = proposePlan({ ...REFUSED, kind: 'uninstall' });
    expect(leaving.plan).toMatchObject({ kind: 'uninstall', steps: [] });
    expect(leaving.diagnostics).toEqual(refused.diagnostics);
  });

  test('gives no plan whose rules find no room while it runs, but to uninstall', () => {
    const hosts = inventory([...TWO, { name: 'a', app: 'api' }]);
    const estate = publish(webAndDb('enforce'), { inventory: hosts, ledger: {} });
    const quotas = { ...estate.inventory.quotas, rulesPerGroup: 2 };
    const proposal = {
      ...{ inventory: { ...estate.inventory, quotas }, ledger: estate.ledger, ...GROUND },
      held: new Set(['i-w']),
      policy: policy({
        segments: [segment('api'), segment('db', { egress: 'closed' })],
        rules: [rule('r', 'api', 'db', ['tcp/10-20', 'tcp/30'])],
      }),
    };
    const { plan, diagnostics } = proposePlan(proposal);
    expect(plan).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toContain('no-room-for-rules');
    expect(proposePlan({ ...proposal, kind: 'uninstall' }).plan?.kind).toBe('uninstall');
  });
});
