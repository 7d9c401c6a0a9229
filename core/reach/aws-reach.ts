import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { ICMP, ICMPV6, type PairTraffic } from '../model/traffic.ts';
import { type FlowPeer, GroupRules, serviceWithoutGroups } from './group-rules.ts';
import { Routes } from './routes.ts';
import { type Crossing, SubnetAcls } from './subnet-acls.ts';
import { TrafficRegion } from './traffic-region.ts';
import { type AwsVerdict, deny, type Probe, unknown } from './verdict.ts';

type FamilyName = 'ipv4' | 'ipv6';

/**
 * What AWS lets pass between interfaces, from groups, prefix lists, NACLs (both ways) and routes
 * alone; it never sees the policy. Answers are exact sets and are remembered by what decides them.
 */
export class AwsReach {
  readonly #nics: ReadonlyMap<string, NetworkInterface>;
  readonly #acls: SubnetAcls;
  readonly #routes: Routes;
  readonly #rules: GroupRules;
  readonly #groupAnswers = new Map<string, TrafficRegion>();

  constructor(inventory: Inventory) {
    this.#nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
    this.#acls = new SubnetAcls(inventory);
    this.#routes = new Routes(inventory);
    this.#rules = new GroupRules(inventory);
  }

  /** Interfaces that are not in the inventory reach nothing. */
  between(from: string, to: string): PairTraffic {
    const [source, destination] = [this.#nics.get(from), this.#nics.get(to)];
    if (source === undefined || destination === undefined) return {};
    const answer: { ipv4?: PairTraffic['ipv4']; ipv6?: PairTraffic['ipv6'] } = {};
    for (const family of ['ipv4', 'ipv6'] as const) {
      if (source[family].length === 0 || destination[family].length === 0) continue;
      answer[family] = this.#traffic(source, destination, family).toSet();
    }
    return answer as PairTraffic;
  }

  /**
   * Why a probe passes or not: over the first pair of addresses that lets it through, else over the
   * first pair. ICMP is asked of IPv4 alone, ICMPv6 of IPv6. Where `between` counts a path that was
   * not read as none, this says `unknown`, unless something that was read denies.
   */
  explain(from: string, to: string, probe: Probe): AwsVerdict {
    const [source, destination] = [this.#nics.get(from), this.#nics.get(to)];
    if (source === undefined) return deny(`interface ${from} is not in the inventory`);
    if (destination === undefined) return deny(`interface ${to} is not in the inventory`);
    if (from === to) return OWN_ADDRESS;
    const verdicts = addressPairs(source, destination, probe).map(([there, back]) =>
      this.#explainPair({ source, destination, there, back, probe }),
    );
    const passes = verdicts.find(({ verdict }) => verdict === 'allow');
    const open = verdicts.find(({ verdict }) => verdict === 'unknown');
    return passes ?? open ?? verdicts[0] ?? deny('they share no address family');
  }

  /**
   * What nothing that was read denies: what `between` gives, and what may pass where a path or a service
   * was not read. Of either family.
   */
  notDenied(from: string, to: string): TrafficRegion {
    const [source, destination] = [this.#nics.get(from), this.#nics.get(to)];
    if (source === undefined || destination === undefined) return TrafficRegion.nothing;
    const over = (family: FamilyName): TrafficRegion =>
      overAddresses(source, destination, family, (pair) => this.#pairNotDenied(pair));
    return over('ipv4').or(over('ipv6'));
  }

  #traffic(
    source: NetworkInterface,
    destination: NetworkInterface,
    family: FamilyName,
  ): TrafficRegion {
    return overAddresses(source, destination, family, (pair) => this.#pair(pair));
  }

  #pairNotDenied(pair: AddressPair): TrafficRegion {
    const { source, destination, there, back } = pair;
    const ways = this.#ways(pair);
    if (ways.some(({ kind }) => kind === 'none')) return TrafficRegion.nothing;
    const out = this.#groupsOrAll(source, this.#groupTraffic(source, 'egress', destination, there));
    const admitted = this.#groupTraffic(destination, 'ingress', source, back);
    const named = ways.some(({ kind }) => kind === 'beyond')
      ? this.#rules.fromGroupsOf(source, destination)
      : TrafficRegion.nothing;
    const both = out.and(this.#groupsOrAll(destination, admitted.or(named)));
    return this.#throughAcls(pair, both);
  }

  /** There and back. */
  #ways({ source, destination, there, back }: AddressPair) {
    return [
      this.#routes.path(source, destination, there),
      this.#routes.path(destination, source, back),
    ] as const;
  }

  #throughAcls(pair: AddressPair, region: TrafficRegion): TrafficRegion {
    return crossingsOf(pair).reduce((left, one) => left.and(this.#acls.passing(one)), region);
  }

  #groupsOrAll(nic: NetworkInterface, byGroups: TrafficRegion): TrafficRegion {
    return serviceWithoutGroups(nic) === undefined ? byGroups : TrafficRegion.everything;
  }

  #pair(pair: AddressPair): TrafficRegion {
    const { source, destination, there, back } = pair;
    const ways = this.#ways(pair);
    if (ways.some(({ kind }) => kind !== 'routed')) return TrafficRegion.nothing;
    const out = this.#groupTraffic(source, 'egress', destination, there);
    if (out.isEmpty) return out;
    const both = out.and(this.#groupTraffic(destination, 'ingress', source, back));
    if (both.isEmpty) return both;
    return this.#throughAcls(pair, both);
  }

  #groupTraffic(
    at: NetworkInterface,
    direction: Direction,
    peer: NetworkInterface,
    address: string,
  ): TrafficRegion {
    const key = `${direction} ${at.vpc} ${at.groups.join()} ${peer.vpc} ${peer.groups.join()} ${address}`;
    const known = this.#groupAnswers.get(key);
    if (known !== undefined) return known;
    const region = this.#rules.traffic(at, direction, { nic: peer, address });
    this.#groupAnswers.set(key, region);
    return region;
  }

  #explainPair(pair: AddressPair & { readonly probe: Probe }): AwsVerdict {
    const { source, destination, there, back, probe } = pair;
    const [forward, reverse] = this.#ways(pair);
    if (forward.kind === 'none') return deny(`no route: ${forward.because}`);
    if (reverse.kind === 'none') return deny(`no route back: ${reverse.because}`);
    const beyond = [forward, reverse].find((path) => path.kind === 'beyond');
    const asked = { probe, isBeyond: beyond !== undefined };
    const out = this.#decide(source, 'egress', { ...asked, nic: destination, address: there });
    if (out.verdict === 'deny') return out;
    const inward = this.#decide(destination, 'ingress', { ...asked, nic: source, address: back });
    if (inward.verdict === 'deny') return inward;
    const denial = this.#acls.denial(crossingsOf(pair), probe);
    if (denial !== undefined) return deny(denial);
    const why = [...out.why, ...inward.why];
    if (beyond !== undefined) return unknown(`${beyond.because}; its routes were not read`, ...why);
    if ([out, inward].some(({ verdict }) => verdict === 'unknown')) return unknown(...why);
    const by = forward.kind === 'routed' && forward.by !== 'local' ? forward.by : undefined;
    return { verdict: 'allow', why: by === undefined ? why : [...why, `routed over ${by}`] };
  }

  /**
   * What the groups of one end say. A rule that names a group of the peer holds over a transit gateway
   * if both its attachments say so (VPC User Guide, "Reference security groups"), which was not read;
   * on the way in alone.
   */
  #decide(at: NetworkInterface, direction: Direction, asked: AskedOfGroups): AwsVerdict {
    const rule = this.#rules.admitting(at, direction, asked, asked.probe);
    if (rule !== undefined) return { verdict: 'allow', why: [rule] };
    const service = serviceWithoutGroups(at);
    if (service !== undefined) return unknown(service);
    const { protocol, port } = asked.probe;
    const isNamed =
      direction === 'ingress' && this.#rules.fromGroupsOf(asked.nic, at).has(protocol, port);
    if (asked.isBeyond && isNamed) {
      return unknown(`ingress of ${at.id}: a rule names a group of ${asked.nic.id}`);
    }
    return deny(this.#rules.noneAdmits(at, direction, asked));
  }
}

/** No packet is put on the network, so that no group and no NACL sees it. */
const OWN_ADDRESS: AwsVerdict = {
  verdict: 'allow',
  why: ['both ends are one interface: what a host sends to itself never leaves it'],
};

interface AskedOfGroups extends FlowPeer {
  readonly nic: NetworkInterface;
  readonly probe: Probe;
  /** The way between the two was not read. */
  readonly isBeyond: boolean;
}

interface AddressPair {
  readonly source: NetworkInterface;
  readonly destination: NetworkInterface;
  /** Address of the destination, and of the source. */
  readonly there: string;
  readonly back: string;
}

/** The union over every pair of addresses of one family. */
function overAddresses(
  source: NetworkInterface,
  destination: NetworkInterface,
  family: FamilyName,
  passing: (pair: AddressPair) => TrafficRegion,
): TrafficRegion {
  return source[family].reduce(
    (left, back) =>
      destination[family].reduce(
        (region, there) => region.or(passing({ source, destination, there, back })),
        left,
      ),
    TrafficRegion.nothing,
  );
}

/** Addresses of the destination and the source between which the probe could be sent. */
function addressPairs(
  source: NetworkInterface,
  destination: NetworkInterface,
  { protocol }: Probe,
): readonly (readonly [string, string])[] {
  return (['ipv4', 'ipv6'] as const)
    .filter((family) => protocol !== (family === 'ipv4' ? ICMPV6 : ICMP))
    .flatMap((family) =>
      source[family].flatMap((back) => destination[family].map((there) => [there, back] as const)),
    );
}

/** NACLs are crossed between subnets only: out of the one and into the other. */
function crossingsOf({ source, destination, there, back }: AddressPair): readonly Crossing[] {
  if (source.subnet === destination.subnet) return [];
  return [
    { nic: source, direction: 'egress', address: there },
    { nic: destination, direction: 'ingress', address: back },
  ];
}

/** Reads an inventory once and answers for any pair of its interfaces. */
export function awsReach(inventory: Inventory): AwsReach {
  return new AwsReach(inventory);
}
