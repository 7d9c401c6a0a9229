import type { DesiredPeer } from '../model/desired-state.ts';
import type { Workload } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import type { Allowance, Diagnostic, Location, Network } from '../model/policy.ts';
import { ALL_TRAFFIC } from '../model/traffic.ts';
import { GroupDrafts } from './draft-groups.ts';
import { forbiddenBy, type GuardView, viewOfNetwork, viewOfSegment } from './guardrail-views.ts';
import type { Contribution } from './merge-traffic.ts';
import {
  addressesOf,
  addressSpace,
  cidrPeers,
  effectiveCidrs,
  holdsWholeVpc,
  namedGroups,
  namedPrefixLists,
} from './network-peers.ts';
import {
  BASELINE,
  groupKey,
  ISOLATION,
  OPEN_EGRESS,
  segmentKey,
  segmentStem,
} from './owned-groups.ts';
import { type Estate, vpcsOf } from './survey-estate.ts';

/** One end of an allowance: something with groups of ours, or a network. */
export type End =
  | {
      readonly kind: 'carrier';
      readonly name: string;
      readonly stem: string;
      readonly view: GuardView;
    }
  | {
      readonly kind: 'network';
      readonly name: string;
      readonly network: Network;
      readonly view: GuardView;
    };

type Carrier = Extract<End, { kind: 'carrier' }>;
type NetworkEnd = Extract<End, { kind: 'network' }>;

/** One ordered pair of ends that one rule or baseline entry joins. */
export interface Link {
  readonly id: string;
  readonly from: End;
  readonly to: End;
  readonly contributions: readonly Contribution[];
  readonly location: Location;
}

export interface Links {
  readonly links: readonly Link[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Every pair that the policy joins and no guardrail forbids. A pair that one does forbid is left
 * out and reported. Observed segments have no group, so nothing is written for them: a rule that
 * names one waits until it is staged, and readiness keeps its peers from enforcing meanwhile.
 */
export function linkEnds(estate: Estate): Links {
  const { index } = estate;
  const diagnostics: Diagnostic[] = [];
  const links: Link[] = [];
  const join = (id: string, from: End, to: End, allow: readonly Allowance[], at: Location) => {
    const guardrail = forbiddenBy(index.policy.guardrails, from.view, to.view, id);
    if (guardrail === undefined) {
      const ranges = allow.flatMap((allowance) => allowance.ranges);
      const contributions = ranges.map((range) => ({ range, because: id }));
      links.push({ id, from, to, contributions, location: at });
    } else {
      diagnostics.push({
        ...at,
        severity: 'warning',
        code: 'guardrail-forbids-pair',
        message: `rule \`${id}\` from \`${from.name}\` to \`${to.name}\` is forbidden by guardrail \`${guardrail.id}\` (${guardrail.why})`,
        hint: `the pair is left out; remove it from the rule, or list \`${id}\` under the guardrail's \`except\``,
      });
    }
  };
  const baseline: End = {
    kind: 'carrier',
    name: BASELINE,
    stem: BASELINE,
    view: { segments: [] },
  };
  const personal = new Set(index.policy.baseline.map((entry) => entry.id));
  for (const rule of index.rules) {
    for (const from of rule.from.flatMap((name) => endOf(estate, name))) {
      for (const to of rule.to.flatMap((name) => endOf(estate, name))) {
        // A baseline entry that became rules was meant for whom it may serve; no need to report.
        if (
          personal.has(rule.id) &&
          forbiddenBy(index.policy.guardrails, from.view, to.view, rule.id)
        )
          continue;
        join(rule.id, from, to, rule.allow, rule.location);
      }
    }
  }
  for (const entry of index.baseline) {
    for (const to of endOf(estate, entry.to ?? ''))
      join(entry.id, baseline, to, entry.allow, entry.location);
    for (const from of endOf(estate, entry.from ?? ''))
      join(entry.id, from, baseline, entry.allow, entry.location);
  }
  return { links, diagnostics };
}

function endOf(estate: Estate, name: string): readonly End[] {
  const segment = estate.index.segments.get(name);
  if (segment !== undefined) {
    const stem = segmentStem(name);
    return [{ kind: 'carrier', name, stem, view: viewOfSegment(segment) }];
  }
  const network = estate.index.networks.get(name);
  if (network === undefined) return [];
  return [{ kind: 'network', name, network, view: viewOfNetwork(network) }];
}

/** In which VPCs each group exists, by its key without the VPC. */
export type Places = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * A group exists where its segment has a member that could carry it, where the policy says
 * `bornIn`, and, with neither in reach, beside a peer whose rule has to name it: so that the first
 * member costs no rule write.
 */
export function placeGroups(estate: Estate, links: readonly Link[]): Places {
  const home = new Map<string, Set<string>>();
  const { segments, baseline, policy } = estate.index;
  const shared = (stem: string, vpcs: Iterable<string>) => {
    const places = home.get(stem) ?? new Set();
    for (const vpc of vpcs) places.add(vpc);
    if (places.size > 0) home.set(stem, places);
  };
  for (const segment of segments.values()) {
    if (segment.mode === 'observe') continue;
    const members = estate.membersBySegment.get(segment.name) ?? [];
    const carriers = members.filter((m) => m.control === 'attach' || m.control === 'alias');
    const vpcs = [...segment.bornIn, ...carriers.flatMap((m) => [...vpcsOf(estate, m)])];
    const managed = vpcs.filter((vpc) => estate.managed.has(vpc));
    shared(segmentStem(segment.name), managed);
    if (baseline.length > 0) shared(BASELINE, managed);
    if (segment.egress === 'open') shared(OPEN_EGRESS, managed);
  }
  if (policy.settings.unclassified === 'isolate') shared(ISOLATION, estate.managed);

  const places = new Map([...home].map(([stem, vpcs]) => [stem, new Set(vpcs)] as const));
  for (const { from, to } of links) {
    if (from.kind !== 'carrier' || to.kind !== 'carrier') continue;
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      if (!isWritten(estate, other)) continue;
      for (const vpc of home.get(one.stem) ?? []) {
        const inReach = estate.reach.get(vpc) ?? new Set();
        if ([...(home.get(other.stem) ?? [])].some((place) => inReach.has(place))) continue;
        places.set(other.stem, (places.get(other.stem) ?? new Set()).add(vpc));
      }
    }
  }
  return places;
}

function isWritten(estate: Estate, end: Carrier): boolean {
  const mode = estate.index.segments.get(end.name)?.mode;
  return mode !== undefined && mode !== 'observe';
}

/** Writes both sides of every link into the drafts. */
export function draftRules(
  estate: Estate,
  links: readonly Link[],
  places: Places,
): { drafts: GroupDrafts; diagnostics: readonly Diagnostic[] } {
  const drafts = new GroupDrafts();
  for (const [stem, vpcs] of places)
    for (const vpc of vpcs) drafts.addGroup(groupKey(stem, vpc), vpc);
  for (const vpc of places.get(OPEN_EGRESS) ?? []) {
    const anything = [{ range: ALL_TRAFFIC, because: OPEN_EGRESS }];
    for (const peer of cidrPeers(['0.0.0.0/0', '::/0'])) {
      drafts.allow(groupKey(OPEN_EGRESS, vpc), 'egress', peer, anything);
    }
  }
  const diagnostics: Diagnostic[] = [];
  for (const link of links) {
    const { from, to } = link;
    if (from.kind === 'carrier' && to.kind === 'carrier') {
      joinCarriers(estate, drafts, places, link, from, to);
      diagnostics.push(...unnameable(estate, link, from, to));
    } else if (from.kind === 'carrier' && to.kind === 'network') {
      diagnostics.push(...joinNetwork(estate, drafts, places, link, from, to, 'egress'));
    } else if (from.kind === 'network' && to.kind === 'carrier') {
      diagnostics.push(...joinNetwork(estate, drafts, places, link, to, from, 'ingress'));
    }
  }
  return { drafts, diagnostics };
}

function joinCarriers(
  estate: Estate,
  drafts: GroupDrafts,
  places: Places,
  link: Link,
  from: Carrier,
  to: Carrier,
): void {
  for (const source of places.get(from.stem) ?? []) {
    for (const destination of places.get(to.stem) ?? []) {
      if (!estate.reach.get(source)?.has(destination)) continue;
      const fromKey = groupKey(from.stem, source);
      const toKey = groupKey(to.stem, destination);
      drafts.allow(fromKey, 'egress', { kind: 'owned', key: toKey }, link.contributions);
      drafts.allow(toKey, 'ingress', { kind: 'owned', key: fromKey }, link.contributions);
    }
  }
}

/** Members that a rule should join but no group can name across their VPCs. */
function unnameable(estate: Estate, link: Link, from: Carrier, to: Carrier): Diagnostic[] {
  const sources = runningVpcs(estate, from);
  const destinations = runningVpcs(estate, to);
  const apart = (vpc: string, others: ReadonlySet<string>): boolean =>
    others.size > 0 && ![...others].some((other) => estate.reach.get(vpc)?.has(other));
  const alone = [...sources].filter((vpc) => apart(vpc, destinations));
  const unreached = [...destinations].filter((vpc) => apart(vpc, sources));
  const routed = [...sources].flatMap((source) =>
    [...destinations]
      .filter((d) => !estate.reach.get(source)?.has(d) && routedOtherwise(estate, source, d))
      .map((destination) => `${source} to ${destination}`),
  );
  const seen = [
    ...alone.map((vpc) => `\`${from.name}\` in ${vpc} reaches no VPC of \`${to.name}\``),
    ...unreached.map((vpc) => `\`${to.name}\` in ${vpc} is reached by no VPC of \`${from.name}\``),
    ...routed.map((pair) => `${pair} is routed, but not by peering within the Region`),
  ].sort();
  if (seen.length === 0) return [];
  return [
    {
      ...link.location,
      severity: 'warning',
      code: 'not-nameable-by-group',
      message: `rule \`${link.id}\` is not nameable by group: ${seen.join('; ')}`,
      hint: 'those flows are not allowed; peer the VPCs, or name the addresses as a network',
    },
  ];
}

function runningVpcs(estate: Estate, end: Carrier): ReadonlySet<string> {
  const members = estate.membersBySegment.get(end.name) ?? [];
  const running = members.filter((member) => member.state === 'running');
  return new Set(running.flatMap((member) => [...vpcsOf(estate, member)]).sort());
}

function routedOtherwise(estate: Estate, source: string, destination: string): boolean {
  const vpc = estate.inventory.vpcs.find((v) => v.id === destination);
  const wanted = vpc === undefined ? [] : [...vpc.ipv4, ...vpc.ipv6];
  return estate.inventory.routeTables
    .filter((table) => table.vpc === source)
    .flatMap((table) => table.routes)
    .filter((route) => route.state === 'active' && /^(tgw|pcx|vgw|eni)-/.test(route.target))
    .filter((route) => route.destination.includes('/'))
    .some((route) => wanted.some((cidr) => addressSpace([route.destination]).holdsCidr(cidr)));
}

/** The carrier's side of a link with a network, and that of the workloads in the network. */
function joinNetwork(
  estate: Estate,
  drafts: GroupDrafts,
  places: Places,
  link: Link,
  carrier: Carrier,
  end: NetworkEnd,
  direction: Direction,
): readonly Diagnostic[] {
  const barred = end.network.includesWorkloads
    ? barredAddresses(estate, link, carrier, end, direction)
    : [];
  const found = peersOf(estate, end.network, barred);
  for (const vpc of places.get(carrier.stem) ?? []) {
    const key = groupKey(carrier.stem, vpc);
    for (const { peer, vpc: peerVpc } of found) {
      if (peerVpc !== undefined && !estate.reach.get(vpc)?.has(peerVpc)) continue;
      drafts.allow(key, direction, peer, link.contributions);
    }
  }
  const diagnostics = found.length === 0 ? [emptyNetwork(link, end)] : [];
  if (!end.network.includesWorkloads) return diagnostics;
  return [...diagnostics, ...joinInsiders(estate, drafts, places, link, carrier, end, direction)];
}

interface NetworkPeer {
  readonly peer: DesiredPeer;
  /** Where a foreign group lives; it can only be named from there and over peering. */
  readonly vpc?: string;
}

function peersOf(
  estate: Estate,
  network: Network,
  barred: readonly string[],
): readonly NetworkPeer[] {
  const { inventory, owner } = estate;
  return [
    ...cidrPeers(effectiveCidrs(network, barred)).map((peer) => ({ peer })),
    ...namedPrefixLists(network, inventory).map(({ id }) => ({
      peer: { kind: 'prefixList', id } as const,
    })),
    ...namedGroups(network, inventory, owner).map(({ id, vpc }) => ({
      peer: { kind: 'group', id } as const,
      vpc,
    })),
  ];
}

function emptyNetwork(link: Link, end: NetworkEnd): Diagnostic {
  return {
    ...link.location,
    severity: 'warning',
    code: 'network-is-empty',
    message: `network \`${end.name}\` of rule \`${link.id}\` names nothing that exists here`,
    hint: 'nothing is allowed by it; check the prefix list, the groups or the exceptions it names',
  };
}

/**
 * Addresses inside the network whose workloads a guardrail keeps from this carrier. They are cut
 * out of the CIDRs, since an address rule would join them whatever groups they carry.
 */
function barredAddresses(
  estate: Estate,
  link: Link,
  carrier: Carrier,
  end: NetworkEnd,
  direction: Direction,
): readonly string[] {
  const space = addressSpace(effectiveCidrs(end.network));
  return insidersOf(estate, space).flatMap((workload) => {
    const membership = estate.membershipByWorkload.get(workload.identity.workload);
    const withheld = membership?.withheld.map((w) => w.segment) ?? [];
    const view: GuardView = {
      zone: membership?.zone,
      segments: [...(membership?.segments ?? []), ...withheld],
    };
    const [from, to] = direction === 'egress' ? [carrier.view, view] : [view, carrier.view];
    const barred = forbiddenBy(estate.index.policy.guardrails, from, to, link.id);
    if (barred === undefined) return [];
    const nics = estate.interfacesByWorkload.get(workload.identity.workload) ?? [];
    return nics.flatMap(addressesOf).filter((address) => space.holdsAddress(address));
  });
}

type Space = ReturnType<typeof addressSpace>;

function insidersOf(estate: Estate, space: Space): readonly Workload[] {
  return estate.inventory.workloads.filter((workload) =>
    (estate.interfacesByWorkload.get(workload.identity.workload) ?? []).some((nic) =>
      addressesOf(nic).some((address) => space.holdsAddress(address)),
    ),
  );
}

/**
 * Workloads inside the network need the flow on their groups too. A segment's group serves all its
 * members, so it takes the rule only where all of them are inside, in one VPC; a segment that lies
 * half in the network is reported and stays without, which can cut but never opens.
 */
function joinInsiders(
  estate: Estate,
  drafts: GroupDrafts,
  places: Places,
  link: Link,
  carrier: Carrier,
  end: NetworkEnd,
  direction: Direction,
): readonly Diagnostic[] {
  const space = addressSpace(effectiveCidrs(end.network));
  const half: string[] = [];
  for (const segment of estate.index.segments.values()) {
    const view = viewOfSegment(segment);
    const [from, to] = direction === 'egress' ? [carrier.view, view] : [view, carrier.view];
    if (forbiddenBy(estate.index.policy.guardrails, from, to, link.id) !== undefined) continue;
    for (const vpc of places.get(segmentStem(segment.name)) ?? []) {
      const share = shareInside(estate, segment.name, vpc, space);
      if (share === 'some') half.push(`${segment.name} in ${vpc}`);
      if (share !== 'all') continue;
      for (const place of places.get(carrier.stem) ?? []) {
        if (!estate.reach.get(vpc)?.has(place)) continue;
        const peer: DesiredPeer = { kind: 'owned', key: groupKey(carrier.stem, place) };
        const back: Direction = direction === 'egress' ? 'ingress' : 'egress';
        drafts.allow(segmentKey(segment.name, vpc), back, peer, link.contributions);
      }
    }
  }
  if (half.length === 0) return [];
  return [
    {
      ...link.location,
      severity: 'warning',
      code: 'segment-partly-in-network',
      message: `only some members of ${half.sort().join(', ')} lie in network \`${end.name}\` of rule \`${link.id}\``,
      hint: 'the rule is not written on their groups; name the segment in the rule, or split it',
    },
  ];
}

function shareInside(
  estate: Estate,
  segment: string,
  vpcId: string,
  space: Space,
): 'all' | 'some' | 'none' {
  const vpc = estate.inventory.vpcs.find((v) => v.id === vpcId);
  if (vpc !== undefined && holdsWholeVpc(space, vpc)) return 'all';
  const addresses = (estate.membersBySegment.get(segment) ?? [])
    .flatMap((member) => estate.interfacesByWorkload.get(member.identity.workload) ?? [])
    .filter((nic) => nic.vpc === vpcId)
    .flatMap(addressesOf);
  const inside = addresses.filter((address) => space.holdsAddress(address)).length;
  if (inside === 0) return 'none';
  return inside === addresses.length ? 'all' : 'some';
}
