import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Plan, PlanStep } from '../../../core/model/plan.ts';
import type { Mode, Policy } from '../../../core/model/policy.ts';
import { type PlanInput, planChanges } from '../../../core/plan/plan-changes.ts';
import { applySteps, type Estate } from '../../properties/apply-steps.ts';
import {
  type Host,
  inventory,
  NOW,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';

/** The plan that publishing the policy onto the estate makes. */
export function planFor(p: Policy, estate: Estate, more: Partial<PlanInput> = {}): Plan {
  const { desired } = compilePolicy({
    policy: p,
    inventory: estate.inventory,
    now: NOW,
    owner: OWNER,
  });
  return planChanges({
    ...{ desired, ...estate, policy: p, held: new Set<string>(), generation: 7, base: 6 },
    ...{ now: NOW, owner: OWNER, kind: 'publish' },
    ...more,
  });
}

/** The estate after the policy was published onto it. */
export function publish(p: Policy, estate: Estate): Estate {
  return applySteps(estate, planFor(p, estate).steps);
}

/** An estate whose ledger is empty. */
export function fresh(found: Inventory): Estate {
  return { inventory: found, ledger: {} };
}

/** The estate with some of its inventory replaced. */
export function withInventory(estate: Estate, more: Partial<Inventory>): Estate {
  return { ...estate, inventory: { ...estate.inventory, ...more } };
}

/** Two segments, of which `web` may reach `db` on these ports. */
export function webAndDb(mode: Mode, ports: readonly string[] = ['tcp/5432']): Policy {
  return policy({
    segments: [segment('db', { mode, egress: 'closed' }), segment('web', { mode })],
    rules: [rule('r', 'web', 'db', [...ports])],
  });
}

/** One member of each. */
export const TWO: readonly Host[] = [
  { name: 'd', app: 'db' },
  { name: 'w', app: 'web' },
];
export const START: Estate = fresh(inventory(TWO));

export function idsOf(plan: Plan): readonly string[] {
  return plan.steps.map((step) => step.id);
}

export function stepOf(plan: Plan, id: string): PlanStep | undefined {
  return plan.steps.find((step) => step.id === id);
}
