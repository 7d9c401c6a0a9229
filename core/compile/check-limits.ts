import type { DesiredAttachment, DesiredGroup, DesiredRule } from '../model/desired-state.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import type { Diagnostic, Location } from '../model/policy.ts';
import type { Family } from './draft-groups.ts';
import { parseGroupKey } from './owned-groups.ts';
import {
  costliestRules,
  costText,
  type ListWeight,
  listWeights,
  ruleWeight,
} from './rule-weight.ts';
import type { Estate } from './survey-estate.ts';
import { hintOf, waysOutOfRules } from './ways-out.ts';

/** Errors, with the numbers, for what AWS would refuse. */
export function checkLimits(
  estate: Estate,
  groups: readonly DesiredGroup[],
  attachments: readonly DesiredAttachment[],
): readonly Diagnostic[] {
  const lists = listWeights(estate);
  const limit = estate.inventory.quotas.rulesPerGroup;
  const found: Diagnostic[] = [];
  for (const group of groups) {
    for (const direction of ['ingress', 'egress'] as const) {
      for (const family of ['ipv4', 'ipv6'] as const) {
        const rules = group[direction];
        const weights = rules.map((rule) => ruleWeight(rule.peer, family, lists));
        const used = weights.reduce((sum, weight) => sum + weight, 0);
        if (used <= limit) continue;
        found.push(
          tooManyRules(estate, group, direction, family, {
            ...{ rules, weights, used, limit, lists, attachments },
          }),
        );
      }
    }
  }
  return [...found, ...tooManyGroups(estate, groups)];
}

interface Overrun {
  readonly rules: readonly DesiredRule[];
  readonly weights: readonly number[];
  readonly used: number;
  readonly limit: number;
  readonly lists: ReadonlyMap<string, ListWeight>;
  readonly attachments: readonly DesiredAttachment[];
}

function tooManyRules(
  estate: Estate,
  group: DesiredGroup,
  direction: Direction,
  family: Family,
  { rules, weights, used, limit, lists, attachments }: Overrun,
): Diagnostic {
  const costliest = costliestRules(rules.map((rule, at) => [rule, weights[at] ?? 0]));
  const named = costText(costliest);
  const { quotas } = estate.inventory;
  const slotsInUse = slotsInUseOf(estate, attachments);
  const ways = waysOutOfRules({ quotas, rules, family, used, lists, slotsInUse });
  return {
    ...locationOf(estate, group, costliest[0]?.[0]),
    severity: 'error',
    code: 'too-many-rules-in-group',
    message: `${group.key} needs ${used} of ${limit} ${direction} rules for ${family}; the costliest: ${named}`,
    hint: hintOf(ways, 'name fewer or larger networks or peers in these rules'),
  };
}

/** The most that any interface carries, or will carry beside the foreign groups it has. */
function slotsInUseOf(estate: Estate, attachments: readonly DesiredAttachment[]): number {
  const owned = new Map(attachments.map((one) => [one.interface, one.owned.length]));
  return estate.inventory.interfaces.reduce((most, { id, groups }) => {
    const foreign = groups.filter((group) => !estate.ourIds.has(group)).length;
    return Math.max(most, groups.length, foreign + (owned.get(id) ?? 0));
  }, 0);
}

function locationOf(estate: Estate, group: DesiredGroup, because: string | undefined): Location {
  const rule = estate.index.rules.find((r) => r.id === because);
  const entry = estate.index.baseline.find((b) => b.id === because);
  const segment = estate.index.segments.get(parseGroupKey(group.key)?.segment ?? '');
  return rule?.location ?? entry?.location ?? segment?.location ?? NOWHERE;
}

/** For findings that no line of the policy stands for. */
const NOWHERE: Location = { file: 'root.yaml', line: 1, column: 1 };

/** While a plan runs, old and new groups exist side by side. */
function tooManyGroups(estate: Estate, groups: readonly DesiredGroup[]): readonly Diagnostic[] {
  const limit = estate.inventory.quotas.groupsPerRegion;
  const added = groups.filter((group) => !estate.groupIds.has(group.key)).length;
  const used = estate.inventory.groups.length + added;
  if (added === 0 || used <= limit) return [];
  return [
    {
      ...NOWHERE,
      severity: 'error',
      code: 'too-many-groups-in-region',
      message: `the Region would hold ${used} of ${limit} security groups: ${estate.inventory.groups.length} exist, ${added} would be added`,
      hint: hintOf(waysOutOfRegion(estate, groups, { used, limit }), ''),
    },
  ];
}

function waysOutOfRegion(
  { inventory, groupIds, ourIds }: Estate,
  groups: readonly DesiredGroup[],
  { used, limit }: { readonly used: number; readonly limit: number },
): readonly string[] {
  const excess = used - limit;
  const wanted = new Set(groups.map(({ key }) => key));
  const obsolete = [...groupIds.keys()].filter((key) => !wanted.has(key)).length;
  const unused = idleGroups(inventory).filter(
    ({ id, name }) => !ourIds.has(id) && name !== 'default',
  );
  const ways = [`raise the quota L-E79EC296 from ${limit} to ${used}`];
  if (obsolete >= excess) {
    ways.push(
      `publish in two steps, what goes first: ${obsolete} of our groups ${obsolete === 1 ? 'is' : 'are'} no longer wanted`,
    );
  }
  if (unused.length >= excess) {
    const ids = unused.slice(0, excess).map(({ id }) => id);
    const named =
      ids.slice(0, IDLE_NAMED_MAX).join(', ') + (ids.length > IDLE_NAMED_MAX ? ', ...' : '');
    ways.push(
      `delete ${excess} of the ${unused.length} groups that no interface carries and no rule names (${named}), unless a launch template does`,
    );
  }
  return ways;
}

/** How many group ids a hint names. */
const IDLE_NAMED_MAX = 5;

/** Groups that no interface carries and that no rule of another group names. */
function idleGroups(inventory: Inventory): readonly SecurityGroup[] {
  const busy = new Set(inventory.interfaces.flatMap((nic) => nic.groups));
  for (const group of inventory.groups) {
    for (const { peer } of [...group.ingress, ...group.egress]) {
      if (peer.kind === 'group' && peer.id !== group.id) busy.add(peer.id);
    }
  }
  return inventory.groups.filter(({ id }) => !busy.has(id));
}
