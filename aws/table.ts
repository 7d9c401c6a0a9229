import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { ConditionFailed, type Page } from '../engine/ports.ts';

/**
 * The one table. `pk` and `sk` are its key; items that are listed have `gsi1pk` and `gsi1sk` too.
 *
 * | item                | pk               | sk                  | gsi1pk          | gsi1sk      |
 * |---------------------|------------------|---------------------|-----------------|-------------|
 * | what is in force    | head             | head                |                 |             |
 * | workload            | workload#<id>    | record              | workloads       | <id>        |
 * | its membership      | workload#<id>    | segment#<name>      | segment#<name>  | <id>        |
 * | interface           | interface#<id>   | record              | interfaces      | <id>        |
 * | its ledger          | interface#<id>   | ledger              | ledger          | <id>        |
 * | running members     | leaves           | running             |                 |             |
 * | a segment's leaves  | leaves#<name>    | window              |                 |             |
 * | parked workload     | workload#<id>    | parked              | parked          | <due>#<id>  |
 * | budget of an action | budget           | <action>            |                 |             |
 * | plan                | plans            | <generation, 12>    |                 |             |
 * | policy in force     | policy           | current             |                 |             |
 * | policy, once        | policies         | <time>#<version>    |                 |             |
 * | last generation     | counter          | generation          |                 |             |
 * | totals              | counts           | total               |                 |             |
 * | latency             | latency          | histogram           |                 |             |
 * | last sweep          | sweep            | last                |                 |             |
 * | last comparison     | proof            | last                |                 |             |
 *
 * Reads of an item by its key are consistent. Lists over `gsi1` are not, and nothing that decides
 * who may write depends on one.
 */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export type Item = Readonly<Record<string, unknown>>;

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Name of the one secondary index; infra/storage/storage.ts makes it. */
const INDEX = 'gsi1';

/** DynamoDB API reference: at most 100 keys in BatchGetItem, 100 items in TransactWriteItems. */
const BATCH_KEYS_MAX = 100;
const TRANSACTION_ITEMS_MAX = 100;

/** Two transactions met at one item; the one that lost may try again at once. */
const CONFLICT_ATTEMPTS_MAX = 6;

const PAGE_ITEMS = 100;

export interface ListOptions {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
  readonly descending?: boolean;
}

/** DynamoDB in the words of this table: items by key, conditions that fail as ConditionFailed. */
export class Table {
  readonly name: string;
  readonly #client: DynamoDBDocumentClient;

  constructor(name: string, client: DynamoDBClient = new DynamoDBClient({})) {
    this.name = name;
    this.#client = DynamoDBDocumentClient.from(client, {
      marshallOptions: { removeUndefinedValues: true },
    });
  }

  async get(key: Key): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true }),
    );
    return Item;
  }

  /** In no particular order; those that do not exist are left out. */
  async getMany(keys: readonly Key[]): Promise<readonly Item[]> {
    const found: Item[] = [];
    for (let from = 0; from < keys.length; from += BATCH_KEYS_MAX) {
      let wanted: Record<string, unknown>[] = keys
        .slice(from, from + BATCH_KEYS_MAX)
        .map((key) => ({ ...key }));
      for (let attempt = 0; wanted.length > 0; attempt += 1) {
        if (attempt > 0) await sleep(25 * 2 ** Math.min(attempt, 6));
        const answer = await this.#client.send(
          new BatchGetCommand({
            RequestItems: { [this.name]: { Keys: wanted, ConsistentRead: true } },
          }),
        );
        found.push(...(answer.Responses?.[this.name] ?? []));
        wanted = answer.UnprocessedKeys?.[this.name]?.Keys ?? [];
      }
    }
    return found;
  }

  /** Throws ConditionFailed. Gives the item as it is after the update. */
  async update(
    key: Key,
    change: Omit<UpdateCommandInput, 'TableName' | 'Key' | 'ReturnValues'>,
  ): Promise<Item> {
    return await this.#conditional(async () => {
      const { Attributes } = await this.#client.send(
        new UpdateCommand({
          ...change,
          TableName: this.name,
          Key: { ...key },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes ?? {};
    });
  }

  /**
   * As `update`, where a condition that is not met is an answer and no error: numbers of the item as
   * it is after the call, either way.
   */
  async updateNumbers(
    key: Key,
    change: Omit<UpdateCommandInput, 'TableName' | 'Key' | 'ReturnValues'>,
  ): Promise<{ readonly met: boolean; readonly numbers: Readonly<Record<string, number>> }> {
    try {
      const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
      const item = await this.update(key, { ...change, ReturnValuesOnConditionCheckFailure });
      return { met: true, numbers: numbersOf(item) };
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const { cause } = error;
      if (!(cause instanceof ConditionalCheckFailedException)) throw error;
      // The document client leaves an error's item as DynamoDB sends it. None: there is no item.
      return { met: false, numbers: numbersOf(cause.Item ?? {}) };
    }
  }

  /** All or nothing. Throws ConditionFailed when any condition is not met. */
  async transact(items: readonly TransactItem[]): Promise<void> {
    if (items.length > TRANSACTION_ITEMS_MAX) {
      throw new Error(`${items.length} items in one transaction; DynamoDB takes 100`);
    }
    await this.#conditional(async () => {
      await this.#client.send(new TransactWriteCommand({ TransactItems: [...items] }));
    });
  }

  /** Deletes items, with no condition; what is gone already is no error. */
  async deleteAll(keys: readonly Key[]): Promise<void> {
    for (let from = 0; from < keys.length; from += TRANSACTION_ITEMS_MAX) {
      const chunk = keys.slice(from, from + TRANSACTION_ITEMS_MAX);
      await this.transact(
        chunk.map((key) => ({ Delete: { TableName: this.name, Key: { ...key } } })),
      );
    }
  }

  /** One page of a partition, read consistently. */
  async listPartition(pk: string, options: ListOptions = {}): Promise<Page<Item>> {
    return await this.#query(options, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    });
  }

  /** One page of a list, which may be a moment behind. */
  async listIndex(gsi1pk: string, options: ListOptions = {}): Promise<Page<Item>> {
    return await this.#query(options, {
      IndexName: INDEX,
      KeyConditionExpression: 'gsi1pk = :pk',
      ExpressionAttributeValues: { ':pk': gsi1pk },
    });
  }

  async countIndex(gsi1pk: string): Promise<number> {
    let total = 0;
    let from: Record<string, unknown> | undefined;
    do {
      const answer = await this.#client.send(
        new QueryCommand({
          TableName: this.name,
          IndexName: INDEX,
          Select: 'COUNT',
          KeyConditionExpression: 'gsi1pk = :pk',
          ExpressionAttributeValues: { ':pk': gsi1pk },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      total += answer.Count ?? 0;
      from = answer.LastEvaluatedKey;
    } while (from !== undefined);
    return total;
  }

  async #query(
    { cursor, limit = PAGE_ITEMS, descending = false }: ListOptions,
    query: Readonly<Record<string, unknown>>,
  ): Promise<Page<Item>> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.name,
        Limit: limit,
        ScanIndexForward: !descending,
        ...query,
        ...(cursor === undefined ? {} : { ExclusiveStartKey: JSON.parse(cursor) }),
      }),
    );
    if (LastEvaluatedKey === undefined) return { items: Items };
    return { items: Items, cursor: JSON.stringify(LastEvaluatedKey) };
  }

  async #conditional<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await write();
      } catch (error) {
        if (isUnmet(error)) {
          throw new ConditionFailed('somebody else wrote first', { cause: error });
        }
        if (!isConflict(error) || attempt + 1 >= CONFLICT_ATTEMPTS_MAX) throw error;
        await sleep(10 * 2 ** attempt * (1 + Math.random()));
      }
    }
  }
}

/** Attributes that are numbers, as values or in DynamoDB's own form. */
function numbersOf(item: Item): Readonly<Record<string, number>> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(item)) {
    const raw = isNumberAttribute(value) ? Number(value.N) : value;
    if (typeof raw === 'number') numbers[name] = raw;
  }
  return numbers;
}

function isNumberAttribute(value: unknown): value is { readonly N: string } {
  return typeof value === 'object' && value !== null && 'N' in value;
}

function isUnmet(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return codesOf(error).includes('ConditionalCheckFailed');
  }
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

function isConflict(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return codesOf(error).includes('TransactionConflict');
  }
  return error instanceof Error && error.name === 'TransactionConflictException';
}

function codesOf(error: TransactionCanceledException): readonly string[] {
  return (error.CancellationReasons ?? []).map((reason) => reason.Code ?? '');
}

/** An item without what belongs to the table. The caller knows which item it asked for. */
export function bare<T>(item: Item): T {
  const { pk: _pk, sk: _sk, gsi1pk: _index, gsi1sk: _sort, ...record } = item;
  return record as T;
}

/** An item that a transaction writes, with its table. */
export function putItem(
  table: Table,
  item: Item & Key,
  condition?: Omit<NonNullable<TransactItem['Put']>, 'TableName' | 'Item'>,
): TransactItem {
  return { Put: { TableName: table.name, Item: { ...item }, ...condition } };
}
