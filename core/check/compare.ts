import type { Inventory } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import type { PairTraffic, TrafficSet } from '../model/traffic.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { candidatePairs } from './candidates.ts';
import { type CompareInput, type End, readClasses } from './ends.ts';
import { PolicyTraffic } from './policy-traffic.ts';
import { subtractSets } from './traffic-union.ts';

export type { CompareInput };

/** A pair on which AWS and the policy do not agree, and by how much. */
export interface Disagreement {
  readonly kind: 'hole' | 'cut';
  /** Interface ids, and what people call the ends. */
  readonly from: string;
  readonly to: string;
  readonly fromName: string;
  readonly toName: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Hole: what AWS lets through and the policy does not. Cut: the other way round. */
  readonly traffic: TrafficSet;
}

export interface Comparison {
  /** At most 1,000 of each are named; the counts are of all. */
  readonly holes: readonly Disagreement[];
  readonly cuts: readonly Disagreement[];
  /** Those of which an end is excused, with its reason. */
  readonly excused: readonly (Disagreement & { readonly because: string })[];
  readonly count: { readonly holes: number; readonly cuts: number; readonly excused: number };
  /** Ordered pairs of interfaces, and the classes of interfaces that nothing tells apart. */
  readonly pairs: number;
  readonly classes: number;
}

/** A disagreement beyond this many of its kind is counted, not named. */
const NAMED_MAX = 1_000;

/**
 * Compares AWS with the policy over every ordered pair of interfaces of workloads, class by class:
 * what the policy allows must pass where both ends are staged or enforced and attached; what passes
 * must be allowed where the destination is enforced, or the source is with closed egress. Kept
 * groups are allowances of their own, so holes are looked for without them.
 */
export function compareEstate(input: CompareInput): Comparison {
  const { inventory, policy } = input;
  const classes = readClasses(input);
  const { prefixLists, groups } = inventory;
  const said = new PolicyTraffic(policy, { now: input.now, prefixLists, groups });
  const judge = new Judge(input, said);
  const tally = new Tally();
  const ends = classes.flatMap(([first]) => first ?? []);
  for (const [source, destination] of candidatePairs({ ends, inventory, said })) {
    const [sources = [], destinations = []] = [classes[source], classes[destination]];
    const [from, to] = [sources[0], destinations[source === destination ? 1 : 0]];
    if (from === undefined || to === undefined) continue;
    for (const found of judge.pair(from, to)) tally.add(found, sources, destinations);
  }
  const count = classes.reduce((sum, members) => sum + members.length, 0);
  return { ...tally.result(), pairs: count * count - count, classes: classes.length };
}

type Finding = Pick<Disagreement, 'kind' | 'family' | 'traffic'>;

/** Counts every pair of a finding and names the first ones. */
class Tally {
  readonly #named = {
    hole: [] as Disagreement[],
    cut: [] as Disagreement[],
    excused: [] as (Disagreement & { readonly because: string })[],
  };
  readonly #count = { hole: 0, cut: 0, excused: 0 };

  add(found: Finding, sources: readonly End[], destinations: readonly End[]): void {
    for (const from of sources) {
      for (const to of destinations) {
        if (from.nic.id === to.nic.id) continue;
        const because = from.excuse ?? to.excuse;
        const kind = because === undefined ? found.kind : 'excused';
        this.#count[kind] += 1;
        if (this.#named[kind].length >= NAMED_MAX) continue;
        const names = { fromName: from.name, toName: to.name };
        const one = { ...found, from: from.nic.id, to: to.nic.id, ...names };
        if (because === undefined) this.#named[found.kind].push(one);
        else this.#named.excused.push({ ...one, because });
      }
    }
  }

  result(): Pick<Comparison, 'holes' | 'cuts' | 'excused' | 'count'> {
    const { hole: holes, cut: cuts, excused } = this.#named;
    const count = { holes: this.#count.hole, cuts: this.#count.cut, excused: this.#count.excused };
    return { holes, cuts, excused, count };
  }
}

/** Asks both evaluators about a pair, and says where they differ. */
class Judge {
  readonly #said: PolicyTraffic;
  readonly #real: AwsReach;
  readonly #unkept: AwsReach;
  readonly #nameable: (from: string, to: string) => boolean;

  constructor({ inventory, policy }: CompareInput, said: PolicyTraffic) {
    this.#said = said;
    this.#real = awsReach(inventory);
    const keeps = policy.settings.keepSecurityGroups.length > 0;
    this.#unkept = keeps ? awsReach(withoutKept(inventory, policy)) : this.#real;
    this.#nameable = nameableVpcs(inventory);
  }

  pair(from: End, to: End): readonly Finding[] {
    const found: Finding[] = [];
    const add = (kind: Finding['kind'], more: PairTraffic, less: PairTraffic): void => {
      for (const family of ['ipv4', 'ipv6'] as const) {
        const traffic = subtractSets(
          inFamily(more[family], family),
          inFamily(less[family], family),
        );
        if (traffic.length > 0) found.push({ kind, family, traffic });
      }
    };
    const [source, destination] = [from.nic.id, to.nic.id];
    if (from.attached && to.attached && this.#nameable(from.nic.vpc, to.nic.vpc)) {
      const owed = this.#said.between(from.owed, to.owed).traffic;
      if (!isNothing(owed)) add('cut', owed, this.#real.between(source, destination));
    }
    if (to.ingressEnforced || from.egressEnforced) {
      const open = this.#unkept.between(source, destination);
      if (!isNothing(open)) add('hole', open, this.#said.between(from.check, to.check).traffic);
    }
    return found;
  }
}

function isNothing({ ipv4 = [], ipv6 = [] }: PairTraffic): boolean {
  return ipv4.length + ipv6.length === 0;
}

/**
 * Pairs of VPCs between which a rule can name a group: the same one, or actively peered in one Region.
 * Compiling has warned of what a policy allows elsewhere (`not-nameable-by-group`); it is no cut.
 */
function nameableVpcs({ peerings }: Inventory): (from: string, to: string) => boolean {
  const joined = new Set(
    peerings
      .filter(({ status, requester, accepter }) => {
        return status === 'active' && requester.region === accepter.region;
      })
      .flatMap(({ requester: { vpc: a }, accepter: { vpc: b } }) => [`${a} ${b}`, `${b} ${a}`]),
  );
  return (from, to) => from === to || joined.has(`${from} ${to}`);
}

/** ICMP is IPv4's and ICMPv6 is IPv6's: the other's number never stands in a packet there. */
function inFamily(set: TrafficSet | undefined, family: 'ipv4' | 'ipv6'): TrafficSet {
  const stranger = family === 'ipv4' ? 58 : 1;
  const none = { protocolFrom: stranger, protocolTo: stranger, from: 0, to: 65_535 };
  return subtractSets(set ?? [], [none]);
}

function withoutKept(inventory: Inventory, policy: Policy): Inventory {
  const kept = new Set(policy.settings.keepSecurityGroups);
  const interfaces = inventory.interfaces.map((nic) => ({
    ...nic,
    groups: nic.groups.filter((id) => !kept.has(id)),
  }));
  return { ...inventory, interfaces };
}
