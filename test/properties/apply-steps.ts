import { GROUP_TAG, OWNER_TAG } from '../../core/compile/owned-groups.ts';
import type { DesiredRule } from '../../core/model/desired-state.ts';
import type { GroupRule, Inventory, RulePeer, SecurityGroup } from '../../core/model/inventory.ts';
import type { PlanStep } from '../../core/model/plan.ts';
import { OWNER } from './builders.ts';

/** What a plan works on: AWS as far as groups go, and the ledger. */
export interface Estate {
  readonly inventory: Inventory;
  readonly ledger: Readonly<Record<string, readonly string[]>>;
}

/**
 * An AWS in memory that takes plan steps. It refuses what AWS refuses: a duplicate or unknown rule,
 * an empty or overfull interface, a group that does not exist, lives in another VPC, is attached or
 * is named by another one of its VPC. The ledger is kept as the write path must keep it.
 */
export function applyStep(estate: Estate, step: PlanStep): Estate {
  switch (step.kind) {
    case 'create-group':
      return withGroups(estate, [...estate.inventory.groups, newGroup(estate, step)]);
    case 'authorize':
      return changeRules(estate, step.group, step.direction, (rules) =>
        authorize(estate, rules, step.rules),
      );
    case 'revoke':
      return changeRules(estate, step.group, step.direction, (rules) => revoke(rules, step.rules));
    case 'delete-group':
      return deleteGroup(estate, step.groupId);
    default:
      return setGroups(
        estate,
        step.interface,
        step.to.map((id) => idOf(estate, id)),
      );
  }
}

export function applySteps(estate: Estate, steps: readonly PlanStep[]): Estate {
  return steps.reduce(applyStep, estate);
}

function refuse(code: string, about: string): never {
  throw new Error(`${code}: ${about}`);
}

/** AWS lets a new group out to anywhere, over IPv6 too where the VPC has it. */
function newGroup(
  { inventory }: Estate,
  step: Extract<PlanStep, { kind: 'create-group' }>,
): SecurityGroup {
  const everything = { protocol: -1, fromPort: -1, toPort: -1 };
  const hasIpv6 = inventory.vpcs.some((vpc) => vpc.id === step.vpc && vpc.ipv6.length > 0);
  return {
    id: `sg-${step.group}`,
    name: step.name,
    description: step.description,
    vpc: step.vpc,
    account: '000000000000',
    tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: step.group },
    ingress: [],
    egress: [
      { ...everything, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } },
      ...(hasIpv6 ? [{ ...everything, peer: { kind: 'ipv6' as const, cidr: '::/0' } }] : []),
    ],
  };
}

function withGroups(estate: Estate, groups: readonly SecurityGroup[]): Estate {
  const names = groups.map((group) => `${group.vpc} ${group.name.toLowerCase()}`);
  if (new Set(names).size < names.length) refuse('InvalidGroup.Duplicate', names.join(', '));
  const sorted = [...groups].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...estate, inventory: { ...estate.inventory, groups: sorted } };
}

/** A key names the group that carries it as a tag; anything else is an id. */
function idOf(estate: Estate, keyOrId: string): string {
  const group = estate.inventory.groups.find(
    (g) => g.id === keyOrId || g.tags[GROUP_TAG] === keyOrId,
  );
  return group?.id ?? refuse('InvalidGroup.NotFound', keyOrId);
}

function changeRules(
  estate: Estate,
  key: string,
  direction: 'ingress' | 'egress',
  change: (rules: readonly GroupRule[]) => readonly GroupRule[],
): Estate {
  const id = idOf(estate, key);
  return withGroups(
    estate,
    estate.inventory.groups.map((group) =>
      group.id === id
        ? { ...group, [direction]: limited(estate, change(group[direction])) }
        : group,
    ),
  );
}

function limited(estate: Estate, rules: readonly GroupRule[]): readonly GroupRule[] {
  const { quotas, prefixLists } = estate.inventory;
  const listById = new Map(prefixLists.map((list) => [list.id, list]));
  for (const family of ['ipv4', 'ipv6']) {
    const weights = rules.map(({ peer }): number => {
      if ('cidr' in peer) return peer.kind === family ? 1 : 0;
      const list = listById.get(peer.id);
      if (list === undefined) return 1;
      return list.family === family ? list.maxEntries : 0;
    });
    if (weights.reduce((sum, weight) => sum + weight, 0) <= quotas.rulesPerGroup) continue;
    refuse('RulesPerSecurityGroupLimitExceeded', family);
  }
  return rules;
}

const textOf = (rule: GroupRule): string =>
  JSON.stringify([rule.protocol, rule.fromPort, rule.toPort, rule.peer]);

function authorize(
  estate: Estate,
  rules: readonly GroupRule[],
  added: readonly DesiredRule[],
): readonly GroupRule[] {
  const there = new Set(rules.map(textOf));
  const resolved = added.map(({ protocol, fromPort, toPort, peer }) => {
    const known: RulePeer =
      peer.kind === 'owned' ? { kind: 'group', id: idOf(estate, peer.key) } : peer;
    return { protocol, fromPort, toPort, peer: known };
  });
  // A plan cannot know whether AWS has put this one there already; the engine reads and compares.
  const isDefault = ({ protocol, peer }: GroupRule): boolean =>
    protocol === -1 && peer.kind === 'ipv6' && peer.cidr === '::/0';
  const fresh = resolved.filter((rule) => !isDefault(rule) || !there.has(textOf(rule)));
  for (const rule of fresh) {
    if (there.has(textOf(rule))) refuse('InvalidPermission.Duplicate', textOf(rule));
    there.add(textOf(rule));
  }
  return [...rules, ...fresh];
}

function revoke(rules: readonly GroupRule[], removed: readonly GroupRule[]): readonly GroupRule[] {
  const gone = new Set(removed.map(textOf));
  const there = new Set(rules.map(textOf));
  for (const text of gone) if (!there.has(text)) refuse('InvalidPermission.NotFound', text);
  return rules.filter((rule) => !gone.has(textOf(rule)));
}

function deleteGroup(estate: Estate, id: string): Estate {
  const { groups, interfaces } = estate.inventory;
  const group = groups.find((g) => g.id === id) ?? refuse('InvalidGroup.NotFound', id);
  if (group.tags[OWNER_TAG] !== OWNER) refuse('UnauthorizedOperation', id);
  if (interfaces.some((nic) => nic.groups.includes(id))) refuse('DependencyViolation', id);
  const names = (rule: GroupRule): boolean => rule.peer.kind === 'group' && rule.peer.id === id;
  const holder = groups.find(
    (g) => g.vpc === group.vpc && g.id !== id && [...g.ingress, ...g.egress].some(names),
  );
  if (holder !== undefined) refuse('DependencyViolation', `${id} is named by ${holder.id}`);
  return withGroups(
    estate,
    groups.filter((g) => g.id !== id),
  );
}

function setGroups(estate: Estate, nicId: string, to: readonly string[]): Estate {
  const { inventory, ledger } = estate;
  const nic = inventory.interfaces.find((n) => n.id === nicId);
  if (nic === undefined) return refuse('InvalidNetworkInterfaceID.NotFound', nicId);
  if (to.length === 0) refuse('InvalidParameterValue', 'no group');
  if (to.length > inventory.quotas.groupsPerInterface) {
    refuse('SecurityGroupsPerInterfaceLimitExceeded', nicId);
  }
  const groups = new Map(inventory.groups.map((group) => [group.id, group]));
  for (const id of to) if (groups.get(id)?.vpc !== nic.vpc) refuse('InvalidGroup.NotFound', id);
  const foreign = nic.groups.filter((id) => groups.get(id)?.tags[OWNER_TAG] !== OWNER);
  const comesOff = foreign.some((id) => !to.includes(id));
  const recorded = comesOff ? [...(ledger[nicId] ?? []), ...foreign] : (ledger[nicId] ?? []);
  const { [nicId]: _, ...others } = ledger;
  const restored = recorded.every((id) => to.includes(id));
  return {
    ledger: restored ? others : { ...others, [nicId]: [...new Set(recorded)].sort() },
    inventory: {
      ...inventory,
      interfaces: inventory.interfaces.map((n) =>
        n.id === nicId ? { ...n, groups: [...to].sort() } : n,
      ),
    },
  };
}
