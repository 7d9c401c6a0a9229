import { parseCidr } from 'cidr-tools';
import { matchesPattern, matchesSelector, matchesTags } from '../identity/match.ts';
import type { Identity } from '../model/identity.ts';
import type { PrefixList, SecurityGroup } from '../model/inventory.ts';
import type {
  BaselineEntry,
  Guardrail,
  Network,
  Policy,
  Rule,
  ZoneMatcher,
} from '../model/policy.ts';
import type { PairTraffic, TrafficRange, TrafficSet } from '../model/traffic.ts';
import { coversPort, uniteRanges } from './traffic-union.ts';

/** One end of a question: a workload with its addresses, or addresses alone. */
export interface CheckEnd {
  readonly identity?: Identity;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Groups on its interface; networks may be named by foreign groups. */
  readonly groups?: readonly string[];
  /** Segments that a guardrail or a conflict of zones keeps from it. */
  readonly withheld?: readonly string[];
  /** Segments and networks through which no rule counts, though their zones do. */
  readonly muted?: readonly string[];
  /** The baseline is for staged and enforced workloads only. */
  readonly baseline?: boolean;
}

export interface PolicyTrafficOptions {
  /** ISO 8601, UTC; decides which rules have expired. */
  readonly now: string;
  readonly prefixLists?: readonly PrefixList[];
  readonly groups?: readonly SecurityGroup[];
}

/** What an end is to the policy. */
export interface Standing {
  readonly segments: readonly string[];
  readonly networks: readonly string[];
  readonly zones: readonly string[];
}

const FAMILIES = ['ipv4', 'ipv6'] as const;
type Family = (typeof FAMILIES)[number];

/** `whole`: the look of all that it is in, withheld segments too. */
type Subject = Standing & { readonly end: CheckEnd; readonly whole: Look };

/** What a guardrail sees of an end. */
type Look = Pick<Standing, 'segments' | 'zones'>;

type Subjects = Partial<Readonly<Record<Family, Subject>>>;

/** The names that one rule or baseline entry joins. */
export interface Join {
  readonly from: readonly string[] | 'served';
  readonly to: readonly string[] | 'served';
}

interface Pair {
  readonly from: readonly Look[];
  readonly to: readonly Look[];
}

/** An end by one name of a rule: a guardrail forbids it that forbids any of its looks. */
interface Named {
  readonly looks: readonly Look[];
  readonly isSegment: boolean;
}

const NOBODY: Look = { segments: [], zones: [] };

export interface PolicyAnswer {
  readonly traffic: PairTraffic;
  /** Rules and baseline entries that allow, and guardrails that forbid, by id. */
  readonly allowedBy: readonly string[];
  readonly forbidden: readonly { readonly rule: string; readonly guardrail: string }[];
}

/** A rule or a baseline entry, read as a rule. */
interface Grant {
  readonly id: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ranges: readonly TrafficRange[];
  /** Which end must be staged or enforced, for a baseline entry. */
  readonly baselineAt?: 'from' | 'to';
}

/** The policy's own answer to "may A reach B?", on identities and addresses; knows no group of ours. */
export class PolicyTraffic {
  readonly #policy: Policy;
  readonly #options: PolicyTrafficOptions;
  readonly #grants: readonly Grant[];
  /** Rules by each name of their source; baseline entries, which may serve anybody, apart. */
  readonly #grantsBySource = new Map<string, Grant[]>();
  readonly #baseline: readonly Grant[];
  readonly #lookByName: ReadonlyMap<string, Look>;
  readonly #subjects = new WeakMap<CheckEnd, Subjects>();

  constructor(policy: Policy, options: PolicyTrafficOptions) {
    this.#policy = policy;
    this.#options = options;
    const today = options.now.slice(0, 10);
    const inForce = policy.rules.filter((rule) => (rule.expires ?? '9999-12-31') >= today);
    const rules = inForce.map(grantOfRule);
    this.#baseline = policy.baseline.map(grantOfBaseline);
    this.#grants = [...rules, ...this.#baseline];
    for (const grant of rules) {
      for (const name of new Set(grant.from)) {
        const known = this.#grantsBySource.get(name);
        if (known === undefined) this.#grantsBySource.set(name, [grant]);
        else known.push(grant);
      }
    }
    this.#lookByName = new Map([
      ...policy.networks.map(({ name, zone }) => [name, lookOf([], zone)] as const),
      ...policy.segments.map(({ name, zone }) => [name, lookOf([name], zone)] as const),
    ]);
  }

  /**
   * Family by family, since a network may hold the one address of an end and not the other. Zones
   * and guardrails look at the whole end. What is found out about an end is remembered with it.
   */
  between(from: CheckEnd, to: CheckEnd): PolicyAnswer {
    const traffic: { ipv4?: TrafficSet; ipv6?: TrafficSet } = {};
    const allowedBy = new Set<string>();
    let forbidden: PolicyAnswer['forbidden'] = [];
    const [sources, destinations] = [this.#subjectsOf(from), this.#subjectsOf(to)];
    for (const family of FAMILIES) {
      const [source, destination] = [sources[family], destinations[family]];
      if (source === undefined || destination === undefined) continue;
      const answer = this.#answer(source, destination);
      traffic[family] = answer.traffic;
      for (const id of answer.allowedBy) allowedBy.add(id);
      if (forbidden.length === 0) forbidden = answer.forbidden;
    }
    return { traffic: traffic as PairTraffic, allowedBy: [...allowedBy], forbidden };
  }

  /** For each rule and baseline entry in force, the names that it joins; `served`: a baseline's end. */
  joins(): readonly Join[] {
    return this.#grants.map(({ from, to, baselineAt }) => ({
      from: baselineAt === 'from' ? 'served' : from,
      to: baselineAt === 'to' ? 'served' : to,
    }));
  }

  /** Segments and networks through which rules count for an end, in any family. */
  heardNames(end: CheckEnd): readonly string[] {
    const { segments, networks } = this.standing(end);
    return [...segments, ...networks].filter((name) => isHeard(end, name));
  }

  #subjectsOf(end: CheckEnd): Subjects {
    const known = this.#subjects.get(end);
    if (known !== undefined) return known;
    const standing = this.standing(end);
    const whole = this.#wholeLook(end, standing);
    const subject = (family: Family): Subject => ({
      ...standing,
      networks: this.#networksOf(end, family),
      end,
      whole,
    });
    const found: Subjects = {
      ...(end.ipv4.length === 0 ? {} : { ipv4: subject('ipv4') }),
      ...(end.ipv6.length === 0 ? {} : { ipv6: subject('ipv6') }),
    };
    this.#subjects.set(end, found);
    return found;
  }

  /** Segments, networks and zones of an end. */
  standing(end: CheckEnd): Standing {
    const { identity, withheld = [] } = end;
    const segments =
      identity === undefined
        ? []
        : this.#policy.segments.filter(
            ({ name, select }) => !withheld.includes(name) && matchesSelector(select, identity),
          );
    const networks = this.#policy.networks.filter((network) => this.#isInside(network, end));
    const zones = [...segments, ...networks].flatMap(({ zone }) => zone ?? []);
    return {
      segments: segments.map(({ name }) => name),
      networks: networks.map(({ name }) => name),
      zones: [...new Set(zones)].sort(),
    };
  }

  #networksOf(end: CheckEnd, family: Family): readonly string[] {
    const only = { ...end, ipv4: [], ipv6: [], [family]: end[family] };
    return this.#policy.networks
      .filter((network) => this.#isInside(network, only))
      .map(({ name }) => name);
  }

  #answer(
    from: Subject,
    to: Subject,
  ): Omit<PolicyAnswer, 'traffic'> & { readonly traffic: TrafficSet } {
    const ranges: TrafficRange[] = [];
    const allowedBy: string[] = [];
    const forbidden: { rule: string; guardrail: string }[] = [];
    for (const grant of this.#grantsFrom(from)) {
      const pairs = this.#pairsOf(grant, from, to);
      if (pairs.length === 0) continue;
      const ends = [{ from: [from.whole], to: [to.whole] }];
      const guardrail = this.#forbidding(grant.id, ends) ?? this.#forbidding(grant.id, pairs);
      if (guardrail !== undefined) {
        forbidden.push({ rule: grant.id, guardrail: guardrail.id });
        continue;
      }
      ranges.push(...grant.ranges);
      allowedBy.push(grant.id);
    }
    return { traffic: uniteRanges(ranges), allowedBy, forbidden };
  }

  /** Looks of the two ends by each pair of names through which the grant joins them. */
  #pairsOf(grant: Grant, from: Subject, to: Subject): readonly Pair[] {
    const sources =
      grant.baselineAt === 'from' ? this.#served(from) : this.#named(from, grant.from);
    const destinations = grant.baselineAt === 'to' ? this.#served(to) : this.#named(to, grant.to);
    return sources.flatMap((one) =>
      destinations
        // A rule joins segments with each other and with networks, never two networks.
        .filter((other) => one.isSegment || other.isSegment)
        .map((other) => ({ from: one.looks, to: other.looks })),
    );
  }

  /** The names of a rule's end that the workload or address goes by, each as it looks alone. */
  #named(subject: Subject, wanted: readonly string[]): readonly Named[] {
    const { segments, networks, end, whole } = subject;
    const found = wanted.filter((name) => isHeard(end, name));
    return [
      ...found
        .filter((name) => segments.includes(name))
        .map((name) => ({ looks: [this.#lookOf(name)], isSegment: true })),
      // An address rule reaches whoever has the address, with all that it is in.
      ...found
        .filter((name) => networks.includes(name))
        .map((name) => ({ looks: [this.#lookOf(name), whole], isSegment: false })),
    ];
  }

  #wholeLook({ withheld = [] }: CheckEnd, { segments, zones }: Standing): Look {
    return withheld.map((name) => this.#lookOf(name)).reduce(join, { segments, zones });
  }

  /** A baseline serves staged and enforced workloads, through the segments that they are in. */
  #served({ segments, end }: Subject): readonly Named[] {
    if (end.baseline !== true) return [];
    if (this.#policy.guardrails.length === 0) return [{ looks: [NOBODY], isSegment: true }];
    return segments
      .filter((name) => isHeard(end, name))
      .map((name) => ({ looks: [this.#lookOf(name)], isSegment: true }));
  }

  #lookOf(name: string): Look {
    return this.#lookByName.get(name) ?? NOBODY;
  }

  /** In the order of the policy, each once. */
  #grantsFrom({ segments, networks }: Subject): readonly Grant[] {
    const found = [...segments, ...networks].map((name) => this.#grantsBySource.get(name) ?? []);
    const rules = found.length === 1 ? (found[0] ?? []) : [...new Set(found.flat())];
    return this.#baseline.length === 0 ? rules : [...rules, ...this.#baseline];
  }

  /** A guardrail that forbids every one of the pairs; undefined when one pair is free. */
  #forbidding(rule: string, pairs: readonly Pair[]): Guardrail | undefined {
    const found = pairs.map(({ from, to }) =>
      this.#policy.guardrails.find((one) => forbids(one, rule, from, to)),
    );
    return found.includes(undefined) ? undefined : found[0];
  }

  #isInside(network: Network, end: CheckEnd): boolean {
    const addresses = [...end.ipv4, ...end.ipv6];
    const { securityGroups } = network;
    if (securityGroups !== undefined) return this.#carries(securityGroups, end.groups ?? []);
    const cidrs =
      network.prefixList === undefined ? network.cidrs : this.#listed(network.prefixList);
    return addresses.some(
      (address) =>
        cidrs.some((cidr) => holds(cidr, address)) &&
        !network.except.some((cidr) => holds(cidr, address)),
    );
  }

  #listed(glob: string): readonly string[] {
    return (this.#options.prefixLists ?? [])
      .filter((list) => list.id === glob || matchesPattern([glob], list.name))
      .flatMap((list) => list.cidrs);
  }

  #carries(
    { ids, tags }: NonNullable<Network['securityGroups']>,
    groups: readonly string[],
  ): boolean {
    const tagged = (this.#options.groups ?? [])
      .filter((group) => Object.keys(tags).length > 0 && matchesTags(tags, group.tags))
      .map((group) => group.id);
    return groups.some((id) => ids.includes(id) || tagged.includes(id));
  }
}

export function policyTraffic(policy: Policy, options: PolicyTrafficOptions): PolicyTraffic {
  return new PolicyTraffic(policy, options);
}

/** True when the answer lets one packet through in a family that both ends have. */
export function permits(answer: PolicyAnswer, probe: { protocol: number; port: number }): boolean {
  const { ipv4, ipv6 } = answer.traffic;
  return [ipv4, ipv6].some(
    (set) => set !== undefined && coversPort(set, probe.protocol, probe.port),
  );
}

/** Whether rules count for the end through a name. */
function isHeard({ muted = [] }: CheckEnd, name: string): boolean {
  return !muted.includes(name);
}

function grantOfRule({ id, from, to, allow }: Rule): Grant {
  return { id, from, to, ranges: allow.flatMap((one) => one.ranges) };
}

function grantOfBaseline({ id, from, to, allow }: BaselineEntry): Grant {
  const ranges = allow.flatMap((one) => one.ranges);
  return to === undefined
    ? { id, from: from === undefined ? [] : [from], to: [], ranges, baselineAt: 'to' }
    : { id, from: [], to: [to], ranges, baselineAt: 'from' };
}

function lookOf(segments: readonly string[], zone: string | undefined): Look {
  return { segments, zones: zone === undefined ? [] : [zone] };
}

function join(a: Look, b: Look): Look {
  return { segments: [...a.segments, ...b.segments], zones: [...a.zones, ...b.zones] };
}

/** Guardrails are judged on what the ends are, and on each name that joins them. */
function forbids(
  guardrail: Guardrail,
  rule: string,
  from: readonly Look[],
  to: readonly Look[],
): boolean {
  if (guardrail.except.includes(rule)) return false;
  const { deny } = guardrail;
  return from.some((one) => isMatch(deny.from, one)) && to.some((one) => isMatch(deny.to, one));
}

function isMatch(matcher: ZoneMatcher, end: Look): boolean {
  if ('not' in matcher) return !isMatch(matcher.not, end);
  if ('zone' in matcher) return end.zones.includes(matcher.zone);
  return end.segments.includes(matcher.segment);
}

function holds(cidr: string, address: string): boolean {
  const [outer, inner] = [parseCidr(cidr), parseCidr(address)];
  return outer.version === inner.version && outer.start <= inner.start && inner.end <= outer.end;
}
