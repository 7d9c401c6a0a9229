import { pathDifference } from '../../core/api/path-difference.ts';
import { plannedInventory } from '../../core/api/planned-inventory.ts';
import { answerProbes } from '../../core/api/probe.ts';
import { assess } from '../../core/assess/assess.ts';
import { policyEffect } from '../../core/assess/policy-effect.ts';
import { renderAssessment, renderMarkdown } from '../../core/assess/render.ts';
import { compareEstate } from '../../core/check/compare.ts';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { groupsByKey } from '../../core/compile/owned-groups.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import { planChanges } from '../../core/plan/plan-changes.ts';
import { lintAgainstInventory } from '../../core/policy/lint-inventory.ts';
import { renderPlan } from '../../core/show/plan.ts';

const NOW = '2026-11-23T12:00:00Z';
const OWNER = 'Bulkhead';

/** Puts an estate through everything that offline commands and the control plane ask of one. */
export function askEverything(policy: Policy, inventory: Inventory): 0 | 1 {
  lintAgainstInventory(policy, inventory);
  const assessment = assess({ inventory });
  renderAssessment(assessment);
  renderMarkdown(assessment);
  const effect = policyEffect({ policy, inventory, owner: OWNER });
  const ends = ['10.0.1.11', 'i-03', 'eni-01', '198.51.100.7', inventory.interfaces[0]?.id ?? ''];
  const probes = ends.flatMap((from) =>
    ends.map((to) => ({ from: from || 'x', to: to || 'x', protocol: 'tcp', port: 443 })),
  );
  answerProbes({ policy, inventory, probes, owner: OWNER, now: NOW });
  if (effect.effect === undefined) return 0;
  planAndCompare(policy, inventory);
  return 1;
}

function planAndCompare(policy: Policy, inventory: Inventory): void {
  const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
  const input = {
    ...{ desired, inventory, policy, now: NOW, owner: OWNER },
    ...{ held: new Set<string>(), generation: 2, base: 1 },
    ledger: { 'eni-01': ['sg-0f', 'sg-gone'], 'eni-gone': ['sg-0f'] },
  };
  for (const kind of ['publish', 'uninstall'] as const) {
    const plan = planChanges({ ...input, kind });
    renderPlan(plan);
    pathDifference({ policy, inventory, plan, owner: OWNER, now: NOW });
    const after = plannedInventory(inventory, plan, OWNER);
    const { memberships } = desired;
    const groupIds = Object.fromEntries(
      [...groupsByKey(after, OWNER)].map(([key, group]) => [key, group.id]),
    );
    compareEstate({ policy, inventory: after, memberships, groupIds, now: NOW });
  }
}
