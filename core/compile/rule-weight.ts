import type { DesiredRule } from '../model/desired-state.ts';
import type { GroupRule, Inventory } from '../model/inventory.ts';
import type { Family } from './draft-groups.ts';

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
  /** `AWS` or an account. */
  readonly owner: string;
  readonly cidrs: readonly string[];
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

/** The family in which it takes more. */
export function heavier({ peer }: DesiredRule, lists: ReadonlyMap<string, ListWeight>): number {
  const { ipv4, ipv6 } = weigh(peer, lists);
  return Math.max(ipv4, ipv6);
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

export function listWeights({
  inventory,
}: {
  readonly inventory: Pick<Inventory, 'prefixLists'>;
}): ReadonlyMap<string, ListWeight> {
  return new Map(inventory.prefixLists.map((list) => [list.id, list]));
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
