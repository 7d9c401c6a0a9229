import type {
  InterfaceStep,
  Outcome,
  Plan,
  StepReport,
  WritePhase,
} from '../../core/model/plan.ts';
import type { InterfaceRecord, WorkloadRecord } from '../../core/model/record.ts';
import type { Ports } from '../ports.ts';
import { readRecords } from './holds.ts';
import { findMoving, isLate, lateSteps } from './late-comers.ts';
import { mendRules } from './mend-rules.ts';
import { assertInForce, keepOutcomes, loadPlan, type PlanContext } from './plan-context.ts';
import { wakeWorkloads } from './wake.ts';

/** How the interfaces that a phase waits for stand. */
export interface BarrierReport {
  /** Every listed interface was read back, is gone, or is known not to come. */
  readonly passed: boolean;
  /** Interfaces still to come. */
  readonly pending: readonly string[];
  /** Those of them whose write has a place in the line for the budget: they will come. */
  readonly parked: readonly string[];
  /** Interfaces that could not be brought to what the plan says. */
  readonly failed: readonly string[];
}

export interface BarrierOptions {
  /** Count what is still to come as failed: waiting longer makes no sense. */
  readonly giveUp: boolean;
}

interface Listed {
  readonly step: InterfaceStep;
  readonly record: InterfaceRecord | undefined;
  readonly outcome: Outcome;
}

interface Reading {
  readonly listed: readonly Listed[];
  readonly pending: readonly InterfaceStep[];
  readonly parked: readonly InterfaceStep[];
  readonly failed: readonly InterfaceStep[];
}

/**
 * The steps that a phase waits for. In `steady` every listed interface has to be looked at again. In an
 * uninstall already in `attach`: a plan that was in force while this one was made may have taken foreign
 * groups off meanwhile, and they have to be back on everybody before ours come off anybody.
 */
export function interfaceSteps(
  { plan, record }: Pick<PlanContext, 'plan' | 'record'>,
  phase: WritePhase,
): readonly InterfaceStep[] {
  const planned = plan.steps.flatMap((step) => ('interface' in step ? [step] : []));
  const listed = new Set(
    planned.flatMap((step) => (step.kind === 'attach' ? [step.interface] : [])),
  );
  const late = lateSteps(record.late).filter((step) => !listed.has(step.interface));
  const steps = [...late, ...planned];
  if (phase === 'attach' && plan.kind !== 'uninstall') {
    return steps.filter((step) => step.kind === 'attach');
  }
  const byInterface = new Map(steps.map((step) => [step.interface, step]));
  for (const step of steps) if (step.kind === 'detach') byInterface.set(step.interface, step);
  return [...byInterface.values()];
}

/** A wake may be lost; whoever has not come after this long is woken again, and again. */
const WAKE_AGAIN_MS = 30_000;

/**
 * Looks whether the phase is over: each listed interface was read back at this generation and phase, and
 * before any group comes off, so is who an event has put elsewhere meanwhile. While groups come off, rules
 * that somebody takes away are put back each time.
 */
export async function checkBarrier(
  ports: Ports,
  id: string,
  phase: WritePhase,
  options: BarrierOptions,
): Promise<BarrierReport> {
  const context = await loadPlan(ports, id);
  await assertInForce(ports, context.plan);
  if (phase === 'steady') await mendRules(ports, context);
  const reading = await readListed(ports, context, { phase, ...options });
  await keepOutcomes(ports, context.plan, reading.listed.map(reportOf));
  const pending = reading.pending.map((step) => step.interface);
  // Asked last: it reads everybody's record.
  const isAsked = phase === 'attach' && pending.length === 0 && !options.giveUp;
  const moving = isAsked ? await findMoving(ports, context, await readRecords(ports)) : [];
  const since = ports.clock.now() - Date.parse(context.record.changedAt);
  const round = Math.floor(since / WAKE_AGAIN_MS);
  if (round > 0) {
    const silent = [
      ...reading.pending.filter((step) => !reading.parked.includes(step)),
      ...moving.filter((one) => !isParked(one, ports.clock.now())),
    ];
    const workloads = new Set(silent.map((one) => one.workload));
    await wakeWorkloads(ports, workloads, `${id}-${phase}-again-${round}`);
  }
  const failed = reading.failed.map((step) => step.interface);
  for (const nic of failed) ports.signal.event('interface-failed', { plan: id, phase, nic });
  const nowMs = ports.clock.now();
  const parked = [
    ...reading.parked.map((step) => step.interface),
    ...moving.filter((one) => isParked(one, nowMs)).map((one) => one.interface),
  ];
  pending.push(...moving.map((one) => one.interface));
  return { passed: pending.length === 0, pending, parked, failed };
}

function reportOf({ step, outcome }: Listed): StepReport {
  return { step: step.id, phase: step.phase, outcome };
}

export async function readListed(
  ports: Ports,
  context: PlanContext,
  options: BarrierOptions & { readonly phase: WritePhase },
): Promise<Reading> {
  const { plan } = context;
  const steps = interfaceSteps(context, options.phase);
  const records = await ports.store.readInterfaces(steps.map((step) => step.interface));
  const byId = new Map(records.map((record) => [record.interface, record]));
  const open = steps.filter((step) => !hasArrived(byId.get(step.interface), plan, options.phase));
  const { unwritable, gone } = await readUnwritable(ports, open);
  const listed = steps.map((step): Listed => {
    const record = gone.has(step.interface) ? undefined : byId.get(step.interface);
    const outcome = unwritable.has(step.workload)
      ? skipped(unwritable.get(step.workload))
      : outcomeOf(record, plan, options);
    return { step, record, outcome };
  });
  const pending = listed.filter((one) => one.outcome.kind === 'waiting');
  const nowMs = ports.clock.now();
  return {
    listed,
    pending: pending.map((one) => one.step),
    parked: pending.filter((one) => isParked(one.record, nowMs)).map((one) => one.step),
    failed: listed.filter((one) => isFailed(one, options.phase, plan)).map((one) => one.step),
  };
}

function isParked(record: InterfaceRecord | undefined, nowMs: number): boolean {
  return Date.parse(record?.parkedUntil ?? '') > nowMs;
}

/**
 * Setting the phase has made a record for each, so one without is an interface that is gone. One that an
 * event has raised again since may lack what it has to carry by now.
 */
function hasArrived(record: InterfaceRecord | undefined, plan: Plan, phase: WritePhase): boolean {
  if (record === undefined) return true;
  if (record.generation !== plan.generation) return false;
  if (phase === 'attach') return record.fence === record.doneFence;
  return record.phase === 'steady';
}

interface Unwritable {
  /** By workload. */
  readonly unwritable: ReadonlyMap<string, WorkloadRecord>;
  /** Interfaces that EC2 does not know any more. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Workloads among the open ones that the write path has no business with any more. One without a
 * record was forgotten since the phase was set; its interface may live on with another workload.
 */
async function readUnwritable(ports: Ports, open: readonly InterfaceStep[]): Promise<Unwritable> {
  const unwritable = new Map<string, WorkloadRecord>();
  const gone = new Set<string>();
  for (const [workload, steps] of Map.groupBy(open, (step) => step.workload)) {
    const record = await ports.store.readWorkload(workload);
    if (record !== undefined && record.control !== 'attach') unwritable.set(workload, record);
    if (record !== undefined) continue;
    for (const { interface: nic } of steps) {
      if ((await ports.reader.readInterface(nic)) === undefined) gone.add(nic);
    }
  }
  return { unwritable, gone };
}

function skipped(record: WorkloadRecord | undefined): Outcome {
  const reason = record?.controlReason ?? 'its groups cannot be written';
  return { kind: 'failed', error: reason, code: 'Unmanageable' };
}

function outcomeOf(
  record: InterfaceRecord | undefined,
  plan: Plan,
  options: BarrierOptions & { readonly phase: WritePhase },
): Outcome {
  if (record === undefined) return { kind: 'skipped', reason: 'the interface is gone' };
  const reason = record.reason ?? record.outcome;
  if (!hasArrived(record, plan, options.phase)) {
    return options.giveUp
      ? { kind: 'failed', error: `not read back in time: ${reason}`, code: 'TimedOut' }
      : { kind: 'waiting', reason };
  }
  if (record.outcome === 'failed') return { kind: 'failed', error: reason, code: 'WriteRefused' };
  if (record.outcome === 'blocked') return { kind: 'blocked', reason };
  return { kind: record.outcome === 'updated' ? 'updated' : 'not-needed' };
}

/**
 * A blocked interface has failed to attach when a group that the step puts on it is not there. One
 * that is only kept from detaching has all of them.
 */
function isFailed({ step, record, outcome }: Listed, phase: WritePhase, plan: Plan): boolean {
  if (outcome.kind === 'failed') return true;
  if (outcome.kind !== 'blocked' || phase !== 'attach') return false;
  // Its group may not exist in its VPC: the plan did not know that anybody would need it there.
  if (isLate(step) || plan.kind === 'uninstall') return true;
  const goingOn = step.to.filter((id) => !step.from.includes(id));
  return goingOn.length > 0 && sameSet(record?.groups ?? [], step.from);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
