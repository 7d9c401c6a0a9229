import type { ParkedRecord } from '../../core/model/record.ts';
import type { MarkMove, Marks, MarksAnswer, Store } from '../../engine/ports.ts';
import { bare, type Item, type Key, type Table } from '../table.ts';
import { mapPage } from './interfaces.ts';

type BudgetStore = Pick<Store, 'moveMarks' | 'park' | 'readParked' | 'unpark' | 'listParked'>;

/** What a re-parked workload keeps of its first parking. */
const FIRST: readonly string[] = ['since', 'event', 'received'];

function parkedKey(workload: string): Key {
  return { pk: `workload#${workload}`, sk: 'parked' };
}

export function budgetStore(table: Table): BudgetStore {
  return {
    moveMarks: (move) => moveMarks(table, move),
    park: (parked) => park(table, parked),
    async readParked(workload) {
      const item = await table.get(parkedKey(workload));
      return item === undefined ? undefined : bare<ParkedRecord>(item);
    },
    async unpark(workload) {
      await table.deleteAll([parkedKey(workload)]);
    },
    async listParked(cursor) {
      return mapPage(await table.listIndex('parked', { cursor }), (item) =>
        bare<ParkedRecord>(item),
      );
    },
  };
}

async function moveMarks(table: Table, move: MarkMove): Promise<MarksAnswer> {
  const { action, to = {}, by = {}, when } = move;
  const conditions = Object.entries(when);
  const sets = Object.keys(to).map((name) => `#${name} = :to_${name}`);
  const adds = Object.keys(by).map((name) => `#${name} :by_${name}`);
  const named = [...new Set([...Object.keys(to), ...Object.keys(by), ...Object.keys(when)])];
  const { met, numbers } = await table.updateNumbers(
    { pk: 'budget', sk: action },
    {
      UpdateExpression: [
        ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
        ...(adds.length === 0 ? [] : [`ADD ${adds.join(', ')}`]),
      ].join(' '),
      ConditionExpression: conditions
        .map(([name, [least]]) => {
          const lies = `#${name} BETWEEN :from_${name} AND :until_${name}`;
          return least > 0 ? lies : `(attribute_not_exists(#${name}) OR ${lies})`;
        })
        .join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(named.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries([
        ...Object.entries(to).map(([name, value]) => [`:to_${name}`, value]),
        ...Object.entries(by).map(([name, value]) => [`:by_${name}`, value]),
        ...conditions.flatMap(([name, [least, most]]) => [
          [`:from_${name}`, least],
          [`:until_${name}`, most],
        ]),
      ]),
    },
  );
  const { tat = 0, line = 0, reserve = 0 } = numbers;
  return { moved: met, marks: { tat, line, reserve } satisfies Marks };
}

async function park(table: Table, parked: ParkedRecord): Promise<void> {
  const { workload, due } = parked;
  const values: Item = { ...parked, gsi1pk: 'parked', gsi1sk: `${due}#${workload}` };
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const set = entries.map(([name]) =>
    FIRST.includes(name) ? `#${name} = if_not_exists(#${name}, :${name})` : `#${name} = :${name}`,
  );
  const isRemoved = parked.readAgain === undefined;
  await table.update(parkedKey(workload), {
    UpdateExpression: `SET ${set.join(', ')}${isRemoved ? ' REMOVE #readAgain' : ''}`,
    ExpressionAttributeNames: {
      ...Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
      '#readAgain': 'readAgain',
    },
    ExpressionAttributeValues: Object.fromEntries(
      entries.map(([name, value]) => [`:${name}`, value]),
    ),
  });
}
