import { decideMembership } from '../../core/compile/decide-membership.ts';
import { groupsByKey, openEgressKey } from '../../core/compile/owned-groups.ts';
import type { Blocked, DesiredAttachment, GroupKey } from '../../core/model/desired-state.ts';
import type { InterfaceStep } from '../../core/model/plan.ts';
import type { InterfaceRecord, LateComer, WorkloadRecord } from '../../core/model/record.ts';
import { type InForce, readInForce } from '../in-force.ts';
import type { Ports } from '../ports.ts';
import type { FailedLate } from './blocked-segments.ts';
import type { PlanContext } from './plan-context.ts';

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
  const listed = new Set(plan.steps.flatMap((step) => ('interface' in step ? step.interface : [])));
  const found: LateComer[] = [];
  let cursor: string | undefined;
  do {
    const page = await ports.store.listInterfaces(cursor);
    for (const { interface: nic, workload } of page.items) {
      if (!listed.has(nic)) found.push({ interface: nic, workload });
    }
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < LATE_MAX);
  return found.slice(0, LATE_MAX);
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
function leftAlone({ owner }: Ports, { plan, desired, inventory }: PlanContext) {
  const listed = new Set(plan.steps.flatMap((step) => ('interface' in step ? step.interface : [])));
  const groups = groupsByKey(inventory, owner);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  const left = desired.attachments.filter((attachment) => {
    const { interface: id, blocked } = attachment;
    if (cannotAttach(blocked) || listed.has(id)) return false;
    const has = new Set(nics.get(id)?.groups);
    return !attachedKeys(attachment).every((key) => has.has(groups.get(key)?.id ?? key));
  });
  return new Set(left.map((one) => one.workload));
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
  { plan, desired, inventory }: PlanContext,
): Promise<ReadonlyMap<string, string>> {
  const served = new Map<string, string>();
  for (const step of plan.steps) {
    if (!('interface' in step)) continue;
    // For want of slots the plan swaps its groups when it detaches: nobody can wait for that.
    const swaps = step.kind === 'detach' && step.to.some((id) => !step.from.includes(id));
    if (step.kind === 'attach' || swaps) served.set(step.interface, step.workload);
  }
  const groups = groupsByKey(inventory, ports.owner);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  const records = await ports.store.readInterfaces(
    desired.attachments.map((one) => one.interface).filter((id) => !served.has(id)),
  );
  const byId = new Map(records.map((record) => [record.interface, record]));
  for (const attachment of desired.attachments) {
    const { interface: id, workload, blocked } = attachment;
    const wanted = attachedKeys(attachment).map((key) => groups.get(key)?.id ?? key);
    const has = new Set(nics.get(id)?.groups);
    const isThere = wanted.every((group) => has.has(group));
    if (cannotAttach(blocked) || (isThere && isStillThere(byId.get(id), wanted))) {
      served.set(id, workload);
    }
  }
  return served;
}

/** Any other reason only keeps foreign groups on. */
function cannotAttach(blocked: Blocked | undefined): boolean {
  return blocked?.reason === 'slots';
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
