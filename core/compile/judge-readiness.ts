import type { Blocked } from '../model/desired-state.ts';
import type { NetworkInterface } from '../model/inventory.ts';
import type { Link } from './link-ends.ts';
import { segmentKey, segmentStem } from './owned-groups.ts';
import type { Estate, Resident } from './survey-estate.ts';

/** How many peers a message names before it only counts. */
const PEERS_NAMED_MAX = 5;

/** Answers what keeps a workload, or whoever joins a segment, from enforcing. */
export interface Readiness {
  /** Undefined when nothing does. */
  blockedBy(resident: Resident): BlockedMember | undefined;
  /**
   * What would block a member of the segment in one of these VPCs. Peers that are members themselves
   * do not count: nobody blocks himself, and what he does to others `blockedBy` says of them.
   */
  blockedIn(segment: string, vpcs: readonly string[]): Blocked | undefined;
}

export interface BlockedMember {
  readonly because: Blocked;
  /** Those of its segments whose peers are not ready. */
  readonly segments: readonly string[];
}

/** A running member of a segment that a rule names by a group which the member does not carry. */
interface Bare {
  readonly workload: string;
  readonly vpcs: ReadonlySet<string>;
  readonly because: string;
}

/**
 * Judges the reason `peer does not carry the group`: enforcing takes the foreign groups off, and
 * the flows to and from a bare peer may have rested on them.
 *
 * @param stuck interfaces that cannot take their groups for want of slots.
 */
export function judgeReadiness(
  estate: Estate,
  links: readonly Link[],
  stuck: ReadonlySet<string>,
): Readiness {
  const peersByStem = new Map<string, Set<string>>();
  const addPeer = (stem: string, peer: string) =>
    peersByStem.set(stem, (peersByStem.get(stem) ?? new Set()).add(peer));
  for (const { from, to } of links) {
    if (from.kind !== 'carrier' || to.kind !== 'carrier') continue;
    // The baseline's group is always made where it is needed; only segments can be bare.
    for (const peer of to.view.segments) addPeer(from.stem, peer);
    for (const peer of from.view.segments) addPeer(to.stem, peer);
  }
  const bare = new Map<string, readonly Bare[]>();
  const bareMembers = (segment: string): readonly Bare[] => {
    const known = bare.get(segment) ?? findBare(estate, segment, stuck);
    bare.set(segment, known);
    return known;
  };
  // Peers of a group that have bare members, which is none as a rule; asked for every workload.
  const unready = new Map<string, readonly (readonly [peer: string, bare: readonly Bare[]])[]>();
  const unreadyPeers = (stem: string) => {
    const known = unready.get(stem);
    if (known !== undefined) return known;
    const peers = [...(peersByStem.get(stem) ?? [])].sort();
    const found = peers
      .map((peer) => [peer, bareMembers(peer)] as const)
      .filter(([, members]) => members.length > 0);
    unready.set(stem, found);
    return found;
  };
  const near = (stem: string, vpcs: readonly string[], insiders: ReadonlySet<string>) =>
    unreadyPeers(stem).flatMap(([peer, members]) => {
      const inReach = members.filter(
        (b) =>
          !insiders.has(b.workload) &&
          [...b.vpcs].some((vpc) => vpcs.some((own) => estate.reach.get(own)?.has(vpc))),
      );
      return inReach.length === 0 ? [] : [describe(peer, inReach)];
    });
  return {
    blockedBy: ({ membership, vpcs }) => {
      const { workload, segments, carries = [] } = membership;
      const found = new Map<string, readonly string[]>();
      for (const stem of carries) {
        if (unreadyPeers(stem).length === 0) continue;
        const texts = near(stem, [...vpcs], new Set([workload]));
        if (texts.length > 0) found.set(stem, texts);
      }
      if (found.size === 0) return undefined;
      const because = notReady([...found.values()].flat());
      return { because, segments: segments.filter((name) => found.has(segmentStem(name))) };
    },
    blockedIn: (segment, vpcs) => {
      const members = estate.membersBySegment.get(segment) ?? [];
      const insiders = new Set(members.map(({ membership }) => membership.workload));
      const texts = near(segmentStem(segment), vpcs, insiders);
      return texts.length === 0 ? undefined : notReady(texts);
    },
  };
}

function notReady(found: readonly string[]): Blocked {
  return {
    reason: 'peer does not carry the group',
    message: [...new Set(found)].join('; '),
    hint: 'stage or adopt the peer first',
  };
}

function describe(segment: string, bare: readonly Bare[]): string {
  const named = bare.slice(0, PEERS_NAMED_MAX).map((b) => `${b.workload} (${b.because})`);
  const more = bare.length - named.length;
  const rest = more > 0 ? ` and ${more} more` : '';
  const [noun, verb] = bare.length === 1 ? ['member', 'does'] : ['members', 'do'];
  return `${bare.length} running ${noun} of peer \`${segment}\` ${verb} not carry its group: ${named.join(', ')}${rest}`;
}

function findBare(estate: Estate, segment: string, stuck: ReadonlySet<string>): readonly Bare[] {
  const members = estate.membersBySegment.get(segment) ?? [];
  const observed = estate.index.segments.get(segment)?.mode === 'observe';
  const idByVpc = new Map<string, string | undefined>();
  // An observed segment's group is on its way out, so carrying it is no comfort.
  const carries = ({ vpc, groups }: NetworkInterface): boolean => {
    if (observed) return false;
    if (!idByVpc.has(vpc)) idByVpc.set(vpc, estate.groupIds.get(segmentKey(segment, vpc)));
    const id = idByVpc.get(vpc);
    return id !== undefined && groups.includes(id);
  };
  const found: Bare[] = [];
  for (const member of members) {
    const { workload, interfaces, vpcs } = member;
    if (workload.state !== 'running') continue;
    if (interfaces.length > 0 && interfaces.every(carries)) continue;
    const because = observed ? 'the segment is observed' : whyBare(estate, member, stuck);
    if (because !== undefined) found.push({ workload: workload.identity.workload, vpcs, because });
  }
  return found;
}

/** Why a member that does not carry its segment's group will not either; undefined when it will. */
function whyBare(
  estate: Estate,
  { workload, interfaces }: Resident,
  stuck: ReadonlySet<string>,
): string | undefined {
  if (workload.control !== 'attach') {
    return `its groups cannot be written: ${workload.controlReason ?? workload.control}`;
  }
  if (interfaces.some((nic) => !estate.managed.has(nic.vpc))) return 'its VPC is not managed';
  return interfaces.some((nic) => stuck.has(nic.id)) ? 'its interface lacks free slots' : undefined;
}
