import type { Difference } from '../api/plan-answer.ts';
import { trafficTexts } from '../api/traffic-text.ts';
import { listWeights, loadOf, PRODUCT_MAX } from '../compile/rule-weight.ts';
import type { Inventory, QuotaName, Workload } from '../model/inventory.ts';
import type { LimitsReport } from '../model/limits.ts';
import { ownValue } from '../model/own-value.ts';
import { WorldReach } from '../reach/world.ts';
import { ClassReach } from './class-reach.ts';
import { notCounted } from './not-counted.ts';

/** How an estate stands, from what AWS says alone. Counts are of workloads with an interface. */
export interface Assessment {
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly account: string;
  readonly region: string;
  /** What could not be read; every number below may be too low for it. */
  readonly gaps: readonly string[];
  /** What may be open besides, since what decides about it is not in what EC2 describes. */
  readonly notCounted: readonly string[];
  readonly workloads: number;
  readonly interfaces: number;
  readonly flatness: Flatness;
  readonly blastRadius: BlastRadius;
  readonly openToWorld: readonly WorldPath[];
  readonly quotas: Quotas;
  /** Only when a policy was given. */
  readonly policy?: PolicyEffect;
}

export interface Flatness {
  /** Ordered pairs of different workloads, and how many may exchange anything at all. */
  readonly pairs: number;
  readonly open: number;
  /** 0 to 1; of no pair at all: 0. */
  readonly share: number;
  /** Tag keys whose values make the rows. */
  readonly groupedBy: readonly string[];
  readonly groups: readonly { readonly name: string; readonly workloads: number }[];
  /** Pairs of groups that are open for at least one pair of workloads. */
  readonly paths: readonly GroupPath[];
}

export interface GroupPath {
  readonly from: string;
  readonly to: string;
  readonly pairs: number;
  readonly open: number;
  /** Distinct sets that open pairs may, as a policy writes them. */
  readonly traffic: readonly string[];
}

export interface BlastRadius {
  readonly median: number;
  readonly max: number;
  /** All workloads, those that reach most first. */
  readonly workloads: readonly Radius[];
}

export interface Radius {
  readonly workload: string;
  readonly name?: string;
  /** How many other workloads it may send anything to. */
  readonly reaches: number;
  /** `reaches` of all others, 0 to 1. */
  readonly share: number;
  /** How many other workloads may send it anything. */
  readonly reachedBy: number;
}

export interface WorldPath {
  readonly workload: string;
  readonly name?: string;
  readonly interface: string;
  /** The public IPv4 address of the interface, or its first IPv6 address. */
  readonly address: string;
  readonly traffic: readonly string[];
}

export interface Quotas {
  readonly groupsInRegion: Use;
  /** The fullest first, at most ten. */
  readonly rulesOfGroups: readonly (Use & {
    readonly group: string;
    readonly name: string;
    readonly direction: 'ingress' | 'egress';
    readonly family: 'ipv4' | 'ipv6';
  })[];
  readonly groupsOfInterfaces: readonly (Use & { readonly interface: string })[];
  /** Customer prefix lists; a list weighs its limit in every rule that names it. */
  readonly entriesOfLists: readonly (Use & { readonly list: string; readonly name: string })[];
  /** Rules per group times groups per interface: what raising either quota may still use. */
  readonly product: Use;
  /** Limits that could not be read, so that AWS's defaults stand above. */
  readonly assumed: readonly QuotaName[];
}

export interface Use {
  readonly used: number;
  readonly limit: number;
}

export interface PolicyEffect {
  readonly segments: readonly { readonly name: string; readonly workloads: number }[];
  readonly unclassified: readonly string[];
  readonly steps: number;
  readonly difference: Difference;
  /** Pairs open after the plan, approvals taken as given, and their share of all. */
  readonly openAfter: number;
  readonly shareAfter: number;
  readonly warnings: readonly string[];
  /** Use and headroom of AWS's limits under the plan, and when growth hits one. */
  readonly limits: LimitsReport;
}

export interface AssessInput {
  readonly inventory: Inventory;
  /** Tag keys whose values make the rows; default: those that most workloads carry. */
  readonly groupBy?: readonly string[];
}

const FULLEST_SHOWN = 10;

/** Total. `policy` is added by whoever has one (cli/commands/assess.ts). */
export function assess({ inventory, groupBy }: AssessInput): Assessment {
  const reach = new ClassReach(inventory);
  const workloads = onTheNetwork(inventory);
  const keys = groupBy ?? usualKeys(workloads);
  return {
    takenAt: inventory.takenAt,
    account: inventory.account,
    region: inventory.region,
    gaps: inventory.gaps.map((gap) => `${gap.kind}: ${gap.reason}`),
    notCounted: notCounted(inventory),
    workloads: workloads.length,
    interfaces: inventory.interfaces.length,
    flatness: flatnessOf(reach, workloads, keys),
    blastRadius: blastRadiusOf(reach, workloads),
    openToWorld: openToWorld(inventory, workloads),
    quotas: quotasOf(inventory),
  };
}

/** Workloads with an interface; the others reach nobody. */
export function onTheNetwork({ workloads }: Inventory): readonly Workload[] {
  return workloads.filter((one) => one.interfaces.length > 0);
}

/** How many ordered pairs of workloads may exchange anything. */
export function openPairs(inventory: Inventory): { readonly pairs: number; readonly open: number } {
  const reach = new ClassReach(inventory);
  const workloads = onTheNetwork(inventory);
  const open = workloads.reduce((sum, one) => sum + reach.reachedFrom(one).length, 0);
  return { pairs: orderedPairs(workloads.length), open };
}

function orderedPairs(count: number): number {
  return count ** 2 - count;
}

const CANDIDATES = ['app', 'application', 'service', 'team', 'tier', 'role', 'env', 'environment'];
const KEYS_MAX = 2;

/** Of the keys that people group by, those that at least half of the workloads carry. */
function usualKeys(workloads: readonly Workload[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { identity } of workloads) {
    for (const key of Object.keys(identity.tags)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rank = (key: string): number => {
    const at = CANDIDATES.indexOf(key.toLowerCase());
    return at < 0 ? CANDIDATES.length : at;
  };
  return [...counts]
    .filter(([key, count]) => count * 2 >= workloads.length && rank(key) < CANDIDATES.length)
    .map(([key]) => key)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .slice(0, KEYS_MAX);
}

function groupOf({ identity }: Workload, keys: readonly string[]): string {
  const values = keys.map((key) => ownValue(identity.tags, key));
  if (values.some((value) => value !== undefined)) {
    return values.map((value) => value ?? '-').join('/');
  }
  const scaling = identity.autoScalingGroup ?? identity.service;
  return scaling ?? (keys.length > 0 ? '(untagged)' : (identity.vpc ?? '(no VPC)'));
}

function flatnessOf(
  reach: ClassReach,
  workloads: readonly Workload[],
  keys: readonly string[],
): Flatness {
  const nameById = new Map(workloads.map((one) => [one.identity.workload, groupOf(one, keys)]));
  const sizes = new Map<string, number>();
  for (const name of nameById.values()) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const paths = new Map<string, { from: string; to: string; open: number; traffic: Set<string> }>();
  for (const source of workloads) {
    const from = groupOf(source, keys);
    for (const { workload, traffic } of reach.reachedFrom(source)) {
      const to = nameById.get(workload) ?? workload;
      const key = JSON.stringify([from, to]);
      const path = paths.get(key) ?? { from, to, open: 0, traffic: new Set() };
      path.open += 1;
      path.traffic.add(trafficTexts(traffic.toSet()).join(' '));
      paths.set(key, path);
    }
  }
  const pairs = orderedPairs(workloads.length);
  const open = [...paths.values()].reduce((sum, path) => sum + path.open, 0);
  return {
    pairs,
    open,
    share: pairs === 0 ? 0 : open / pairs,
    groupedBy: keys,
    groups: [...sizes].map(([name, count]) => ({ name, workloads: count })).sort(byName),
    paths: [...paths]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { from, to, open: opened, traffic }]) => {
        const others = (sizes.get(to) ?? 0) - (from === to ? 1 : 0);
        const count = (sizes.get(from) ?? 0) * others;
        return { from, to, pairs: count, open: opened, traffic: [...traffic].sort() };
      }),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function blastRadiusOf(reach: ClassReach, workloads: readonly Workload[]): BlastRadius {
  const reachedBy = new Map<string, number>();
  const counts = workloads.map((workload) => {
    const reached = reach.reachedFrom(workload);
    for (const { workload: id } of reached) reachedBy.set(id, (reachedBy.get(id) ?? 0) + 1);
    return { workload, reaches: reached.length };
  });
  const others = Math.max(workloads.length - 1, 1);
  const radii = counts.map(({ workload: { identity }, reaches }) => ({
    workload: identity.workload,
    ...(identity.name === undefined ? {} : { name: identity.name }),
    reaches,
    share: reaches / others,
    reachedBy: reachedBy.get(identity.workload) ?? 0,
  }));
  const sorted = radii.sort((a, b) => b.reaches - a.reaches || (a.workload < b.workload ? -1 : 1));
  return {
    median: sorted[Math.floor(sorted.length / 2)]?.reaches ?? 0,
    max: sorted[0]?.reaches ?? 0,
    workloads: sorted,
  };
}

function openToWorld(inventory: Inventory, workloads: readonly Workload[]): readonly WorldPath[] {
  const world = new WorldReach(inventory);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  return workloads.flatMap(({ identity, interfaces }) => {
    const name = identity.name === undefined ? {} : { name: identity.name };
    const owner = { workload: identity.workload, ...name };
    return interfaces
      .flatMap((id) => nics.get(id) ?? [])
      .flatMap((nic) =>
        world.into(nic).map(({ address, traffic }) => ({
          ...{ ...owner, interface: nic.id, address, traffic: trafficTexts(traffic) },
        })),
      );
  });
}

function quotasOf(inventory: Inventory): Quotas {
  const { quotas, groups, interfaces } = inventory;
  const lists = listWeights({ inventory });
  const rules = groups.flatMap((group) =>
    (['ingress', 'egress'] as const).flatMap((direction) =>
      (['ipv4', 'ipv6'] as const).map((family) => ({
        group: group.id,
        name: group.name,
        direction,
        family,
        used: loadOf(group[direction], lists)[family],
        limit: quotas.rulesPerGroup,
      })),
    ),
  );
  const attached = interfaces.map((nic) => ({
    interface: nic.id,
    used: nic.groups.length,
    limit: quotas.groupsPerInterface,
  }));
  const entries = inventory.prefixLists
    .filter(({ owner }) => owner !== 'AWS')
    .map(({ id, name, cidrs, maxEntries }) => ({
      ...{ list: id, name, used: cidrs.length, limit: maxEntries },
    }));
  return {
    groupsInRegion: { used: groups.length, limit: quotas.groupsPerRegion },
    rulesOfGroups: fullest(rules.filter((one) => one.used > 0)),
    groupsOfInterfaces: fullest(attached),
    entriesOfLists: fullest(entries),
    product: { used: quotas.rulesPerGroup * quotas.groupsPerInterface, limit: PRODUCT_MAX },
    assumed: quotas.assumed ?? [],
  };
}

function fullest<T extends Use>(uses: readonly T[]): readonly T[] {
  return [...uses].sort((a, b) => b.used / b.limit - a.used / a.limit).slice(0, FULLEST_SHOWN);
}
