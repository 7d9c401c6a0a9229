import { groupKey, groupsByKey, OPEN_EGRESS, parseGroupKey } from '../compile/owned-groups.ts';
import { listWeights, loadOf } from '../compile/rule-weight.ts';
import type { DesiredAttachment, DesiredGroup } from '../model/desired-state.ts';
import type { NetworkInterface } from '../model/inventory.ts';
import type { Growth, LimitUse } from '../model/limits.ts';
import type { Direction } from '../model/plan.ts';
import { cutFrom, cutsThatFit } from './forecast-cuts.ts';
import type { LimitsInput } from './measure-limits.ts';

/**
 * When each segment's growth hits a limit, by the same arithmetic that spreads its rules: a rule
 * goes where there is room, a further group for rules takes a slot of every member's interface, and
 * members themselves cost neither, but for those of others that a guardrail cuts out of a network.
 * The segments with the least room first.
 */
export function forecastGrowth(input: LimitsInput, region: LimitUse): readonly Growth[] {
  const { inventory, desired } = input;
  const lists = listWeights({ inventory });
  const { rulesPerGroup } = inventory.quotas;
  const slots = tightestSlots(input);
  const cuts = cutFrom(input.policy);
  const regionLeft = Math.max(0, region.limit - region.after);
  const growth = [...groupsBySegment(desired.groups)].map(([key, groups]): Growth => {
    const room = (direction: Direction): number =>
      groups.reduce((sum, group) => {
        const { ipv4, ipv6 } = loadOf(group[direction], lists);
        return sum + Math.max(0, rulesPerGroup - Math.max(ipv4, ipv6));
      }, 0);
    const { segment = '', vpc = '' } = parseGroupKey(key) ?? {};
    const free = slots.get(key);
    const bySlots = free?.after ?? inventory.quotas.groupsPerInterface;
    const furtherGroups = Math.min(bySlots, regionLeft);
    const cutAddresses = cutsThatFit(
      groups,
      (rule, direction) => cuts(segment, rule, direction),
      (direction, family) => {
        const rules = groups.flatMap((group) => group[direction]);
        return (groups.length + furtherGroups) * rulesPerGroup - loadOf(rules, lists)[family];
      },
    );
    return {
      segment,
      vpc,
      room: { ingress: room('ingress'), egress: room('egress') },
      furtherGroups,
      furtherGroupsStaged: Math.min(free?.staged ?? bySlots, bySlots, regionLeft),
      bound: bySlots <= regionLeft ? 'slots' : 'groups in the Region',
      ...(free === undefined ? {} : { interface: free.interface }),
      ...(Number.isFinite(cutAddresses) ? { cutAddresses } : {}),
    };
  });
  return growth.sort((a, b) => leftOf(a) - leftOf(b));
}

function leftOf({ room, furtherGroups, cutAddresses }: Growth): number {
  const rules = Math.min(room.ingress, room.egress) + furtherGroups * 1_000;
  return Math.min(rules, cutAddresses ?? rules);
}

/** A segment's own group and those for further rules, under the key of its own. */
function groupsBySegment(
  groups: readonly DesiredGroup[],
): ReadonlyMap<string, readonly DesiredGroup[]> {
  const found = new Map<string, DesiredGroup[]>();
  for (const group of groups) {
    const parsed = parseGroupKey(group.key);
    if (parsed?.segment === undefined) continue;
    const key = groupKey(`segment:${parsed.segment}`, parsed.vpc);
    const known = found.get(key);
    if (known === undefined) found.set(key, [group]);
    else known.push(group);
  }
  return found;
}

interface FreeSlots {
  /** On the fullest interface once it carries what it should. */
  after: number;
  /** The same while foreign groups are still on; the least over all that have some. */
  staged: number;
  interface: string;
}

/** For each key of a segment's group the free slots of the interface that has the fewest. */
function tightestSlots(input: LimitsInput): ReadonlyMap<string, FreeSlots> {
  const { inventory, desired, owner, policy } = input;
  const ours = new Set([...groupsByKey(inventory, owner).values()].map((group) => group.id));
  const kept = new Set(policy.settings.keepSecurityGroups);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  const limit = inventory.quotas.groupsPerInterface;
  const found = new Map<string, FreeSlots>();
  for (const attachment of desired.attachments) {
    const nic = nics.get(attachment.interface);
    if (nic === undefined) continue;
    const free = freeOn(nic, attachment, { ours, kept, limit });
    for (const key of attachment.owned) {
      if (parseGroupKey(key)?.kind !== 'segment') continue;
      const known = found.get(key);
      if (known === undefined) found.set(key, { ...free, interface: nic.id });
      else {
        if (free.after < known.after)
          Object.assign(known, { after: free.after, interface: nic.id });
        known.staged = Math.min(known.staged, free.staged);
      }
    }
  }
  return found;
}

/** As attachGroups reckons: open egress may wait for the write that takes foreign groups off. */
function freeOn(
  nic: NetworkInterface,
  { owned }: DesiredAttachment,
  { ours, kept, limit }: { ours: ReadonlySet<string>; kept: ReadonlySet<string>; limit: number },
): { after: number; staged: number } {
  const foreign = nic.groups.filter((id) => !ours.has(id));
  const keeps = foreign.filter((id) => kept.has(id)).length;
  const after = Math.max(0, limit - keeps - owned.length);
  const early = owned.filter((key) => !key.startsWith(`${OPEN_EGRESS}@`)).length;
  return { after, staged: Math.max(0, limit - foreign.length - early) };
}
