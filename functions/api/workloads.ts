import { PAGE_SIZE_DEFAULT } from '../../core/api/limits.ts';
import {
  type WorkloadAnswer,
  type WorkloadPage,
  type WorkloadSummary,
  workloadQuerySchema,
} from '../../core/api/workload-answer.ts';
import type { WorkloadRecord } from '../../core/model/record.ts';
import type { ApiAnswer } from './answer.ts';
import { type ApiContext, readInForce } from './context.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { ApiFault } from './fault.ts';
import { type ApiRequest, readQueryAs } from './request.ts';
import { findSegment } from './segments.ts';

export async function listWorkloads(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const query = readQueryAs(request, workloadQuerySchema);
  const list = `workloads ${query.segment ?? ''}`;
  const cursor = query.cursor === undefined ? undefined : openCursor(list, query.cursor);
  if (query.segment !== undefined) {
    findSegment((await readInForce(context))?.bundle?.policy, query.segment);
  }
  const page = await context.ports.store.listWorkloads({
    limit: query.limit ?? PAGE_SIZE_DEFAULT,
    ...(query.segment === undefined ? {} : { segment: query.segment }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const body: WorkloadPage = {
    items: page.items.map(toWorkloadSummary),
    ...(page.cursor === undefined ? {} : { cursor: sealCursor(list, page.cursor) }),
  };
  return { status: 200, body };
}

export async function readWorkload(context: ApiContext, id: string): Promise<ApiAnswer> {
  const record = await context.ports.store.readWorkload(id);
  if (record === undefined) {
    throw new ApiFault(
      'unknown-workload',
      `no workload \`${id.slice(0, 100)}\` is known; it is gone, or no event and no sweep saw it yet`,
    );
  }
  const interfaces = await Promise.all(
    record.interfaces.map((interfaceId) => readInterface(context, interfaceId)),
  );
  const body: WorkloadAnswer = {
    ...toWorkloadSummary(record),
    identity: { ...record.identity, tags: { ...record.identity.tags } },
    control: record.control,
    ...(record.controlReason === undefined ? {} : { controlReason: record.controlReason }),
    withheld: record.membership.withheld,
    conflicts: record.membership.conflicts,
    ...(record.keeps === undefined ? {} : { keeps: record.keeps.segments }),
    firstSeen: record.firstSeen,
    tagsAt: record.tagsAt,
    interfaces: interfaces.filter((found) => found !== undefined),
  };
  return { status: 200, body };
}

async function readInterface(
  context: ApiContext,
  id: string,
): Promise<WorkloadAnswer['interfaces'][number] | undefined> {
  const [record, ledger] = await Promise.all([
    context.ports.store.readInterface(id),
    context.ports.store.readLedger(id),
  ]);
  if (record === undefined) return undefined;
  return {
    id,
    groups: record.groups,
    ...(ledger === undefined ? {} : { ledger: ledger.groups }),
    phase: record.phase,
    generation: record.generation,
    outcome: record.outcome,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    ...(record.verifiedAt === undefined ? {} : { verifiedAt: record.verifiedAt }),
    pending: record.fence > record.doneFence,
  };
}

function toWorkloadSummary(record: WorkloadRecord): WorkloadSummary {
  const { identity, membership } = record;
  return {
    id: identity.workload,
    kind: identity.kind,
    ...(identity.name === undefined ? {} : { name: identity.name }),
    state: record.state,
    status: record.status,
    ...(record.statusReason === undefined ? {} : { statusReason: record.statusReason }),
    segments: membership.segments,
    ...(membership.zone === undefined ? {} : { zone: membership.zone }),
    mode: membership.mode,
    held: record.held,
    ...(identity.vpc === undefined ? {} : { vpc: identity.vpc }),
    changedAt: record.changedAt,
    generation: record.generation,
  };
}
