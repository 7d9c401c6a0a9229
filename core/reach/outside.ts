import type {
  Inventory,
  NetworkAcl,
  NetworkInterface,
  Route,
  RulePeer,
} from '../model/inventory.ts';
import { contains } from './addresses.ts';
import type { Probe } from './aws-reach.ts';
import { ruleRegion, serviceWithoutGroups } from './group-rules.ts';
import { allowedByAcl, answerable, decidingEntry } from './network-acls.ts';
import { Routes } from './routes.ts';
import { TrafficRegion } from './traffic-region.ts';

type Direction = 'ingress' | 'egress';

/** Unknown: nothing that was read forbids it, but what lies beyond was not read. */
export interface OutsideVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  readonly why: readonly string[];
}

/**
 * What passes between an interface and an address that no interface of the inventory has: its groups,
 * its subnet's NACL both ways, and the route to the address. Beyond a gateway nothing is known, except
 * that an internet gateway leads to and from everywhere for an interface with a public address, and a
 * NAT gateway (public) on to an internet gateway.
 */
export class OutsideReach {
  readonly #groups: ReadonlyMap<string, Inventory['groups'][number]>;
  readonly #lists: ReadonlyMap<string, readonly string[]>;
  readonly #acls: readonly NetworkAcl[];
  readonly #routes: Routes;
  readonly #natGateways: ReadonlyMap<string, NetworkInterface>;

  constructor(inventory: Inventory) {
    this.#groups = new Map(inventory.groups.map((group) => [group.id, group]));
    this.#lists = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
    this.#acls = inventory.networkAcls;
    this.#routes = new Routes(inventory);
    this.#natGateways = new Map(
      inventory.interfaces.flatMap((nic) =>
        nic.natGateway === undefined ? [] : [[nic.natGateway, nic] as const],
      ),
    );
  }

  /** What the address may send to the interface by its groups and NACL; routes are not looked at. */
  admitted(nic: NetworkInterface, address: string): TrafficRegion {
    const region = this.#byGroups(nic, 'ingress', address);
    return region.isEmpty ? region : region.and(this.#byAcl(nic, 'ingress', address));
  }

  /**
   * Every packet that `explain` denies for no group and no NACL: whether the rest gets there is the
   * same for all of it, since a route knows no port.
   */
  passing(nic: NetworkInterface, direction: Direction, address: string): TrafficRegion {
    const groups =
      serviceWithoutGroups(nic) === undefined
        ? this.#byGroups(nic, direction, address)
        : TrafficRegion.everything;
    const near = groups.and(this.#byAcl(nic, direction, address));
    const nat = direction === 'egress' ? this.#natTo(nic, address) : undefined;
    if (nat === undefined) return near;
    return crossings(nic, nat, address).reduce(
      (region, [way, peer]) => region.and(this.#byAcl(nat, way, peer)),
      near,
    );
  }

  /** As `passing`, for `explainTranslated`. */
  passingTranslated(
    source: NetworkInterface,
    destination: NetworkInterface,
    address: string,
  ): TrafficRegion {
    const out = this.passing(source, 'egress', address);
    const seenAs = this.#seenAs(source, this.#routes.routeTo(source, address).route);
    return seenAs === undefined ? out : out.and(this.passing(destination, 'ingress', seenAs));
  }

  /** Whether an internet gateway leads from the interface's subnet to the address. */
  hasInternet(nic: NetworkInterface, address: string): boolean {
    const { route } = this.#routes.routeTo(nic, address);
    const isPublic = nic.publicIpv4 !== undefined || address.includes(':');
    return (
      isPublic &&
      !isPrivate(address) &&
      route?.state === 'active' &&
      route.target.startsWith('igw-')
    );
  }

  explain(
    nic: NetworkInterface,
    direction: Direction,
    address: string,
    probe: Probe,
  ): OutsideVerdict {
    const groups = nic.groups.join(', ') || 'no group';
    const by = this.#groupThatLets(nic, direction, address, probe) ?? serviceWithoutGroups(nic);
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
    if (/^(igw|nat|eigw)-/.test(route.target) && isPrivate(address)) {
      return deny(`no route: ${table} sends ${address} to the internet, which has no such address`);
    }
    if (this.hasInternet(nic, address)) {
      const verdict = serviceWithoutGroups(nic) === undefined ? 'allow' : 'unknown';
      return { verdict, why: [by, `${table} leads to ${address} over ${route.target}`] };
    }
    if (route.target.startsWith('igw-')) {
      return deny(`${nic.id} has no public address, so ${route.target} does not serve it`);
    }
    const nat = direction === 'egress' ? this.#natTo(nic, address) : undefined;
    if (nat !== undefined) return this.#overNat({ nic, nat, address, probe, by });
    return unknown(
      by,
      `${table} leads to ${address} over ${route.target}; what lies beyond was not read`,
    );
  }

  /**
   * From one interface of the estate to the public address of another: out over an internet gateway,
   * with the source's address translated, and in again. Private addresses mean nothing there, so that
   * rules which name groups do not match.
   */
  explainTranslated(
    source: NetworkInterface,
    destination: NetworkInterface,
    address: string,
    probe: Probe,
  ): OutsideVerdict {
    const out = this.explain(source, 'egress', address, probe);
    if (out.verdict === 'deny') return out;
    const seenAs = this.#seenAs(source, this.#routes.routeTo(source, address).route);
    if (seenAs === undefined) return unknown(...out.why);
    const inward = this.explain(destination, 'ingress', seenAs, probe);
    if (inward.verdict === 'deny') return inward;
    const isKnown = out.verdict === 'allow' && inward.verdict === 'allow';
    return { verdict: isKnown ? 'allow' : 'unknown', why: [...out.why, ...inward.why] };
  }

  /** The public address under which the internet sees the packets that take this route. */
  #seenAs(source: NetworkInterface, route: Route | undefined): string | undefined {
    if (route?.target.startsWith('igw-')) return source.publicIpv4;
    return this.#natGateways.get(route?.target ?? '')?.publicIpv4;
  }

  /** The interface of the public NAT gateway that packets to the address go through. */
  #natTo(nic: NetworkInterface, address: string): NetworkInterface | undefined {
    const nat = this.#natGateways.get(this.#routes.routeTo(nic, address).route?.target ?? '');
    return nat?.publicIpv4 === undefined ? undefined : nat;
  }

  #overNat({ nic, nat, address, probe, by }: OverNat): OutsideVerdict {
    for (const [direction, peer] of crossings(nic, nat, address)) {
      const acl = this.#explainAcl(nat, direction, peer, probe);
      if (acl !== undefined) return deny(acl);
    }
    if (this.hasInternet(nat, address)) {
      return {
        verdict: 'allow',
        why: [by, `it leaves over ${nat.natGateway} as ${nat.publicIpv4}`],
      };
    }
    return unknown(by, `what lies beyond ${nat.natGateway} was not read`);
  }

  #byGroups(nic: NetworkInterface, direction: Direction, address: string) {
    let region = TrafficRegion.nothing;
    for (const rule of nic.groups.flatMap((id) => this.#groups.get(id)?.[direction] ?? [])) {
      if (this.#names(rule.peer, address)) region = region.or(ruleRegion(rule));
    }
    return region;
  }

  #groupThatLets(
    nic: NetworkInterface,
    direction: Direction,
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

  /** What the NACL lets pass, with the answers. */
  #byAcl(nic: NetworkInterface, direction: Direction, address: string): TrafficRegion {
    const acl = this.#aclOf(nic);
    if (acl === undefined) return TrafficRegion.everything;
    const other = direction === 'ingress' ? 'egress' : 'ingress';
    const back = answerable(allowedByAcl(acl, other, address));
    return allowedByAcl(acl, direction, address).and(back);
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
    direction: Direction,
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

/** Addresses that the internet does not route: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
const PRIVATE = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10'],
] as const;

/** A NAT gateway has no groups; its subnet's NACL sees the packet twice (both ways, four times). */
function crossings(
  nic: NetworkInterface,
  nat: NetworkInterface,
  address: string,
): readonly (readonly [Direction, string])[] {
  const inward = nat.subnet === nic.subnet ? [] : nic.ipv4;
  return [...inward.map((from) => ['ingress', from] as const), ['egress', address]];
}

function isPrivate(address: string): boolean {
  return PRIVATE.some((cidr) => contains(cidr, address));
}

interface OverNat {
  readonly nic: NetworkInterface;
  readonly nat: NetworkInterface;
  readonly address: string;
  readonly probe: Probe;
  /** The rule that lets it out. */
  readonly by: string;
}

function deny(because: string): OutsideVerdict {
  return { verdict: 'deny', why: [because] };
}

function unknown(...why: readonly string[]): OutsideVerdict {
  return { verdict: 'unknown', why };
}
