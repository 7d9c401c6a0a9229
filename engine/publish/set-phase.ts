import { managedVpcs, openEgressIds } from '../../core/compile/owned-groups.ts';
import type { WritePhase } from '../../core/model/plan.ts';
import type { Bundle, Head, InterfaceRecord, LateComer } from '../../core/model/record.ts';
import { ConditionFailed, type Ports } from '../ports.ts';
import { readAll } from '../read-all.ts';
import { interfaceSteps, readListed } from './barrier.ts';
import { blockedSegments, type FailedLate } from './blocked-segments.ts';
import { heldSinceOf, readRecords } from './holds.ts';
import { findBare, findLateComers, findMoving } from './late-comers.ts';
import { mendRules } from './mend-rules.ts';
import {
  assertCurrent,
  assertInForce,
  listedInterfaces,
  loadPlan,
  movePlan,
  type PlanContext,
  readOwned,
} from './plan-context.ts';
import { recordInventory } from './record-inventory.ts';
import { StalePlan, throwIfFailed } from './refusals.ts';
import { wakeWorkloads } from './wake.ts';

/** Fences raised at once; each is one write of one item. */
const FENCES_AT_ONCE = 25;

/**
 * Puts the plan's generation in force at this phase, raises the fence of every interface that the
 * plan lists and wakes their workloads. May run again at any time: the head never goes back, a fence
 * that rises twice costs one reading.
 *
 * Throws StalePlan when another generation is in force.
 */
export async function setPhase(ports: Ports, id: string, phase: WritePhase): Promise<void> {
  const context = await loadPlan(ports, id);
  const { plan, record } = context;
  if (phase === 'attach') {
    const head = await assertCurrent(ports, plan);
    const isFirst = head?.generation !== plan.generation;
    if (isFirst) await putInForce(ports, context, head);
    await movePlan(ports, record, { state: 'applying', phase: 'attach' });
    await keepCurrentPolicy(ports, context);
    // A resumed plan that had come further has recorded and woken everybody already.
    if (!isFirst && head.phase === 'steady') return;
    await recordInventory(ports, context);
    const late = await findLateComers(ports, context);
    if (late.length > 0)
      await movePlan(ports, record, { state: 'applying', phase: 'attach', late });
    await wakeInterfaces(ports, { ...context, record: { ...record, late } }, phase);
  } else {
    await goSteady(ports, context);
    await movePlan(ports, record, { state: 'applying', phase: 'detach' });
    await wakeInterfaces(ports, context, phase);
  }
  ports.signal.event('phase-set', { plan: id, phase });
}

/** Groups and bundle exist before the head names them. */
async function putInForce(
  ports: Ports,
  context: PlanContext,
  before: Head | undefined,
): Promise<void> {
  const { plan, record } = context;
  await ports.archive.putBundle(await makeBundle(ports, context));
  await writeHead(ports, context, {
    ...headOf(ports, context),
    phase: 'attach',
    heldSince: heldSinceOf(record, before),
    blockedSegments: blockedSegments(context, new Set()),
  });
  ports.signal.event('generation-in-force', { plan: plan.id, generation: plan.generation });
}

function headOf(
  ports: Ports,
  { plan }: PlanContext,
): Omit<Head, 'phase' | 'heldSince' | 'blockedSegments'> {
  return {
    generation: plan.generation,
    kind: plan.kind,
    policyVersion: plan.policyVersion,
    plan: plan.id,
    since: new Date(ports.clock.now()).toISOString(),
  };
}

async function writeHead(ports: Ports, { plan }: PlanContext, head: Head): Promise<void> {
  try {
    await ports.store.writeHead(head, plan.base);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    throw new StalePlan(`${plan.id} came too late: another generation is in force`);
  }
}

/** Ids of the wanted groups; the other owned ones are named too, so that none is taken for foreign. */
async function makeBundle(ports: Ports, context: PlanContext): Promise<Bundle> {
  const { plan, policy, inventory, desired } = context;
  const owned = await readOwned(ports, inventory);
  const wanted = plan.kind === 'uninstall' ? [] : desired.groups;
  const groupIds: Record<string, string> = {};
  for (const { key } of wanted) {
    const id = owned.byKey.get(key)?.id;
    if (id === undefined)
      throw new Error(`group ${key} does not exist, though phase create is over`);
    groupIds[key] = id;
  }
  return {
    generation: plan.generation,
    policy,
    groupIds,
    ownedIds: owned.ids,
    openEgressIds: openEgressIds(owned.byKey),
    vpcs: plan.kind === 'uninstall' ? [] : managedVpcs(policy, inventory),
    groupsPerInterface: inventory.quotas.groupsPerInterface,
  };
}

/**
 * The policy that GET /v1/policies shows follows the head. An uninstall leaves it: it is the version
 * that the next publish names.
 */
async function keepCurrentPolicy(ports: Ports, { plan, record }: PlanContext): Promise<void> {
  if (plan.kind === 'uninstall') return;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const current = await ports.store.readCurrentPolicy();
    if ((current?.generation ?? 0) >= plan.generation) return;
    try {
      await ports.store.writeCurrentPolicy(
        {
          version: plan.policyVersion,
          author: record.author,
          publishedAt: new Date(ports.clock.now()).toISOString(),
          generation: plan.generation,
        },
        current?.version,
      );
      return;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

/**
 * From here on the write path may take groups off. Interfaces that could not be attached block their
 * rule peers in the same write that allows it to all others.
 */
async function goSteady(ports: Ports, context: PlanContext): Promise<void> {
  const head = await assertInForce(ports, context.plan);
  const mended = await mendRules(ports, context);
  if (head.phase === 'steady') return;
  throwIfFailed(context.plan.id, mended);
  const { failed } = await readListed(ports, context, { phase: 'attach', giveUp: true });
  const lacking = await blockedInAttach(ports, context);
  const workloads = await readRecords(ports);
  const moving = await findMoving(ports, context, workloads);
  const late = [
    ...(await readLate(ports, [...failed, ...lacking, ...moving])),
    ...findBare(context, workloads),
  ];
  const ids = new Set(failed.map((one) => one.interface));
  const blocked = blockedSegments(context, ids, late);
  for (const [segment, { reason, message }] of Object.entries(blocked)) {
    ports.signal.event('segment-blocked', { segment, reason, message });
  }
  await writeHead(ports, context, { ...head, phase: 'steady', blockedSegments: blocked });
}

/** In which segments they are by now their records say, and not the plan. */
async function readLate(
  ports: Ports,
  interfaces: readonly LateComer[],
): Promise<readonly FailedLate[]> {
  const found: FailedLate[] = [];
  for (const { interface: nic, workload } of interfaces) {
    const record = await ports.store.readWorkload(workload);
    const segments = record?.membership.segments ?? [];
    if (segments.length > 0) found.push({ interface: nic, workload, segments });
  }
  return found;
}

async function wakeInterfaces(
  ports: Ports,
  context: PlanContext,
  phase: WritePhase,
): Promise<void> {
  const listed = new Map<string, string>();
  for (const step of interfaceSteps(context, phase)) listed.set(step.interface, step.workload);
  if (phase === 'steady') {
    // An event may have brought others into this generation while nothing could be taken off.
    for (const record of await inAttach(ports, context)) {
      listed.set(record.interface, record.workload);
    }
  }
  const entries = [...listed];
  for (let at = 0; at < entries.length; at += FENCES_AT_ONCE) {
    const some = entries.slice(at, at + FENCES_AT_ONCE);
    await Promise.all(some.map(([nic, workload]) => ports.store.raiseFence(nic, workload)));
  }
  // Once more after a crash in here: hence the time, and not the plan alone.
  const round = `${context.plan.id}-${phase}-${ports.clock.now()}`;
  await wakeWorkloads(ports, new Set(listed.values()), round);
}

/**
 * Brought into this generation by an event, and short of a group that no publish has made yet: those
 * that the plan does not list, and those whose workload is not in the segments any more that it was
 * listed for.
 */
async function blockedInAttach(ports: Ports, context: PlanContext): Promise<readonly LateComer[]> {
  const { plan, desired } = context;
  const listed = listedInterfaces(plan);
  const planned = new Map(desired.memberships.map((one) => [one.workload, one.segments.join(' ')]));
  const found: LateComer[] = [];
  for (const one of await inAttach(ports, context)) {
    if (one.outcome !== 'blocked') continue;
    const record = listed.has(one.interface)
      ? await ports.store.readWorkload(one.workload)
      : undefined;
    const isAsPlanned = record?.membership.segments.join(' ') === planned.get(one.workload);
    if (record === undefined || !isAsPlanned) found.push(one);
  }
  return found;
}

async function inAttach(ports: Ports, { plan }: PlanContext): Promise<readonly InterfaceRecord[]> {
  const records = await readAll((cursor) => ports.store.listInterfaces(cursor));
  return records.filter((one) => one.generation === plan.generation && one.phase === 'attach');
}
