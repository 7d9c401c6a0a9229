import { compilePolicy } from '../core/compile/compile-policy.ts';
import type { Inventory, Workload } from '../core/model/inventory.ts';
import type { InterfaceStep, Plan } from '../core/model/plan.ts';
import type {
  InterfaceRecord,
  PlanRecord,
  SweepRecord,
  WorkloadRecord,
} from '../core/model/record.ts';
import { leaveGuardOf } from '../core/plan/leave-guard.ts';
import { planChanges } from '../core/plan/plan-changes.ts';
import { type InForce, readInForce } from './in-force.ts';
import { countRunning } from './leave-guard.ts';
import { mergeReading, withRefusals } from './merge-reading.ts';
import { wakeOverdue } from './parking.ts';
import type { Ports, Wake } from './ports.ts';
import { excuse, proveEstate } from './prove.ts';
import { heldAmong, leavingAmong, readRecords } from './publish/holds.ts';
import { type LivedOn, livedOnWhileBlocked } from './publish/lived-on.ts';
import { readInventory, readLedgers } from './publish/prepare.ts';
import { readAll } from './read-all.ts';
import { heldSince } from './standing.ts';
import { draftRecord } from './workload-record.ts';

export interface SweepReport {
  readonly sweep: SweepRecord;
  /** Workloads that were woken. */
  readonly woken: number;
  /** Plans that somebody should be working on; the caller knows whether somebody is. */
  readonly openPlans: readonly PlanRecord[];
  /**
   * Why the groups or rules are not what the policy in force wants, so that it has to be published
   * again; empty when they are. Only said while no plan is open and the inventory is full.
   */
  readonly publishNeeded: readonly string[];
}

const OPEN_PLANS: ReadonlySet<PlanRecord['state']> = new Set([
  'planned',
  'waiting-for-approval',
  'applying',
]);

/** After a publish the sweep asks for no other for this long, whatever it finds. */
const PUBLISH_AGAIN_MS = 600_000;

/** Why a workload is woken, and whether no event had told of it. */
interface Finding {
  readonly missed: boolean;
  readonly drifted: boolean;
  /** Interfaces whose fence is raised, so that the write path looks at them. */
  readonly interfaces: readonly string[];
}

/**
 * Reads the whole estate and finds what is not as it should be: changes that events had missed,
 * groups changed by hand, workloads that vanished or were never recorded, settle windows that are
 * over, interfaces that a run left open. Writes nothing itself: it raises fences and wakes.
 *
 * With gaps in the inventory only what was read is judged, and nothing is taken for gone.
 * Throws RefusedPlan for an empty inventory after a full one.
 */
export async function sweepEstate(ports: Ports): Promise<SweepReport> {
  const startedAt = new Date(ports.clock.now()).toISOString();
  const plans = (await ports.store.listPlans()).items;
  const openPlans = plans.filter((plan) => OPEN_PLANS.has(plan.state));
  const inForce = await readInForce(ports);
  if (inForce === undefined) {
    return await finish(ports, { startedAt, openPlans, findings: new Map(), publishNeeded: [] });
  }
  const records = await readRecords(ports);
  await ports.store.recordRunning(
    countRunning(records, leaveGuardOf(inForce.bundle.policy.settings), ports.clock.now()),
  );
  const inventory = await readInventory(ports);
  const stored = new Map(records.map((record) => [record.identity.workload, record]));
  const findings = new Map<string, Finding>();
  await findChanges(ports, { inForce, inventory, stored, findings });
  if (inventory.gaps.length === 0) findVanished(inventory, records, findings);
  const interfaces = await readAll((cursor) => ports.store.listInterfaces(cursor));
  const parked = findParked(ports, interfaces);
  findDrift(ports, { inventory, stored, findings, interfaces, parked });
  const plan = await planAgain(ports, inForce, {
    inventory: withRefusals(inventory, records),
    records,
  });
  if (inForce.head.phase === 'steady') findUnplanned(plan, findings, parked);
  const livedOn = livedOnWhileBlocked(inForce, ports.owner, { inventory, records });
  const publishNeeded =
    openPlans.length > 0 ? [] : await needsPublish(ports, inForce, { plan, plans, livedOn });
  await raiseFences(ports, inventory, findings);
  if (openPlans.every(isWaiting)) await prove(ports, { inForce, inventory, stored, findings });
  return await finish(ports, { startedAt, inventory, openPlans, findings, publishNeeded });
}

/** A plan that waits for approval has written nothing yet. */
function isWaiting({ state }: PlanRecord): boolean {
  return state === 'waiting-for-approval';
}

async function prove(
  ports: Ports,
  { inForce, inventory, stored, findings }: Ground,
): Promise<void> {
  const excused = new Map<string, string>();
  for (const workload of findings.keys()) {
    excused.set(workload, 'this sweep found it changed and has woken it');
  }
  for (const record of stored.values()) excuse(excused, record);
  await proveEstate(ports, inForce, inventory, excused);
}

interface Ground {
  readonly inForce: InForce;
  readonly inventory: Inventory;
  readonly stored: ReadonlyMap<string, WorkloadRecord>;
  readonly findings: Map<string, Finding>;
}

function add(findings: Map<string, Finding>, workload: string, finding: Partial<Finding>): void {
  const before = findings.get(workload);
  findings.set(workload, {
    missed: finding.missed === true || before?.missed === true,
    drifted: finding.drifted === true || before?.drifted === true,
    interfaces: [...new Set([...(before?.interfaces ?? []), ...(finding.interfaces ?? [])])],
  });
}

async function findChanges(ports: Ports, ground: Ground): Promise<void> {
  for (const workload of ground.inventory.workloads) {
    if (workload.state === 'terminated') continue;
    const id = workload.identity.workload;
    if (newsOf(ports, ground, workload, ground.stored.get(id)) === 'none') continue;
    // An event may have been worked off since the list was read.
    const record = await ports.store.readWorkload(id);
    const news = newsOf(ports, ground, workload, record);
    if (news !== 'none') add(ground.findings, id, { missed: news === 'missed' });
  }
}

/**
 * Whether its record would be another one: by what the inventory says, which an event should have
 * told (`missed`), or because its time is up, its event still to come or its policy another one
 * (`due`).
 */
function newsOf(
  ports: Ports,
  { inForce, inventory }: Ground,
  workload: Workload,
  record: WorkloadRecord | undefined,
): 'none' | 'due' | 'missed' {
  if (record === undefined) return workload.state === 'pending' ? 'due' : 'missed';
  const reading = { workload, interfaces: [], readAtMs: Date.parse(inventory.takenAt) };
  const known = mergeReading(record, reading, undefined);
  if (known === undefined || Date.parse(record.changedAt) > reading.readAtMs) return 'none';
  const drafted = draftRecord(inForce, known, record, ports.clock.now());
  if (!drafted.differs) return 'none';
  const isOldPolicy = record.generation !== inForce.head.generation;
  return drafted.isChange && !isOldPolicy ? 'missed' : 'due';
}

function findVanished(
  inventory: Inventory,
  records: readonly WorkloadRecord[],
  findings: Map<string, Finding>,
): void {
  const there = new Set(
    inventory.workloads
      .filter((workload) => workload.state !== 'terminated')
      .map((workload) => workload.identity.workload),
  );
  for (const record of records) {
    const id = record.identity.workload;
    const isYounger = Date.parse(record.firstSeen) > Date.parse(inventory.takenAt);
    if (!there.has(id) && !isYounger) add(findings, id, { missed: true });
  }
}

/** Interfaces whose write waits for its turn: looking again would change nothing but the line. */
function findParked(ports: Ports, records: readonly InterfaceRecord[]): ReadonlySet<string> {
  const nowMs = ports.clock.now();
  const parked = records.filter(({ parkedUntil }) => Date.parse(parkedUntil ?? '') > nowMs);
  return new Set(parked.map((record) => record.interface));
}

interface InterfaceGround extends Pick<Ground, 'inventory' | 'stored' | 'findings'> {
  readonly interfaces: readonly InterfaceRecord[];
  readonly parked: ReadonlySet<string>;
}

/** Interfaces whose groups are not what the last finished run had left there. */
function findDrift(
  ports: Ports,
  { inventory, stored, findings, interfaces, parked }: InterfaceGround,
): void {
  const nics = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  const takenAt = Date.parse(inventory.takenAt);
  for (const record of interfaces) {
    const nic = nics.get(record.interface);
    if (nic === undefined) {
      // A fence raised for what had just gone; by its own id it is looked at, and forgotten.
      const isSettled = (Date.parse(record.verifiedAt ?? '') || 0) < takenAt;
      if (inventory.gaps.length === 0 && isSettled) add(findings, record.interface, {});
      continue;
    }
    if (parked.has(record.interface)) continue;
    // Whoever has it now: since the record was written it may have moved.
    const { workload } = nic;
    // Nobody would look at it, whatever its fence says.
    if (stored.get(workload)?.control === 'visible') continue;
    if (record.fence > record.doneFence) add(findings, workload, {});
    const isOlder = Date.parse(record.verifiedAt ?? '') < takenAt;
    if (!isOlder || record.fence > record.doneFence) continue;
    const same = nic.groups.length === record.groups.length;
    if (same && nic.groups.every((id) => record.groups.includes(id))) continue;
    add(findings, workload, { drifted: true, interfaces: [nic.id] });
    ports.signal.event('interface-drifted', {
      ...{ interface: nic.id, workload },
      ...{ expected: record.groups, found: nic.groups },
    });
  }
}

/** What the policy in force would have changed now; empty when all is as it should be. */
async function planAgain(
  ports: Ports,
  inForce: InForce,
  { inventory, records }: { inventory: Inventory; records: readonly WorkloadRecord[] },
): Promise<Plan> {
  const { head, bundle } = inForce;
  const { policy } = bundle;
  const now = new Date(ports.clock.now()).toISOString();
  const ledger = await readLedgers(ports);
  const { desired } = compilePolicy({ policy, inventory, ledger, now, owner: ports.owner });
  return planChanges({
    ...{ desired, inventory, ledger, policy, now, owner: ports.owner, kind: head.kind },
    held: new Set([
      ...heldAmong(records, policy.settings, heldSince(head)),
      ...leavingAmong(records, inForce, inventory),
    ]),
    generation: head.generation,
    base: head.generation,
  });
}

/** Only what can be done now: a blocked step would find the same each time. */
function findUnplanned(
  plan: Plan,
  findings: Map<string, Finding>,
  parked: ReadonlySet<string>,
): void {
  const steps = plan.steps.filter((step): step is InterfaceStep => 'interface' in step);
  for (const step of steps) {
    if (step.blocked !== undefined || parked.has(step.interface)) continue;
    add(findings, step.workload, { interfaces: [step.interface] });
  }
}

/** Groups to delete alone are no reason: what refers to them may do so for long. */
async function needsPublish(
  ports: Ports,
  { head }: InForce,
  {
    plan,
    plans,
    livedOn,
  }: {
    readonly plan: Plan;
    readonly plans: readonly PlanRecord[];
    readonly livedOn: LivedOn;
  },
): Promise<readonly string[]> {
  if (plan.addOnly) return [];
  const blocked = head.blockedSegments;
  const steps = plan.steps.filter((step) => {
    // What has held a segment back is gone, and only a publish lifts the block.
    if ('interface' in step) return Object.keys(blocked).length > 0 && step.blocked === undefined;
    // Such rules of a blocked segment stay (engine/publish/apply.ts): publishing changes nothing.
    if (step.kind === 'revoke') return !step.rules.every((rule) => livedOn(step, rule));
    return step.kind !== 'delete-group';
  });
  if (steps.length === 0) return [];
  const youngest = Math.max(0, ...plans.map((record) => Date.parse(record.createdAt)));
  if (ports.clock.now() - youngest < PUBLISH_AGAIN_MS) return [];
  const reasons = steps.map((step) => step.id);
  ports.signal.event('publish-needed', { steps: reasons.length, first: reasons[0] });
  return reasons;
}

async function raiseFences(
  ports: Ports,
  inventory: Inventory,
  findings: ReadonlyMap<string, Finding>,
): Promise<void> {
  const there = new Set(inventory.interfaces.map((nic) => nic.id));
  for (const [workload, finding] of findings) {
    for (const nic of finding.interfaces) {
      if (there.has(nic)) await ports.store.raiseFence(nic, workload);
    }
  }
}

interface Swept {
  readonly startedAt: string;
  readonly inventory?: Inventory;
  readonly openPlans: readonly PlanRecord[];
  readonly findings: ReadonlyMap<string, Finding>;
  readonly publishNeeded: readonly string[];
}

async function finish(ports: Ports, swept: Swept): Promise<SweepReport> {
  const { startedAt, inventory, findings, openPlans, publishNeeded } = swept;
  const overdue = await wakeOverdue(ports);
  const wakes: Wake[] = [...findings.keys()].sort().map((workload) => ({
    workload,
    reason: 'sweep',
    deduplicationId: `sweep-${startedAt}-${workload}`,
  }));
  if (wakes.length > 0) await ports.queue.wake(wakes);
  const all = [...findings.values()];
  const sweep: SweepRecord = {
    startedAt,
    finishedAt: new Date(ports.clock.now()).toISOString(),
    workloads: inventory?.workloads.length ?? 0,
    missedByEvents: all.filter((finding) => finding.missed).length,
    drifted: all.filter((finding) => finding.drifted).length,
    gaps: (inventory?.gaps ?? []).map((gap) => `${gap.kind}: ${gap.reason}`),
  };
  for (const gap of inventory?.gaps ?? []) ports.signal.event('inventory-gap', { ...gap });
  await ports.store.count({
    sweeps: 1,
    ...(sweep.missedByEvents > 0 ? { 'missed-by-events': sweep.missedByEvents } : {}),
    ...(sweep.drifted > 0 ? { 'drift-found': sweep.drifted } : {}),
  });
  await ports.store.recordSweep(sweep);
  ports.signal.event('sweep-finished', { ...sweep, woken: wakes.length, overdue });
  return { sweep, woken: wakes.length + overdue, openPlans, publishNeeded };
}
