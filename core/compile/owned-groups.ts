import { matchesTags } from '../identity/match.ts';
import type { GroupKey } from '../model/desired-state.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';

/** On every group that we made; its value is the name of the stack. */
export const OWNER_TAG = 'bulkhead:owner';
/** On every group that we made; its value is the GroupKey. */
export const GROUP_TAG = 'bulkhead:group';
/** On foreign groups that enforcing keeps, so that IAM admits them into an enforced set. */
export const KEEP_TAG = 'bulkhead:keep';

/** Keys without the VPC, as Membership.carries has them. */
export const BASELINE = 'baseline';
export const OPEN_EGRESS = 'open-egress';
export const ISOLATION = 'isolation';

export interface ParsedGroupKey {
  readonly kind: 'segment' | 'surplus' | 'baseline' | 'open-egress' | 'isolation';
  /** Only where kind is `segment` or `surplus`. */
  readonly segment?: string;
  readonly vpc: string;
}

export function groupKey(stem: string, vpc: string): GroupKey {
  return `${stem}@${vpc}`;
}

const SEGMENT = 'segment:';
const SURPLUS = /^surplus:(.+):\d+$/;

export function segmentStem(segment: string): string {
  return `${SEGMENT}${segment}`;
}

export function segmentKey(segment: string, vpc: string): GroupKey {
  return groupKey(segmentStem(segment), vpc);
}

/**
 * The nth group of a segment (from 2), for rules that its own group has no room for. Members carry
 * it too; no rule ever names it.
 */
export function surplusKey(segment: string, nth: number, vpc: string): GroupKey {
  return groupKey(`surplus:${segment}:${nth}`, vpc);
}

/** The keys of a workload's groups in a VPC, those for surplus rules as far as there are any. */
export function keysOfStems(
  stems: readonly string[],
  vpc: string,
  isThere: (key: GroupKey) => boolean,
): GroupKey[] {
  const keys = stems.map((stem) => groupKey(stem, vpc));
  for (const stem of stems) {
    if (!stem.startsWith(SEGMENT)) continue;
    const segment = stem.slice(SEGMENT.length);
    for (let nth = 2; isThere(surplusKey(segment, nth, vpc)); nth += 1) {
      keys.push(surplusKey(segment, nth, vpc));
    }
  }
  return keys.sort();
}

export function baselineKey(vpc: string): GroupKey {
  return groupKey(BASELINE, vpc);
}

export function openEgressKey(vpc: string): GroupKey {
  return groupKey(OPEN_EGRESS, vpc);
}

/** Of the groups that exist, by VPC. */
export function openEgressIds(
  existing: ReadonlyMap<GroupKey, SecurityGroup>,
): Readonly<Record<string, string>> {
  const ids = [...existing].flatMap(([key, { id, vpc }]) =>
    key === openEgressKey(vpc) ? [[vpc, id] as const] : [],
  );
  return Object.fromEntries(ids);
}

export function isolationKey(vpc: string): GroupKey {
  return groupKey(ISOLATION, vpc);
}

/** Undefined for a text that no builder above makes, e.g. a tag edited by hand. */
export function parseGroupKey(key: GroupKey): ParsedGroupKey | undefined {
  const at = key.lastIndexOf('@');
  if (at < 0 || at === key.length - 1) return undefined;
  const stem = key.slice(0, at);
  const vpc = key.slice(at + 1);
  if (stem === BASELINE || stem === OPEN_EGRESS || stem === ISOLATION) return { kind: stem, vpc };
  const surplus = SURPLUS.exec(stem)?.[1];
  if (surplus !== undefined) return { kind: 'surplus', segment: surplus, vpc };
  if (!stem.startsWith(SEGMENT) || stem === SEGMENT) return undefined;
  return { kind: 'segment', segment: stem.slice(SEGMENT.length), vpc };
}

/** Which deployment made the group; undefined for a foreign one. */
export function ownerOf(group: SecurityGroup): string | undefined {
  return group.tags[OWNER_TAG];
}

/**
 * The key of an owned group. A group whose tag is missing or names another VPC gets a key that
 * nobody desires, so that it is cleaned up as surplus.
 */
export function keyOf(group: SecurityGroup): GroupKey {
  const key = group.tags[GROUP_TAG];
  const parsed = key === undefined ? undefined : parseGroupKey(key);
  return key !== undefined && parsed?.vpc === group.vpc ? key : unnamed(group);
}

function unnamed(group: SecurityGroup): GroupKey {
  return `unnamed:${group.id}@${group.vpc}`;
}

/** The groups that `owner` made, by id. */
export function ownedGroups(inventory: Inventory, owner: string): readonly SecurityGroup[] {
  return inventory.groups
    .filter((group) => ownerOf(group) === owner)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The groups that `owner` made, by key. Should a key exist twice, the lowest id has it and the
 * others get keys that nobody desires.
 */
export function groupsByKey(
  inventory: Inventory,
  owner: string,
): ReadonlyMap<GroupKey, SecurityGroup> {
  const found = new Map<GroupKey, SecurityGroup>();
  for (const group of ownedGroups(inventory, owner)) {
    const key = keyOf(group);
    found.set(found.has(key) ? unnamed(group) : key, group);
  }
  return found;
}

/** Ids of the VPCs that the policy manages, sorted. No tags in the settings: none, idle. */
export function managedVpcs(policy: Policy, inventory: Inventory): string[] {
  const wanted = policy.settings.vpcTags;
  if (Object.keys(wanted).length === 0) return [];
  return inventory.vpcs
    .filter((vpc) => matchesTags(wanted, vpc.tags))
    .map((vpc) => vpc.id)
    .sort();
}
