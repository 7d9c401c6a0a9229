import type { PolicyIndex } from '../compile/index-policy.ts';
import { groupsByKey, parseGroupKey, segmentKey } from '../compile/owned-groups.ts';
import { type SegmentPair, segmentPairs } from '../compile/segment-pairs.ts';
import type { GroupKey } from '../model/desired-state.ts';
import type { GroupRule, Inventory, NetworkInterface } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { GroupRules, ruleRegion } from '../reach/group-rules.ts';
import { TrafficRegion } from '../reach/traffic-region.ts';

export interface BareFlowsInput {
  readonly index: PolicyIndex;
  /** In full: what is not in it lives on nothing. */
  readonly inventory: Inventory;
  readonly owner: string;
  /** By workload; one that changed a moment ago may be in those of before as well. */
  readonly segmentsOf: (workload: string) => readonly string[];
}

/** An interface of a peer that does not carry the group which the rules name, and what it may send. */
interface Bare {
  readonly nic: NetworkInterface;
  readonly allowed: TrafficRegion;
}

/**
 * Which rules that nobody wants may carry flows that the policy allows all the same. A peer whose
 * members do not carry its group, such as an observed segment, reaches a blocked segment's enforced
 * members only by what those still let in of earlier policies: by address, or by another group.
 *
 * Everybody else has what the policy allows by the rules that it wants, which are there by now.
 */
export class BareFlows {
  readonly #input: BareFlowsInput;
  readonly #rules: GroupRules;
  readonly #pairs: readonly SegmentPair[];
  readonly #idByKey: ReadonlyMap<GroupKey, string>;
  readonly #bare = new Map<string, readonly Bare[]>();

  constructor(input: BareFlowsInput) {
    this.#input = input;
    this.#rules = new GroupRules(input.inventory);
    this.#pairs = segmentPairs(input.index);
    const groups = groupsByKey(input.inventory, input.owner);
    this.#idByKey = new Map([...groups].map(([key, group]) => [key, group.id]));
  }

  /** True for the rule of a group that is no segment's, and where a prefix list cannot be looked into. */
  mayRestOn(group: GroupKey, direction: Direction, rule: GroupRule): boolean {
    const { segment, vpc = '' } = parseGroupKey(group) ?? {};
    if (segment === undefined || this.#isUnknownList(rule)) return true;
    const region = ruleRegion(rule);
    return this.#bareOf(segment, direction).some(
      ({ nic, allowed }) =>
        addressesOf(nic).some((address) =>
          this.#rules.means(rule.peer, { vpc }, { nic, address }),
        ) && !region.and(allowed).isEmpty,
    );
  }

  #isUnknownList({ peer }: GroupRule): boolean {
    if (peer.kind !== 'prefixList') return false;
    const list = this.#input.inventory.prefixLists.find(({ id }) => id === peer.id);
    return list === undefined || list.cidrs.length === 0;
  }

  #bareOf(segment: string, direction: Direction): readonly Bare[] {
    const key = `${direction} ${segment}`;
    const known = this.#bare.get(key);
    if (known !== undefined) return known;
    const allowed = this.#allowedBy(segment, direction);
    const found: Bare[] = [];
    for (const nic of this.#input.inventory.interfaces) {
      for (const name of this.#input.segmentsOf(nic.workload)) {
        const region = allowed.get(name);
        if (region !== undefined && !this.#carries(nic, name)) found.push({ nic, allowed: region });
      }
    }
    this.#bare.set(key, found);
    return found;
  }

  /** An observed segment's group is named by no rule that is wanted, so carrying it does not help. */
  #carries({ groups, vpc }: NetworkInterface, segment: string): boolean {
    if (this.#input.index.segments.get(segment)?.mode === 'observe') return false;
    const id = this.#idByKey.get(segmentKey(segment, vpc));
    return id !== undefined && groups.includes(id);
  }

  /** What the policy lets pass between the segment and each of its peers. */
  #allowedBy(segment: string, direction: Direction): ReadonlyMap<string, TrafficRegion> {
    const found = new Map<string, TrafficRegion>();
    for (const { from, to, allow } of this.#pairs) {
      const [own, peer] = direction === 'ingress' ? [to, from] : [from, to];
      if (own.name !== segment) continue;
      const region = TrafficRegion.ofSet(allow.flatMap(({ ranges }) => ranges));
      found.set(peer.name, (found.get(peer.name) ?? TrafficRegion.nothing).or(region));
    }
    return found;
  }
}

function addressesOf({ ipv4, ipv6, publicIpv4 }: NetworkInterface): readonly string[] {
  return [...ipv4, ...ipv6, ...(publicIpv4 === undefined ? [] : [publicIpv4])];
}
