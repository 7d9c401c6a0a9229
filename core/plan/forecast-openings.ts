import type { GroupKey } from '../model/desired-state.ts';
import type { GroupRule, SecurityGroup } from '../model/inventory.ts';
import type { AuthorizeStep, RevokeStep } from '../model/plan.ts';
import type { InterfacePlan } from './plan-interfaces.ts';
import { groupNamedBy } from './rule-keys.ts';

export interface OpeningsInput {
  readonly interfaces: readonly InterfacePlan[];
  readonly existing: ReadonlyMap<GroupKey, SecurityGroup>;
  readonly keysById: ReadonlyMap<string, GroupKey>;
  /** Rules that come before any interface moves, and those that go after all have. */
  readonly coming: readonly AuthorizeStep[];
  readonly going: readonly RevokeStep[];
}

/** Workloads that have for a moment what neither policy may give them. */
export interface Opening {
  readonly group: GroupKey;
  readonly workloads: readonly string[];
  readonly because: 'leave while rules come' | 'leave while peers join' | 'join while rules go';
}

/**
 * Groups and rules come before others go, so that no flow is cut that stays allowed. Meanwhile old members
 * have new rules, new members have old rules, and old members meet new ones. Here: of which groups that
 * may be said. It may be that what they have so for a moment lets nothing pass, or what was open anyway.
 */
export function forecastOpenings(input: OpeningsInput): readonly Opening[] {
  const { existing, keysById } = input;
  const leaving = byGroup(input, (plan) => minus(plan.nic.groups, plan.final));
  const joining = byGroup(input, (plan) => minus(plan.final, plan.nic.groups));
  const [coming, going] = [named(input, input.coming), named(input, input.going)];
  const found: Opening[] = [];
  for (const [group, workloads] of leaving) {
    const peers = peersOf(existing.get(group), keysById);
    if (coming.has(group)) found.push({ group, workloads, because: 'leave while rules come' });
    else if ([...joining.keys()].some((key) => peers.has(key)))
      found.push({ group, workloads, because: 'leave while peers join' });
  }
  for (const [group, workloads] of joining) {
    if (going.has(group)) found.push({ group, workloads, because: 'join while rules go' });
  }
  return found;
}

/** By key of the owned group, for each that somebody has or gets so. */
function byGroup(
  { interfaces, keysById, existing }: OpeningsInput,
  groupsOf: (plan: InterfacePlan) => readonly string[],
): ReadonlyMap<GroupKey, readonly string[]> {
  const found = new Map<GroupKey, string[]>();
  for (const plan of interfaces) {
    for (const id of groupsOf(plan)) {
      const key = keysById.get(id);
      if (key === undefined || !existing.has(key)) continue;
      const known = found.get(key);
      if (known === undefined) found.set(key, [plan.nic.workload]);
      else known.push(plan.nic.workload);
    }
  }
  return found;
}

function minus(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.filter((id) => !b.includes(id));
}

/** Groups whose rules change so, and those that the rules name. */
function named(
  { keysById }: OpeningsInput,
  steps: readonly (AuthorizeStep | RevokeStep)[],
): ReadonlySet<string> {
  return new Set(
    steps.flatMap(({ group, rules }) => [
      group,
      ...rules.flatMap((rule) => groupNamedBy(rule, keysById) ?? []),
    ]),
  );
}

function peersOf(
  group: SecurityGroup | undefined,
  keysById: ReadonlyMap<string, GroupKey>,
): ReadonlySet<string> {
  const rules: readonly GroupRule[] = [...(group?.ingress ?? []), ...(group?.egress ?? [])];
  return new Set(rules.flatMap((rule) => groupNamedBy(rule, keysById) ?? []));
}
