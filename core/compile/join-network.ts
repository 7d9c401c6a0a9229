import type { DesiredPeer } from '../model/desired-state.ts';
import type { Workload } from '../model/inventory.ts';
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
import type { Estate } from './survey-estate.ts';

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

function insidersOf(estate: Estate, space: AddressSpace): readonly Workload[] {
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
  space: AddressSpace,
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
