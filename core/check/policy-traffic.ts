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
import type { PairTraffic, TrafficRange } from '../model/traffic.ts';
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

  constructor(policy: Policy, options: PolicyTrafficOptions) {
    this.#policy = policy;
    this.#options = options;
    const today = options.now.slice(0, 10);
    const inForce = policy.rules.filter((rule) => (rule.expires ?? '9999-12-31') >= today);
    this.#grants = [...inForce.map(grantOfRule), ...policy.baseline.map(grantOfBaseline)];
  }

  between(from: CheckEnd, to: CheckEnd): PolicyAnswer {
    return this.#answer({ end: from, ...this.standing(from) }, { end: to, ...this.standing(to) });
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

  #answer(
    from: Standing & { readonly end: CheckEnd },
    to: Standing & { readonly end: CheckEnd },
  ): PolicyAnswer {
    const ranges: TrafficRange[] = [];
    const allowedBy: string[] = [];
    const forbidden: { rule: string; guardrail: string }[] = [];
    for (const grant of this.#grants) {
      if (!this.#applies(grant, from, to)) continue;
      const guardrail = this.#policy.guardrails.find((one) => forbids(one, grant.id, from, to));
      if (guardrail !== undefined) {
        forbidden.push({ rule: grant.id, guardrail: guardrail.id });
        continue;
      }
      ranges.push(...grant.ranges);
      allowedBy.push(grant.id);
    }
    const traffic = uniteRanges(ranges);
    const shares = (family: 'ipv4' | 'ipv6'): boolean =>
      from.end[family].length > 0 && to.end[family].length > 0;
    return {
      traffic: {
        ...(shares('ipv4') ? { ipv4: traffic } : {}),
        ...(shares('ipv6') ? { ipv6: traffic } : {}),
      },
      allowedBy,
      forbidden,
    };
  }

  #applies(
    grant: Grant,
    from: Standing & { readonly end: CheckEnd },
    to: Standing & { readonly end: CheckEnd },
  ): boolean {
    const names = (end: Standing, wanted: readonly string[]): boolean =>
      wanted.some((name) => end.segments.includes(name) || end.networks.includes(name));
    if (grant.baselineAt === 'from') return from.end.baseline === true && names(to, grant.to);
    if (grant.baselineAt === 'to') return to.end.baseline === true && names(from, grant.from);
    return names(from, grant.from) && names(to, grant.to);
  }

  #isInside(network: Network, end: CheckEnd): boolean {
    const addresses = [...end.ipv4, ...end.ipv6];
    if (network.securityGroups !== undefined) return this.#carries(network, end.groups ?? []);
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

  #carries({ securityGroups }: Network, groups: readonly string[]): boolean {
    if (securityGroups === undefined) return false;
    const { ids, tags } = securityGroups;
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

function grantOfRule({ id, from, to, allow }: Rule): Grant {
  return { id, from, to, ranges: allow.flatMap((one) => one.ranges) };
}

function grantOfBaseline({ id, from, to, allow }: BaselineEntry): Grant {
  const ranges = allow.flatMap((one) => one.ranges);
  return to === undefined
    ? { id, from: from === undefined ? [] : [from], to: [], ranges, baselineAt: 'to' }
    : { id, from: [], to: [to], ranges, baselineAt: 'from' };
}

/** Guardrails are judged on what the ends are, not on what the rule names. */
function forbids(guardrail: Guardrail, rule: string, from: Standing, to: Standing): boolean {
  if (guardrail.except.includes(rule)) return false;
  return isMatch(guardrail.deny.from, from) && isMatch(guardrail.deny.to, to);
}

function isMatch(matcher: ZoneMatcher, end: Standing): boolean {
  if ('not' in matcher) return !isMatch(matcher.not, end);
  if ('zone' in matcher) return end.zones.includes(matcher.zone);
  return end.segments.includes(matcher.segment);
}

function holds(cidr: string, address: string): boolean {
  const [outer, inner] = [parseCidr(cidr), parseCidr(address)];
  return outer.version === inner.version && outer.start <= inner.start && inner.end <= outer.end;
}
