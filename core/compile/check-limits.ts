import type { DesiredGroup, DesiredRule } from '../model/desired-state.ts';
import type { GroupRule } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import type { Diagnostic, Location } from '../model/policy.ts';
import type { Family } from './draft-groups.ts';
import { parseGroupKey } from './owned-groups.ts';
import type { Estate } from './survey-estate.ts';

/** Rules per group times groups per interface (page "Amazon VPC quotas"). */
export const PRODUCT_MAX = 1_000;

/** Groups per interface cannot be raised above this (page "Amazon VPC quotas"). */
export const GROUPS_PER_INTERFACE_MAX = 16;

/** How many of the costliest rules a message names. */
const COSTLY_NAMED_MAX = 3;

/** A prefix list as the rule quota sees it. */
export interface ListWeight {
  readonly family: Family;
  readonly maxEntries: number;
}

/**
 * What one rule takes from the quota of its group, direction and family. A prefix list counts its
 * maximum size; a group counts in both families, which AWS said up to 2023 and never took back.
 */
export function ruleWeight(
  peer: { readonly kind: string; readonly id?: string },
  family: Family,
  lists: ReadonlyMap<string, ListWeight>,
): number {
  if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return peer.kind === family ? 1 : 0;
  if (peer.kind !== 'prefixList') return 1;
  const list = lists.get(peer.id ?? '');
  if (list === undefined) return 1;
  return list.family === family ? list.maxEntries : 0;
}

/** What a rule, or several, take of the quota in each family. */
export interface RuleLoad {
  ipv4: number;
  ipv6: number;
}

export function weigh(
  peer: { readonly kind: string; readonly id?: string },
  lists: ReadonlyMap<string, ListWeight>,
): RuleLoad {
  return { ipv4: ruleWeight(peer, 'ipv4', lists), ipv6: ruleWeight(peer, 'ipv6', lists) };
}

/** What all these rules take together. */
export function loadOf(
  rules: readonly (DesiredRule | GroupRule)[],
  lists: ReadonlyMap<string, ListWeight>,
): RuleLoad {
  const load = { ipv4: 0, ipv6: 0 };
  for (const { peer } of rules) {
    load.ipv4 += ruleWeight(peer, 'ipv4', lists);
    load.ipv6 += ruleWeight(peer, 'ipv6', lists);
  }
  return load;
}

export function listWeights(estate: Pick<Estate, 'inventory'>): ReadonlyMap<string, ListWeight> {
  return new Map(estate.inventory.prefixLists.map((list) => [list.id, list]));
}

/** Errors, with the numbers, for what AWS would refuse. */
export function checkLimits(
  estate: Estate,
  groups: readonly DesiredGroup[],
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
        found.push(tooManyRules(estate, group, direction, family, { rules, weights, used, limit }));
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
}

function tooManyRules(
  estate: Estate,
  group: DesiredGroup,
  direction: Direction,
  family: Family,
  { rules, weights, used, limit }: Overrun,
): Diagnostic {
  const costliest = costliestRules(rules.map((rule, at) => [rule, weights[at] ?? 0]));
  const named = costText(costliest);
  return {
    ...locationOf(estate, group, costliest[0]?.[0]),
    severity: 'error',
    code: 'too-many-rules-in-group',
    message: `${group.key} needs ${used} of ${limit} ${direction} rules for ${family}; the costliest: ${named}`,
    hint: 'name fewer or larger networks or peers in these rules, or raise the quota L-0EA8095F (rules x groups per interface <= 1000)',
  };
}

/** What each policy rule takes of a quota, the costliest first, at most three. */
export function costliestRules(
  rules: readonly (readonly [DesiredRule, number])[],
): readonly (readonly [id: string, weight: number])[] {
  const cost = new Map<string, number>();
  for (const [rule, weight] of rules) {
    for (const id of rule.because) cost.set(id, (cost.get(id) ?? 0) + weight);
  }
  return [...cost].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, COSTLY_NAMED_MAX);
}

export function costText(costliest: readonly (readonly [string, number])[]): string {
  return costliest.map(([id, weight]) => `\`${id}\` ${weight}`).join(', ');
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
      hint: 'use fewer segments or managed VPCs, delete unused groups, or raise the quota L-E79EC296',
    },
  ];
}
