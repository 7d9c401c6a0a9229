import type { ProofRecord, SweepRecord } from '../../core/model/record.ts';
import { bucketOf, type Histograms, hopsOf, summariseLatency } from '../../engine/latency.ts';
import type { Store } from '../../engine/ports.ts';
import { bare, type Item, type Key, putItem, type Table } from '../table.ts';

type NumberStore = Pick<
  Store,
  | 'recordTiming'
  | 'readLatency'
  | 'recordSweep'
  | 'readSweep'
  | 'recordProof'
  | 'readProof'
  | 'count'
  | 'readCounts'
>;

const HISTOGRAM: Key = { pk: 'latency', sk: 'histogram' };
const COUNTS: Key = { pk: 'counts', sk: 'total' };
const SWEEP: Key = { pk: 'sweep', sk: 'last' };
const PROOF: Key = { pk: 'proof', sk: 'last' };

export function numberStore(table: Table): NumberStore {
  return {
    async recordTiming(timing) {
      const buckets = Object.entries(hopsOf(timing)).map(
        ([hop, ms]) => [`${hop}#${bucketOf(ms)}`, 1] as const,
      );
      await addAll(table, HISTOGRAM, Object.fromEntries(buckets));
    },
    async readLatency() {
      return summariseLatency(toHistograms(await readTotals(table, HISTOGRAM)));
    },
    async recordSweep(sweep) {
      await table.transact([putItem(table, { ...SWEEP, ...sweep })]);
    },
    async readSweep() {
      const item = await table.get(SWEEP);
      return item === undefined ? undefined : bare<SweepRecord>(item);
    },
    async recordProof(proof) {
      await table.transact([putItem(table, { ...PROOF, ...proof })]);
    },
    async readProof() {
      const item = await table.get(PROOF);
      return item === undefined ? undefined : bare<ProofRecord>(item);
    },
    count: (counts) => addAll(table, COUNTS, counts),
    readCounts: () => readTotals(table, COUNTS),
  };
}

async function addAll(
  table: Table,
  key: Key,
  amounts: Readonly<Record<string, number>>,
): Promise<void> {
  const names = Object.keys(amounts);
  if (names.length === 0) return;
  await table.update(key, {
    UpdateExpression: `ADD ${names.map((_, at) => `#n${at} :v${at}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name, at) => [`#n${at}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      names.map((name, at) => [`:v${at}`, amounts[name]]),
    ),
  });
}

async function readTotals(table: Table, key: Key): Promise<Readonly<Record<string, number>>> {
  const item: Item = bare((await table.get(key)) ?? {});
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, Number(value)]));
}

/** From `hop#bucket` to counts by bucket, by hop. */
function toHistograms(totals: Readonly<Record<string, number>>): Histograms {
  const histograms: Record<string, Record<number, number>> = {};
  for (const [name, count] of Object.entries(totals)) {
    const [hop = '', bucket = '0'] = name.split('#');
    const counts = histograms[hop] ?? {};
    counts[Number(bucket)] = count;
    histograms[hop] = counts;
  }
  return histograms;
}
