import type { Head, PlanRecord, PolicyRecord } from '../../core/model/record.ts';
import type { Store } from '../../engine/ports.ts';
import { bare, type Key, putItem, type Table } from '../table.ts';
import { mapPage } from './interfaces.ts';

type PublishingStore = Pick<
  Store,
  | 'readHead'
  | 'writeHead'
  | 'nextGeneration'
  | 'readPlan'
  | 'writePlan'
  | 'listPlans'
  | 'readCurrentPolicy'
  | 'writeCurrentPolicy'
  | 'listPolicies'
>;

const HEAD: Key = { pk: 'head', sk: 'head' };
const CURRENT_POLICY: Key = { pk: 'policy', sk: 'current' };
const GENERATION: Key = { pk: 'counter', sk: 'generation' };

/** Plans of one partition sort by generation. Undefined for a text that is no plan's id. */
function planKey(id: string): Key | undefined {
  const generation = /^plan-(\d{1,12})$/.exec(id)?.[1];
  return generation === undefined ? undefined : { pk: 'plans', sk: generation.padStart(12, '0') };
}

export function publishingStore(table: Table): PublishingStore {
  return {
    async readHead() {
      const item = await table.get(HEAD);
      return item === undefined ? undefined : bare<Head>(item);
    },
    writeHead: (head, expected) => writeHead(table, head, expected),
    async nextGeneration() {
      const item = await table.update(GENERATION, {
        UpdateExpression: 'ADD #value :one',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':one': 1 },
      });
      return Number(item.value);
    },
    async readPlan(id) {
      const key = planKey(id);
      const item = key === undefined ? undefined : await table.get(key);
      return item === undefined ? undefined : bare<PlanRecord>(item);
    },
    writePlan: (record, expected) => writePlan(table, record, expected),
    async listPlans(cursor) {
      const page = await table.listPartition('plans', { cursor, descending: true });
      return mapPage(page, (item) => bare<PlanRecord>(item));
    },
    async readCurrentPolicy() {
      const item = await table.get(CURRENT_POLICY);
      return item === undefined ? undefined : bare<PolicyRecord>(item);
    },
    writeCurrentPolicy: (record, expected) => writeCurrentPolicy(table, record, expected),
    async listPolicies(cursor) {
      const page = await table.listPartition('policies', { cursor, descending: true });
      return mapPage(page, (item) => bare<PolicyRecord>(item));
    },
  };
}

async function writeHead(table: Table, head: Head, expected: number): Promise<void> {
  const same = '#generation = :same';
  await table.transact([
    putItem(
      table,
      { ...HEAD, ...head },
      {
        ConditionExpression:
          expected === 0
            ? `attribute_not_exists(pk) OR ${same}`
            : `#generation = :expected OR ${same}`,
        ExpressionAttributeNames: { '#generation': 'generation' },
        ExpressionAttributeValues: {
          ':same': head.generation,
          ...(expected === 0 ? {} : { ':expected': expected }),
        },
      },
    ),
  ]);
}

async function writePlan(
  table: Table,
  record: PlanRecord,
  expected: readonly PlanRecord['state'][],
): Promise<void> {
  const key = planKey(record.id);
  if (key === undefined) throw new Error(`\`${record.id}\` is no plan's id`);
  const states = Object.fromEntries(expected.map((state, at) => [`:s${at}`, state]));
  await table.transact([
    putItem(
      table,
      { ...key, ...record },
      expected.length === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: `#state IN (${Object.keys(states).join(', ')})`,
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: states,
          },
    ),
  ]);
}

async function writeCurrentPolicy(
  table: Table,
  record: PolicyRecord,
  expected: string | undefined,
): Promise<void> {
  await table.transact([
    putItem(
      table,
      { ...CURRENT_POLICY, ...record },
      expected === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#version = :expected',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':expected': expected },
          },
    ),
    putItem(table, { pk: 'policies', sk: `${record.publishedAt}#${record.version}`, ...record }),
  ]);
}
