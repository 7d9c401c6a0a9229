import type { NetworkInterface } from '../model/inventory.ts';
import type { Carrier, Link } from './link-ends.ts';
import { BASELINE, ISOLATION, OPEN_EGRESS, segmentKey, segmentStem } from './owned-groups.ts';
import type { Estate } from './survey-estate.ts';

/** In which VPCs each group exists, by its key without the VPC. */
export type Places = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * A group exists where its segment has a member that could carry it, or does so although nobody can write
 * it any more (its rules follow the policy all the same), where the policy says `bornIn`, and, with none of
 * these in reach, beside a peer whose rule has to name it: so that the first member costs no rule write.
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
    const vpcs = new Set(segment.bornIn);
    for (const { workload, interfaces, vpcs: own } of members) {
      const couldCarry = workload.control === 'attach' || workload.control === 'alias';
      const carrying = interfaces.filter((nic) => hasGroup(estate, segment.name, nic));
      for (const vpc of couldCarry ? own : carrying.map((nic) => nic.vpc)) vpcs.add(vpc);
    }
    const managed = [...vpcs].filter((vpc) => estate.managed.has(vpc));
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

function hasGroup(estate: Estate, segment: string, { vpc, groups }: NetworkInterface): boolean {
  const id = estate.groupIds.get(segmentKey(segment, vpc));
  return id !== undefined && groups.includes(id);
}

function isWritten(estate: Estate, end: Carrier): boolean {
  const mode = estate.index.segments.get(end.view.segments[0] ?? '')?.mode;
  return mode !== undefined && mode !== 'observe';
}
