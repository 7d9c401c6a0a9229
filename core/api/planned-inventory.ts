import { GROUP_TAG, keyOf, OWNER_TAG, ownerOf } from '../compile/owned-groups.ts';
import type { DesiredRule } from '../model/desired-state.ts';
import type { GroupRule, Inventory, SecurityGroup } from '../model/inventory.ts';
import type { AuthorizeStep, CreateGroupStep, Plan, RevokeStep } from '../model/plan.ts';

/**
 * The inventory as it would read after the plan, approvals taken as given; the set of a blocked
 * step is the one that it stays with. A group that does not exist yet has its key as its id.
 * For answering questions about a plan; nothing is ever written from it.
 */
export function plannedInventory(inventory: Inventory, plan: Plan, owner: string): Inventory {
  const groups = new Map(inventory.groups.map((group) => [group.id, group]));
  const idByKey = new Map(
    inventory.groups
      .filter((group) => ownerOf(group) === owner)
      .map((group) => [keyOf(group), group.id]),
  );
  const setsByInterface = new Map<string, readonly string[]>();
  const idOf = (keyOrId: string): string => idByKey.get(keyOrId) ?? keyOrId;
  for (const step of plan.steps) {
    if ('interface' in step) setsByInterface.set(step.interface, step.to.map(idOf));
    else if (step.kind === 'create-group') groups.set(step.group, newGroup(step, inventory, owner));
    else if (step.kind === 'delete-group') groups.delete(step.groupId);
    else {
      const group = groups.get(idOf(step.group));
      if (group !== undefined) groups.set(group.id, withRules(group, step, idOf));
    }
  }
  return {
    ...inventory,
    groups: [...groups.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    interfaces: inventory.interfaces.map((item) => {
      const set = setsByInterface.get(item.id);
      return set === undefined ? item : { ...item, groups: [...set].sort() };
    }),
  };
}

function withRules(
  group: SecurityGroup,
  step: AuthorizeStep | RevokeStep,
  idOf: (keyOrId: string) => string,
): SecurityGroup {
  const { direction } = step;
  if (step.kind === 'authorize') {
    return { ...group, [direction]: [...group[direction], ...resolve(step.rules, idOf)] };
  }
  const gone = new Set(step.rules.map(textOf));
  return { ...group, [direction]: group[direction].filter((rule) => !gone.has(textOf(rule))) };
}

/**
 * AWS lets a new group out to anywhere, over IPv6 too where the VPC has it; the plan says when that
 * goes.
 */
function newGroup(step: CreateGroupStep, inventory: Inventory, owner: string): SecurityGroup {
  const everything = { protocol: -1, fromPort: -1, toPort: -1 };
  const hasIpv6 = inventory.vpcs.some((vpc) => vpc.id === step.vpc && vpc.ipv6.length > 0);
  return {
    id: step.group,
    name: step.name,
    description: step.description,
    vpc: step.vpc,
    account: inventory.account,
    tags: { [OWNER_TAG]: owner, [GROUP_TAG]: step.group },
    ingress: [],
    egress: [
      { ...everything, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } },
      ...(hasIpv6 ? [{ ...everything, peer: { kind: 'ipv6' as const, cidr: '::/0' } }] : []),
    ],
  };
}

function resolve(
  rules: readonly DesiredRule[],
  idOf: (keyOrId: string) => string,
): readonly GroupRule[] {
  return rules.map(({ protocol, fromPort, toPort, peer }) => ({
    protocol,
    fromPort,
    toPort,
    peer: peer.kind === 'owned' ? { kind: 'group', id: idOf(peer.key) } : peer,
  }));
}

function textOf({ protocol, fromPort, toPort, peer }: GroupRule): string {
  return JSON.stringify([protocol, fromPort, toPort, 'cidr' in peer ? peer.cidr : peer.id]);
}
