import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { budgetStore } from '../../aws/store/budget.ts';
import { Table } from '../../aws/table.ts';
import type { MarkMove, MarksAnswer } from '../../engine/ports.ts';
import { drawToken } from '../../engine/write-budget.ts';
import { type Sandbox, startSandbox } from '../../sandbox/boot.ts';
import { BudgetTable } from '../fakes/budget-table.ts';

const PORT = 4786;
const MARKS = ['tat', 'line', 'reserve'] as const;

let sandbox: Sandbox;
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ port: PORT, onProgress: () => {} });
  client = new DynamoDBClient({
    endpoint: sandbox.endpoint,
    region: sandbox.region,
    credentials: sandbox.rootCredentials,
  });
});

afterAll(async () => {
  await sandbox?.stop();
});

/** An empty table as infra/storage/storage.ts makes it. */
async function freshStore() {
  tables += 1;
  const TableName = `budget-${tables}`;
  const key = (pk: string, sk: string) => [
    { AttributeName: pk, KeyType: 'HASH' as const },
    { AttributeName: sk, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: key('pk', 'sk'),
      AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'gsi1',
          KeySchema: key('gsi1pk', 'gsi1sk'),
          Projection: { ProjectionType: 'ALL' as const },
        },
      ],
    }),
  );
  return budgetStore(new Table(TableName, client));
}

const mark = fc.integer({ min: 0, max: 20 });
const range = fc
  .tuple(mark, mark)
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
const some = <T>(value: fc.Arbitrary<T>) =>
  fc.record({ tat: value, line: value, reserve: value }, { requiredKeys: [] });

/** Moves that DynamoDB takes: something is moved, no mark by both ways, some condition. */
const move: fc.Arbitrary<MarkMove> = fc
  .record({ to: some(mark), by: some(mark), when: some(range) })
  .filter(({ to, by, when }) => {
    const moved = [...Object.keys(to), ...Object.keys(by)];
    return moved.length > 0 && new Set(moved).size === moved.length && Object.keys(when).length > 0;
  })
  .map((parts) => ({ action: 'CreateSecurityGroup', ...parts }));

describe('the budget in DynamoDB', () => {
  test('answers as the one in memory, whatever is asked of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 12 }), async (moves) => {
        const [real, memory] = [await freshStore(), new BudgetTable()];
        const answers: [MarksAnswer, MarksAnswer][] = [];
        for (const one of moves) {
          answers.push([await real.moveMarks(one), await memory.moveMarks(one)]);
        }
        for (const [answer, expected] of answers) expect(answer).toEqual(expected);
        for (const [answer] of answers)
          expect(Object.keys(answer.marks).sort()).toEqual([...MARKS].sort());
      }),
      { numRuns: 25 },
    );
  });

  test('gives a burst to many at once, and each of the others a place of its own', async () => {
    const store = await freshStore();
    const budget = { store, clock: { now: () => 5_000_000, sleep: async () => {} } };
    const input = { action: 'CreateSecurityGroup', purpose: 'ordinary' } as const;
    const draws = await Promise.all(
      Array.from({ length: 60 }, () => drawToken(budget as never, input)),
    );
    const waiting = draws.flatMap((draw) => (draw.kind === 'wait' ? [draw.untilMs] : []));
    expect(draws.length - waiting.length).toBe(41);
    expect(new Set(waiting).size).toBe(waiting.length);
  });
});

test('a parked workload keeps when it came, moves with its due time, and goes', async () => {
  const store = await freshStore();
  const first = { workload: 'i-1', due: '2026-11-24T09:00:09.000Z', since: 'a', reason: 'x' };
  await store.park({ ...first, received: 1, readAgain: true });
  await store.park({ workload: 'i-2', due: '2026-11-24T09:00:05.000Z', since: 'b', reason: 'y' });
  const listed = async () => (await store.listParked()).items.map(({ workload }) => workload);
  expect(await listed()).toEqual(['i-2', 'i-1']);
  const again = { ...first, due: '2026-11-24T09:00:01.000Z', since: 'later', received: 2 };
  await store.park(again);
  expect(await listed()).toEqual(['i-1', 'i-2']);
  expect(await store.readParked('i-1')).toEqual({ ...again, since: 'a', received: 1 });
  await store.unpark('i-1');
  await store.unpark('i-1');
  expect(await store.readParked('i-1')).toBeUndefined();
  expect(await listed()).toEqual(['i-2']);
});
