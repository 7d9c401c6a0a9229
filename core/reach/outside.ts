import type { Inventory, NetworkAcl, NetworkInterface, RulePeer } from '../model/inventory.ts';
import { contains } from './addresses.ts';
import type { Probe } from './aws-reach.ts';
import { ruleRegion } from './group-rules.ts';
import { allowedByAcl, answerable, decidingEntry } from './network-acls.ts';
import { Routes } from './routes.ts';
import { TrafficRegion } from './traffic-region.ts';

/** Unknown: nothing that was read forbids it, but what lies beyond was not read. */
export interface OutsideVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  readonly why: readonly string[];
}

/**
 * What passes between an interface and an address that no interface of the inventory has: its groups,
 * its subnet's NACL both ways, and the route to the address. Beyond a gateway nothing is known, except
 * that an internet gateway leads to and from everywhere for an interface with a public address.
 */
export class OutsideReach {
  readonly #groups: ReadonlyMap<string, Inventory['groups'][number]>;
  readonly #lists: ReadonlyMap<string, readonly string[]>;
  readonly #acls: readonly NetworkAcl[];
  readonly #routes: Routes;

  constructor(inventory: Inventory) {
    this.#groups = new Map(inventory.groups.map((group) => [group.id, group]));
    this.#lists = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
    this.#acls = inventory.networkAcls;
    this.#routes = new Routes(inventory);
  }

  /** What the address may send to the interface by its groups and NACL; routes are not looked at. */
  admitted(nic: NetworkInterface, address: string): TrafficRegion {
    const region = this.#byGroups(nic, 'ingress', address);
    const acl = this.#aclOf(nic);
    if (acl === undefined || region.isEmpty) return region;
    const back = answerable(allowedByAcl(acl, 'egress', address));
    return region.and(allowedByAcl(acl, 'ingress', address)).and(back);
  }

  /** Whether an internet gateway leads from the interface's subnet to the address. */
  hasInternet(nic: NetworkInterface, address: string): boolean {
    const { route } = this.#routes.routeTo(nic, address);
    const isPublic = nic.publicIpv4 !== undefined || address.includes(':');
    return isPublic && route?.state === 'active' && route.target.startsWith('igw-');
  }

  explain(
    nic: NetworkInterface,
    direction: 'ingress' | 'egress',
    address: string,
    probe: Probe,
  ): OutsideVerdict {
    const groups = nic.groups.join(', ') || 'no group';
    const by = this.#groupThatLets(nic, direction, address, probe);
    if (by === undefined) {
      const way = direction === 'ingress' ? 'from' : 'to';
      return deny(
        `${direction} of ${nic.id}: none of its groups (${groups}) has a rule for it ${way} ${address}`,
      );
    }
    const acl = this.#explainAcl(nic, direction, address, probe);
    if (acl !== undefined) return deny(acl);
    const { table, route } = this.#routes.routeTo(nic, address);
    if (table === undefined) return unknown(by, `no route table of ${nic.vpc} was read`);
    if (route === undefined) return deny(`no route: ${table} has no route to ${address}`);
    if (route.state === 'blackhole') {
      return deny(`no route: the route of ${table} to ${address} is a blackhole`);
    }
    if (route.target === 'local')
      return deny(`no interface of ${nic.vpc} has the address ${address}`);
    if (this.hasInternet(nic, address)) {
      return { verdict: 'allow', why: [by, `${table} leads to ${address} over ${route.target}`] };
    }
    if (route.target.startsWith('igw-')) {
      return deny(`${nic.id} has no public address, so ${route.target} does not serve it`);
    }
    return unknown(
      by,
      `${table} leads to ${address} over ${route.target}; what lies beyond was not read`,
    );
  }

  #byGroups(nic: NetworkInterface, direction: 'ingress' | 'egress', address: string) {
    let region = TrafficRegion.nothing;
    for (const rule of nic.groups.flatMap((id) => this.#groups.get(id)?.[direction] ?? [])) {
      if (this.#names(rule.peer, address)) region = region.or(ruleRegion(rule));
    }
    return region;
  }

  #groupThatLets(
    nic: NetworkInterface,
    direction: 'ingress' | 'egress',
    address: string,
    { protocol, port }: Probe,
  ): string | undefined {
    for (const id of nic.groups) {
      const group = this.#groups.get(id);
      const rule = group?.[direction].find(
        (one) => this.#names(one.peer, address) && ruleRegion(one).has(protocol, port),
      );
      if (group === undefined || rule === undefined) continue;
      const peer = 'cidr' in rule.peer ? rule.peer.cidr : rule.peer.id;
      const way = direction === 'ingress' ? 'from' : 'to';
      return `${direction} of ${nic.id}: group ${id} (${group.name}) allows it ${way} ${peer}`;
    }
    return undefined;
  }

  #names(peer: RulePeer, address: string): boolean {
    if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return contains(peer.cidr, address);
    if (peer.kind !== 'prefixList') return false;
    return (this.#lists.get(peer.id) ?? []).some((cidr) => contains(cidr, address));
  }

  #aclOf(nic: NetworkInterface): NetworkAcl | undefined {
    return (
      this.#acls.find((acl) => acl.subnets.includes(nic.subnet)) ??
      this.#acls.find((acl) => acl.vpc === nic.vpc && acl.isDefault)
    );
  }

  /** What of the NACL stands in the way; undefined: nothing. */
  #explainAcl(
    nic: NetworkInterface,
    direction: 'ingress' | 'egress',
    address: string,
    probe: Probe,
  ): string | undefined {
    const acl = this.#aclOf(nic);
    if (acl === undefined) return undefined;
    const entry = decidingEntry(acl, direction, { address, ...probe });
    if (entry?.action !== 'allow') {
      const name = entry === undefined ? 'the last entry' : `entry ${entry.ruleNumber}`;
      return `${direction} of NACL ${acl.id}: ${name} denies ${address}`;
    }
    const other = direction === 'ingress' ? 'egress' : 'ingress';
    const back = answerable(allowedByAcl(acl, other, address));
    if (back.has(probe.protocol, probe.port)) return undefined;
    return `the answers do not get back: ${other} of NACL ${acl.id} denies them`;
  }
}

function deny(because: string): OutsideVerdict {
  return { verdict: 'deny', why: [because] };
}

function unknown(...why: readonly string[]): OutsideVerdict {
  return { verdict: 'unknown', why };
}
