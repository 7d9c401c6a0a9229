import type { Blocked } from '../../core/model/desired-state.ts';
import type { WorkloadRecord, WorkloadStatus } from '../../core/model/record.ts';
import { readInForce } from '../in-force.ts';
import { moveOf } from '../leave-guard.ts';
import { mergeReading } from '../merge-reading.ts';
import { ConditionFailed, type Ports } from '../ports.ts';
import { draftRecord } from '../workload-record.ts';
import { SWEEP_AUTHOR } from './holds.ts';
import type { PlanContext } from './plan-context.ts';

/** Records written at once. */
const RECORDS_AT_ONCE = 16;

/**
 * Writes what the new policy makes of every workload of the plan's inventory, without touching an
 * interface: so that the status of each is known at once, and a wake finds a record and needs no
 * Describe. A record that an event writes meanwhile wins, since the event is younger.
 */
export async function recordInventory(ports: Ports, context: PlanContext): Promise<void> {
  const inForce = await readInForce(ports);
  if (inForce?.head.generation !== context.plan.generation) return;
  const { inventory } = context;
  const interfaces = new Map(inventory.interfaces.map((nic) => [nic.id, nic]));
  const readAtMs = Date.parse(inventory.takenAt);
  const lacking = lackingSlots(context);
  const one = async (workload: (typeof inventory.workloads)[number]): Promise<void> => {
    if (workload.state === 'terminated') return;
    const stored = await ports.store.readWorkload(workload.identity.workload);
    const nics = workload.interfaces.flatMap((id) => interfaces.get(id) ?? []);
    const reading = { workload, interfaces: nics, readAtMs };
    // What was stored after the inventory was read is younger than all that the inventory says.
    const isOlder = stored !== undefined && Date.parse(stored.changedAt) > readAtMs;
    const known = mergeReading(stored, isOlder ? undefined : reading, undefined);
    if (known === undefined) return;
    // Whom the sweep's plan finds out of a segment, the leave guard has to judge first.
    const isLeaving = moveOf(inForce, stored, known.identity).keeps !== undefined;
    if (isLeaving && context.record.author === SWEEP_AUTHOR) return;
    const drafted = draftRecord(inForce, known, stored, ports.clock.now());
    const record = withoutRoom(drafted.record, lacking.get(workload.identity.workload));
    if (!drafted.toWrite && record === drafted.record) return;
    await ports.store.writeWorkload(record, stored?.revision ?? 0, {
      ...(stored === undefined ? {} : { previous: stored }),
      raise: [],
    });
  };
  for (let at = 0; at < inventory.workloads.length; at += RECORDS_AT_ONCE) {
    const some = inventory.workloads.slice(at, at + RECORDS_AT_ONCE);
    await Promise.all(some.map((workload) => one(workload).catch(unlessWrittenMeanwhile)));
  }
}

/** By workload: why an interface of it cannot be given its groups. */
function lackingSlots({ plan, desired }: PlanContext): ReadonlyMap<string, Blocked> {
  if (plan.kind === 'uninstall') return new Map();
  return new Map(
    desired.attachments.flatMap(({ workload, blocked }) =>
      blocked?.reason === 'slots' ? [[workload, blocked] as const] : [],
    ),
  );
}

/** What a workload is said to be that carries groups of ours. */
const CARRYING: ReadonlySet<WorkloadStatus> = new Set([
  'staged',
  'enforced',
  'blocked',
  'conflict',
]);

/**
 * The plan has no step for it, so that no write tells how it stands. If its segment is blocked, then
 * perhaps for its sake: its own reason is the one that it can be helped by.
 */
function withoutRoom(record: WorkloadRecord, lacks: Blocked | undefined): WorkloadRecord {
  if (lacks === undefined || !CARRYING.has(record.status)) return record;
  return { ...record, status: 'blocked', statusReason: lacks.message };
}

function unlessWrittenMeanwhile(error: unknown): void {
  if (!(error instanceof ConditionFailed)) throw error;
}
