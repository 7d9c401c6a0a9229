import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { groupsByKey, keyOf } from '../../core/compile/owned-groups.ts';
import type { DesiredState, GroupKey } from '../../core/model/desired-state.ts';
import type { Inventory, SecurityGroup } from '../../core/model/inventory.ts';
import type { Phase, Plan, StepReport } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { Head, PlanRecord, PlanState } from '../../core/model/record.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { ConditionFailed, type PlanInput, type Ports } from '../ports.ts';
import { RefusedPlan, StalePlan } from './refusals.ts';

/** A numbered plan with all that it was made from: every step of publishing starts from this. */
export interface PlanContext {
  readonly record: PlanRecord;
  readonly plan: Plan;
  readonly inventory: Inventory;
  readonly policy: Policy;
  /** Compiled again from the archived inputs, which is what makes steps resumable. */
  readonly desired: DesiredState;
}

/** Throws RefusedPlan for a plan that nobody has prepared, or that has ended without effect. */
export async function loadPlan(ports: Ports, id: string): Promise<PlanContext> {
  const [record, plan, input] = await Promise.all([
    ports.store.readPlan(id),
    ports.archive.getPlan(id),
    ports.archive.getPlanInput(id),
  ]);
  if (record === undefined || plan === undefined || input === undefined) {
    throw new RefusedPlan(`${id} was never prepared`);
  }
  if (record.state === 'stale') throw new StalePlan(record.reason ?? `${id} is stale`);
  if (record.state === 'rejected' || record.state === 'failed') {
    throw new RefusedPlan(`${id} is ${record.state}: ${record.reason ?? 'no reason was kept'}`);
  }
  const policy = await loadPolicy(ports, plan.policyVersion, plan.createdAt);
  const { inventory } = input;
  return { record, plan, inventory, policy, desired: compileAgain(ports, plan, policy, input) };
}

/** Ids of the interfaces that the plan has a step for. */
export function listedInterfaces({ steps }: Plan): ReadonlySet<string> {
  return new Set(steps.flatMap((step) => ('interface' in step ? step.interface : [])));
}

/** The groups and attachments that the plan was made for. */
export function compileAgain(
  { owner }: Ports,
  plan: Plan,
  policy: Policy,
  input: PlanInput,
): DesiredState {
  return compilePolicy({ policy, ...input, now: plan.createdAt, owner }).desired;
}

/**
 * Policies by archive, version and day, since a version never changes and a day decides what has
 * expired: every step of a plan, and every look at a barrier, wants the same one.
 */
const loaded = new WeakMap<Ports['archive'], Map<string, Policy>>();

/** A plan's own, and the one before it. */
const POLICIES_KEPT = 2;

/** Throws RefusedPlan with the diagnostics, or when the archive has no such version. */
export async function loadPolicy(ports: Ports, version: string, now: string): Promise<Policy> {
  const known = loaded.get(ports.archive) ?? new Map<string, Policy>();
  loaded.set(ports.archive, known);
  const key = `${version} ${now.slice(0, 'YYYY-MM-DD'.length)}`;
  const policy = known.get(key) ?? (await readPolicy(ports, version, now));
  known.set(key, policy);
  const [oldest] = known.keys();
  if (known.size > POLICIES_KEPT && oldest !== undefined) known.delete(oldest);
  return policy;
}

async function readPolicy(ports: Ports, version: string, now: string): Promise<Policy> {
  const sources = await ports.archive.getPolicy(version);
  if (sources === undefined) throw new RefusedPlan(`the archive lacks policy ${version}`);
  const { policy, diagnostics } = parsePolicy(sources, { now });
  if (policy === undefined) throw new RefusedPlan(`policy ${version} has errors`, diagnostics);
  return policy;
}

/**
 * Throws StalePlan unless the plan's base or the plan itself is in force. EC2 knows no
 * compare-and-set, so each step that writes groups asks before it starts.
 */
export async function assertCurrent(ports: Ports, plan: Plan): Promise<Head | undefined> {
  const head = await ports.store.readHead();
  const inForce = head?.generation ?? 0;
  if (inForce === plan.base || inForce === plan.generation) return head;
  throw new StalePlan(
    `${plan.id} replaces generation ${plan.base}, but generation ${inForce} is in force by now`,
  );
}

/** Throws StalePlan unless the plan itself is in force. */
export async function assertInForce(ports: Ports, plan: Plan): Promise<Head> {
  const head = await ports.store.readHead();
  if (head?.generation === plan.generation) return head;
  throw new StalePlan(`${plan.id} is not in force; generation ${head?.generation ?? 0} is`);
}

/** Which states may come before each. A plan that has ended never moves again. */
const BEFORE: Readonly<Record<PlanState, readonly PlanState[]>> = {
  planned: [],
  'waiting-for-approval': ['planned', 'waiting-for-approval'],
  applying: ['planned', 'waiting-for-approval', 'applying'],
  done: ['planned', 'applying', 'done'],
  rejected: ['planned', 'waiting-for-approval', 'rejected'],
  stale: ['planned', 'waiting-for-approval', 'applying', 'stale'],
  failed: ['planned', 'waiting-for-approval', 'applying', 'failed'],
};

export interface PlanMove {
  readonly state: PlanState;
  readonly phase?: Phase;
  readonly decidedBy?: string;
  readonly reason?: string;
  readonly taskToken?: string;
  readonly execution?: string;
  readonly late?: NonNullable<PlanRecord['late']>;
}

/** Writes what is new about the plan. False when the plan has ended meanwhile. */
export async function movePlan(ports: Ports, record: PlanRecord, move: PlanMove): Promise<boolean> {
  const { taskToken: _used, ...rest } = record;
  const next = { ...rest, ...move, changedAt: new Date(ports.clock.now()).toISOString() };
  try {
    await ports.store.writePlan(next, BEFORE[move.state]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}

/** The owned groups as EC2 shows them now, in the ways that steps look them up. */
export interface OwnedGroups {
  readonly byKey: ReadonlyMap<GroupKey, SecurityGroup>;
  readonly keysById: ReadonlyMap<string, GroupKey>;
  readonly ids: readonly string[];
}

export async function readOwned(ports: Ports, inventory: Inventory): Promise<OwnedGroups> {
  const groups = await ports.reader.readOwnedGroups();
  const byKey = groupsByKey({ ...inventory, groups }, ports.owner);
  const keysById = new Map([...byKey].map(([key, group]) => [group.id, key]));
  for (const group of groups) if (!keysById.has(group.id)) keysById.set(group.id, keyOf(group));
  return { byKey, keysById, ids: groups.map((group) => group.id).sort() };
}

/** Adds to the report in the archive; the last word on a step counts. */
export async function keepOutcomes(
  ports: Ports,
  plan: Plan,
  outcomes: readonly StepReport[],
): Promise<void> {
  if (outcomes.length === 0) return;
  const before = await ports.archive.getReport(plan.id);
  const byStep = new Map((before?.steps ?? []).map((report) => [report.step, report]));
  for (const outcome of outcomes) byStep.set(outcome.step, outcome);
  const order = new Map(plan.steps.map((step, at) => [step.id, at]));
  const steps = [...byStep.values()].sort(
    (a, b) => (order.get(a.step) ?? order.size) - (order.get(b.step) ?? order.size),
  );
  await ports.archive.putReport({ plan: plan.id, generation: plan.generation, steps });
}
