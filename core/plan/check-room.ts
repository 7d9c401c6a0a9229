import { groupsByKey } from '../compile/owned-groups.ts';
import { type ListWeight, listWeights, ruleWeight } from '../compile/rule-weight.ts';
import { hintOf, raiseQuotas } from '../compile/ways-out.ts';
import type { Inventory } from '../model/inventory.ts';
import type { AuthorizeStep, Plan, RevokeStep } from '../model/plan.ts';
import type { Diagnostic } from '../model/policy.ts';
import { ruleKey } from './rule-keys.ts';

/**
 * Errors, with the numbers, for steps that AWS would refuse for want of room
 * (RulesPerSecurityGroupLimitExceeded): such a plan must not start, since it would end halfway. What a
 * policy asks for fits by itself, else compiling it says so; but a group keeps the rules that name a
 * group which somebody still carries, and all of them where the inventory has gaps.
 */
export function checkRoom(plan: Plan, inventory: Inventory, owner: string): readonly Diagnostic[] {
  const existing = groupsByKey(inventory, owner);
  const keysById = new Map([...existing].map(([key, { id }]) => [id, key]));
  const lists = listWeights({ inventory });
  const gone = new Map<string, ReadonlySet<string>>();
  for (const step of plan.steps) {
    if (step.kind !== 'revoke' || step.phase !== 'create') continue;
    gone.set(placeOf(step), new Set(step.rules.map((rule) => ruleKey(rule, keysById))));
  }
  return plan.steps.flatMap((step) => {
    const group = step.kind === 'authorize' ? existing.get(step.group) : undefined;
    if (step.kind !== 'authorize' || group === undefined) return [];
    const revoked = gone.get(placeOf(step));
    const stay = group[step.direction].filter((rule) => !revoked?.has(ruleKey(rule, keysById)));
    return overruns(step, { inventory, lists, stay });
  });
}

function placeOf({ group, direction }: AuthorizeStep | RevokeStep): string {
  return `${group} ${direction}`;
}

interface Room {
  readonly inventory: Inventory;
  readonly lists: ReadonlyMap<string, ListWeight>;
  /** Rules that are there when the new ones come. */
  readonly stay: readonly { readonly peer: AuthorizeStep['rules'][number]['peer'] }[];
}

function overruns(
  { group, direction, rules }: AuthorizeStep,
  { inventory, lists, stay }: Room,
): readonly Diagnostic[] {
  const { quotas } = inventory;
  const limit = quotas.rulesPerGroup;
  return (['ipv4', 'ipv6'] as const).flatMap((family): Diagnostic[] => {
    const weigh = (some: Room['stay']): number =>
      some.reduce((sum, { peer }) => sum + ruleWeight(peer, family, lists), 0);
    const [old, fresh] = [weigh(stay), weigh(rules)];
    if (old + fresh <= limit) return [];
    const ways = [
      ...raiseQuotas(quotas, (_, rulesPerGroup) => rulesPerGroup >= old + fresh),
      'decide first about the workloads that keep a group which the policy no longer gives them, and about gaps in the inventory: the plan names both',
    ];
    return [
      {
        ...{ file: 'root.yaml', line: 1, column: 1, severity: 'error', code: 'no-room-for-rules' },
        message: `${group} would hold ${old + fresh} of ${limit} ${direction} rules for ${family} while the plan runs: ${fresh} new ones beside ${old} that have to stay`,
        hint: hintOf(ways, ''),
      },
    ];
  });
}
