import type { LeaveClaim, Leaves, LeaveWindow, WorkloadRecord } from '../../core/model/record.ts';
import type { Page, Store, WorkloadQuery, WriteWorkloadOptions } from '../../engine/ports.ts';
import { bare, type Item, type Key, putItem, type Table, type TransactItem } from '../table.ts';
import { fenceUpdate, mapPage } from './interfaces.ts';

type WorkloadStore = Pick<
  Store,
  | 'readWorkload'
  | 'writeWorkload'
  | 'deleteWorkload'
  | 'listWorkloads'
  | 'countMembers'
  | 'readLeaves'
  | 'recordRunning'
>;

const LIST_ITEMS_MAX = 100;

function recordKey(id: string): Key {
  return { pk: `workload#${id}`, sk: 'record' };
}

function memberKey(id: string, segment: string): Key {
  return { pk: `workload#${id}`, sk: `segment#${segment}` };
}

const RUNNING: Key = { pk: 'leaves', sk: 'running' };

function windowKey(segment: string): Key {
  return { pk: `leaves#${segment}`, sk: 'window' };
}

export function workloadStore(table: Table): WorkloadStore {
  return {
    readWorkload: (id) => readRecord(table, id),
    writeWorkload: (record, expected, options = {}) => write(table, record, expected, options),
    deleteWorkload: (id) => deleteRecord(table, id),
    listWorkloads: (query) => list(table, query),
    countMembers: (segment) => table.countIndex(`segment#${segment}`),
    readLeaves: (segments) => readLeaves(table, segments),
    async recordRunning(running) {
      await table.transact([putItem(table, { ...RUNNING, counts: running })]);
    },
  };
}

async function readRecord(table: Table, id: string): Promise<WorkloadRecord | undefined> {
  const item = await table.get(recordKey(id));
  return item === undefined ? undefined : bare<WorkloadRecord>(item);
}

async function write(
  table: Table,
  record: WorkloadRecord,
  expected: number,
  options: WriteWorkloadOptions,
): Promise<void> {
  const { workload } = record.identity;
  const before =
    expected === 0 ? undefined : (options.previous ?? (await readRecord(table, workload)));
  const had = before?.membership.segments ?? [];
  const has = record.membership.segments;
  const put = putItem(
    table,
    { ...recordKey(workload), gsi1pk: 'workloads', gsi1sk: workload, ...record },
    expected === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'revision = :expected',
          ExpressionAttributeValues: { ':expected': expected },
        },
  );
  const joined = has
    .filter((segment) => !had.includes(segment))
    .map((segment) =>
      putItem(table, {
        ...memberKey(workload, segment),
        gsi1pk: `segment#${segment}`,
        gsi1sk: workload,
      }),
    );
  const left = had
    .filter((segment) => !has.includes(segment))
    .map(
      (segment): TransactItem => ({
        Delete: { TableName: table.name, Key: { ...memberKey(workload, segment) } },
      }),
    );
  const fences = (options.raise ?? record.interfaces).map(
    (id): TransactItem => ({ Update: fenceUpdate(table, id, workload) }),
  );
  const windows = (options.leaves ?? []).map((claim) => claimLeave(table, claim));
  await table.transact([put, ...joined, ...left, ...fences, ...windows]);
}

async function readLeaves(table: Table, segments: readonly string[]): Promise<Leaves> {
  const items = await table.getMany([RUNNING, ...segments.map(windowKey)]);
  const running = items.find((item) => item.pk === RUNNING.pk)?.counts ?? {};
  const windows = items
    .filter((item) => item.pk !== RUNNING.pk)
    .map((item) => [String(item.pk).slice('leaves#'.length), bare<LeaveWindow>(item)] as const);
  return { running: running as Leaves['running'], windows: Object.fromEntries(windows) };
}

/**
 * Within a slot workers add to the count without knowing of each other, and the condition keeps it
 * within bounds; whoever opens the next slot must have seen the one before as it ended.
 */
function claimLeave(table: Table, { segment, seen, next, totalMax }: LeaveClaim): TransactItem {
  const at = { TableName: table.name, Key: { ...windowKey(segment) } };
  const names = { '#until': 'until', '#total': 'total' };
  if (seen?.until === next.until) {
    return {
      Update: {
        ...at,
        UpdateExpression: 'ADD #total :one',
        ConditionExpression: '#until = :until AND #total < :max',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':one': 1, ':until': seen.until, ':max': totalMax },
      },
    };
  }
  const item = { ...windowKey(segment), ...next };
  if (seen === undefined) {
    return putItem(table, item, { ConditionExpression: 'attribute_not_exists(pk)' });
  }
  return putItem(table, item, {
    ConditionExpression: '#until = :until AND #total = :total',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: { ':until': seen.until, ':total': seen.total },
  });
}

async function deleteRecord(table: Table, id: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await table.listPartition(`workload#${id}`, { cursor });
    await table.deleteAll(page.items.map((item) => ({ pk: String(item.pk), sk: String(item.sk) })));
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function list(table: Table, query: WorkloadQuery): Promise<Page<WorkloadRecord>> {
  const { segment, cursor, limit = LIST_ITEMS_MAX } = query;
  const options = { cursor, limit: Math.min(limit, LIST_ITEMS_MAX) };
  if (segment === undefined) {
    return mapPage(await table.listIndex('workloads', options), (item) =>
      bare<WorkloadRecord>(item),
    );
  }
  const page = await table.listIndex(`segment#${segment}`, options);
  const items = await table.getMany(page.items.map((item) => recordKey(String(item.gsi1sk))));
  const byId = new Map(items.map((item) => [idOf(item), bare<WorkloadRecord>(item)]));
  return {
    ...page,
    items: page.items.flatMap((item) => byId.get(String(item.gsi1sk)) ?? []),
  };
}

function idOf(item: Item): string {
  return String(item.gsi1sk);
}
