import type { GroupRule, Inventory, NetworkInterface, RulePeer } from '../model/inventory.ts';
import { contains } from './addresses.ts';
import { protocolRegion } from './network-acls.ts';
import type { TrafficRegion } from './traffic-region.ts';

const regionByRule = new WeakMap<GroupRule, TrafficRegion>();

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

/** Whom the peer of a rule means (AWS, "Security group rules": source or destination). */
export class GroupReferences {
  readonly #listCidrs: ReadonlyMap<string, readonly string[]>;
  /** VPCs that a group reference crosses to: active peering in the same Region. */
  readonly #joined: ReadonlySet<string>;

  constructor(inventory: Inventory) {
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

  /** `address` is one of the peer's private addresses. */
  matches(
    named: RulePeer,
    flow: {
      readonly at: Pick<NetworkInterface, 'vpc'>;
      readonly peer: NetworkInterface;
      readonly address: string;
    },
  ): boolean {
    const { at, peer, address } = flow;
    switch (named.kind) {
      case 'ipv4':
      case 'ipv6':
        return contains(named.cidr, address);
      case 'prefixList':
        return (this.#listCidrs.get(named.id) ?? []).some((cidr) => contains(cidr, address));
      case 'group':
        if (!peer.groups.includes(named.id)) return false;
        return at.vpc === peer.vpc || this.#joined.has(`${at.vpc} ${peer.vpc}`);
    }
  }
}
