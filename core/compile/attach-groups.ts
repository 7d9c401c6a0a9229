import type {
  Blocked,
  DesiredAttachment,
  DesiredGroup,
  GroupKey,
  Membership,
} from '../model/desired-state.ts';
import type { NetworkInterface, Workload } from '../model/inventory.ts';
import type { Diagnostic } from '../model/policy.ts';
import { costliestRules, costText } from './check-limits.ts';
import { judgeReadiness } from './judge-readiness.ts';
import type { Link } from './link-ends.ts';
import { groupKey, ISOLATION, keysOfStems, OPEN_EGRESS, parseGroupKey } from './owned-groups.ts';
import type { Estate } from './survey-estate.ts';

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
): { attachments: readonly DesiredAttachment[]; diagnostics: readonly Diagnostic[] } {
  const keys = new Set(groups.map((group) => group.key));
  const candidates = findCandidates(estate, keys);
  const limit = estate.inventory.quotas.groupsPerInterface;
  const slots = new Map<string, Blocked>();
  const crowded: Candidate[] = [];
  for (const candidate of candidates) {
    if (keptOn(estate, candidate.nic) + candidate.owned.length > limit) crowded.push(candidate);
    const blocked = lacksSlots(estate, candidate, limit);
    if (blocked !== undefined) slots.set(candidate.nic.id, blocked);
  }
  const readiness = judgeReadiness(estate, links, new Set(slots.keys()));
  const attachments = candidates.map(({ workload, membership, nic, owned }) => {
    const blocked =
      slots.get(nic.id) ??
      (membership.mode === 'enforce' ? readiness.blockedBy(workload, membership) : undefined);
    return {
      interface: nic.id,
      workload: membership.workload,
      vpc: nic.vpc,
      mode: membership.mode,
      owned,
      ...(blocked === undefined ? {} : { blocked }),
    };
  });
  return { attachments, diagnostics: tooManyGroups(estate, { crowded, groups, limit }) };
}

function findCandidates(estate: Estate, keys: ReadonlySet<GroupKey>): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const workload of estate.inventory.workloads) {
    const membership = estate.membershipByWorkload.get(workload.identity.workload);
    if (membership === undefined || workload.control !== 'attach') continue;
    if (workload.state === 'terminated') continue;
    for (const nic of estate.interfacesByWorkload.get(workload.identity.workload) ?? []) {
      const managed = estate.managed.has(nic.vpc);
      const carriesOurs = nic.groups.some((id) => estate.ourIds.has(id));
      if (!carriesOurs && !(managed && membership.mode !== 'observe')) continue;
      const owned = managed ? ownedOf(estate, membership, nic, keys) : [];
      found.push({ workload, membership, nic, owned });
    }
  }
  return found.sort((a, b) => (a.nic.id < b.nic.id ? -1 : 1));
}

function ownedOf(
  estate: Estate,
  membership: Membership,
  nic: NetworkInterface,
  keys: ReadonlySet<GroupKey>,
): GroupKey[] {
  if (carriesIsolation(estate, membership, nic)) return [groupKey(ISOLATION, nic.vpc)];
  return keysOfStems(membership.carries ?? [], nic.vpc, (key) => keys.has(key));
}

/** Isolated as unclassified, and still neither classified nor forgiven by the policy. */
function carriesIsolation(estate: Estate, membership: Membership, nic: NetworkInterface): boolean {
  const id = estate.groupIds.get(groupKey(ISOLATION, nic.vpc));
  return (
    estate.index.policy.settings.unclassified === 'isolate' &&
    membership.segments.length + membership.withheld.length === 0 &&
    id !== undefined &&
    nic.groups.includes(id)
  );
}

function foreignOn(estate: Estate, nic: NetworkInterface): readonly string[] {
  return nic.groups.filter((id) => !estate.ourIds.has(id));
}

function keptOn(estate: Estate, nic: NetworkInterface): number {
  const keep = estate.index.policy.settings.keepSecurityGroups;
  return foreignOn(estate, nic).filter((id) => keep.includes(id)).length;
}

/**
 * Staging puts our groups beside the foreign ones; open egress may wait for the write that takes
 * those off. Where nothing foreign is to come off there is nothing to stage.
 */
function lacksSlots(estate: Estate, { nic, owned }: Candidate, limit: number): Blocked | undefined {
  const foreign = foreignOn(estate, nic).length;
  const staged = owned.filter((key) => !key.startsWith(`${OPEN_EGRESS}@`)).length;
  if (staged === 0 || foreign === keptOn(estate, nic) || foreign + staged <= limit) {
    return undefined;
  }
  return {
    reason: 'slots',
    message: `interface ${nic.id} would carry ${foreign + staged} of ${limit} groups while staged: ${foreign} foreign and ${staged} of ours`,
    hint: `take ${foreign + staged - limit} foreign groups off it, or raise the quota L-2AFB9258 (16 at most)`,
  };
}

interface Crowd {
  readonly crowded: readonly Candidate[];
  readonly groups: readonly DesiredGroup[];
  readonly limit: number;
}

/** One error for each set of groups that no interface could ever carry. */
function tooManyGroups(estate: Estate, { crowded, groups, limit }: Crowd): readonly Diagnostic[] {
  const bySet = new Map<string, Candidate[]>();
  for (const candidate of crowded) {
    const key = candidate.owned.join(' ');
    bySet.set(key, [...(bySet.get(key) ?? []), candidate]);
  }
  return [...bySet].sort().flatMap(([set, candidates]) => {
    const first = candidates[0];
    const segment = estate.index.segments.get(first?.membership.segments[0] ?? '');
    if (first === undefined || segment === undefined) return [];
    const kept = keptOn(estate, first.nic);
    const ids = candidates.slice(0, 5).map((c) => c.nic.id);
    return [
      {
        ...segment.location,
        severity: 'error' as const,
        code: 'too-many-groups-on-interface',
        message: `${candidates.length} interfaces (${ids.join(', ')}${candidates.length > 5 ? ', ...' : ''}) would carry ${kept + first.owned.length} of ${limit} groups: ${kept} kept, and ${set}${surplusCost(first.owned, groups)}`,
        hint: hasSurplus(first.owned)
          ? 'name fewer or larger networks or peers in the costliest rules, put these workloads into fewer segments, or raise the quotas L-0EA8095F and L-2AFB9258 (their product <= 1000)'
          : 'put these workloads into fewer segments, keep fewer foreign groups, or raise the quota L-2AFB9258 (16 at most)',
      },
    ];
  });
}

function hasSurplus(keys: readonly GroupKey[]): boolean {
  return keys.some((key) => parseGroupKey(key)?.kind === 'surplus');
}

/** Which rules fill the groups of segments that need more than one. */
function surplusCost(keys: readonly GroupKey[], groups: readonly DesiredGroup[]): string {
  if (!hasSurplus(keys)) return '';
  const crowded = new Set(
    keys
      .filter((key) => parseGroupKey(key)?.kind === 'surplus')
      .map((key) => parseGroupKey(key)?.segment),
  );
  const rules = groups
    .filter(({ key }) => keys.includes(key) && crowded.has(parseGroupKey(key)?.segment))
    .flatMap((group) => [...group.ingress, ...group.egress]);
  return `; the costliest: ${costText(costliestRules(rules.map((rule) => [rule, 1])))}`;
}
