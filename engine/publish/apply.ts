import { groupsByKey } from '../../core/compile/owned-groups.ts';
import type { GroupRule } from '../../core/model/inventory.ts';
import type { Phase, RevokeStep, StepReport } from '../../core/model/plan.ts';
import type { Head } from '../../core/model/record.ts';
import { stepsAgain } from '../../core/plan/steps-again.ts';
import { readInForce } from '../in-force.ts';
import type { Ports } from '../ports.ts';
import { readAll } from '../read-all.ts';
import { GroupHand, type GroupStep } from './apply-groups.ts';
import { readListed } from './barrier.ts';
import { readRecords } from './holds.ts';
import { isOfBlocked, type LivedOn, livedOnWhileBlocked } from './lived-on.ts';
import {
  assertCurrent,
  assertInForce,
  keepOutcomes,
  loadPlan,
  movePlan,
  type OwnedGroups,
  type PlanContext,
  readOwned,
} from './plan-context.ts';
import { openAsFailed, throwIfFailed } from './refusals.ts';
import { assertNobodyWrites, assertNotOvertaken } from './turns.ts';

/** How many groups' steps pass before it is asked again whether the plan is still the right one. */
const STEPS_BETWEEN_CHECKS = 20;

/** How often a group is tried that something still refers to, before it is left for the next plan. */
const DELETE_ROUNDS_MAX = 6;

/**
 * Phase create: groups, their rules, and away with AWS's default egress. Adds only, so a run that
 * dies here, or a plan that becomes stale here, has cut nothing; of a group that nobody carried when
 * the plan was made, rules go only if that is still so. Throws StepsFailed when a step
 * failed or is still open: nothing may be attached to groups that lack rules.
 */
export async function applyCreate(ports: Ports, id: string): Promise<readonly StepReport[]> {
  const context = await loadPlan(ports, id);
  const head = await assertCurrent(ports, context.plan);
  // A resumed plan that is in force already is past this phase.
  if (head?.generation === context.plan.generation) return [];
  await movePlan(ports, context.record, { state: 'applying', phase: 'create' });
  await assertNobodyWrites(ports, ({ generation }) => generation < context.plan.generation);
  const steps = await createSteps(ports, context);
  const joined = await joinedSince(ports, context, steps);
  const reports = await carryOut(ports, context, {
    steps,
    current: async () => void (await assertCurrent(ports, context.plan)),
    protects: (step) => (joined.has(step.group) ? () => true : undefined),
  });
  throwIfFailed(id, reports.map(openAsFailed));
  return reports;
}

/**
 * Phase revoke: rules that nobody wants any more. The rules that an interface which could not be
 * attached, or its rule peers, may live on stay; so do those of a group that the plan has no use for
 * and that somebody carries all the same, such as a workload that was held after the plan was made.
 * Nobody lives on the rules of an unwanted group that no interface carries, nor on those about it:
 * they would only keep groups from being deleted, for as long as somebody carries the other one.
 */
export async function applyRevoke(ports: Ports, id: string): Promise<readonly StepReport[]> {
  const context = await loadPlan(ports, id);
  await assertInForce(ports, context.plan);
  await movePlan(ports, context.record, { state: 'applying', phase: 'revoke' });
  const head = await assertNotOvertaken(ports, context.plan);
  const reading = await readListed(ports, context, { phase: 'steady', giveUp: true });
  const hand = new GroupHand(ports, context);
  const owned = await hand.owned();
  const unwanted = unwantedGroups(context, owned);
  const carried = new Set([
    ...reading.listed
      .filter((one) => reading.failed.includes(one.step))
      .flatMap((one) => one.record?.groups ?? one.step.from),
    ...(await stillCarried(ports, unwanted)),
  ]);
  const isNobodys = (id: string | undefined): boolean =>
    id !== undefined && unwanted.has(id) && !carried.has(id);
  const steps = groupSteps(context, 'revoke');
  const whileBlocked = await readLivedOn(ports, { head, steps });
  const isLivedOn = (step: RevokeStep, rule: GroupRule): boolean => {
    const { peer } = rule;
    const group = owned.byKey.get(step.group)?.id;
    const peerGroup = peer.kind === 'group' ? peer.id : undefined;
    if (isNobodys(group) || isNobodys(peerGroup)) return false;
    if (carried.has(group ?? '') || carried.has(peerGroup ?? '')) return true;
    return whileBlocked(step, rule);
  };
  const reports = await carryOut(ports, context, {
    steps,
    current: async () => void (await assertNotOvertaken(ports, context.plan)),
    protects: (step) => (step.kind === 'revoke' ? (rule) => isLivedOn(step, rule) : undefined),
  });
  throwIfFailed(id, reports);
  return reports;
}

/** The plan's, and before them those for what it found and is gone since. */
async function createSteps(ports: Ports, context: PlanContext): Promise<readonly GroupStep[]> {
  const { plan, inventory, desired } = context;
  const planned = groupSteps(context, 'create');
  if (plan.kind === 'uninstall') return planned;
  const again = stepsAgain({
    ...{ inventory, desired: desired.groups, before: groupsByKey(inventory, ports.owner) },
    now: (await readOwned(ports, inventory)).byKey,
  });
  for (const { id, group } of again)
    ports.signal.event('made-again', { plan: plan.id, step: id, group });
  return [...again, ...planned].sort((a, b) => makesGroup(b) - makesGroup(a));
}

/** 1 or 0. Rules name groups that have to exist. */
function makesGroup({ kind }: GroupStep): number {
  return Number(kind === 'create-group');
}

/** Groups that lose rules in this phase since nobody carried them, and that somebody carries by now. */
async function joinedSince(
  ports: Ports,
  context: PlanContext,
  steps: readonly GroupStep[],
): Promise<ReadonlySet<string>> {
  const { inventory } = context;
  const before = new Set(inventory.interfaces.flatMap((nic) => nic.groups));
  const groups = groupsByKey(inventory, ports.owner);
  const keys = new Map<string, string>();
  for (const step of steps) {
    const id = groups.get(step.group)?.id;
    if (step.kind === 'revoke' && id !== undefined && !before.has(id)) keys.set(id, step.group);
  }
  if (keys.size === 0) return new Set();
  const carried = await stillCarried(ports, new Set(keys.keys()));
  return new Set(carried.flatMap((id) => keys.get(id) ?? []));
}

/** Reads the estate only if it is to be known who lives on the rules of a blocked segment. */
async function readLivedOn(
  ports: Ports,
  { head, steps }: { readonly head: Head; readonly steps: readonly GroupStep[] },
): Promise<LivedOn> {
  const isAsked = steps.some((step) => step.kind === 'revoke' && isOfBlocked({ head }, step));
  const inForce = isAsked ? await readInForce(ports) : undefined;
  if (inForce === undefined) return () => false;
  const [inventory, records] = await Promise.all([
    ports.reader.collectInventory(),
    readRecords(ports),
  ]);
  return livedOnWhileBlocked({ ...inForce, head }, ports.owner, { inventory, records });
}

/** Ids of owned groups that the plan does not want. */
function unwantedGroups({ plan, desired }: PlanContext, owned: OwnedGroups): ReadonlySet<string> {
  const wanted = new Set(plan.kind === 'uninstall' ? [] : desired.groups.map(({ key }) => key));
  return new Set(owned.ids.filter((id) => !wanted.has(owned.keysById.get(id) ?? '')));
}

/**
 * Those of them that an interface carries now. The records say where to look, EC2 has the last word:
 * the record of an interface that is gone holds nothing back.
 */
async function stillCarried(
  ports: Ports,
  unwanted: ReadonlySet<string>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const record of await readAll((cursor) => ports.store.listInterfaces(cursor))) {
    if (!record.groups.some((id) => unwanted.has(id))) continue;
    const nic = await ports.reader.readInterface(record.interface);
    for (const id of nic?.groups ?? []) if (unwanted.has(id)) found.add(id);
  }
  return [...found];
}

/**
 * Phase delete: groups that nobody carries. What something still refers to is tried again for a
 * while and then left as `waiting`; the sweep's plan takes it up.
 */
export async function applyDelete(ports: Ports, id: string): Promise<readonly StepReport[]> {
  const context = await loadPlan(ports, id);
  await assertInForce(ports, context.plan);
  await movePlan(ports, context.record, { state: 'applying', phase: 'delete' });
  const current = async () => void (await assertNotOvertaken(ports, context.plan));
  let steps = groupSteps(context, 'delete');
  const done = new Map<string, StepReport>();
  for (let round = 0; round < DELETE_ROUNDS_MAX && steps.length > 0; round += 1) {
    if (round > 0) await ports.clock.sleep(Math.min(250 * 2 ** round, 5_000));
    const reports = await carryOut(ports, context, { steps, current });
    for (const report of reports) done.set(report.step, report);
    const open = new Set(
      reports.filter((one) => one.outcome.kind === 'waiting').map((one) => one.step),
    );
    steps = steps.filter((step) => open.has(step.id));
  }
  throwIfFailed(id, [...done.values()]);
  return [...done.values()];
}

/** The plan is done: everything that was to be done is, or is named in the report. */
export async function finishPublish(ports: Ports, id: string): Promise<void> {
  const { plan, record } = await loadPlan(ports, id);
  const report = await ports.archive.getReport(id);
  if (report === undefined) {
    await ports.archive.putReport({ plan: id, generation: plan.generation, steps: [] });
  }
  const outcomes: Record<string, number> = {};
  for (const { outcome } of report?.steps ?? []) {
    outcomes[outcome.kind] = (outcomes[outcome.kind] ?? 0) + 1;
  }
  await movePlan(ports, record, { state: 'done', phase: 'delete' });
  ports.signal.event('plan-done', { plan: id, generation: plan.generation, outcomes });
}

function groupSteps({ plan }: PlanContext, phase: Phase): readonly GroupStep[] {
  return plan.steps.flatMap((step) => ('interface' in step || step.phase !== phase ? [] : [step]));
}

interface Work {
  readonly steps: readonly GroupStep[];
  /** Throws StalePlan. */
  readonly current: () => Promise<void>;
  readonly protects?: (step: GroupStep) => ((rule: GroupRule) => boolean) | undefined;
}

/** In the plan's order; a step whose forerunner failed is skipped, the others go on. */
async function carryOut(
  ports: Ports,
  context: PlanContext,
  work: Work,
): Promise<readonly StepReport[]> {
  const hand = new GroupHand(ports, context);
  const reports: StepReport[] = [];
  const unfinished = new Set<string>();
  for (const [at, step] of work.steps.entries()) {
    if (at % STEPS_BETWEEN_CHECKS === 0) await work.current();
    const before = step.after.find((id) => unfinished.has(id));
    const report: StepReport =
      before === undefined
        ? await hand.carryOut(step, work.protects?.(step))
        : { step: step.id, phase: step.phase, outcome: skippedAfter(before) };
    if (['failed', 'skipped', 'waiting'].includes(report.outcome.kind)) unfinished.add(step.id);
    reports.push(report);
  }
  await keepOutcomes(ports, context.plan, reports);
  return reports;
}

function skippedAfter(id: string): StepReport['outcome'] {
  return { kind: 'skipped', reason: `${id} has to be done first` };
}
