import { decideMembership } from '../../core/compile/decide-membership.ts';
import { parseGroupKey } from '../../core/compile/owned-groups.ts';
import type { GroupRule, Inventory } from '../../core/model/inventory.ts';
import { ownValue } from '../../core/model/own-value.ts';
import type { RevokeStep } from '../../core/model/plan.ts';
import type { WorkloadRecord } from '../../core/model/record.ts';
import { BareFlows } from '../../core/plan/bare-flows.ts';
import type { InForce } from '../in-force.ts';

/** Whether somebody may live on a rule that the plan does not want. */
export type LivedOn = (step: RevokeStep, rule: GroupRule) => boolean;

/** Whether a step takes rules from the group of a segment that may not enforce for now. */
export function isOfBlocked({ head }: Pick<InForce, 'head'>, { group }: RevokeStep): boolean {
  const segment = parseGroupKey(group)?.segment;
  return segment !== undefined && ownValue(head.blockedSegments, segment) !== undefined;
}

/**
 * The rules of a blocked segment that its members may live on who enforce already: a peer that is not
 * ready reaches them by nothing else. With gaps in the inventory all of them are.
 */
export function livedOnWhileBlocked(
  inForce: InForce,
  owner: string,
  read: { readonly inventory: Inventory; readonly records: readonly WorkloadRecord[] },
): LivedOn {
  let flows: BareFlows | undefined;
  return (step, rule) => {
    if (!isOfBlocked(inForce, step)) return false;
    if (read.inventory.gaps.length > 0) return true;
    flows ??= bareFlows(inForce, owner, read);
    return flows.mayRestOn(step.group, step.direction, rule);
  };
}

/** A workload is in the segments of its record and of the inventory: either may be the older one. */
function bareFlows(
  { index }: InForce,
  owner: string,
  { inventory, records }: Parameters<typeof livedOnWhileBlocked>[2],
): BareFlows {
  const names = new Map<string, Set<string>>();
  const add = (workload: string, segments: readonly string[]): void => {
    const known = names.get(workload) ?? new Set();
    for (const segment of segments) known.add(segment);
    names.set(workload, known);
  };
  for (const { identity } of inventory.workloads) {
    add(identity.workload, decideMembership(index, identity).segments);
  }
  for (const { identity, membership } of records) add(identity.workload, membership.segments);
  const segmentsOf = (workload: string) => [...(names.get(workload) ?? [])];
  return new BareFlows({ index, inventory, owner, segmentsOf });
}
