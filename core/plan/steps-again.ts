import type { DesiredGroup, GroupKey } from '../model/desired-state.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import type { AuthorizeStep, CreateGroupStep, RevokeStep } from '../model/plan.ts';
import { planRules } from './plan-rules.ts';
import { ruleKey } from './rule-keys.ts';

type Step = CreateGroupStep | AuthorizeStep | RevokeStep;

/** Owned groups by key, as they were at some time. */
export type GroupsThen = ReadonlyMap<GroupKey, SecurityGroup>;

export interface SincePlan {
  /** What the plan was made from. */
  readonly inventory: Inventory;
  readonly desired: readonly DesiredGroup[];
  readonly before: GroupsThen;
  readonly now: GroupsThen;
}

/**
 * Steps of phase create for wanted groups and rules that were there when the plan was made, so that it
 * has no step for them, and are gone since: an older plan took them away, or somebody else did.
 */
export function stepsAgain({ inventory, desired, before, now }: SincePlan): readonly Step[] {
  const [keysBefore, keysById] = [keysOf(before), keysOf(now)];
  const { create } = planRules({
    ...{ inventory, desired: desired.filter(({ key }) => before.has(key)) },
    ...{ existing: now, keysById, carriedNow: new Set(), retained: new Set(), addOnly: true },
  });
  return create.flatMap((step) => {
    if (step.kind !== 'authorize' || !now.has(step.group)) return again(step);
    const had = before.get(step.group)?.[step.direction] ?? [];
    const keys = new Set(had.map((rule) => ruleKey(rule, keysBefore)));
    const rules = step.rules.filter((rule) => keys.has(ruleKey(rule, keysById)));
    return rules.length === 0 ? [] : again({ ...step, rules });
  });
}

function keysOf(groups: GroupsThen): ReadonlyMap<string, GroupKey> {
  return new Map([...groups].map(([key, { id }]) => [id, key]));
}

/** The plan may have a step of that name for the rules that were missing before. */
function again(step: Step): Step {
  const named = (id: string): string => `again:${id}`;
  return { ...step, id: named(step.id), after: step.after.map(named) };
}
