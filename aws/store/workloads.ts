import type { WorkloadRecord } from '../../core/model/record.ts';
import type { Page, Store, WorkloadQuery, WriteWorkloadOptions } from '../../engine/ports.ts';
import { bare, type Item, type Key, putItem, type Table, type TransactItem } from '../table.ts';
import { fenceUpdate, mapPage } from './interfaces.ts';

type WorkloadStore = Pick<
  Store,
  'readWorkload' | 'writeWorkload' | 'deleteWorkload' | 'listWorkloads' | 'countMembers'
>;

const LIST_ITEMS_MAX = 100;

function recordKey(id: string): Key {
  return { pk: `workload#${id}`, sk: 'record' };
}

function memberKey(id: string, segment: string): Key {
  return { pk: `workload#${id}`, sk: `segment#${segment}` };
}

export function workloadStore(table: Table): WorkloadStore {
  return {
    readWorkload: (id) => readRecord(table, id),
    writeWorkload: (record, expected, options = {}) => write(table, record, expected, options),
    deleteWorkload: (id) => deleteRecord(table, id),
    listWorkloads: (query) => list(table, query),
    countMembers: (segment) => table.countIndex(`segment#${segment}`),
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
  await table.transact([put, ...joined, ...left, ...fences]);
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
