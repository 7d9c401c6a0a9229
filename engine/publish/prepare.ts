import { managedVpcs } from '../../core/compile/owned-groups.ts';
import { withLimits } from '../../core/limits/measure-limits.ts';
import type { WorkloadKind } from '../../core/model/identity.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import { ownValue } from '../../core/model/own-value.ts';
import type { Plan } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { Head, PlanRecord, WorkloadRecord } from '../../core/model/record.ts';
import { needsApproval } from '../../core/plan/needs-approval.ts';
import { proposePlan } from '../../core/plan/propose-plan.ts';
import { lintAgainstInventory } from '../../core/policy/lint-inventory.ts';
import { readInForce } from '../in-force.ts';
import { withRefusals } from '../merge-reading.ts';
import { ConditionFailed, type Ports } from '../ports.ts';
import { readAll } from '../read-all.ts';
import { heldAmong, heldSinceOf, leavingAmong, readRecords, SWEEP_AUTHOR } from './holds.ts';
import { compileAgain, loadPlan, loadPolicy, readOwned } from './plan-context.ts';
import { EstateUnread, RefusedPlan, StalePlan } from './refusals.ts';
import { assertNobodyWrites } from './turns.ts';

/** What a publish is started with; functions/api/machine.ts. */
export interface PublishInput {
  /** `plan-<generation>` */
  readonly plan: string;
  readonly generation: number;
  readonly policyVersion: string;
  readonly kind: 'publish' | 'uninstall';
  /** ARN of the caller. */
  readonly author: string;
  /** Version of the policy that is replaced; null where none is in force. */
  readonly expectedVersion: string | null;
}

/**
 * - nothing: what is wanted is in force already; the plan is done.
 * - approval: somebody else has to approve (core/plan/needs-approval.ts).
 * - apply: go on.
 */
export type Verdict = 'nothing' | 'approval' | 'apply';

export interface Prepared {
  readonly verdict: Verdict;
  readonly steps: number;
}

/**
 * Lints, compiles and plans; numbers and archives the plan. Writes nothing else, so that what is in
 * force stays in force whatever happens here. Run again, it answers from what it has archived.
 *
 * Throws RefusedPlan (policy or limits), StalePlan (another policy is in force than the one named),
 * PlanUnderWay and EstateUnread (try again).
 */
export async function preparePublish(
  ports: Ports,
  input: PublishInput,
  execution?: string,
): Promise<Prepared> {
  const known = await ports.store.readPlan(input.plan);
  if (known === undefined) return await prepareFirst(ports, input, execution);
  const { plan, record } = await loadPlan(ports, input.plan);
  if (execution !== undefined && record.execution !== execution && record.state !== 'done') {
    await ports.store.writePlan({ ...record, execution }, [record.state]);
  }
  return answer(plan, verdictOfKnown(record, plan));
}

function verdictOfKnown(record: PlanRecord, plan: Plan): Verdict {
  if (record.state === 'done') return 'nothing';
  return record.state === 'applying' ? 'apply' : verdictOf(plan);
}

/** Also an uninstall asks first, which is a demotion. */
function verdictOf(plan: Plan): Verdict {
  return needsApproval(plan) ? 'approval' : 'apply';
}

function answer(plan: Plan, verdict: Verdict): Prepared {
  return { verdict, steps: plan.steps.length };
}

async function prepareFirst(
  ports: Ports,
  input: PublishInput,
  execution: string | undefined,
): Promise<Prepared> {
  try {
    await assertTurn(ports, input);
    const archived = await ports.archive.getPlan(input.plan);
    const plan = archived ?? (await makePlan(ports, input));
    const done = archived === undefined && (await isInForce(ports, plan));
    await keepRecord(ports, input, { plan, execution, state: done ? 'done' : 'planned' });
    ports.signal.event('plan-made', { plan: plan.id, kind: plan.kind, steps: plan.steps.length });
    return answer(plan, done ? 'nothing' : verdictOf(plan));
  } catch (error) {
    if (!(error instanceof RefusedPlan || error instanceof StalePlan)) throw error;
    const state = error instanceof StalePlan ? 'stale' : 'failed';
    await keepRecord(ports, input, { execution, state, reason: reasonOf(error) });
    throw error;
  }
}

/** As much of the diagnostics as a person reads; POST /v1/policies has given all of them before. */
function reasonOf(error: RefusedPlan | StalePlan): string {
  const diagnostics = error instanceof RefusedPlan ? error.diagnostics : [];
  const lines = diagnostics
    .filter((one) => one.severity === 'error')
    .map((one) => `${one.file}:${one.line}:${one.column} ${one.message}`);
  return [error.message, ...lines].join('; ').slice(0, 2_000);
}

/** The policy that the publisher has seen is in force, and no other plan is writing groups. */
async function assertTurn(ports: Ports, input: PublishInput): Promise<void> {
  const current = await ports.store.readCurrentPolicy();
  if ((current?.version ?? null) !== input.expectedVersion) {
    throw new StalePlan(
      `${input.plan} replaces policy ${input.expectedVersion ?? 'none'}, but ${current?.version ?? 'none'} is in force by now`,
    );
  }
  await assertNobodyWrites(ports, ({ id }) => id !== input.plan);
}

/**
 * Prepare is tried again for minutes, and meanwhile a plan that was asked for later may have come into
 * force: an uninstall, say, which leaves the policy that this one names. The later word stands.
 */
function assertYoungest({ plan, generation }: PublishInput, head: Head | undefined): void {
  if (head === undefined || head.generation < generation) return;
  throw new StalePlan(
    `${plan} was asked for before ${head.plan}, which is in force by now; publish again if it is still wanted`,
  );
}

async function makePlan(ports: Ports, input: PublishInput): Promise<Plan> {
  const now = new Date(ports.clock.now()).toISOString();
  const policy = await loadPolicy(ports, input.policyVersion, now);
  // What others write after this line, the plan does not know; its base is what tells.
  const head = await ports.store.readHead();
  assertYoungest(input, head);
  const found = await readInventory(ports);
  assertRead(found, input.kind);
  const records = await readRecords(ports);
  const inventory = input.author === SWEEP_AUTHOR ? withRefusals(found, records) : found;
  const ledger = await readLedgers(ports);
  const {
    desired,
    plan: changes,
    diagnostics,
  } = proposePlan({
    policy,
    inventory,
    ledger,
    held: await readHeld(ports, input, { policy, head, inventory, records }),
    generation: input.generation,
    base: head?.generation ?? 0,
    now,
    owner: ports.owner,
    kind: input.kind,
  });
  const lint = input.kind === 'publish' ? lintAgainstInventory(policy, inventory) : [];
  const errors = [...lint, ...diagnostics].filter((one) => one.severity === 'error');
  if (changes === undefined || (input.kind === 'publish' && errors.length > 0)) {
    throw new RefusedPlan(`the policy cannot be put in force: ${errors.length} errors`, errors);
  }
  const plan = withLimits({ plan: changes, inventory, desired, owner: ports.owner, policy });
  await ports.archive.putPlan(plan, { inventory, ledger });
  return plan;
}

interface Known {
  readonly policy: Policy;
  readonly head: Head | undefined;
  readonly inventory: Inventory;
  readonly records: readonly WorkloadRecord[];
}

/** A person's plan shows what it makes of every workload; the sweep's is not about workloads. */
async function readHeld(
  ports: Ports,
  input: PublishInput,
  { policy, head, inventory, records }: Known,
): Promise<ReadonlySet<string>> {
  const held = heldAmong(records, policy.settings, heldSinceOf(input, head));
  const inForce = input.author === SWEEP_AUTHOR ? await readInForce(ports) : undefined;
  if (inForce === undefined) return new Set(held);
  return new Set([...held, ...leavingAmong(records, inForce, inventory)]);
}

/** An empty inventory after a full one is an error of the reading, not an empty estate. */
export async function readInventory(ports: Ports): Promise<Inventory> {
  const inventory = await ports.reader.collectInventory();
  if (inventory.workloads.length > 0) return inventory;
  const { items } = await ports.store.listWorkloads({ limit: 1 });
  if (items.length === 0) return inventory;
  throw new RefusedPlan('the inventory is empty, though workloads are known; nothing is planned');
}

/**
 * A plan from an inventory with gaps removes nothing, but what it puts in force is a head, and by that
 * the write path decides for everybody: without VPCs nobody would be managed, and lose our groups;
 * without interfaces, instances, tasks or their roles a group would seem to have no members, and not
 * get its new rules; without peerings none would name a group of another VPC. An uninstall needs to
 * know whom it gives what back to: else nobody is asked first, and each is left when an event comes.
 */
function assertRead(inventory: Inventory, kind: PublishInput['kind']): void {
  const { vpcs, subnets, groups, interfaces, workloads, peerings } = inventory;
  const ofKind = (wanted: WorkloadKind) =>
    workloads.filter(({ identity: { kind } }) => kind === wanted);
  const written = {
    ...{ SecurityGroups: groups, NetworkInterfaces: interfaces },
    ...{ Reservations: ofKind('instance') },
  };
  const judged = {
    ...{ Vpcs: vpcs, Subnets: subnets, VpcPeeringConnections: peerings, Tasks: ofKind('task') },
    // Read as a whole or not at all.
    ...{ InstanceProfiles: [], TaskDefinitions: [] },
  };
  const lists: Readonly<Record<string, readonly unknown[]>> =
    kind === 'publish' ? { ...written, ...judged } : written;
  // An entry that cannot be read leaves a gap too; only a list that is wholly absent stops a publish.
  const unread = inventory.gaps.filter((gap) => ownValue(lists, gap.kind)?.length === 0);
  if (unread.length === 0) return;
  const reasons = unread.map((gap) => `${gap.kind}: ${gap.reason}`);
  throw new EstateUnread(`the estate could not be read: ${reasons.join('; ')}`);
}

export async function readLedgers(
  ports: Ports,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = await readAll((cursor) => ports.store.listLedger(cursor));
  return Object.fromEntries(entries.map((entry) => [entry.interface, entry.groups]));
}

/** The same policy, the same VPCs and groups, and no step: publishing it would change nothing. */
async function isInForce(ports: Ports, plan: Plan): Promise<boolean> {
  const head = await ports.store.readHead();
  if (head === undefined) return plan.kind === 'uninstall' && plan.steps.length === 0;
  if (plan.steps.length > 0 || !saysTheSame(head, plan)) return false;
  const { desired, inventory, policy } = await recompile(ports, plan);
  const bundle = await ports.archive.getBundle(head.generation);
  if (bundle === undefined) return false;
  const owned = await readOwned(ports, inventory);
  const ids = desired.groups.map((group) => `${group.key} ${owned.byKey.get(group.key)?.id}`);
  const before = Object.entries(bundle.groupIds).map(([key, id]) => `${key} ${id}`);
  return (
    sameTexts(bundle.vpcs, managedVpcs(policy, inventory)) &&
    (plan.kind === 'uninstall' || sameTexts(ids, before)) &&
    Object.keys(head.blockedSegments).length === 0
  );
}

function saysTheSame(head: Head, plan: Plan): boolean {
  return (
    head.phase === 'steady' && head.kind === plan.kind && head.policyVersion === plan.policyVersion
  );
}

async function recompile(ports: Ports, plan: Plan) {
  const input = await ports.archive.getPlanInput(plan.id);
  if (input === undefined) throw new RefusedPlan(`the archive lacks what ${plan.id} was made from`);
  const policy = await loadPolicy(ports, plan.policyVersion, plan.createdAt);
  const { inventory } = input;
  return { desired: compileAgain(ports, plan, policy, input), inventory, policy };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('\n') === [...b].sort().join('\n');
}

interface RecordInput {
  readonly plan?: Plan;
  readonly execution?: string | undefined;
  readonly state: 'planned' | 'done' | 'stale' | 'failed';
  readonly reason?: string;
}

async function keepRecord(ports: Ports, input: PublishInput, made: RecordInput): Promise<void> {
  const now = new Date(ports.clock.now()).toISOString();
  const { generation, kind, policyVersion, author } = input;
  const { execution, reason } = made;
  try {
    await ports.store.writePlan(
      {
        ...{ id: input.plan, generation, kind, policyVersion, author, state: made.state },
        phase: 'create',
        ...(reason === undefined ? {} : { reason }),
        createdAt: made.plan?.createdAt ?? now,
        changedAt: now,
        ...(execution === undefined ? {} : { execution }),
        counts: countSteps(made.plan),
      },
      [],
    );
  } catch (error) {
    // Written by a run of the same step that was thought dead: it said the same.
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

function countSteps(plan: Plan | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const step of plan?.steps ?? []) counts[step.kind] = (counts[step.kind] ?? 0) + 1;
  return counts;
}
