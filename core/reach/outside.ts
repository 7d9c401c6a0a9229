import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { contains } from './addresses.ts';
import { GroupRules, serviceWithoutGroups } from './group-rules.ts';
import { Routes } from './routes.ts';
import { type Crossing, SubnetAcls } from './subnet-acls.ts';
import { TrafficRegion } from './traffic-region.ts';
import { type AwsVerdict, deny, type Probe, unknown } from './verdict.ts';

/**
 * What passes between an interface and an address that no interface of the inventory has: its groups,
 * its subnet's NACL both ways, and the route to the address. Beyond a gateway nothing is known, except
 * that an internet gateway leads to and from everywhere for an interface with a public address, and a
 * NAT gateway (public) on to an internet gateway.
 */
export class OutsideReach {
  readonly #rules: GroupRules;
  readonly #acls: SubnetAcls;
  readonly #routes: Routes;
  readonly #natGateways: ReadonlyMap<string, NetworkInterface>;

  constructor(inventory: Inventory) {
    this.#rules = new GroupRules(inventory);
    this.#acls = new SubnetAcls(inventory);
    this.#routes = new Routes(inventory);
    this.#natGateways = new Map(
      inventory.interfaces.flatMap((nic) =>
        nic.natGateway === undefined ? [] : [[nic.natGateway, nic] as const],
      ),
    );
  }

  /** What the address may send to the interface by its groups and NACL; routes are not looked at. */
  admitted(nic: NetworkInterface, address: string): TrafficRegion {
    const region = this.#rules.traffic(nic, 'ingress', { address });
    return region.and(this.#acls.passing({ nic, direction: 'ingress', address }));
  }

  /**
   * Every packet that `explain` denies for no group and no NACL: whether the rest gets there is the
   * same for all of it, since a route knows no port.
   */
  passing(nic: NetworkInterface, direction: Direction, address: string): TrafficRegion {
    const groups =
      serviceWithoutGroups(nic) === undefined
        ? this.#rules.traffic(nic, direction, { address })
        : TrafficRegion.everything;
    const nat = direction === 'egress' ? this.#natTo(nic, address) : undefined;
    const crossings = nat === undefined ? [] : crossingsOf(nic, nat, address);
    return [{ nic, direction, address }, ...crossings].reduce(
      (region, crossing) => region.and(this.#acls.passing(crossing)),
      groups,
    );
  }

  /** As `passing`, for `explainTranslated`. */
  passingTranslated(
    source: NetworkInterface,
    destination: NetworkInterface,
    address: string,
  ): TrafficRegion {
    const out = this.passing(source, 'egress', address);
    const seenAs = this.#seenAs(source, address);
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

  explain(nic: NetworkInterface, direction: Direction, address: string, probe: Probe): AwsVerdict {
    const by =
      this.#rules.admitting(nic, direction, { address }, probe) ?? serviceWithoutGroups(nic);
    if (by === undefined) return deny(this.#rules.noneAdmits(nic, direction, { address }));
    const denial = this.#acls.denial([{ nic, direction, address }], probe);
    if (denial !== undefined) return deny(denial);
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
  ): AwsVerdict {
    const out = this.explain(source, 'egress', address, probe);
    if (out.verdict === 'deny') return out;
    const seenAs = this.#seenAs(source, address);
    if (seenAs === undefined) return unknown(...out.why);
    const inward = this.explain(destination, 'ingress', seenAs, probe);
    if (inward.verdict === 'deny') return inward;
    const isKnown = out.verdict === 'allow' && inward.verdict === 'allow';
    return { verdict: isKnown ? 'allow' : 'unknown', why: [...out.why, ...inward.why] };
  }

  /** The public address under which the internet sees what the interface sends to the address. */
  #seenAs(source: NetworkInterface, address: string): string | undefined {
    const { route } = this.#routes.routeTo(source, address);
    if (route === undefined) return undefined;
    const isOwn = route.target.startsWith('igw-');
    return (isOwn ? source : this.#natGateways.get(route.target))?.publicIpv4;
  }

  /** The interface of the public NAT gateway that packets to the address go through. */
  #natTo(nic: NetworkInterface, address: string): NetworkInterface | undefined {
    const nat = this.#natGateways.get(this.#routes.routeTo(nic, address).route?.target ?? '');
    return nat?.publicIpv4 === undefined ? undefined : nat;
  }

  #overNat({ nic, nat, address, probe, by }: OverNat): AwsVerdict {
    const denial = this.#acls.denial(crossingsOf(nic, nat, address), probe);
    if (denial !== undefined) return deny(denial);
    if (this.hasInternet(nat, address)) {
      return {
        verdict: 'allow',
        why: [by, `it leaves over ${nat.natGateway} as ${nat.publicIpv4}`],
      };
    }
    return unknown(by, `what lies beyond ${nat.natGateway} was not read`);
  }
}

/** A NAT gateway has no groups; its subnet's NACL sees the packet twice (both ways, four times). */
function crossingsOf(
  nic: NetworkInterface,
  nat: NetworkInterface,
  address: string,
): readonly Crossing[] {
  const inward = nat.subnet === nic.subnet ? [] : nic.ipv4;
  return [
    ...inward.map((from) => ({ nic: nat, direction: 'ingress', address: from }) as const),
    { nic: nat, direction: 'egress', address },
  ];
}

/** Addresses that the internet does not route: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
const PRIVATE = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10'],
] as const;

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
