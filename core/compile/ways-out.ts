import type { DesiredGroup, DesiredRule, GroupKey } from '../model/desired-state.ts';
import type { Quotas } from '../model/inventory.ts';
import { parseGroupKey } from './owned-groups.ts';
import {
  costliestRules,
  GROUPS_PER_INTERFACE_MAX,
  heavier,
  type ListWeight,
  loadOf,
  PRODUCT_MAX,
  weigh,
} from './rule-weight.ts';
import { countGroups } from './spread-rules.ts';

/** An interface that would have to carry more groups than it can. */
export interface SlotShortage {
  readonly quotas: Quotas;
  /** Groups that are not ours and stay: kept ones, or all of them while staged. */
  readonly others: readonly string[];
  readonly drop: (others: string) => string;
  /** Of `others`, those without rules that no rule names: they do nothing. */
  readonly idle: readonly string[];
  readonly owned: readonly GroupKey[];
  readonly groups: ReadonlyMap<GroupKey, DesiredGroup>;
  readonly lists: ReadonlyMap<string, ListWeight>;
}

/**
 * Every single change that makes the groups fit, each tried with the arithmetic of the compile, the
 * cheapest first: quotas change no flow; then what takes the fewest changes and can be undone.
 */
export function waysOutOfSlots(shortage: SlotShortage): readonly string[] {
  const slots = new SlotCount(shortage);
  return [
    ...raiseQuotas(shortage.quotas, (n, r) => slots.needed({ rulesPerGroup: r }) <= n),
    ...dropOthers(shortage, slots),
    ...closeEgress(shortage, slots),
    ...mergePorts(shortage, slots),
    ...leaveSegments(shortage, slots),
  ];
}

/** As one hint. */
export function hintOf(ways: readonly string[], otherwise: string): string {
  if (ways.length === 0) return otherwise;
  return ways.length === 1 ? (ways[0] ?? '') : `cheapest first: ${ways.join('; or ')}`;
}

interface Change {
  readonly rulesPerGroup?: number;
  readonly without?: ReadonlySet<GroupKey>;
  /** Segment of whose rules only these are left. */
  readonly rules?: readonly [segment: string, ReadonlyMap<DesiredRule, boolean>];
}

/** How many slots the same policy would need if something were different. */
class SlotCount {
  readonly #shortage: SlotShortage;
  /** Rules of each segment whose group is to be carried. */
  readonly rulesBySegment: ReadonlyMap<string, Rules>;

  constructor(shortage: SlotShortage) {
    this.#shortage = shortage;
    this.rulesBySegment = rulesBySegment(shortage);
  }

  needed(change: Change = {}): number {
    const { quotas, others, owned, lists } = this.#shortage;
    const limit = change.rulesPerGroup ?? quotas.rulesPerGroup;
    const alone = owned.filter((key) => parseGroupKey(key)?.segment === undefined);
    let count = others.length;
    count += alone.filter((key) => !change.without?.has(key)).length;
    for (const [segment, rules] of this.rulesBySegment) {
      if (change.without?.has(segment)) continue;
      const [changed, left] = change.rules ?? [];
      const of = (list: readonly DesiredRule[]) =>
        changed === segment ? list.filter((rule) => left?.get(rule) === true) : list;
      count += Math.max(
        1,
        countGroups(of(rules.ingress), { limit, lists }),
        countGroups(of(rules.egress), { limit, lists }),
      );
    }
    return count;
  }
}

interface Rules {
  readonly ingress: readonly DesiredRule[];
  readonly egress: readonly DesiredRule[];
}

function rulesBySegment({ owned, groups }: SlotShortage): ReadonlyMap<string, Rules> {
  const found = new Map<string, Rules>();
  for (const key of owned) {
    const segment = parseGroupKey(key)?.segment;
    if (segment === undefined) continue;
    const known = found.get(segment) ?? { ingress: [], egress: [] };
    const { ingress = [], egress = [] } = groups.get(key) ?? {};
    found.set(segment, {
      ingress: [...known.ingress, ...ingress],
      egress: [...known.egress, ...egress],
    });
  }
  return found;
}

/**
 * One quota raised, or both, as little as is enough. `fits` is asked with groups per interface and
 * rules per group; more of either never makes it worse.
 */
export function raiseQuotas(
  { groupsPerInterface: n, rulesPerGroup: r }: Quotas,
  fits: (groupsPerInterface: number, rulesPerGroup: number) => boolean,
): readonly string[] {
  const product = (slots: number, rules: number): string =>
    `${slots} x ${rules} = ${slots * rules} of ${PRODUCT_MAX}`;
  const slotsMost = Math.min(GROUPS_PER_INTERFACE_MAX, Math.floor(PRODUCT_MAX / r));
  const slots = least(n + 1, slotsMost, (value) => fits(value, r));
  const rules = least(r + 1, Math.floor(PRODUCT_MAX / n), (value) => fits(n, value));
  const found: string[] = [];
  if (slots !== undefined) {
    found.push(`raise the quota L-2AFB9258 from ${n} to ${slots} (${product(slots, r)})`);
  }
  if (rules !== undefined) {
    found.push(`raise the quota L-0EA8095F from ${r} to ${rules} (${product(n, rules)})`);
  }
  if (found.length > 0) return found;
  for (let more = n + 1; more <= GROUPS_PER_INTERFACE_MAX; more += 1) {
    const enough = least(r + 1, Math.floor(PRODUCT_MAX / more), (value) => fits(more, value));
    if (enough === undefined) continue;
    return [
      `raise the quotas L-2AFB9258 from ${n} to ${more} and L-0EA8095F from ${r} to ${enough} (${product(more, enough)})`,
    ];
  }
  return [];
}

/** The least value from `from` to `to` that is enough, if the greatest is; asks about log2 of them. */
function least(from: number, to: number, isEnough: (value: number) => boolean): number | undefined {
  if (from > to || !isEnough(to)) return undefined;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function dropOthers(shortage: SlotShortage, slots: SlotCount): readonly string[] {
  const { others, idle, drop, quotas } = shortage;
  const excess = slots.needed() - quotas.groupsPerInterface;
  if (excess > others.length) return [];
  if (excess <= idle.length) {
    return [`${drop(idle.slice(0, excess).join(', '))}: without rules, and no rule names it`];
  }
  return [`${drop(`${excess} of ${others.join(', ')}`)}, with what they allow in the policy first`];
}

function closeEgress(shortage: SlotShortage, slots: SlotCount): readonly string[] {
  const open = shortage.owned.filter((key) => parseGroupKey(key)?.kind === 'open-egress');
  const fits = slots.needed({ without: new Set(open) }) <= shortage.quotas.groupsPerInterface;
  const segments = [...slots.rulesBySegment.keys()].map((name) => `\`${name}\``).join(', ');
  return fits
    ? [`say \`egress: closed\` in ${segments}, once its rules name all that it sends`]
    : [];
}

/** One range in place of several ports to the same peer; it opens the ports between them. */
function mergePorts(shortage: SlotShortage, slots: SlotCount): readonly string[] {
  for (const [segment, { ingress, egress }] of slots.rulesBySegment) {
    const all = [...ingress, ...egress];
    const cost = all.map((rule) => [rule, heavier(rule, shortage.lists)] as const);
    for (const [id] of costliestRules(cost)) {
      const left = new Map(all.map((rule) => [rule, true]));
      const saved = [ingress, egress].reduce((sum, rules) => sum + keepOneEach(rules, id, left), 0);
      if (slots.needed({ rules: [segment, left] }) > shortage.quotas.groupsPerInterface) continue;
      return [
        `give \`${id}\` one range of ports for each protocol, which saves ${saved} rules of \`${segment}\` and opens the ports between`,
      ];
    }
  }
  return [];
}

function keepOneEach(
  rules: readonly DesiredRule[],
  id: string,
  left: Map<DesiredRule, boolean>,
): number {
  const seen = new Set<string>();
  let saved = 0;
  for (const rule of rules) {
    if (rule.because.length !== 1 || rule.because[0] !== id) continue;
    const key = JSON.stringify([rule.protocol, rule.peer]);
    if (seen.has(key)) {
      left.set(rule, false);
      saved += 1;
    }
    seen.add(key);
  }
  return saved;
}

/** The fewest segments to leave, those that need most groups first. */
function leaveSegments(shortage: SlotShortage, slots: SlotCount): readonly string[] {
  const all = slots.needed();
  const segments = [...slots.rulesBySegment.keys()]
    .map((name) => ({ name, saves: all - slots.needed({ without: new Set([name]) }) }))
    .sort((a, b) => b.saves - a.saves || (a.name < b.name ? -1 : 1));
  for (let count = 1; count < segments.length; count += 1) {
    const left = segments.slice(0, count).map(({ name }) => name);
    if (slots.needed({ without: new Set(left) }) > shortage.quotas.groupsPerInterface) continue;
    const names = left.map((name) => `\`${name}\``).join(', ');
    return [`take these workloads out of ${names} (their rules then no longer hold for them)`];
  }
  return [];
}

/** A group that would have to hold more rules than it can: the baseline's, or one with a heavy list. */
export interface RuleShortage {
  readonly quotas: Quotas;
  readonly rules: readonly DesiredRule[];
  readonly family: 'ipv4' | 'ipv6';
  readonly used: number;
  readonly lists: ReadonlyMap<string, ListWeight>;
  /** The most groups that any interface carries or will carry. */
  readonly slotsInUse: number;
}

export function waysOutOfRules(shortage: RuleShortage): readonly string[] {
  const { quotas, used } = shortage;
  const raised = raiseQuotas(quotas, (_, r) => r >= used);
  return [
    ...raised,
    ...(raised.length > 0 ? [] : tradeSlots(shortage)),
    ...shrinkList(shortage),
    ...dropRules(shortage),
  ];
}

/** More rules a group for fewer groups an interface, where nobody needs as many. */
function tradeSlots({ quotas, used, slotsInUse }: RuleShortage): readonly string[] {
  const slots = Math.floor(PRODUCT_MAX / used);
  if (slots < slotsInUse || slots >= quotas.groupsPerInterface) return [];
  return [
    `lower the quota L-2AFB9258 from ${quotas.groupsPerInterface} to ${slots} (no interface needs more than ${slotsInUse}) and raise L-0EA8095F from ${quotas.rulesPerGroup} to ${used}`,
  ];
}

/** A list weighs the most that it may hold, whatever it holds; its owner can change that. */
function shrinkList({ quotas, rules, family, used, lists }: RuleShortage): readonly string[] {
  return rules.flatMap(({ peer }): string[] => {
    const list = peer.kind === 'prefixList' ? lists.get(peer.id) : undefined;
    if (peer.kind !== 'prefixList' || list === undefined || list.family !== family) return [];
    const most = quotas.rulesPerGroup - (used - list.maxEntries);
    if (list.owner === 'AWS' || most < Math.max(list.cidrs.length, 1)) return [];
    return [
      `resize prefix list ${peer.id} from ${list.maxEntries} to at most ${most} entries (it holds ${list.cidrs.length})`,
    ];
  });
}

/** The fewest policy rules without which the rest fits, the costliest first. */
function dropRules({ quotas, rules, family, lists }: RuleShortage): readonly string[] {
  const ids = costliestRules(rules.map((rule) => [rule, weigh(rule.peer, lists)[family]]));
  const gone = new Set<string>();
  for (const [id] of ids) {
    gone.add(id);
    const left = rules.filter(({ because }) => because.some((one) => !gone.has(one)));
    if (loadOf(left, lists)[family] > quotas.rulesPerGroup) continue;
    const names = [...gone].map((one) => `\`${one}\``).join(', ');
    return [`name fewer or larger networks or peers in ${names}; without it the rest fits`];
  }
  return [];
}
