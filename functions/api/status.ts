import type { Status } from '../../core/api/status-answer.ts';
import { VERSION } from '../../core/api/version.ts';
import type {
  InterfaceRecord,
  ParkedRecord,
  PlanRecord,
  WorkloadRecord,
} from '../../core/model/record.ts';
import { heldBecause } from '../../core/plan/leave-guard.ts';
import type { ApiAnswer } from './answer.ts';
import { type ApiContext, type InForce, isoNow, readInForce } from './context.ts';
import { walkPages } from './pages.ts';
import { toPlanSummary } from './plan-view.ts';

/** Beyond this the counts are given as incomplete, so that the answer stays within its time. */
const COUNTED_MAX = 20_000;

const UNDER_WAY: ReadonlySet<PlanRecord['state']> = new Set([
  'planned',
  'waiting-for-approval',
  'applying',
]);

export async function readStatus(context: ApiContext): Promise<ApiAnswer> {
  const { store } = context.ports;
  const [inForce, workloads, open, parked, plans, latency, sweep, proof, counts] =
    await Promise.all([
      readInForce(context),
      countWorkloads(context),
      findOpen(context),
      findParked(context),
      store.listPlans(),
      store.readLatency(),
      store.readSweep(),
      store.readProof(),
      store.readCounts(),
    ]);
  const plan = plans.items.find((item) => UNDER_WAY.has(item.state));
  const body: Status = {
    stack: context.stack,
    version: VERSION,
    runtime: process.version,
    time: isoNow(context),
    ...describeInForce(inForce),
    workloads,
    ...(plan === undefined ? {} : { plan: toPlanSummary(plan) }),
    latency,
    ...(sweep === undefined ? {} : { sweep }),
    ...(proof === undefined ? {} : { proof }),
    counts: { ...counts },
    open,
    parked,
  };
  return { status: 200, body };
}

type InForcePart = Pick<
  Status,
  | 'idle'
  | 'generation'
  | 'phase'
  | 'policyVersion'
  | 'since'
  | 'managedVpcs'
  | 'segments'
  | 'blockedSegments'
>;

function describeInForce(inForce: InForce | undefined): InForcePart {
  if (inForce === undefined) {
    return { idle: true, generation: 0, managedVpcs: [], segments: 0, blockedSegments: [] };
  }
  const { head, bundle } = inForce;
  const managedVpcs = bundle?.vpcs ?? [];
  return {
    idle: head.kind === 'uninstall' || managedVpcs.length === 0,
    generation: head.generation,
    phase: head.phase,
    policyVersion: head.policyVersion,
    since: head.since,
    managedVpcs,
    segments: bundle?.policy.segments.length ?? 0,
    blockedSegments: Object.entries(head.blockedSegments).map(([segment, blocked]) => ({
      segment,
      reason: blocked.reason,
      message: blocked.message,
      hint: blocked.hint,
    })),
  };
}

async function countWorkloads(context: ApiContext): Promise<Status['workloads']> {
  const byStatus: Record<string, number> = {};
  const heldFor: Record<string, number> = {};
  let total = 0;
  const { complete } = await walkPages<WorkloadRecord>(
    COUNTED_MAX,
    (cursor) =>
      context.ports.store.listWorkloads({
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    (record) => {
      total += 1;
      byStatus[record.status] = (byStatus[record.status] ?? 0) + 1;
      const because = heldBecause(record);
      if (because !== undefined) heldFor[because] = (heldFor[because] ?? 0) + 1;
    },
  );
  return { total, byStatus, heldBecause: heldFor, complete };
}

/** Interfaces whose fence was raised since the last finished run. */
async function findOpen(context: ApiContext): Promise<Status['open']> {
  const open: InterfaceRecord[] = [];
  await walkPages<InterfaceRecord>(
    COUNTED_MAX,
    (cursor) => context.ports.store.listInterfaces(cursor),
    (record) => {
      if (record.fence > record.doneFence) open.push(record);
    },
  );
  const oldest = open.toSorted((a, b) => openSince(a).localeCompare(openSince(b)))[0];
  if (oldest === undefined) return { count: 0 };
  const since = openSince(oldest);
  return {
    count: open.length,
    oldest: {
      interface: oldest.interface,
      workload: oldest.workload,
      ...(since === '' ? {} : { since }),
      reason: oldest.reason ?? oldest.outcome,
    },
  };
}

/** Workloads that must wait, and the one that does so longest. */
async function findParked(context: ApiContext): Promise<Status['parked']> {
  let count = 0;
  let oldest: ParkedRecord | undefined;
  await walkPages<ParkedRecord>(
    COUNTED_MAX,
    (cursor) => context.ports.store.listParked(cursor),
    (record) => {
      count += 1;
      if (oldest === undefined || record.since < oldest.since) oldest = record;
    },
  );
  if (oldest === undefined) return { count };
  const { workload, since, due, reason } = oldest;
  return { count, oldest: { workload, since, due, reason } };
}

/** The table stamps no time on a fence; the last verified run bounds it from below. */
function openSince(record: InterfaceRecord): string {
  return record.verifiedAt ?? '';
}
