import { groupsByKey, parseGroupKey } from '../compile/owned-groups.ts';
import { listWeights, loadOf } from '../compile/rule-weight.ts';
import type { DesiredGroup, DesiredState, GroupKey } from '../model/desired-state.ts';
import type { Inventory, SecurityGroup } from '../model/inventory.ts';
import type { LimitsReport, LimitUse, ListUse, RuleUse, SlotUse } from '../model/limits.ts';
import type { Direction, InterfaceStep, Plan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { forecastGrowth } from './forecast-growth.ts';

/** Of each list the tightest ones are kept: an estate may have 100,000 interfaces. */
const KEPT_MAX = 50;

export interface LimitsInput {
  readonly inventory: Inventory;
  readonly desired: DesiredState;
  readonly plan: Plan;
  readonly owner: string;
  /** The one that the plan is for. */
  readonly policy: Policy;
}

/** The plan with use and headroom of every limit that it touches. */
export function withLimits(input: LimitsInput): Plan {
  return { ...input.plan, limits: measureLimits(input) };
}

/** Reckoned from the plan's own steps, so that it says what the plan does. Tightest first. */
export function measureLimits(input: LimitsInput): LimitsReport {
  const { inventory, plan, desired } = input;
  const uninstall = plan.kind === 'uninstall';
  const wanted = uninstall ? [] : desired.groups;
  const rules = measureRules(input, wanted);
  const interfaces = measureSlots(input);
  const lists = measureLists(inventory, wanted);
  const region = measureRegion(inventory, plan);
  const growth = uninstall ? [] : forecastGrowth(input, region);
  return {
    quotas: inventory.quotas,
    region,
    rules: tightest(rules),
    interfaces: tightest(interfaces),
    lists: [...lists].sort((a, b) => shareOf(b) - shareOf(a)).slice(0, KEPT_MAX),
    growth: growth.slice(0, KEPT_MAX),
    counted: {
      rules: rules.length,
      interfaces: interfaces.length,
      lists: lists.length,
      growth: growth.length,
    },
  };
}

const shareOf = ({ entries, maxEntries }: ListUse): number => entries / Math.max(maxEntries, 1);

/** By what is taken at the most, then by what is taken in the end. Stable for equals. */
function tightest<T extends LimitUse>(uses: readonly T[]): readonly T[] {
  const share = ({ during, after, limit }: LimitUse): number =>
    during / limit + after / limit / 1_000;
  return [...uses].sort((a, b) => share(b) - share(a)).slice(0, KEPT_MAX);
}

function measureRegion({ groups, quotas }: Inventory, { steps }: Plan): LimitUse {
  const created = steps.filter((step) => step.kind === 'create-group').length;
  const deleted = steps.filter((step) => step.kind === 'delete-group').length;
  const now = groups.length;
  return {
    ...{ now, during: now + created, after: now + created - deleted },
    limit: quotas.groupsPerRegion,
  };
}

/** Owned groups that exist or will, those to be deleted aside: they only lose rules. */
function measureRules(
  { inventory, plan, owner }: LimitsInput,
  wanted: readonly DesiredGroup[],
): readonly RuleUse[] {
  const lists = listWeights({ inventory });
  const existing = groupsByKey(inventory, owner);
  const changes = ruleChanges(plan, lists);
  const none = { ipv4: 0, ipv6: 0 };
  return wanted.flatMap(({ key: group }) =>
    (['ingress', 'egress'] as const).flatMap((direction) => {
      const before = existing.get(group)?.[direction];
      const had = before === undefined ? none : loadOf(before, lists);
      const change = changes.get(`${group} ${direction}`);
      return (['ipv4', 'ipv6'] as const).flatMap((family): RuleUse[] => {
        const now = had[family];
        const { early = 0, added = 0, late = 0 } = change?.[family] ?? {};
        const during = Math.max(now, now - early + added);
        const after = now - early + added - late;
        if (during === 0) return [];
        const limit = inventory.quotas.rulesPerGroup;
        return [{ group, direction, family, now, during, after, limit }];
      });
    }),
  );
}

interface RuleChange {
  early: number;
  added: number;
  late: number;
}

/**
 * AWS's own egress of a new group counts where it stays: over IPv4 it is never authorised, being
 * there already (core/plan/plan-rules.ts). Where it goes it does so before anything comes.
 */
function ruleChanges(
  { steps }: Plan,
  lists: ReturnType<typeof listWeights>,
): ReadonlyMap<string, Readonly<Record<'ipv4' | 'ipv6', RuleChange>>> {
  const found = new Map<string, Record<'ipv4' | 'ipv6', RuleChange>>();
  const changeOf = (group: GroupKey, direction: Direction) => {
    const key = `${group} ${direction}`;
    const change = found.get(key) ?? { ipv4: nothing(), ipv6: nothing() };
    found.set(key, change);
    return change;
  };
  for (const step of steps) {
    if (step.kind === 'create-group') changeOf(step.group, 'egress').ipv4.added += 1;
    if (step.kind !== 'authorize' && step.kind !== 'revoke') continue;
    const change = changeOf(step.group, step.direction);
    const load = loadOf(step.rules, lists);
    const when = step.kind === 'authorize' ? 'added' : step.phase === 'create' ? 'early' : 'late';
    change.ipv4[when] += load.ipv4;
    change.ipv6[when] += load.ipv6;
  }
  return found;
}

const nothing = (): RuleChange => ({ early: 0, added: 0, late: 0 });

function measureSlots({
  inventory,
  desired,
  plan,
  owner,
  policy,
}: LimitsInput): readonly SlotUse[] {
  const keep = policy.settings.keepSecurityGroups;
  const steps = new Map<string, InterfaceStep[]>();
  for (const step of plan.steps) {
    if (!('interface' in step)) continue;
    const known = steps.get(step.interface);
    if (known === undefined) steps.set(step.interface, [step]);
    else known.push(step);
  }
  const keysById = keysOf(inventory, owner);
  const concerned = new Set(desired.attachments.map((one) => one.interface));
  const limit = inventory.quotas.groupsPerInterface;
  return inventory.interfaces
    .filter((nic) => concerned.has(nic.id) || steps.has(nic.id))
    .map((nic) => {
      const sets = [nic.groups, ...(steps.get(nic.id) ?? []).map((step) => step.to)];
      const last = sets.at(-1) ?? nic.groups;
      return {
        ...{ interface: nic.id, workload: nic.workload },
        ...{ now: nic.groups.length, during: Math.max(...sets.map((set) => set.length)) },
        ...{ after: last.length, limit, slots: slotsOf(last, keysById, keep) },
      };
    });
}

function keysOf(inventory: Inventory, owner: string): ReadonlyMap<string, GroupKey> {
  const existing = groupsByKey(inventory, owner);
  return new Map([...existing].map(([key, group]: [GroupKey, SecurityGroup]) => [group.id, key]));
}

function slotsOf(
  ids: readonly string[],
  keysById: ReadonlyMap<string, GroupKey>,
  keep: readonly string[],
): SlotUse['slots'] {
  const slots = { foreign: 0, kept: 0, baseline: 0, openEgress: 0, segments: 0, surplus: 0 };
  for (const id of ids) {
    // A group that does not exist yet stands under its key.
    const kind = parseGroupKey(keysById.get(id) ?? id)?.kind;
    if (kind === 'baseline') slots.baseline += 1;
    else if (kind === 'open-egress') slots.openEgress += 1;
    else if (kind === 'surplus') slots.surplus += 1;
    else if (kind !== undefined || keysById.has(id)) slots.segments += 1;
    else if (keep.includes(id)) slots.kept += 1;
    else slots.foreign += 1;
  }
  return slots;
}

function measureLists(inventory: Inventory, wanted: readonly DesiredGroup[]): readonly ListUse[] {
  const uses = new Map<string, number>();
  const count = (group: DesiredGroup, direction: Direction): void => {
    for (const { peer } of group[direction]) {
      if (peer.kind === 'prefixList') uses.set(peer.id, (uses.get(peer.id) ?? 0) + 1);
    }
  };
  for (const group of wanted) {
    count(group, 'ingress');
    count(group, 'egress');
  }
  return inventory.prefixLists.flatMap(({ id, name, family, cidrs, maxEntries }): ListUse[] => {
    const rules = uses.get(id);
    if (rules === undefined) return [];
    return [{ list: id, name, family, entries: cidrs.length, maxEntries, rules }];
  });
}
