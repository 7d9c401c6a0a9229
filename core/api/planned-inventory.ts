import { GROUP_TAG, keyOf, OWNER_TAG, ownerOf } from '../compile/owned-groups.ts';
import type { DesiredRule } from '../model/desired-state.ts';
import type { GroupRule, Inventory, SecurityGroup } from '../model/inventory.ts';
import type { InterfaceStep, Plan, PlanStep } from '../model/plan.ts';

/**
 * The inventory as it would read after the plan, approvals taken as given; the set of a blocked
 * step is the one that it stays with. A group that does not exist yet has its key as its id.
 * For answering questions about a plan; nothing is ever written from it.
 */
export function plannedInventory(inventory: Inventory, plan: Plan, owner: string): Inventory {
  const groups = new Map(inventory.groups.map((group) => [group.id, group]));
  const idByKey = new Map<string, string>();
  for (const group of inventory.groups) {
    if (ownerOf(group) === owner) idByKey.set(keyOf(group), group.id);
  }
  const setsByInterface = new Map<string, readonly string[]>();
  const idOf = (keyOrId: string): string => idByKey.get(keyOrId) ?? keyOrId;
  for (const step of plan.steps) {
    if ('interface' in step) {
      setsByInterface.set(step.interface, step.to.map(idOf));
      continue;
    }
    const id = step.kind === 'delete-group' ? step.groupId : idOf(step.group);
    const next = changeGroup({ step, group: groups.get(id), idOf, inventory, owner });
    if (next === undefined) groups.delete(id);
    else groups.set(next.id, next);
  }
  return {
    ...inventory,
    groups: [...groups.values()].sort(byId),
    interfaces: inventory.interfaces.map((item) => {
      const set = setsByInterface.get(item.id);
      return set === undefined ? item : { ...item, groups: [...set].sort() };
    }),
  };
}

interface GroupChange {
  readonly step: Exclude<PlanStep, InterfaceStep>;
  readonly group: SecurityGroup | undefined;
  readonly idOf: (keyOrId: string) => string;
  readonly inventory: Inventory;
  readonly owner: string;
}

/** The group after the step; undefined when it is gone. */
function changeGroup(change: GroupChange): SecurityGroup | undefined {
  const { step, group, idOf } = change;
  switch (step.kind) {
    case 'create-group':
      return group ?? newGroup(step, change);
    case 'authorize': {
      if (group === undefined) return undefined;
      const there = new Set(group[step.direction].map(textOf));
      const added = resolve(step.rules, idOf).filter((rule) => !there.has(textOf(rule)));
      return { ...group, [step.direction]: [...group[step.direction], ...added] };
    }
    case 'revoke': {
      if (group === undefined) return undefined;
      const gone = new Set(step.rules.map(textOf));
      const left = group[step.direction].filter((rule) => !gone.has(textOf(rule)));
      return { ...group, [step.direction]: left };
    }
    default:
      return undefined;
  }
}

/**
 * AWS lets a new group out to anywhere, over IPv6 too where the VPC has it; the plan says when that
 * goes.
 */
function newGroup(
  step: Extract<PlanStep, { kind: 'create-group' }>,
  { inventory, owner }: GroupChange,
): SecurityGroup {
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

function byId(left: SecurityGroup, right: SecurityGroup): number {
  return left.id < right.id ? -1 : 1;
}
