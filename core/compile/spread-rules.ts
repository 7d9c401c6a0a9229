import type { DesiredGroup, DesiredRule, GroupKey } from '../model/desired-state.ts';
import type { GroupRule, SecurityGroup } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { ruleKey } from '../plan/rule-keys.ts';
import { parseGroupKey, surplusKey } from './owned-groups.ts';
import { type ListWeight, loadOf, type RuleLoad, weigh } from './rule-weight.ts';

export interface SpreadOptions {
  /** Rules that a group takes in one direction and family: the account's quota. */
  readonly limit: number;
  readonly lists: ReadonlyMap<string, ListWeight>;
  /** Becomes part of the names. */
  readonly owner: string;
  /** The owned groups that exist, by key: a rule stays where it is, as far as it can. */
  readonly existing: ReadonlyMap<GroupKey, SecurityGroup>;
}

/**
 * Gives each segment whose group cannot hold all its rules further groups for the rest, which its
 * members carry as well: groups add up, so what is allowed stays exactly the same. Groups that fit
 * are left as they are. Whether the interfaces have slots for more is for others to judge.
 *
 * A rule that stands in one of the groups stays there. To move it would need room for it twice, and
 * where there is none it would be revoked from the one before its members carry the other, which
 * cuts what it allows. Only the number of groups is made as small as without any of them.
 */
export function spreadRules(
  groups: readonly DesiredGroup[],
  options: SpreadOptions,
): readonly DesiredGroup[] {
  const keysById = new Map([...options.existing].map(([key, { id }]) => [id, key] as const));
  return groups
    .flatMap((group) => {
      const segment = parseGroupKey(group.key)?.segment;
      return segment === undefined ? [group] : spread(group, segment, { ...options, keysById });
    })
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** How many groups these rules of one direction take when none of them stands anywhere yet. */
export function countGroups(
  rules: readonly DesiredRule[],
  { limit, lists }: Pick<SpreadOptions, 'limit' | 'lists'>,
): number {
  const ground = { limit, lists, owner: '', existing: new Map(), keysById: new Map() };
  return fill([], rules, ground, Number.POSITIVE_INFINITY).length;
}

interface Ground extends SpreadOptions {
  readonly keysById: ReadonlyMap<string, GroupKey>;
}

function spread(group: DesiredGroup, segment: string, ground: Ground): readonly DesiredGroup[] {
  const ingress = place(group, segment, 'ingress', ground);
  const egress = place(group, segment, 'egress', ground);
  const count = Math.max(ingress.length, egress.length);
  return Array.from({ length: count }, (_, at) => ({
    ...(at === 0 ? group : surplusOf(group, segment, at + 1, ground.owner)),
    ingress: ingress[at] ?? [],
    egress: egress[at] ?? [],
  }));
}

function surplusOf(
  { vpc }: DesiredGroup,
  segment: string,
  nth: number,
  owner: string,
): Pick<DesiredGroup, 'key' | 'vpc' | 'name' | 'description'> {
  // AWS's limit for both is 255 characters (CreateSecurityGroup); names are unique per VPC.
  return {
    key: surplusKey(segment, nth, vpc),
    vpc,
    name: `${owner}/rules-${nth}/${segment}`.slice(0, 255),
    description: `Bulkhead: further rules of segment ${segment}`.slice(0, 255),
  };
}

interface Bin {
  readonly rules: DesiredRule[];
  /** What the desired rules in it weigh. */
  readonly used: RuleLoad;
  /** The same and what it still holds of others, until those are revoked. */
  readonly standing: RuleLoad;
  readonly there: ReadonlySet<string>;
}

/** The rules of one direction by the group that takes them. */
function place(
  group: DesiredGroup,
  segment: string,
  direction: Direction,
  ground: Ground,
): readonly (readonly DesiredRule[])[] {
  const rules = group[direction];
  const { limit, lists } = ground;
  const total = loadOf(rules, lists);
  // The usual case; the sum is cheaper than to fill a bin.
  if (total.ipv4 <= limit && total.ipv6 <= limit) return [rules];
  const fresh = fill([], rules, ground, Number.POSITIVE_INFINITY);
  const there = fresh.map((_, at) => {
    const key = at === 0 ? group.key : surplusKey(segment, at + 1, group.vpc);
    return binOf(ground.existing.get(key)?.[direction] ?? [], ground);
  });
  return (stay(there, rules, ground) ?? fresh).map((bin) => inOrder(bin.rules, rules));
}

function inOrder(some: readonly DesiredRule[], all: readonly DesiredRule[]): DesiredRule[] {
  const wanted = new Set(some);
  return all.filter((rule) => wanted.has(rule));
}

function binOf(standing: readonly GroupRule[], ground: Ground): Bin {
  return {
    rules: [],
    used: { ipv4: 0, ipv6: 0 },
    standing: loadOf(standing, ground.lists),
    there: new Set(standing.map((rule) => ruleKey(rule, ground.keysById))),
  };
}

/** Undefined where what stays leaves gaps that the others do not fit into. */
function stay(
  bins: readonly Bin[],
  rules: readonly DesiredRule[],
  ground: Ground,
): readonly Bin[] | undefined {
  const others: DesiredRule[] = [];
  for (const rule of rules) {
    const key = ruleKey(rule, ground.keysById);
    const load = weigh(rule.peer, ground.lists);
    const bin = bins.find(({ there, used }) => there.has(key) && fits(used, load, ground.limit));
    if (bin === undefined) others.push(rule);
    else take(bin, rule, load, 'standing there');
  }
  const filled = fill(bins, others, ground, bins.length);
  return filled.length === bins.length ? filled : undefined;
}

/**
 * Each rule into the first bin with room for it beside all that stands there, else into the first
 * where it fits once that is revoked, else into a new one; at `countMax` it gives up with one more.
 */
function fill(
  bins: readonly Bin[],
  rules: readonly DesiredRule[],
  ground: Ground,
  countMax: number,
): readonly Bin[] {
  const filled = [...bins];
  for (const rule of rules) {
    const load = weigh(rule.peer, ground.lists);
    let bin =
      filled.find(({ standing }) => fits(standing, load, ground.limit)) ??
      filled.find(({ used }) => fits(used, load, ground.limit));
    if (bin === undefined) {
      bin = binOf([], ground);
      filled.push(bin);
    }
    take(bin, rule, load, 'new there');
    if (filled.length > countMax) return filled;
  }
  return filled;
}

function take(bin: Bin, rule: DesiredRule, load: RuleLoad, how: 'standing there' | 'new there') {
  bin.rules.push(rule);
  add(bin.used, load);
  if (how === 'new there') add(bin.standing, load);
}

function fits(used: RuleLoad, load: RuleLoad, limit: number): boolean {
  return used.ipv4 + load.ipv4 <= limit && used.ipv6 + load.ipv6 <= limit;
}

function add(load: { ipv4: number; ipv6: number }, more: RuleLoad): void {
  load.ipv4 += more.ipv4;
  load.ipv6 += more.ipv6;
}
