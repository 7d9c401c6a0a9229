import {
  BASELINE,
  baselineKey,
  isolationKey,
  keysOfStems,
  OPEN_EGRESS,
  segmentStem,
} from '../compile/owned-groups.ts';
import type { Blocked, GroupKey, Membership } from '../model/desired-state.ts';
import type { WritePhase } from '../model/plan.ts';
import type { WorkloadStatus } from '../model/record.ts';

export interface InterfaceDecisionInput {
  readonly membership: Membership;
  /** Lost its segments by an event; keeps its groups until a person decides. */
  readonly held: boolean;
  /** Stems of the groups that are added while it is held; core/compile/decide-joins.ts. */
  readonly joins?: readonly string[];
  /** `unclassified: isolate` and the settle window is over. Counts only where no segment matches. */
  readonly isolate: boolean;
  readonly interface: {
    readonly id: string;
    readonly vpc: string;
    readonly groups: readonly string[];
  };
  /** Ids of the owned groups that exist; in a plan, a key that does not exist yet is its own id. */
  readonly groupIds: Readonly<Record<GroupKey, string>>;
  /** Id of the open-egress group of its VPC, where there is one, whether anybody wants it or not. */
  readonly openEgressId?: string | undefined;
  /**
   * Every owned group, also those that nobody wants any more. A set is taken as it is and must hold
   * the values of groupIds too: who decides for many interfaces makes it once.
   */
  readonly ownedIds: readonly string[] | ReadonlySet<string>;
  /** Foreign groups that enforcing never takes off. */
  readonly keep: readonly string[];
  /** The foreign groups as they were before we took some off. */
  readonly ledger?: readonly string[];
  readonly phase: WritePhase;
  /** The inventory has gaps: nothing may come off, and nothing foreign is put back but to uninstall. */
  readonly addOnly: boolean;
  readonly blocked?: Blocked;
  readonly uninstall: boolean;
  readonly groupsPerInterface: number;
  /** False for an interface whose VPC is no longer managed. Default true. */
  readonly managed?: boolean;
}

export interface InterfaceDecision {
  /** Ids to end with, sorted; never empty. */
  readonly groups: readonly string[];
  readonly changed: boolean;
  /** Foreign ids; the ledger must hold the set before any of these comes off. */
  readonly comingOff: readonly string[];
  /** Foreign ids that are put back. */
  readonly goingOn: readonly string[];
  /** `enforce` iff the set holds only owned and kept groups; the IAM role that may write it. */
  readonly role: 'enforce' | 'restore';
  readonly status: WorkloadStatus;
  readonly blocked?: Blocked;
  /** Wanted groups that no publish has made yet; publishing must grow. */
  readonly missing: readonly GroupKey[];
  readonly conflicts: readonly string[];
}

interface Sets {
  readonly current: readonly string[];
  readonly foreign: readonly string[];
  readonly kept: readonly string[];
  readonly ledger: readonly string[];
  /** Wanted owned groups without open egress, by id. */
  readonly owned: readonly string[];
  readonly openEgress: readonly string[];
  readonly missing: readonly GroupKey[];
}

/** What to end with, before phase, gaps and limits have their say. */
interface Aim {
  readonly groups: readonly string[];
  readonly status: WorkloadStatus;
  readonly blocked?: Blocked | undefined;
}

/**
 * Which groups an interface should carry now: the pure heart of the one write path. Total.
 *
 * Choices that err on the side of not cutting and not loosening:
 * - `blocked` forbids the steps of taking foreign groups off, of closing egress, and of taking off what
 *   nobody wants any more: a peer that lacks its new group is reached by these. A group that nobody
 *   wants gets no new rule; one of a segment that was left might, and comes off. Where all is done
 *   already, the workload stays enforced: undoing it would be a demotion, which only a plan may do.
 * - Where a wanted group does not exist yet nothing comes off, ours neither.
 * - A workload whose every group is withheld by a conflict keeps what it has. One that is in conflict
 *   and blocked is called blocked: what it keeps on is more than the rest of its policy allows.
 * - One that is held keeps what it has; what it joined meanwhile is added where there is room.
 */
export function decideInterface(input: InterfaceDecisionInput): InterfaceDecision {
  const sets = readSets(input);
  const aim = limited(input, sets, phased(input, sets, aimFor(input, sets)));
  const groups = sorted(aim.groups);
  const ours = ourIds(input);
  const isForeign = (id: string): boolean => !ours.has(id);
  const allowedInEnforce = (id: string): boolean => !isForeign(id) || input.keep.includes(id);
  return {
    groups,
    changed: !sameSet(groups, sets.current),
    comingOff: sets.current.filter((id) => isForeign(id) && !groups.includes(id)),
    goingOn: groups.filter((id) => isForeign(id) && !sets.current.includes(id)),
    role: groups.every(allowedInEnforce) ? 'enforce' : 'restore',
    status: aim.status,
    ...(aim.blocked === undefined ? {} : { blocked: aim.blocked }),
    missing: sets.missing,
    conflicts: input.membership.conflicts,
  };
}

function readSets(input: InterfaceDecisionInput): Sets {
  const current = sorted(input.interface.groups);
  const ours = ourIds(input);
  const foreign = current.filter((id) => !ours.has(id));
  const owned: string[] = [];
  const openEgress: string[] = [];
  const missing: GroupKey[] = [];
  for (const key of wantedKeys(input)) {
    const id = input.groupIds[key];
    if (id === undefined) missing.push(key);
    else if (key.startsWith(`${OPEN_EGRESS}@`)) openEgress.push(id);
    else owned.push(id);
  }
  return {
    current,
    foreign,
    kept: foreign.filter((id) => input.keep.includes(id)),
    // What looks like a demotion may be a gap: a host whose tags could not be read.
    ledger: input.addOnly && !input.uninstall ? [] : (input.ledger ?? []),
    owned,
    openEgress,
    missing,
  };
}

function ourIds({ ownedIds, groupIds }: InterfaceDecisionInput): ReadonlySet<string> {
  return 'has' in ownedIds ? ownedIds : new Set([...ownedIds, ...Object.values(groupIds)]);
}

function wantedKeys(input: InterfaceDecisionInput): GroupKey[] {
  const { membership, uninstall, managed = true } = input;
  const { vpc } = input.interface;
  if (uninstall || !managed) return [];
  const isThere = (key: GroupKey): boolean => input.groupIds[key] !== undefined;
  if (input.held) return keysOfStems(input.joins ?? [], vpc, isThere);
  if (isUnclassified(membership)) return input.isolate ? [isolationKey(vpc)] : [];
  if (membership.mode === 'observe') return [];
  const stems = membership.carries ?? guessStems(membership, input.groupIds[baselineKey(vpc)]);
  return keysOfStems(stems, vpc, isThere);
}

function guessStems(membership: Membership, baselineId: string | undefined): readonly string[] {
  return [
    ...membership.segments.map(segmentStem),
    ...(baselineId === undefined ? [] : [BASELINE]),
    ...(membership.mode === 'enforce' && membership.openEgress ? [OPEN_EGRESS] : []),
  ];
}

function isUnclassified(membership: Membership): boolean {
  return membership.segments.length + membership.withheld.length === 0;
}

function aimFor(input: InterfaceDecisionInput, sets: Sets): Aim {
  const { membership, managed = true } = input;
  if (input.uninstall || !managed) return { groups: restored(sets), status: 'unmanaged' };
  if (input.held) return { groups: [...sets.current, ...sets.owned], status: 'held' };
  if (isUnclassified(membership)) {
    if (!input.isolate) return { groups: restored(sets), status: 'unclassified' };
    return withoutMissing(sets, { groups: [...sets.kept, ...sets.owned], status: 'unclassified' });
  }
  const conflict = membership.conflicts.length > 0;
  if (membership.mode === 'observe') {
    if (membership.withheld.length > 0) return { groups: sets.current, status: 'conflict' };
    return { groups: restored(sets), status: 'observed' };
  }
  const aim = membership.mode === 'stage' ? stage(sets) : enforce(input, sets);
  const isTorn = conflict && aim.blocked === undefined;
  return withoutMissing(sets, isTorn ? { ...aim, status: 'conflict' } : aim);
}

/** What others attached meanwhile is not ours to take off, so it stays beside the ledger's set. */
function restored({ foreign, ledger }: Sets): readonly string[] {
  return [...foreign, ...ledger];
}

function stage(sets: Sets): Aim {
  return { groups: [...restored(sets), ...sets.owned], status: 'staged' };
}

function enforce(input: InterfaceDecisionInput, sets: Sets): Aim {
  const blocked = input.blocked === undefined ? undefined : whileBlocked(input, sets);
  const groups = [...sets.kept, ...sets.owned, ...sets.openEgress];
  return blocked ?? { groups, status: 'enforced' };
}

/** Undefined where nothing is left that being blocked keeps on. */
function whileBlocked(input: InterfaceDecisionInput, sets: Sets): Aim | undefined {
  const toComeOff = sets.foreign.length - sets.kept.length;
  const isOpen = (id: string): boolean => id === input.openEgressId || sets.openEgress.includes(id);
  const openNow = sets.current.filter(isOpen);
  const closes = openNow.some((id) => !sets.openEgress.includes(id));
  const staying = [...sets.foreign, ...sets.owned, ...openNow];
  // Beside foreign groups it is as one that is staged; without them it gets all that it should have.
  if (toComeOff === 0) staying.push(...sets.openEgress);
  const retired = toComeOff > 0 ? [] : retiredOf(input, sets, staying);
  if (toComeOff === 0 && !closes && retired.length === 0) return undefined;
  return { groups: [...staying, ...retired], status: 'blocked', blocked: input.blocked };
}

/** Groups of ours that it carries and that nobody wants any more; none where they leave no room. */
function retiredOf(
  input: InterfaceDecisionInput,
  { current, owned }: Sets,
  staying: readonly string[],
): readonly string[] {
  const ours = ourIds(input);
  const left = current.filter((id) => ours.has(id) && !owned.includes(id));
  // Few carry any, and there may be thousands of groups.
  const wanted = new Set(left.length === 0 ? [] : Object.values(input.groupIds));
  const retired = left.filter((id) => !wanted.has(id));
  const all = sorted([...staying, ...retired]);
  return all.length <= input.groupsPerInterface ? retired : [];
}

/** A group that does not exist yet would be a hole in the set; nothing comes off until it does. */
function withoutMissing(sets: Sets, aim: Aim): Aim {
  if (sets.missing.length === 0) return aim;
  return {
    groups: [...sets.current, ...sets.owned, ...sets.openEgress],
    status: 'blocked',
    blocked: {
      reason: 'group does not exist',
      message: `${sets.missing.join(', ')} ${sets.missing.length === 1 ? 'is' : 'are'} not there yet`,
      hint: 'publish the policy again; publishing makes the groups that its segments need',
    },
  };
}

/**
 * Before the detach phase, and while the inventory has gaps, nothing comes off. Open egress then
 * goes on early where there is room, and else in the write that takes the foreign groups off.
 */
function phased(input: InterfaceDecisionInput, sets: Sets, aim: Aim): Aim {
  if (input.phase === 'steady' && !input.addOnly) return aim;
  const groups = [...sets.current, ...aim.groups];
  const status = aim.status === 'enforced' && comesOff(sets, aim) ? 'staged' : aim.status;
  if (sorted(groups).length <= input.groupsPerInterface) return { ...aim, groups, status };
  const lean = groups.filter((id) => !sets.openEgress.includes(id) || sets.current.includes(id));
  return { ...aim, groups: lean, status };
}

function comesOff(sets: Sets, aim: Aim): boolean {
  return sets.foreign.some((id) => !aim.groups.includes(id));
}

/** AWS wants one group at least, and the quota is the most; else everything stays as it is. */
function limited(input: InterfaceDecisionInput, sets: Sets, aim: Aim): Aim {
  const groups = sorted(aim.groups);
  if (sameSet(groups, sets.current)) return aim;
  if (groups.length === 0) {
    return {
      groups: sets.current,
      status: aim.status,
      blocked: {
        reason: 'would be empty',
        message: `interface ${input.interface.id} has no group to go back to`,
        hint: 'attach a group of your own to it; the ones of Bulkhead then come off',
      },
    };
  }
  const limit = input.groupsPerInterface;
  if (groups.length <= limit) return aim;
  const ours = ourIds(input);
  const foreign = groups.filter((id) => !ours.has(id)).length;
  return {
    groups: sets.current,
    status: aim.status === 'held' ? 'held' : 'blocked',
    blocked: {
      reason: 'slots',
      message: `interface ${input.interface.id} would carry ${groups.length} of ${limit} groups: ${foreign} foreign and ${groups.length - foreign} of ours`,
      hint: 'take foreign groups off it, put the workload into fewer segments, or raise the quota L-2AFB9258 (16 at most)',
    },
  };
}

function sorted(ids: readonly string[]): readonly string[] {
  const isSorted = ids.every((id, at) => at === 0 || (ids[at - 1] ?? '') < id);
  return isSorted ? ids : [...new Set(ids)].sort();
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}
