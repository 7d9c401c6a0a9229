import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import { checkRoom } from '../../../core/plan/check-room.ts';
import { applySteps, type Estate } from '../../properties/apply-steps.ts';
import { inventory, OWNER, policy, rule, segment } from '../../properties/builders.ts';
import { fresh, planFor, publish, withInventory } from './plan-for.ts';

const hosts = inventory([
  { name: 'd', app: 'db' },
  { name: 'w', app: 'web' },
  { name: 'a', app: 'api' },
]);
const before = policy({
  segments: [segment('db'), segment('web')],
  rules: [rule('r', 'web', 'db', ['tcp/80'])],
});
/** Nobody is `web` any more, and the rules for `api` fill a group of two. */
const after = policy({
  segments: [segment('api'), segment('db')],
  rules: [rule('r', 'api', 'db', ['tcp/10-20', 'tcp/30'])],
});

function published(more: Partial<Inventory> = {}): Estate {
  const estate = publish(before, fresh(hosts));
  const quotas = { ...estate.inventory.quotas, rulesPerGroup: 2 };
  return withInventory(estate, { quotas, ...more });
}

describe('whether the rules of a plan find room while it runs', () => {
  test('they do where what is not wanted goes first', () => {
    const estate = published();
    const plan = planFor(after, estate);
    expect(checkRoom(plan, estate.inventory, OWNER)).toEqual([]);
    expect(() => applySteps(estate, plan.steps)).not.toThrow();
  });

  test('they do not where a held workload keeps the group that an old rule names', () => {
    const estate = published();
    const plan = planFor(after, estate, { held: new Set(['i-w']) });
    expect(checkRoom(plan, estate.inventory, OWNER)).toEqual(
      (['ipv4', 'ipv6'] as const).map((family) => ({
        ...{ file: 'root.yaml', line: 1, column: 1, severity: 'error', code: 'no-room-for-rules' },
        message: `segment:db@vpc-1 would hold 3 of 2 ingress rules for ${family} while the plan runs: 2 new ones beside 1 that have to stay`,
        hint: 'cheapest first: raise the quota L-0EA8095F from 2 to 3 (5 x 3 = 15 of 1000); or decide first about the workloads that keep a group which the policy no longer gives them, and about gaps in the inventory: the plan names both',
      })),
    );
    expect(() => applySteps(estate, plan.steps)).toThrow('RulesPerSecurityGroupLimitExceeded');
  });

  test('they do not where gaps in the inventory keep every old rule', () => {
    const estate = published({ gaps: [{ kind: 'Reservations', reason: 'denied' }] });
    const found = checkRoom(planFor(after, estate), estate.inventory, OWNER);
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringContaining('segment:db@vpc-1 would hold 3 of 2 ingress rules for ipv4'),
      expect.stringContaining('segment:db@vpc-1 would hold 3 of 2 ingress rules for ipv6'),
    ]);
  });

  test('what goes from one group, or one direction, makes no room in another', () => {
    const estate = published();
    const plan = planFor(after, estate);
    const early = plan.steps.filter((step) => step.kind === 'revoke' && step.phase === 'create');
    expect(early.length).toBeGreaterThan(0);
    for (const elsewhere of [{ group: 'segment:web@vpc-1' }, { direction: 'egress' as const }]) {
      const steps = plan.steps.map((step) =>
        step.kind === 'revoke' ? { ...step, ...elsewhere } : step,
      );
      expect(checkRoom({ ...plan, steps }, estate.inventory, OWNER)).toHaveLength(2);
    }
  });

  test('nor does what goes only when all have moved', () => {
    const estate = published();
    const plan = planFor(after, estate);
    const steps = plan.steps.map((step) =>
      step.kind === 'revoke' ? { ...step, phase: 'revoke' as const } : step,
    );
    expect(checkRoom({ ...plan, steps }, estate.inventory, OWNER)).toHaveLength(2);
  });

  test('groups of another stack have room of their own', () => {
    const estate = published();
    const plan = planFor(after, estate, { held: new Set(['i-w']) });
    expect(checkRoom(plan, estate.inventory, 'Other')).toEqual([]);
  });
});
