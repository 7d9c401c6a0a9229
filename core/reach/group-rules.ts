import type {
  GroupRule,
  Inventory,
  NetworkInterface,
  RulePeer,
  SecurityGroup,
} from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { contains } from './addresses.ts';
import { protocolRegion } from './network-acls.ts';
import { TrafficRegion } from './traffic-region.ts';
import type { Probe } from './verdict.ts';

/** The other end of a flow: a private address of an interface, or an address of none. */
export interface FlowPeer {
  readonly address: string;
  readonly nic?: NetworkInterface;
}

const regionByRule = new WeakMap<GroupRule, TrafficRegion>();

/** What a rule lets through, whoever it names. */
export function ruleRegion(rule: GroupRule): TrafficRegion {
  const known = regionByRule.get(rule);
  if (known !== undefined) return known;
  const region = protocolRegion(rule.protocol, rule.fromPort, rule.toPort);
  regionByRule.set(rule, region);
  return region;
}

/** A service's interface without groups (a network load balancer of 2020) is filtered by none. */
export function serviceWithoutGroups(nic: NetworkInterface): string | undefined {
  if (nic.groups.length > 0 || nic.type === 'interface') return undefined;
  return `${nic.id} (${nic.type}) has no groups; what it takes in and sends on was not read`;
}

/** What the groups of an interface let through (AWS, "Security group rules"). */
export class GroupRules {
  readonly #groups: ReadonlyMap<string, SecurityGroup>;
  readonly #listCidrs: ReadonlyMap<string, readonly string[]>;
  /** VPCs that a group reference crosses to: active peering in the same Region. */
  readonly #joined: ReadonlySet<string>;

  constructor(inventory: Inventory) {
    this.#groups = new Map(inventory.groups.map((group) => [group.id, group]));
    this.#listCidrs = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
    this.#joined = new Set(
      inventory.peerings
        .filter(({ status, requester, accepter }) => {
          return status === 'active' && requester.region === accepter.region;
        })
        .flatMap(({ requester, accepter }) => [
          `${requester.vpc} ${accepter.vpc}`,
          `${accepter.vpc} ${requester.vpc}`,
        ]),
    );
  }

  /** Union over the groups of `at` of the rules that mean the peer. */
  traffic(at: NetworkInterface, direction: Direction, peer: FlowPeer): TrafficRegion {
    return this.#rulesOf(at, direction)
      .filter(({ rule }) => this.means(rule.peer, at, peer))
      .reduce((region, { rule }) => region.or(ruleRegion(rule)), TrafficRegion.nothing);
  }

  /** The first rule that lets a probe pass, in words; undefined: none does. */
  admitting(
    at: NetworkInterface,
    direction: Direction,
    peer: FlowPeer,
    probe: Probe,
  ): string | undefined {
    const found = this.#rulesOf(at, direction).find(
      ({ rule }) =>
        this.means(rule.peer, at, peer) && ruleRegion(rule).has(probe.protocol, probe.port),
    );
    if (found === undefined) return undefined;
    const { group, rule } = found;
    const by = 'cidr' in rule.peer ? rule.peer.cidr : rule.peer.id;
    const way = preposition(direction);
    return `${direction} of ${at.id}: group ${group.id} (${group.name}) allows it ${way} ${by}`;
  }

  /** What to say where `admitting` finds nothing. */
  noneAdmits(at: NetworkInterface, direction: Direction, { address }: FlowPeer): string {
    const groups = at.groups.join(', ') || 'no group';
    const way = preposition(direction);
    return `${direction} of ${at.id}: none of its groups (${groups}) has a rule for it ${way} ${address}`;
  }

  /** What ingress rules let in that name a group of the peer, wherever that is. */
  fromGroupsOf(peer: NetworkInterface, at: NetworkInterface): TrafficRegion {
    return this.#rulesOf(at, 'ingress')
      .filter(({ rule }) => rule.peer.kind === 'group' && peer.groups.includes(rule.peer.id))
      .reduce((region, { rule }) => region.or(ruleRegion(rule)), TrafficRegion.nothing);
  }

  #rulesOf(at: NetworkInterface, direction: Direction) {
    return at.groups
      .flatMap((id) => this.#groups.get(id) ?? [])
      .flatMap((group) => group[direction].map((rule) => ({ group, rule })));
  }

  /** Whether what a rule of `at` names as its peer is this one. */
  means(named: RulePeer, at: Pick<NetworkInterface, 'vpc'>, { address, nic }: FlowPeer): boolean {
    switch (named.kind) {
      case 'ipv4':
      case 'ipv6':
        return contains(named.cidr, address);
      case 'prefixList':
        return (this.#listCidrs.get(named.id) ?? []).some((cidr) => contains(cidr, address));
      case 'group':
        if (nic?.groups.includes(named.id) !== true) return false;
        return at.vpc === nic.vpc || this.#joined.has(`${at.vpc} ${nic.vpc}`);
    }
  }
}

function preposition(direction: Direction): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to';
}
