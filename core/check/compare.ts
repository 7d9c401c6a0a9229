import { parseCidr as parseBlock } from 'cidr-tools';
import { groupKey } from '../compile/owned-groups.ts';
import type { Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface, Workload } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import type { PairTraffic, TrafficSet } from '../model/traffic.ts';
import { awsReach } from '../reach/aws-reach.ts';
import { type CheckEnd, PolicyTraffic } from './policy-traffic.ts';
import { subtractSets } from './traffic-union.ts';
import { WrittenNames } from './written-names.ts';

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
  /** Ordered pairs of interfaces that were judged, and how many distinct questions that took. */
  readonly pairs: number;
  readonly classes: number;
}

/** A disagreement beyond this many of its kind is counted, not named. */
const NAMED_MAX = 1_000;

export interface CompareInput {
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly memberships: readonly Membership[];
  /** Id of each owned group by its key. */
  readonly groupIds: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Workloads of which it is known why they are not as the policy says, e.g. held, with the reason. */
  readonly excused?: ReadonlyMap<string, string>;
}

interface End {
  readonly nic: NetworkInterface;
  readonly check: CheckEnd;
  readonly name: string;
  /** Carries every group that its segments ask for. */
  readonly attached: boolean;
  readonly ingressEnforced: boolean;
  readonly egressEnforced: boolean;
  /** Ends of one class get the same answers. */
  readonly class: string;
  readonly excuse: string | undefined;
  readonly unwritten: readonly string[];
}

/**
 * Compares AWS with the policy over every ordered pair of interfaces of workloads, class by class:
 * what the policy allows must pass where both ends are staged or enforced and attached; what passes
 * must be allowed where the destination is enforced, or the source is with closed egress. Kept
 * groups are allowances of their own, so holes are looked for without them.
 */
export function compareEstate(input: CompareInput): Comparison {
  const { inventory, policy } = input;
  const classes = [...Map.groupBy(readEnds(input), (end) => end.class).values()];
  const { prefixLists, groups } = inventory;
  const said = new PolicyTraffic(policy, { now: input.now, prefixLists, groups });
  const real = awsReach(inventory);
  const unkept = awsReach(withoutKept(inventory, policy));
  const nameable = nameableVpcs(inventory);
  const tally = new Tally();
  let pairs = 0;
  let questions = 0;
  for (const sources of classes) {
    for (const destinations of classes) {
      const own = sources === destinations ? sources.length : 0;
      const [from, to] = [sources[0], destinations[own > 0 ? 1 : 0]];
      if (from === undefined || to === undefined) continue;
      pairs += sources.length * destinations.length - own;
      questions += 1;
      for (const found of judge({ from, to, said, real, unkept, nameable })) {
        tally.add(found, sources, destinations);
      }
    }
  }
  return { ...tally.result(), pairs, classes: questions };
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

interface Question {
  readonly from: End;
  readonly to: End;
  readonly said: PolicyTraffic;
  readonly real: ReturnType<typeof awsReach>;
  readonly unkept: ReturnType<typeof awsReach>;
  readonly nameable: (from: string, to: string) => boolean;
}

function judge(question: Question): readonly Finding[] {
  const { from, to, said, real, unkept, nameable } = question;
  const policy = said.between(from.check, to.check).traffic;
  const found: Finding[] = [];
  const add = (kind: 'hole' | 'cut', more: PairTraffic, less: PairTraffic): void => {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const traffic = subtractSets(inFamily(more[family], family), inFamily(less[family], family));
      if (traffic.length > 0) found.push({ kind, family, traffic });
    }
  };
  if (from.attached && to.attached && nameable(from.nic.vpc, to.nic.vpc)) {
    const owed = said.between(promised(from), promised(to)).traffic;
    add('cut', owed, real.between(from.nic.id, to.nic.id));
  }
  if (to.ingressEnforced || from.egressEnforced) {
    add('hole', unkept.between(from.nic.id, to.nic.id), policy);
  }
  return found;
}

/** Nothing is written for it, as segments are withheld: it keeps what it has until that is resolved. */
function keptByConflict(membership: Membership | undefined): string | undefined {
  if (membership?.mode !== 'observe' || membership.withheld.length === 0) return undefined;
  return membership.conflicts[0];
}

/** What is written on the groups of a workload, and so can be missed there. */
function promised({ check, unwritten }: End): CheckEnd {
  return { ...check, muted: unwritten };
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

function readEnds(input: CompareInput): readonly End[] {
  const { inventory, memberships } = input;
  const membershipById = new Map(memberships.map((one) => [one.workload, one]));
  const workloadById = new Map(inventory.workloads.map((one) => [one.identity.workload, one]));
  const classOf = addressClasses(input);
  const written = new WrittenNames(input.policy, inventory, memberships);
  return inventory.interfaces.flatMap((nic): End[] => {
    const workload = workloadById.get(nic.workload);
    if (workload === undefined || nic.ipv4.length + nic.ipv6.length === 0) return [];
    return [
      readEnd(input, {
        ...{ nic, workload, membership: membershipById.get(nic.workload) },
        ...{ classOf, written },
      }),
    ];
  });
}

interface EndParts {
  readonly nic: NetworkInterface;
  readonly workload: Workload;
  readonly membership: Membership | undefined;
  readonly classOf: (nic: NetworkInterface) => string;
  readonly written: WrittenNames;
}

function readEnd({ groupIds, policy, excused }: CompareInput, parts: EndParts): End {
  const { nic, workload, membership, classOf } = parts;
  const { identity } = workload;
  const carries = membership?.carries ?? [];
  const wanted = carries.map((stem) => groupIds[groupKey(stem, nic.vpc)]);
  const attached =
    carries.length > 0 && wanted.every((id) => id !== undefined && nic.groups.includes(id));
  const ours = new Set(Object.values(groupIds));
  const kept = policy.settings.keepSecurityGroups;
  const bare = nic.groups.every((id) => ours.has(id) || kept.includes(id));
  const enforced = attached && bare && membership?.mode === 'enforce';
  const withheld = (membership?.withheld ?? []).map(({ segment }) => segment);
  const check: CheckEnd = {
    identity,
    ipv4: nic.ipv4,
    ipv6: nic.ipv6,
    groups: nic.groups,
    withheld,
    baseline: (membership?.mode ?? 'observe') !== 'observe',
  };
  return {
    nic,
    check,
    name:
      identity.name === undefined ? identity.workload : `${identity.name} (${identity.workload})`,
    attached,
    ingressEnforced: enforced,
    egressEnforced: enforced && membership?.openEgress === false,
    excuse: excused?.get(identity.workload) ?? keptByConflict(membership),
    unwritten: parts.written.unwritten(nic, membership),
    class: JSON.stringify([
      membership?.segments ?? [],
      withheld,
      membership?.mode,
      membership?.openEgress,
      nic.groups,
      nic.subnet,
      classOf(nic),
    ]),
  };
}

/** Which of all blocks that anything speaks of hold the interface's addresses. */
function addressClasses({ inventory, policy }: CompareInput): (nic: NetworkInterface) => string {
  const blocks = new Set<string>();
  for (const group of inventory.groups) {
    for (const { peer } of [...group.ingress, ...group.egress]) {
      if (peer.kind === 'ipv4' || peer.kind === 'ipv6') blocks.add(peer.cidr);
    }
  }
  for (const acl of inventory.networkAcls) for (const entry of acl.entries) blocks.add(entry.cidr);
  for (const table of inventory.routeTables) {
    for (const { destination } of table.routes)
      if (destination.includes('/')) blocks.add(destination);
  }
  for (const list of inventory.prefixLists) for (const cidr of list.cidrs) blocks.add(cidr);
  for (const { cidrs, except } of policy.networks)
    for (const cidr of [...cidrs, ...except]) blocks.add(cidr);
  const parsed = [...blocks].sort().map((cidr) => parseBlock(cidr));
  return (nic) =>
    [...nic.ipv4, ...nic.ipv6]
      .map((address) => {
        const { version, start } = parseBlock(address);
        return parsed
          .map((block) =>
            block.version === version && block.start <= start && start <= block.end ? 1 : 0,
          )
          .join('');
      })
      .join(' ');
}
