import type { StepReport } from '../../core/model/plan.ts';
import { ruleKey } from '../../core/plan/rule-keys.ts';
import type { Ports } from '../ports.ts';
import { GroupHand } from './apply-groups.ts';
import { keepOutcomes, type PlanContext } from './plan-context.ts';
import { openAsFailed } from './refusals.ts';

/**
 * Puts back rules that somebody has taken away by hand since phase create: interfaces are about to live
 * on them alone, or do so already. The reports are of what was missing; a rule that could not be put
 * back is `failed` there.
 */
export async function mendRules(
  ports: Ports,
  context: PlanContext,
): Promise<readonly StepReport[]> {
  const { plan, desired } = context;
  if (plan.kind === 'uninstall') return [];
  const hand = new GroupHand(ports, context);
  const { byKey, keysById } = await hand.owned();
  const reports: StepReport[] = [];
  for (const wanted of desired.groups) {
    // One that was deleted by hand is another matter: who needs it keeps all that it carries.
    const group = byKey.get(wanted.key);
    if (group === undefined) continue;
    for (const direction of ['ingress', 'egress'] as const) {
      const have = new Set(group[direction].map((rule) => ruleKey(rule, keysById)));
      const rules = wanted[direction].filter((rule) => !have.has(ruleKey(rule, keysById)));
      if (rules.length === 0) continue;
      const id = `mend:${wanted.key}:${direction}`;
      ports.signal.event('rules-gone', { plan: plan.id, group: wanted.key, rules: rules.length });
      const step = { id, kind: 'authorize', phase: 'create', after: [], direction, rules } as const;
      reports.push(openAsFailed(await hand.carryOut({ ...step, group: wanted.key })));
    }
  }
  await keepOutcomes(ports, plan, reports);
  return reports;
}
