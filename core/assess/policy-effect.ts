import { pathDifference } from '../api/path-difference.ts';
import { plannedInventory } from '../api/planned-inventory.ts';
import { measureLimits } from '../limits/measure-limits.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Diagnostic, Policy } from '../model/policy.ts';
import { proposePlan } from '../plan/propose-plan.ts';
import { onTheNetwork, openPairs, type PolicyEffect } from './assess.ts';

export interface EffectInput {
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly owner: string;
}

/**
 * What publishing the policy over this inventory would do, approvals taken as given. `diagnostics`
 * with an error: AWS would refuse it, and the effect is absent.
 */
export function policyEffect({ policy, inventory, owner }: EffectInput): {
  readonly effect?: PolicyEffect;
  readonly diagnostics: readonly Diagnostic[];
} {
  const now = inventory.takenAt;
  const { desired, plan, diagnostics } = proposePlan({ policy, inventory, now, owner });
  if (plan === undefined) return { diagnostics };
  const { pairs, open } = openPairs(plannedInventory(inventory, plan, owner));
  const counts = new Map(policy.segments.map(({ name }) => [name, 0]));
  for (const { segments } of desired.memberships) {
    for (const name of segments) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const onNetwork = new Set(onTheNetwork(inventory).map((one) => one.identity.workload));
  return {
    diagnostics,
    effect: {
      segments: [...counts].map(([name, workloads]) => ({ name, workloads })),
      unclassified: desired.memberships
        .filter((one) => one.segments.length + one.withheld.length === 0)
        .map((one) => one.workload)
        .filter((id) => onNetwork.has(id)),
      steps: plan.steps.length,
      difference: pathDifference({ policy, inventory, plan, owner, now }),
      openAfter: open,
      shareAfter: pairs === 0 ? 0 : open / pairs,
      warnings: plan.warnings,
      limits: measureLimits({ inventory, desired, plan, owner, policy }),
    },
  };
}
