import { parseGroupKey } from '../compile/owned-groups.ts';
import type { DesiredState, GroupKey } from '../model/desired-state.ts';
import type { Inventory } from '../model/inventory.ts';
import type { GuardFinding } from '../model/plan.ts';

/** The name under which the whole estate is judged. */
export const ESTATE = '*';

export interface GuardInput {
  readonly desired: DesiredState;
  readonly inventory: Inventory;
  /** Key of each owned group by its id. */
  readonly keysById: ReadonlyMap<string, GroupKey>;
  readonly managed: ReadonlySet<string>;
  /** Workloads that lose a group, get foreign ones back, or lose a rule that nothing replaces. */
  readonly changed: ReadonlySet<string>;
  /** 0 to 1; exactly this share still passes. */
  readonly share: number;
}

/**
 * Judges how much a plan changes, for each segment and for the estate. Counts running workloads:
 * a member of a segment is who belongs to it by the policy or still carries its group. Attaching
 * alone counts for nothing, since groups only add up.
 */
export function judgeChange(input: GuardInput): readonly GuardFinding[] {
  const running = runningWorkloads(input);
  const { changed } = input;
  if (changed.size === 0) return running.size === 0 ? [] : [untouched(running.size, input.share)];
  const members = new Map<string, Set<string>>();
  const addMember = (segment: string, workload: string): void => {
    if (!running.has(workload)) return;
    members.set(segment, (members.get(segment) ?? new Set()).add(workload));
  };
  for (const workload of running) addMember(ESTATE, workload);
  for (const membership of input.desired.memberships) {
    for (const segment of membership.segments) addMember(segment, membership.workload);
  }
  for (const nic of input.inventory.interfaces) {
    for (const id of nic.groups) {
      const segment = parseGroupKey(input.keysById.get(id) ?? '')?.segment;
      if (segment !== undefined) addMember(segment, nic.workload);
    }
  }
  return [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([segment, all]) => {
      const count = [...all].filter((workload) => changed.has(workload)).length;
      const share = count / all.size;
      return {
        segment,
        changed: count,
        members: all.size,
        share,
        limit: input.share,
        exceeded: share > input.share,
      };
    })
    .filter((finding) => finding.changed > 0 || finding.segment === ESTATE);
}

/** What is told of the estate when nothing changes. */
function untouched(members: number, limit: number): GuardFinding {
  return { segment: ESTATE, changed: 0, members, share: 0, limit, exceeded: false };
}

/** Running workloads with an interface in a managed VPC, or with a group of ours anywhere. */
function runningWorkloads({ inventory, keysById, managed }: GuardInput): ReadonlySet<string> {
  const touched = new Set<string>();
  for (const { vpc, groups, workload } of inventory.interfaces) {
    if (managed.has(vpc) || groups.some((id) => keysById.has(id))) touched.add(workload);
  }
  const running = new Set<string>();
  for (const { state, identity } of inventory.workloads) {
    if (state === 'running' && touched.has(identity.workload)) running.add(identity.workload);
  }
  return running;
}
