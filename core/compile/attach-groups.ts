import type {
  Blocked,
  DesiredAttachment,
  DesiredGroup,
  DesiredState,
  GroupKey,
  Membership,
} from '../model/desired-state.ts';
import type { NetworkInterface, Workload } from '../model/inventory.ts';
import type { Diagnostic } from '../model/policy.ts';
import { judgeReadiness, type Readiness } from './judge-readiness.ts';
import type { Link } from './link-ends.ts';
import { groupKey, ISOLATION, keysOfStems, OPEN_EGRESS, parseGroupKey } from './owned-groups.ts';
import { costliestRules, costText, heavier, listWeights } from './rule-weight.ts';
import type { Estate } from './survey-estate.ts';
import { hintOf, waysOutOfSlots } from './ways-out.ts';

export interface Attached {
  readonly attachments: readonly DesiredAttachment[];
  /** By name; sorted. */
  readonly blockedSegments: DesiredState['blockedSegments'];
  readonly diagnostics: readonly Diagnostic[];
}

interface Candidate {
  readonly workload: Workload;
  readonly membership: Membership;
  readonly nic: NetworkInterface;
  readonly owned: readonly GroupKey[];
}

/**
 * Which owned groups each interface should end with, and what forbids it for now. An interface is
 * listed when its membership asks for groups or when it carries some of ours.
 *
 * `groups`: those that will exist, among them the ones for rules that a segment's own has no room for.
 *
 * Not listed for the group of `unclassified: isolate`, unless the interface has it already: the
 * settle window is a matter of time, so the event path and the sweep decide it.
 */
export function attachGroups(
  estate: Estate,
  links: readonly Link[],
  groups: readonly DesiredGroup[],
): Attached {
  const keys = new Set(groups.map((group) => group.key));
  const candidates = findCandidates(estate, keys);
  const limit = estate.inventory.quotas.groupsPerInterface;
  const room = roomOf(estate, groups);
  const slots = new Map<string, Blocked>();
  const crowded: Candidate[] = [];
  for (const candidate of candidates) {
    if (keptOn(estate, candidate.nic).length + candidate.owned.length > limit) {
      crowded.push(candidate);
    }
    const blocked = lacksSlots(estate, candidate, room);
    if (blocked !== undefined) slots.set(candidate.nic.id, blocked);
  }
  const readiness = judgeReadiness(estate, links, new Set(slots.keys()));
  const blocked = judgeSegments(estate, { candidates, groups, readiness });
  const attachments = candidates.map(({ workload, membership, nic, owned }) => {
    const because =
      slots.get(nic.id) ??
      (membership.mode === 'enforce'
        ? (readiness.blockedBy(workload, membership)?.because ??
          membership.segments.flatMap((name) => blocked.get(name) ?? [])[0])
        : undefined);
    return {
      interface: nic.id,
      workload: membership.workload,
      vpc: nic.vpc,
      mode: membership.mode,
      owned,
      ...(because === undefined ? {} : { blocked: because }),
    };
  });
  return {
    attachments,
    blockedSegments: Object.fromEntries([...blocked].sort(([a], [b]) => (a < b ? -1 : 1))),
    diagnostics: tooManyGroups(estate, crowded, room),
  };
}

/**
 * Segments whose members may not enforce, since a peer in their rules is not ready. Said of segments,
 * because an event may bring any of them a member that would be blocked for the same reason, into any
 * VPC that has its group: rather one workload too many stays staged than one flow is cut. A lack of
 * slots is the interface's own.
 */
function judgeSegments(
  estate: Estate,
  {
    candidates,
    groups,
    readiness,
  }: {
    readonly candidates: readonly Candidate[];
    readonly groups: readonly DesiredGroup[];
    readonly readiness: Readiness;
  },
): ReadonlyMap<string, Blocked> {
  const found = new Map<string, Blocked>();
  const vpcs = new Map<string, string[]>();
  for (const { key, vpc } of groups) {
    const { kind, segment = '' } = parseGroupKey(key) ?? {};
    if (kind === 'segment') vpcs.set(segment, [...(vpcs.get(segment) ?? []), vpc]);
  }
  for (const [segment, there] of vpcs) {
    if (estate.index.segments.get(segment)?.mode !== 'enforce') continue;
    const because = readiness.blockedIn(segment, there);
    if (because !== undefined) found.set(segment, because);
  }
  for (const { workload, membership } of candidates) {
    if (membership.mode !== 'enforce') continue;
    const member = readiness.blockedBy(workload, membership);
    for (const segment of member?.segments ?? []) {
      if (member !== undefined && !found.has(segment)) found.set(segment, member.because);
    }
  }
  return found;
}

function findCandidates(estate: Estate, keys: ReadonlySet<GroupKey>): readonly Candidate[] {
  const found: Candidate[] = [];
  const known = new Map<string, readonly GroupKey[]>();
  for (const workload of estate.inventory.workloads) {
    const membership = estate.membershipByWorkload.get(workload.identity.workload);
    if (membership === undefined || workload.control !== 'attach') continue;
    if (workload.state === 'terminated') continue;
    for (const nic of estate.interfacesByWorkload.get(workload.identity.workload) ?? []) {
      const managed = estate.managed.has(nic.vpc);
      const carriesOurs = nic.groups.some((id) => estate.ourIds.has(id));
      if (!carriesOurs && !(managed && membership.mode !== 'observe')) continue;
      const owned = managed ? ownedOf(estate, membership, nic, { keys, known }) : [];
      found.push({ workload, membership, nic, owned });
    }
  }
  return found.sort((a, b) => (a.nic.id < b.nic.id ? -1 : 1));
}

interface KnownKeys {
  readonly keys: ReadonlySet<GroupKey>;
  /** Answers that were given: the members of a segment in one VPC share one. */
  readonly known: Map<string, readonly GroupKey[]>;
}

function ownedOf(
  estate: Estate,
  membership: Membership,
  nic: NetworkInterface,
  { keys, known }: KnownKeys,
): readonly GroupKey[] {
  if (carriesIsolation(estate, membership, nic)) return [groupKey(ISOLATION, nic.vpc)];
  const { carries = [] } = membership;
  const text = `${nic.vpc} ${carries.join(' ')}`;
  const owned = known.get(text) ?? keysOfStems(carries, nic.vpc, (key) => keys.has(key));
  known.set(text, owned);
  return owned;
}

/** Isolated as unclassified, and still neither classified nor forgiven by the policy. */
function carriesIsolation(estate: Estate, membership: Membership, nic: NetworkInterface): boolean {
  if (estate.index.policy.settings.unclassified !== 'isolate') return false;
  if (membership.segments.length + membership.withheld.length > 0) return false;
  const id = estate.groupIds.get(groupKey(ISOLATION, nic.vpc));
  return id !== undefined && nic.groups.includes(id);
}

function foreignOn(estate: Estate, nic: NetworkInterface): readonly string[] {
  return nic.groups.filter((id) => !estate.ourIds.has(id));
}

function keptOn(estate: Estate, nic: NetworkInterface): readonly string[] {
  const keep = estate.index.policy.settings.keepSecurityGroups;
  return foreignOn(estate, nic).filter((id) => keep.includes(id));
}

/** What shortages of slots are reckoned with. */
interface Room {
  readonly limit: number;
  readonly groups: ReadonlyMap<GroupKey, DesiredGroup>;
  readonly lists: ReturnType<typeof listWeights>;
  /** Foreign groups without rules that no rule names: taking them off changes nothing. */
  readonly idle: ReadonlySet<string>;
  /** Hints that were worked out, since whole fleets lack the same. */
  readonly hints: Map<string, string>;
}

function roomOf(estate: Estate, groups: readonly DesiredGroup[]): Room {
  return {
    limit: estate.inventory.quotas.groupsPerInterface,
    groups: new Map(groups.map((group) => [group.key, group])),
    lists: listWeights(estate),
    idle: new Set(idleGroups(estate)),
    hints: new Map(),
  };
}

function idleGroups({ inventory }: Estate): readonly string[] {
  const named = new Set<string>();
  const empty: string[] = [];
  for (const { id, ingress, egress } of inventory.groups) {
    if (ingress.length + egress.length === 0) empty.push(id);
    for (const rules of [ingress, egress]) {
      for (const { peer } of rules) if (peer.kind === 'group') named.add(peer.id);
    }
  }
  return empty.filter((id) => !named.has(id));
}

/**
 * Staging puts our groups beside the foreign ones; open egress may wait for the write that takes
 * those off. Where nothing foreign is to come off there is nothing to stage.
 */
function lacksSlots(estate: Estate, { nic, owned }: Candidate, room: Room): Blocked | undefined {
  const { limit } = room;
  const others = foreignOn(estate, nic);
  const foreign = others.length;
  const staged = owned.filter((key) => !key.startsWith(`${OPEN_EGRESS}@`));
  const kept = keptOn(estate, nic).length;
  if (staged.length === 0 || foreign === kept || foreign + staged.length <= limit) return undefined;
  return {
    reason: 'slots',
    message: `interface ${nic.id} would carry ${foreign + staged.length} of ${limit} groups while staged: ${foreign} foreign and ${staged.length} of ours`,
    hint: hintFor(estate, room, {
      ...{ others, owned: staged, drop: (ids) => `take ${ids} off it` },
      otherwise: 'no single change is enough; put the workload into fewer segments first',
    }),
  };
}

interface Shortage {
  /** Groups that are not ours and stay. */
  readonly others: readonly string[];
  readonly owned: readonly GroupKey[];
  readonly drop: (others: string) => string;
  readonly otherwise: string;
}

function hintFor(estate: Estate, room: Room, shortage: Shortage): string {
  const { others, owned, drop, otherwise } = shortage;
  const key = JSON.stringify([others, owned, otherwise]);
  const known = room.hints.get(key);
  if (known !== undefined) return known;
  const idle = others.filter((id) => room.idle.has(id));
  const { quotas } = estate.inventory;
  const { groups, lists } = room;
  const hint = hintOf(
    waysOutOfSlots({ quotas, others, drop, idle, owned, groups, lists }),
    otherwise,
  );
  room.hints.set(key, hint);
  return hint;
}

/** One error for each set of groups that no interface could ever carry. */
function tooManyGroups(
  estate: Estate,
  crowded: readonly Candidate[],
  room: Room,
): readonly Diagnostic[] {
  const bySet = Map.groupBy(crowded, ({ owned }) => owned.join(' '));
  return [...bySet].sort().flatMap(([set, candidates]) => {
    // The fullest one: what is enough for it is enough for all.
    const [worst] = [...candidates].sort(
      (a, b) => keptOn(estate, b.nic).length - keptOn(estate, a.nic).length,
    );
    const segment = estate.index.segments.get(worst?.membership.segments[0] ?? '');
    if (worst === undefined || segment === undefined) return [];
    const kept = keptOn(estate, worst.nic);
    const ids = candidates.slice(0, 5).map((c) => c.nic.id);
    return [
      {
        ...segment.location,
        severity: 'error' as const,
        code: 'too-many-groups-on-interface',
        message: `${candidates.length} interfaces (${ids.join(', ')}${candidates.length > 5 ? ', ...' : ''}) would carry ${kept.length + worst.owned.length} of ${room.limit} groups: ${kept.length} kept, and ${set}${surplusCost(worst.owned, room)}`,
        hint: hintFor(estate, room, {
          ...{ others: kept, owned: worst.owned, drop: (ids) => `stop keeping ${ids}` },
          otherwise: `no single change is enough: put these workloads into fewer segments, and name fewer or larger networks or peers in the costliest rules`,
        }),
      },
    ];
  });
}

/** Which rules fill the groups of segments that need more than one. */
function surplusCost(keys: readonly GroupKey[], { groups, lists }: Room): string {
  const crowded = new Set(
    keys
      .filter((key) => parseGroupKey(key)?.kind === 'surplus')
      .map((key) => parseGroupKey(key)?.segment),
  );
  if (crowded.size === 0) return '';
  const rules = keys
    .filter((key) => crowded.has(parseGroupKey(key)?.segment))
    .flatMap((key) => [...(groups.get(key)?.ingress ?? []), ...(groups.get(key)?.egress ?? [])]);
  const cost = rules.map((rule) => [rule, heavier(rule, lists)] as const);
  return `; the costliest: ${costText(costliestRules(cost))}`;
}
