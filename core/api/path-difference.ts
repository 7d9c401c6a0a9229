import { decideMembership } from '../compile/decide-membership.ts';
import { indexPolicy } from '../compile/index-policy.ts';
import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { Plan } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { TrafficRegion } from '../reach/traffic-region.ts';
import type { Difference, PathChange } from './plan-answer.ts';
import { plannedInventory } from './planned-inventory.ts';
import { trafficTexts } from './traffic-text.ts';

/** Stands for every workload that no segment of the policy matches. */
export const NO_SEGMENT = '(no segment)';

export interface DifferenceInput {
  /** The policy that the plan puts in force; its segments are what paths are named by. */
  readonly policy: Policy;
  /** The inventory that the plan was made from. */
  readonly inventory: Inventory;
  readonly plan: Plan;
  readonly owner: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/**
 * Which paths between segments the plan opens and closes, as AWS would have it: groups, NACLs and
 * routes now, and after the plan. A path is listed when it changes for some members, even if not for
 * all of them.
 *
 * Interfaces that AWS cannot tell apart by group and subnet, before and after, are one class, and
 * two members stand for it. A rule that names single addresses inside a subnet can tell them apart;
 * the comparison after the publish looks at every one.
 */
export function pathDifference(input: DifferenceInput): Difference {
  const after = plannedInventory(input.inventory, input.plan, input.owner);
  const classes = classify(input, after);
  const reaches = { before: awsReach(input.inventory), after: awsReach(after) };
  const opened = new Map<string, Change>();
  const closed = new Map<string, Change>();
  for (const source of classes) {
    for (const destination of classes) {
      const from = source.first;
      const to = source === destination ? source.second : destination.first;
      if (to === undefined) continue;
      const [had, has] = [regionOf(reaches.before, from, to), regionOf(reaches.after, from, to)];
      addAll(opened, source, destination, has.minus(had));
      addAll(closed, source, destination, had.minus(has));
    }
  }
  return { opened: toChanges(opened), closed: toChanges(closed) };
}

/** What changes between two segments, by all pairs of their classes. */
interface Change {
  readonly from: string;
  readonly to: string;
  readonly region: TrafficRegion;
}

interface InterfaceClass {
  readonly segments: readonly string[];
  readonly first: string;
  second: string | undefined;
}

function classify(input: DifferenceInput, after: Inventory): readonly InterfaceClass[] {
  const index = indexPolicy(input.policy, { now: input.now });
  const segmentsByWorkload = new Map(
    input.inventory.workloads.map(({ identity }) => {
      const { segments } = decideMembership(index, identity);
      return [identity.workload, segments.length === 0 ? [NO_SEGMENT] : segments] as const;
    }),
  );
  const groupsBefore = new Map(input.inventory.interfaces.map((nic) => [nic.id, nic.groups]));
  const classes = new Map<string, InterfaceClass>();
  for (const nic of after.interfaces) {
    const segments = segmentsByWorkload.get(nic.workload) ?? [NO_SEGMENT];
    const key = classKey(nic, segments, groupsBefore.get(nic.id));
    const found = classes.get(key);
    if (found === undefined) classes.set(key, { segments, first: nic.id, second: undefined });
    else found.second ??= nic.id;
  }
  return [...classes.values()];
}

function classKey(
  nic: NetworkInterface,
  segments: readonly string[],
  groupsBefore: readonly string[] | undefined,
): string {
  const families = [nic.ipv4.length > 0, nic.ipv6.length > 0];
  return JSON.stringify([segments, nic.subnet, nic.groups, groupsBefore, families]);
}

function regionOf(reach: AwsReach, from: string, to: string): TrafficRegion {
  const { ipv4 = [], ipv6 = [] } = reach.between(from, to);
  return TrafficRegion.ofSet(ipv4).or(TrafficRegion.ofSet(ipv6));
}

function addAll(
  changes: Map<string, Change>,
  source: InterfaceClass,
  destination: InterfaceClass,
  region: TrafficRegion,
): void {
  if (region.isEmpty) return;
  for (const from of source.segments) {
    for (const to of destination.segments) {
      const key = JSON.stringify([from, to]);
      const known = changes.get(key)?.region ?? TrafficRegion.nothing;
      changes.set(key, { from, to, region: known.or(region) });
    }
  }
}

function toChanges(changes: ReadonlyMap<string, Change>): readonly PathChange[] {
  return [...changes]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { from, to, region }]) => ({ from, to, ports: trafficTexts(region.toSet()) }));
}
