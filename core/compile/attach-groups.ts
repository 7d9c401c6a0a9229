import type {
  Blocked,
  DesiredAttachment,
  DesiredGroup,
  DesiredState,
  GroupKey,
  Membership,
} from '../model/desired-state.ts';
import type { NetworkInterface } from '../model/inventory.ts';
import type { Diagnostic } from '../model/policy.ts';
import { type BlockedMember, judgeReadiness, type Readiness } from './judge-readiness.ts';
import type { Link } from './link-ends.ts';
import { groupKey, ISOLATION, keysOfStems, OPEN_EGRESS, parseGroupKey } from './owned-groups.ts';
import { costliestRules, costText, heavier, listWeights } from './rule-weight.ts';
import type { Estate, Resident } from './survey-estate.ts';
import { hintOf, waysOutOfSlots } from './ways-out.ts';

export interface Attached {
  readonly attachments: readonly DesiredAttachment[];
  /** By name; sorted. */
  readonly blockedSegments: DesiredState['blockedSegments'];
  readonly diagnostics: readonly Diagnostic[];
}

interface Candidate {
  readonly resident: Resident;
  readonly nic: NetworkInterface;
  /** Ids of its groups that are not ours, and those of them that enforcing leaves on. */
  readonly foreign: readonly string[];
  readonly kept: readonly string[];
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
    if (candidate.kept.length + candidate.owned.length > limit) crowded.push(candidate);
    const blocked = lacksSlots(estate, candidate, room);
    if (blocked !== undefined) slots.set(candidate.nic.id, blocked);
  }
  const readiness = judgeReadiness(estate, links, new Set(slots.keys()));
  const members = candidates.map(({ resident }) =>
    resident.membership.mode === 'enforce' ? readiness.blockedBy(resident) : undefined,
  );
  const blocked = judgeSegments(estate, { members, groups, readiness });
  const attachments = candidates.map(({ resident: { membership }, nic, owned }, at) => {
    const because =
      slots.get(nic.id) ??
      (membership.mode === 'enforce'
        ? (members[at]?.because ??
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
    members,
    groups,
    readiness,
  }: {
    /** What blocks each candidate that is to enforce. */
    readonly members: readonly (BlockedMember | undefined)[];
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
  for (const member of members) {
    for (const segment of member?.segments ?? []) {
      if (member !== undefined && !found.has(segment)) found.set(segment, member.because);
    }
  }
  return found;
}

function findCandidates(estate: Estate, keys: ReadonlySet<GroupKey>): readonly Candidate[] {
  const found: Candidate[] = [];
  const known = new Map<string, readonly GroupKey[]>();
  const keep = estate.index.policy.settings.keepSecurityGroups;
  for (const resident of estate.residents) {
    const { workload, membership, interfaces } = resident;
    if (workload.control !== 'attach' || workload.state === 'terminated') continue;
    for (const nic of interfaces) {
      const managed = estate.managed.has(nic.vpc);
      const foreign = nic.groups.filter((id) => !estate.ourIds.has(id));
      const carriesOurs = foreign.length < nic.groups.length;
      if (!carriesOurs && !(managed && membership.mode !== 'observe')) continue;
      const owned = managed ? ownedOf(estate, membership, nic, { keys, known }) : [];
      found.push({
        resident,
        nic,
        foreign,
        kept: foreign.filter((id) => keep.includes(id)),
        owned,
      });
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

/** What shortages of slots are reckoned with. */
interface Room {
  readonly limit: number;
  readonly groups: ReadonlyMap<GroupKey, DesiredGroup>;
  readonly lists: ReturnType<typeof listWeights>;
  /** Ids of all groups that exist. */
  readonly there: ReadonlySet<string>;
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
    there: new Set(estate.inventory.groups.map(({ id }) => id)),
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
 * Staging puts our groups beside the foreign ones, also beside those that enforcing had taken off; open
 * egress may wait for the write that takes them off. Where nothing foreign is to come off there is
 * nothing to stage.
 */
function lacksSlots(estate: Estate, candidate: Candidate, room: Room): Blocked | undefined {
  const { nic, kept, owned, resident } = candidate;
  const { limit } = room;
  const isStaged = resident.membership.mode === 'stage';
  const ledger = isStaged ? estate.ledger[nic.id] : undefined;
  const back = (ledger ?? []).filter((id) => room.there.has(id) && !candidate.foreign.includes(id));
  const foreign = back.length === 0 ? candidate.foreign : [...candidate.foreign, ...back];
  if (foreign.length === kept.length) return undefined;
  const staged = owned.filter((key) => !key.startsWith(`${OPEN_EGRESS}@`));
  const all = foreign.length + staged.length;
  if (staged.length === 0 || all <= limit) return undefined;
  return {
    reason: 'slots',
    message: `interface ${nic.id} would carry ${all} of ${limit} groups while staged: ${foreign.length} foreign and ${staged.length} of ours`,
    hint: hintFor(estate, room, {
      ...{ others: foreign, owned: staged, drop: (ids) => `take ${ids} off it` },
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
  return [...bySet].flatMap(([set, candidates]) => {
    // The fullest one: what is enough for it is enough for all.
    const [worst] = [...candidates].sort((a, b) => b.kept.length - a.kept.length);
    const segment = estate.index.segments.get(worst?.resident.membership.segments[0] ?? '');
    if (worst === undefined || segment === undefined) return [];
    const ids = candidates.slice(0, 5).map((c) => c.nic.id);
    return [
      {
        ...segment.location,
        severity: 'error' as const,
        code: 'too-many-groups-on-interface',
        message: `${candidates.length} interfaces (${ids.join(', ')}${candidates.length > 5 ? ', ...' : ''}) would carry ${worst.kept.length + worst.owned.length} of ${room.limit} groups: ${worst.kept.length} kept, and ${set}${surplusCost(worst.owned, room)}`,
        hint: hintFor(estate, room, {
          ...{ others: worst.kept, owned: worst.owned, drop: (ids) => `stop keeping ${ids}` },
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
