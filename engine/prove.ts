import { trafficTexts } from '../core/api/traffic-text.ts';
import { type Comparison, compareEstate } from '../core/check/compare.ts';
import { decideMembership } from '../core/compile/decide-membership.ts';
import type { Inventory } from '../core/model/inventory.ts';
import type { ProofRecord, WorkloadRecord } from '../core/model/record.ts';
import { type InForce, readInForce } from './in-force.ts';
import { DESCRIBE_STALENESS_MS, wasRefused } from './merge-reading.ts';
import type { Ports } from './ports.ts';

/** Disagreements of each kind that the record names; all are counted. */
const NAMED_MAX = 20;

/**
 * Compares what AWS lets pass with what the policy allows: all pairs of interfaces, all ports. The
 * result is kept for /v1/status and told as `proof-finished`, on which an alarm stands.
 *
 * Undefined, and nothing is kept, while nothing is managed, while a plan is between its phases (then
 * old and new stand side by side on purpose), or when the inventory has gaps.
 *
 * `excused`: workloads of which it is known why they are not as the policy says.
 */
export async function proveEstate(
  ports: Ports,
  inForce: InForce,
  inventory: Inventory,
  excused: ReadonlyMap<string, string>,
): Promise<ProofRecord | undefined> {
  const { head, bundle } = inForce;
  if (head.kind === 'uninstall' || head.phase !== 'steady' || bundle.vpcs.length === 0) {
    return undefined;
  }
  if (inventory.gaps.length > 0) return undefined;
  const startedMs = ports.clock.now();
  let found = compare(inForce, inventory, excused);
  if (found.count.holes + found.count.cuts > 0) {
    const moved = await changedMeanwhile(ports, inventory, found);
    if (moved.size > 0) found = compare(inForce, inventory, new Map([...moved, ...excused]));
  }
  const proof: ProofRecord = {
    at: inventory.takenAt,
    generation: head.generation,
    policyVersion: head.policyVersion,
    pairs: found.pairs,
    classes: found.classes,
    ...found.count,
    named: nameAll(found),
    durationMs: ports.clock.now() - startedMs,
  };
  await ports.store.recordProof(proof);
  const { named, ...numbers } = proof;
  ports.signal.event('proof-finished', numbers);
  for (const one of named.filter(({ because }) => because === undefined)) {
    ports.signal.event(one.kind === 'hole' ? 'proof-hole' : 'proof-cut', { ...one });
  }
  return proof;
}

/** As proveEstate, with everything read now: after a publish. */
export async function proveNow(ports: Ports): Promise<ProofRecord | undefined> {
  const inForce = await readInForce(ports);
  if (inForce === undefined) return undefined;
  const inventory = await ports.reader.collectInventory();
  const excused = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await ports.store.listWorkloads({
      limit: 100,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const record of page.items) excuse(excused, record);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return await proveEstate(ports, inForce, inventory, excused);
}

/**
 * A held workload keeps groups that the policy does not give it any more, until a person decides; one
 * that is blocked keeps what it has, until what stands in the way is gone. Both say so themselves.
 */
export function excuse(excused: Map<string, string>, record: WorkloadRecord): void {
  if (!record.held && record.status !== 'blocked') return;
  excused.set(record.identity.workload, record.statusReason ?? record.status);
}

function compare(
  { bundle, index }: InForce,
  inventory: Inventory,
  excused: ReadonlyMap<string, string>,
): Comparison {
  return compareEstate({
    policy: bundle.policy,
    inventory,
    memberships: inventory.workloads.map(({ identity }) => decideMembership(index, identity)),
    groupIds: bundle.groupIds,
    vpcs: bundle.vpcs,
    now: inventory.takenAt,
    excused,
  });
}

/**
 * Workloads that were written while the inventory was being read, which shows them half old, and those
 * that have just come: nobody has a record of their interfaces yet, and the sweep wakes them.
 */
async function changedMeanwhile(
  ports: Ports,
  inventory: Inventory,
  found: Comparison,
): Promise<ReadonlyMap<string, string>> {
  const since = Date.parse(inventory.takenAt) - DESCRIBE_STALENESS_MS;
  const named = new Set([...found.holes, ...found.cuts].flatMap(({ from, to }) => [from, to]));
  const records = await ports.store.readInterfaces([...named]);
  const moved = new Map<string, string>();
  const recorded = new Set(records.map((record) => record.interface));
  for (const nic of inventory.interfaces) {
    if (!named.has(nic.id) || recorded.has(nic.id)) continue;
    const stored = await ports.store.readWorkload(nic.workload);
    if (stored === undefined)
      moved.set(nic.workload, 'it has just come, and was not looked at yet');
  }
  for (const record of records) {
    // Nobody goes on with what EC2 has refused to write: that is as it is until somebody mends it.
    const isOpen = record.fence > record.doneFence && !(await isRefused(ports, record.workload));
    if (isOpen || Date.parse(record.verifiedAt ?? '') >= since) {
      moved.set(record.workload, 'it was being written while the inventory was read');
    }
  }
  return moved;
}

async function isRefused({ store }: Ports, workload: string): Promise<boolean> {
  const stored = await store.readWorkload(workload);
  return stored !== undefined && wasRefused(stored);
}

function nameAll({ holes, cuts, excused }: Comparison): ProofRecord['named'] {
  return [
    ...holes.slice(0, NAMED_MAX),
    ...cuts.slice(0, NAMED_MAX),
    ...excused.slice(0, NAMED_MAX),
  ].map(({ traffic, ...one }) => ({ ...one, traffic: trafficTexts(traffic).join(' ') }));
}
