import type { WritePhase } from '../../core/model/plan.ts';
import type { InterfaceRecord, LedgerEntry } from '../../core/model/record.ts';
import type { LeaseClaim, Page, Store } from '../../engine/ports.ts';
import { bare, type Item, type Key, type Table, type TransactItem } from '../table.ts';

type InterfaceStore = Pick<
  Store,
  | 'raiseFence'
  | 'readInterface'
  | 'readInterfaces'
  | 'claim'
  | 'settle'
  | 'deleteInterface'
  | 'listInterfaces'
  | 'readLedger'
  | 'extendLedger'
  | 'clearLedger'
  | 'listLedger'
>;

function recordKey(id: string): Key {
  return { pk: `interface#${id}`, sk: 'record' };
}

function ledgerKey(id: string): Key {
  return { pk: `interface#${id}`, sk: 'ledger' };
}

/** What a record has before anybody has worked on the interface. */
const FRESH = {
  doneFence: 0,
  generation: 0,
  phase: 'attach' satisfies WritePhase,
  groups: [],
  outcome: 'waiting',
} as const;

/** Names of FRESH and of the index, each set only where the item does not have it yet. */
function freshParts(id: string) {
  const values: Item = { ...FRESH, interface: id, gsi1pk: 'interfaces', gsi1sk: id };
  const names = Object.keys(values);
  return {
    expression: names.map((name) => `#${name} = if_not_exists(#${name}, :${name})`).join(', '),
    names: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    values: Object.fromEntries(names.map((name) => [`:${name}`, values[name]])),
  };
}

/** The update that raises a fence by one, in a transaction or alone. */
export function fenceUpdate(table: Table, id: string, workload: string) {
  const fresh = freshParts(id);
  return {
    TableName: table.name,
    Key: { ...recordKey(id) },
    UpdateExpression: `SET ${fresh.expression}, #workload = :workload ADD #fence :one`,
    ExpressionAttributeNames: { ...fresh.names, '#workload': 'workload', '#fence': 'fence' },
    ExpressionAttributeValues: { ...fresh.values, ':workload': workload, ':one': 1 },
  } satisfies NonNullable<TransactItem['Update']>;
}

export function interfaceStore(table: Table): InterfaceStore {
  return {
    async raiseFence(id, workload) {
      const { TableName: _table, Key: key, ...change } = fenceUpdate(table, id, workload);
      return toRecord(await table.update(key, change)).fence;
    },
    async readInterface(id) {
      const item = await table.get(recordKey(id));
      return item === undefined ? undefined : toRecord(item);
    },
    async readInterfaces(ids) {
      return (await table.getMany([...new Set(ids)].map(recordKey))).map(toRecord);
    },
    claim: (lease) => claim(table, lease),
    settle: (record, owner) => settle(table, record, owner),
    async deleteInterface(id) {
      await table.deleteAll([recordKey(id)]);
    },
    async listInterfaces(cursor) {
      return mapPage(await table.listIndex('interfaces', { cursor }), toRecord);
    },
    async readLedger(id) {
      const item = await table.get(ledgerKey(id));
      return item === undefined ? undefined : toLedger(item);
    },
    extendLedger: (entry) => extendLedger(table, entry),
    async clearLedger(id) {
      await table.deleteAll([ledgerKey(id)]);
    },
    async listLedger(cursor) {
      return mapPage(await table.listIndex('ledger', { cursor }), toLedger);
    },
  };
}

export function mapPage<T, U>(page: Page<T>, map: (item: T) => U): Page<U> {
  return { ...page, items: page.items.map(map) };
}

async function claim(table: Table, lease: LeaseClaim): Promise<InterfaceRecord> {
  const { interfaceId, workload, owner, untilMs, nowMs, generation } = lease;
  const { generation: _generation, ...freshNames } = { ...FRESH, fence: 0 };
  const values: Item = {
    ...freshNames,
    interface: interfaceId,
    gsi1pk: 'interfaces',
    gsi1sk: interfaceId,
  };
  const names = [...Object.keys(values), 'generation'];
  const set = names.map((name) => `#${name} = if_not_exists(#${name}, :${name})`).join(', ');
  const item = await table.update(recordKey(interfaceId), {
    UpdateExpression: `SET ${set}, #workload = :workload, leaseOwner = :owner, leaseUntil = :until`,
    ConditionExpression:
      '(attribute_not_exists(leaseUntil) OR leaseUntil < :now OR leaseOwner = :owner)' +
      ' AND (attribute_not_exists(#generation) OR #generation <= :young)',
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      '#workload': 'workload',
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, values[name] ?? 0])),
      ':workload': workload,
      ':owner': owner,
      ':until': new Date(untilMs).toISOString(),
      ':now': new Date(nowMs).toISOString(),
      ':young': generation,
    },
  });
  return toRecord(item);
}

async function settle(
  table: Table,
  record: InterfaceRecord,
  owner: string,
): Promise<InterfaceRecord> {
  const { interface: id, fence: _fence, lease: _lease, ...done } = record;
  const written = Object.entries(done).filter(([, value]) => value !== undefined);
  const absent = ['reason', 'status', 'verifiedAt', 'parkedUntil'].filter(
    (name) => !written.some(([one]) => one === name),
  );
  const names = [...written.map(([name]) => name), ...absent];
  const removed = ['leaseOwner', 'leaseUntil', ...absent.map((name) => `#${name}`)];
  const item = await table.update(recordKey(id), {
    UpdateExpression: `SET ${written.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE ${removed.join(', ')}`,
    ConditionExpression: 'leaseOwner = :owner',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(written.map(([name, value]) => [`:${name}`, value])),
      ':owner': owner,
    },
  });
  return toRecord(item);
}

/** A string set, so that adding to it and adding again are the same. */
async function extendLedger(table: Table, entry: LedgerEntry): Promise<void> {
  const { interface: id, groups, ...rest } = entry;
  const fixed: Item = { ...rest, interface: id, gsi1pk: 'ledger', gsi1sk: id };
  const names = Object.keys(fixed);
  const set = names.map((name) => `#${name} = if_not_exists(#${name}, :${name})`).join(', ');
  await table.update(ledgerKey(id), {
    UpdateExpression: `SET ${set}${groups.length === 0 ? '' : ' ADD #groups :groups'}`,
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ...(groups.length === 0 ? {} : { '#groups': 'groups' }),
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, fixed[name]])),
      ...(groups.length === 0 ? {} : { ':groups': new Set(groups) }),
    },
  });
}

function toRecord(item: Item): InterfaceRecord {
  const { leaseOwner, leaseUntil, ...record } = bare<
    InterfaceRecord & { readonly leaseOwner?: string; readonly leaseUntil?: string }
  >(item);
  if (leaseOwner === undefined || leaseUntil === undefined) return record;
  return { ...record, lease: { owner: leaseOwner, until: leaseUntil } };
}

function toLedger(item: Item): LedgerEntry {
  const { groups, ...entry } = bare<
    Omit<LedgerEntry, 'groups'> & { readonly groups?: Set<string> }
  >(item);
  return { ...entry, groups: [...(groups ?? [])].sort() };
}
