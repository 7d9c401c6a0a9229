import { decideMembership } from '../../core/compile/decide-membership.ts';
import { groupsByKey, openEgressKey } from '../../core/compile/owned-groups.ts';
import type { DesiredAttachment, GroupKey } from '../../core/model/desired-state.ts';
import type { InterfaceStep } from '../../core/model/plan.ts';
import type { InterfaceRecord, LateComer, WorkloadRecord } from '../../core/model/record.ts';
import { type InForce, readInForce } from '../in-force.ts';
import type { Ports } from '../ports.ts';
import { readAll } from '../read-all.ts';
import type { FailedLate } from './blocked-segments.ts';
import { listedInterfaces, type PlanContext } from './plan-context.ts';

/** What is kept in the plan's record, which is one item of 400 KB; the sweep finds the others. */
const LATE_MAX = 4_000;

/**
 * Interfaces that need groups by the policy that has just come into force, and of which its plan
 * knows nothing or something else: their workload started or changed after the inventory was read,
 * and an event has put it on record under the policy before; or the plan took it for held, and an
 * event that it had not heard of has ended the hold; or it had its groups then, and the generation
 * before, which was not done with it yet, has taken them off since. Without them the peers would lose
 * their foreign groups while these do not carry their own yet. In an uninstall the other way round.
 */
export async function findLateComers(
  ports: Ports,
  context: PlanContext,
): Promise<readonly LateComer[]> {
  const inForce = await readInForce(ports);
  if (inForce?.head.generation !== context.plan.generation) return [];
  if (context.plan.kind === 'uninstall') return await findTouched(ports, context);
  const planned = plannedCarries(context.desired);
  const served = await servedInterfaces(ports, context);
  const found: LateComer[] = [];
  let cursor: string | undefined;
  do {
    const page = await ports.store.listWorkloads({
      limit: 100,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const record of page.items) {
      const { workload } = record.identity;
      const carries = carriedBy(inForce, record);
      if (carries === '') continue;
      const isOther = carries !== planned.get(workload);
      for (const nic of record.interfaces) {
        if (isOther || served.get(nic) !== workload) found.push({ interface: nic, workload });
      }
    }
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < LATE_MAX);
  return found.slice(0, LATE_MAX);
}

/**
 * Every interface that was ever written and that an uninstall does not list: the generation before may
 * have taken foreign groups off since the inventory was read, or one with gaps lists nobody.
 */
async function findTouched(ports: Ports, { plan }: PlanContext): Promise<readonly LateComer[]> {
  const listed = listedInterfaces(plan);
  const records = await readAll((cursor) => ports.store.listInterfaces(cursor));
  return records
    .filter((one) => !listed.has(one.interface))
    .map(({ interface: nic, workload }) => ({ interface: nic, workload }))
    .slice(0, LATE_MAX);
}

/**
 * Interfaces of workloads that an event has put into other segments than the plan knew of, or whose hold
 * it has ended, and that nobody has brought there yet: its write waits, or its worker has died.
 */
export async function findMoving(
  ports: Ports,
  context: PlanContext,
  workloads: readonly WorkloadRecord[],
): Promise<readonly InterfaceRecord[]> {
  const { plan, desired } = context;
  const inForce = await readInForce(ports);
  if (inForce?.head.generation !== plan.generation) return [];
  const planned = plannedCarries(desired);
  const left = leftAlone(ports, context);
  const moved = workloads.filter((record) => {
    const { workload } = record.identity;
    const carries = carriedBy(inForce, record);
    return carries !== '' && (carries !== planned.get(workload) || left.has(workload));
  });
  const records = await ports.store.readInterfaces(moved.flatMap((one) => one.interfaces));
  return records
    .filter((one) => one.generation !== plan.generation || !isAtRest(one))
    .slice(0, LATE_MAX);
}

/** Workloads that lack groups and that the plan has no step for: it took them for held. */
function leftAlone(ports: Ports, context: PlanContext): ReadonlySet<string> {
  const listed = listedInterfaces(context.plan);
  const left = wantedByPlan(ports, context).filter(
    ({ nic, isThere, canAttach }) => canAttach && !isThere && !listed.has(nic),
  );
  return new Set(left.map((one) => one.workload));
}

interface Wanted {
  readonly nic: string;
  readonly workload: string;
  /** Ids of the groups that it is to carry before any comes off; a key where there is none yet. */
  readonly groups: readonly string[];
  /** It carried them all by what was read for the plan. */
  readonly isThere: boolean;
  /** Any other reason than a lack of slots only keeps foreign groups on. */
  readonly canAttach: boolean;
}

/** What the plan knew of each interface that it wants groups for. */
function wantedByPlan({ owner }: Ports, { desired, inventory }: PlanContext): readonly Wanted[] {
  const existing = groupsByKey(inventory, owner);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  return desired.attachments.map((attachment) => {
    const { interface: nic, workload, blocked } = attachment;
    const groups = attachedKeys(attachment).map((key) => existing.get(key)?.id ?? key);
    const has = new Set(nics.get(nic)?.groups);
    const isThere = groups.every((group) => has.has(group));
    return { nic, workload, groups, isThere, canAttach: blocked?.reason !== 'slots' };
  });
}

function plannedCarries({ memberships }: PlanContext['desired']): ReadonlyMap<string, string> {
  return new Map(memberships.map((one) => [one.workload, (one.carries ?? []).join(' ')]));
}

/**
 * Interfaces that carry no group of ours for some of their segments, which are named, and of which the
 * plan did not know so when it judged who may enforce: a task that has started since, one that an event
 * has put into another segment that is observed or that it cannot be written for, and a host whose write
 * EC2 has refused. They have nothing but their own groups to reach their peers there by.
 */
export function findBare(
  { desired, inventory, policy }: PlanContext,
  workloads: readonly WorkloadRecord[],
): readonly FailedLate[] {
  const planned = new Map(desired.memberships.map((m) => [m.workload, m.segments.join(' ')]));
  const controls = new Map(inventory.workloads.map((w) => [w.identity.workload, w.control]));
  const observed = new Set(
    policy.segments.filter(({ mode }) => mode === 'observe').map(({ name }) => name),
  );
  const found: FailedLate[] = [];
  for (const { identity, control, state, status, membership, interfaces } of workloads) {
    const { workload } = identity;
    if (state !== 'running' || status === 'unmanaged') continue;
    const segments = membership.segments.filter(
      (name) => control !== 'attach' || observed.has(name),
    );
    const wasWritable = control !== 'attach' && controls.get(workload) === 'attach';
    const isNews = wasWritable || planned.get(workload) !== membership.segments.join(' ');
    if (segments.length === 0 || !isNews) continue;
    found.push(...interfaces.map((nic) => ({ interface: nic, workload, segments })));
  }
  return found.slice(0, LATE_MAX);
}

/**
 * Interfaces that the plan attaches, that carry their groups by what was read for it and by the record
 * of their last run, or that it knew could not be given them; each with the workload that it was of.
 */
async function servedInterfaces(
  ports: Ports,
  context: PlanContext,
): Promise<ReadonlyMap<string, string>> {
  const served = new Map<string, string>();
  for (const step of context.plan.steps) {
    if (!('interface' in step)) continue;
    // For want of slots the plan swaps its groups when it detaches: nobody can wait for that.
    const swaps = step.kind === 'detach' && step.to.some((id) => !step.from.includes(id));
    if (step.kind === 'attach' || swaps) served.set(step.interface, step.workload);
  }
  const wanted = wantedByPlan(ports, context);
  const records = await ports.store.readInterfaces(
    wanted.map((one) => one.nic).filter((id) => !served.has(id)),
  );
  const byId = new Map(records.map((record) => [record.interface, record]));
  for (const { nic, workload, groups, isThere, canAttach } of wanted) {
    if (!canAttach || (isThere && isStillThere(byId.get(nic), groups))) served.set(nic, workload);
  }
  return served;
}

/** Open egress comes with enforcement, and so not to what is blocked. */
function attachedKeys({ owned, vpc, blocked }: DesiredAttachment): readonly GroupKey[] {
  return blocked === undefined ? owned : owned.filter((key) => key !== openEgressKey(vpc));
}

/** Nobody works on it, has died while working on it or is about to, and who did last has left them on. */
function isStillThere(record: InterfaceRecord | undefined, wanted: readonly string[]): boolean {
  if (record === undefined) return true;
  return isAtRest(record) && wanted.every((group) => record.groups.includes(group));
}

function isAtRest({ lease, fence, doneFence, outcome }: InterfaceRecord): boolean {
  return lease === undefined && fence === doneFence && outcome !== 'waiting';
}

/** Empty when it is not written. */
function carriedBy({ index, bundle }: InForce, record: WorkloadRecord): string {
  const { identity, control, state } = record;
  const isWritten = control === 'attach' && bundle.vpcs.includes(identity.vpc ?? '');
  if (!isWritten || record.held || state === 'shutting-down') return '';
  return (decideMembership(index, identity).carries ?? []).join(' ');
}

const LATE = 'late:';

export function isLate(step: InterfaceStep): boolean {
  return step.id.startsWith(LATE);
}

/** As the steps of the plan that they missed: both phases wait for them. */
export function lateSteps(late: readonly LateComer[] = []): readonly InterfaceStep[] {
  return late.map(({ interface: nic, workload }) => ({
    ...{ id: `${LATE}${nic}`, kind: 'attach', phase: 'attach', after: [] },
    ...{ interface: nic, workload, from: [], to: [] },
  }));
}
