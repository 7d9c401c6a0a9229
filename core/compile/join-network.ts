import type { DesiredPeer } from '../model/desired-state.ts';
import type { Direction } from '../model/plan.ts';
import type { Diagnostic, Network } from '../model/policy.ts';
import type { GroupDrafts } from './draft-groups.ts';
import { forbiddenBy, type GuardView, viewOfSegment } from './guardrail-views.ts';
import type { Carrier, Link, NetworkEnd } from './link-ends.ts';
import {
  type AddressSpace,
  addressesOf,
  addressSpace,
  cidrPeers,
  effectiveCidrs,
  holdsWholeVpc,
  namedGroups,
  namedPrefixLists,
} from './network-peers.ts';
import { groupKey, segmentKey, segmentStem } from './owned-groups.ts';
import type { Places } from './place-groups.ts';
import type { Estate, Resident } from './survey-estate.ts';

/** The carrier's side of a link with a network, and that of the workloads in the network. */
export function joinNetwork(
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
  const closed = barredGroups(estate, link, carrier, end, direction);
  const found = peersOf(estate, end.network, barred).filter(({ peer }) => {
    return peer.kind !== 'group' || !closed.has(peer.id);
  });
  for (const vpc of places.get(carrier.stem) ?? []) {
    const key = groupKey(carrier.stem, vpc);
    for (const { peer, vpc: peerVpc } of found) {
      if (peerVpc !== undefined && !estate.reach.get(vpc)?.has(peerVpc)) continue;
      drafts.allow(key, direction, peer, link.contributions);
    }
  }
  const diagnostics = [
    ...(found.length + closed.size === 0 ? [emptyNetwork(link, end)] : []),
    ...[...closed].map(([id, because]) => barredGroup(link, end, id, because)),
  ];
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
  return insidersOf(estate, space).flatMap((resident) => {
    const view = viewOf(resident);
    const [from, to] = direction === 'egress' ? [carrier.view, view] : [view, carrier.view];
    const barred = forbiddenBy(estate.index.policy.guardrails, from, to, link.id);
    if (barred === undefined) return [];
    return resident.interfaces
      .flatMap(addressesOf)
      .filter((address) => space.holdsAddress(address));
  });
}

/** What guardrails see of a workload: all that it is in, withheld segments too. */
function viewOf({ membership: { zone, segments, withheld } }: Resident): GuardView {
  return { zone, segments: [...segments, ...withheld.map((one) => one.segment)] };
}

/** The distinct views of a segment's members, each with all that it is in. */
function viewsOfMembers(estate: Estate, segment: string): readonly GuardView[] {
  const views = (estate.membersBySegment.get(segment) ?? []).map(viewOf);
  return [...new Map(views.map((view) => [JSON.stringify(view), view])).values()];
}

/**
 * Foreign groups of the network that a workload carries which a guardrail keeps from this carrier,
 * with what is wrong. A group reference cannot leave one of its members out, so the group is.
 */
function barredGroups(
  estate: Estate,
  link: Link,
  carrier: Carrier,
  end: NetworkEnd,
  direction: Direction,
): ReadonlyMap<string, string> {
  const { guardrails } = estate.index.policy;
  const found = new Map<string, string>();
  if (guardrails.length === 0 || end.network.securityGroups === undefined) return found;
  const named = new Set(namedGroups(end.network, estate.inventory, estate.owner).map((g) => g.id));
  const looks = [carrier.view, ...viewsOfMembers(estate, carrier.name)];
  for (const resident of estate.residents) {
    const groups = resident.interfaces
      .flatMap((nic) => [...nic.groups, ...(estate.ledger[nic.id] ?? [])])
      .filter((id) => named.has(id) && !found.has(id));
    if (groups.length === 0) continue;
    const view = viewOf(resident);
    const guardrail = looks
      .map((look) => (direction === 'egress' ? ([look, view] as const) : ([view, look] as const)))
      .map(([from, to]) => forbiddenBy(guardrails, from, to, link.id))
      .find((one) => one !== undefined);
    if (guardrail === undefined) continue;
    const { workload } = resident.membership;
    for (const id of groups) found.set(id, `${workload}, guardrail \`${guardrail.id}\``);
  }
  return found;
}

function barredGroup(link: Link, end: NetworkEnd, id: string, because: string): Diagnostic {
  return {
    ...link.location,
    severity: 'warning',
    code: 'guardrail-closes-group',
    message: `rule \`${link.id}\` leaves group ${id} of network \`${end.name}\` out: it is on a workload that a guardrail keeps apart (${because})`,
    hint: `take the group off that workload, or list \`${link.id}\` under the guardrail's \`except\``,
  };
}

function insidersOf(estate: Estate, space: AddressSpace): readonly Resident[] {
  return estate.residents.filter(({ interfaces }) =>
    interfaces.some((nic) => addressesOf(nic).some((address) => space.holdsAddress(address))),
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
  space: AddressSpace,
): 'all' | 'some' | 'none' {
  const vpc = estate.inventory.vpcs.find((v) => v.id === vpcId);
  if (vpc !== undefined && holdsWholeVpc(space, vpc)) return 'all';
  const addresses = (estate.membersBySegment.get(segment) ?? [])
    .flatMap((member) => member.interfaces)
    .filter((nic) => nic.vpc === vpcId)
    .flatMap(addressesOf);
  const inside = addresses.filter((address) => space.holdsAddress(address)).length;
  if (inside === 0) return 'none';
  return inside === addresses.length ? 'all' : 'some';
}
