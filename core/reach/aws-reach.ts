import type { Inventory, NetworkAcl, NetworkInterface, SecurityGroup } from '../model/inventory.ts';
import { ICMP, ICMPV6, type PairTraffic } from '../model/traffic.ts';
import { GroupReferences, ruleRegion, serviceWithoutGroups } from './group-rules.ts';
import { allowedByAcl, answerable, decidingEntry, EPHEMERAL } from './network-acls.ts';
import { Routes } from './routes.ts';
import { TrafficRegion } from './traffic-region.ts';

/** One packet: a protocol number and a destination port (ICMP: type * 256 + code). */
export interface Probe {
  readonly protocol: number;
  readonly port: number;
}

/**
 * What AWS would do with a probe, and the group, NACL entry or route that decides. Unknown: nothing
 * that was read forbids it, and what decides was not read (a transit gateway's routes, a balancer's
 * listeners).
 */
export interface AwsVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  readonly why: readonly string[];
}

type FamilyName = 'ipv4' | 'ipv6';

/**
 * What AWS lets pass between interfaces, from groups, prefix lists, NACLs (both ways) and routes
 * alone; it never sees the policy. Answers are exact sets and are remembered by what decides them.
 */
export class AwsReach {
  readonly #inventory: Inventory;
  readonly #nics: ReadonlyMap<string, NetworkInterface>;
  readonly #groups: ReadonlyMap<string, SecurityGroup>;
  readonly #aclBySubnet = new Map<string, NetworkAcl>();
  readonly #routes: Routes;
  readonly #references: GroupReferences;
  readonly #groupAnswers = new Map<string, TrafficRegion>();

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.#nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
    this.#groups = new Map(inventory.groups.map((group) => [group.id, group]));
    for (const acl of inventory.networkAcls) {
      for (const subnet of acl.subnets) this.#aclBySubnet.set(subnet, acl);
    }
    this.#routes = new Routes(inventory);
    this.#references = new GroupReferences(inventory);
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

  #traffic(
    source: NetworkInterface,
    destination: NetworkInterface,
    family: FamilyName,
  ): TrafficRegion {
    let region = TrafficRegion.nothing;
    for (const back of source[family]) {
      for (const there of destination[family]) {
        region = region.or(this.#pair({ source, destination, there, back }));
      }
    }
    return region;
  }

  #pair(pair: AddressPair): TrafficRegion {
    const { source, destination, there, back } = pair;
    const ways = [
      this.#routes.path(source, destination, there),
      this.#routes.path(destination, source, back),
    ];
    if (ways.some(({ kind }) => kind !== 'routed')) return TrafficRegion.nothing;
    const out = this.#groupTraffic(source, 'egress', destination, there);
    if (out.isEmpty) return out;
    const both = out.and(this.#groupTraffic(destination, 'ingress', source, back));
    return both.isEmpty ? both : both.and(this.#aclTraffic(pair));
  }

  /** Union over the groups of `at` of the rules whose peer is `peer` at `address`. */
  #groupTraffic(
    at: NetworkInterface,
    direction: 'ingress' | 'egress',
    peer: NetworkInterface,
    address: string,
  ): TrafficRegion {
    const key = `${direction} ${at.vpc} ${at.groups.join()} ${peer.vpc} ${peer.groups.join()} ${address}`;
    const known = this.#groupAnswers.get(key);
    if (known !== undefined) return known;
    let region = TrafficRegion.nothing;
    for (const id of at.groups) {
      for (const rule of this.#groups.get(id)?.[direction] ?? []) {
        if (!this.#references.matches(rule.peer, { at, peer, address })) continue;
        region = region.or(ruleRegion(rule));
      }
    }
    this.#groupAnswers.set(key, region);
    return region;
  }

  /** NACLs are crossed between subnets only, four times for a flow with answers. */
  #aclTraffic({ source, destination, there, back }: AddressPair): TrafficRegion {
    if (source.subnet === destination.subnet) return TrafficRegion.everything;
    const [near, far] = [this.#aclOf(source), this.#aclOf(destination)];
    const forward = allowed(near, 'egress', there).and(allowed(far, 'ingress', back));
    const answers = allowed(far, 'egress', back).and(allowed(near, 'ingress', there));
    return forward.and(answerable(answers));
  }

  #aclOf(nic: NetworkInterface): NetworkAcl | undefined {
    return (
      this.#aclBySubnet.get(nic.subnet) ??
      this.#inventory.networkAcls.find((acl) => acl.vpc === nic.vpc && acl.isDefault)
    );
  }

  #explainPair(pair: AddressPair & { readonly probe: Probe }): AwsVerdict {
    const { source, destination, there, back, probe } = pair;
    const forward = this.#routes.path(source, destination, there);
    if (forward.kind === 'none') return deny(`no route: ${forward.because}`);
    const reverse = this.#routes.path(destination, source, back);
    if (reverse.kind === 'none') return deny(`no route back: ${reverse.because}`);
    const over = [forward, reverse].find((path) => path.kind === 'beyond');
    const asked = { probe, isBeyond: over !== undefined };
    const out = this.#decide(source, 'egress', { ...asked, peer: destination, address: there });
    if (out.verdict === 'deny') return out;
    const inward = this.#decide(destination, 'ingress', { ...asked, peer: source, address: back });
    if (inward.verdict === 'deny') return inward;
    const acl = this.#explainAcl(pair);
    if (acl.verdict === 'deny') return acl;
    const why = [...out.why, ...inward.why, ...acl.why];
    if (over?.kind === 'beyond') {
      return { verdict: 'unknown', why: [`${over.because}; its routes were not read`, ...why] };
    }
    if (out.verdict === 'unknown' || inward.verdict === 'unknown') {
      return { verdict: 'unknown', why };
    }
    const by = forward.kind === 'routed' && forward.by !== 'local' ? forward.by : undefined;
    return { verdict: 'allow', why: by === undefined ? why : [...why, `routed over ${by}`] };
  }

  /** What the groups of one end say. */
  #decide(at: NetworkInterface, direction: 'ingress' | 'egress', asked: AskedOfGroups): AwsVerdict {
    const rule = this.#admittingRule(at, direction, asked);
    if (rule !== undefined) return { verdict: 'allow', why: [rule] };
    const service = serviceWithoutGroups(at);
    if (service !== undefined) return { verdict: 'unknown', why: [service] };
    const named = asked.isBeyond ? this.#namingRule(at, direction, asked) : undefined;
    if (named !== undefined) return { verdict: 'unknown', why: [named] };
    return deny(noRule(at, direction, asked.address));
  }

  /**
   * A rule that names a group of the peer holds over a transit gateway if both its attachments say so
   * (VPC User Guide, "Reference security groups"), which was not read; on the way in alone.
   */
  #namingRule(
    at: NetworkInterface,
    direction: 'ingress' | 'egress',
    { peer, probe }: AskedOfGroups,
  ): string | undefined {
    if (direction === 'egress') return undefined;
    const names = at.groups.some((id) =>
      this.#groups
        .get(id)
        ?.ingress.some(
          (rule) =>
            rule.peer.kind === 'group' &&
            peer.groups.includes(rule.peer.id) &&
            ruleRegion(rule).has(probe.protocol, probe.port),
        ),
    );
    return names ? `ingress of ${at.id}: a rule names a group of ${peer.id}` : undefined;
  }

  #admittingRule(
    at: NetworkInterface,
    direction: 'ingress' | 'egress',
    { peer, address, probe }: AskedOfGroups,
  ): string | undefined {
    for (const id of at.groups) {
      const group = this.#groups.get(id);
      const rule = group?.[direction].find(
        (one) =>
          this.#references.matches(one.peer, { at, peer, address }) &&
          ruleRegion(one).has(probe.protocol, probe.port),
      );
      if (rule === undefined || group === undefined) continue;
      const by = 'cidr' in rule.peer ? rule.peer.cidr : rule.peer.id;
      const preposition = direction === 'ingress' ? 'from' : 'to';
      return `${direction} of ${at.id}: group ${id} (${group.name}) allows it ${preposition} ${by}`;
    }
    return undefined;
  }

  #explainAcl({
    source,
    destination,
    there,
    back,
    probe,
  }: AddressPair & { readonly probe: Probe }): AwsVerdict {
    if (source.subnet === destination.subnet) return { verdict: 'allow', why: [] };
    const [near, far] = [this.#aclOf(source), this.#aclOf(destination)];
    const crossings = [
      { acl: near, direction: 'egress' as const, address: there, ...probe },
      { acl: far, direction: 'ingress' as const, address: back, ...probe },
    ];
    for (const { acl, direction, ...packet } of crossings) {
      if (acl === undefined) continue;
      const entry = decidingEntry(acl, direction, packet);
      if (entry?.action === 'allow') continue;
      const number = entry === undefined ? 'the last entry' : `entry ${entry.ruleNumber}`;
      return deny(`${direction} of NACL ${acl.id}: ${number} denies ${packet.address}`);
    }
    const answers = allowed(far, 'egress', back).and(allowed(near, 'ingress', there));
    if (answerable(answers).has(probe.protocol, probe.port)) return { verdict: 'allow', why: [] };
    const ports = `${EPHEMERAL.from}-${EPHEMERAL.to}`;
    return deny(
      `the answers do not get back: NACL ${far?.id} or ${near?.id} denies ports ${ports}`,
    );
  }
}

/** No packet is put on the network, so that no group and no NACL sees it. */
const OWN_ADDRESS: AwsVerdict = {
  verdict: 'allow',
  why: ['both ends are one interface: what a host sends to itself never leaves it'],
};

interface AskedOfGroups {
  readonly peer: NetworkInterface;
  readonly address: string;
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

function allowed(
  acl: NetworkAcl | undefined,
  direction: 'ingress' | 'egress',
  address: string,
): TrafficRegion {
  return acl === undefined ? TrafficRegion.everything : allowedByAcl(acl, direction, address);
}

function deny(because: string): AwsVerdict {
  return { verdict: 'deny', why: [because] };
}

function noRule(nic: NetworkInterface, direction: 'ingress' | 'egress', address: string): string {
  const groups = nic.groups.length === 0 ? 'no group' : nic.groups.join(', ');
  const preposition = direction === 'ingress' ? 'from' : 'to';
  return `${direction} of ${nic.id}: none of its groups (${groups}) has a rule for it ${preposition} ${address}`;
}

/** Reads an inventory once and answers for any pair of its interfaces. */
export function awsReach(inventory: Inventory): AwsReach {
  return new AwsReach(inventory);
}
