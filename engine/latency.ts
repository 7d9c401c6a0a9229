import type { ChangeTiming } from '../core/model/record.ts';
import type { LatencySummary, Percentiles } from './ports.ts';

/** Each bucket is a tenth wider than the one before: a percentile is off by 10 % at most. */
const GROWTH = 1.1;

/** The last bucket begins above a day; what is longer counts there. */
const BUCKET_MAX = 192;

/** Counts by bucket, for each hop by name. */
export type Histograms = Readonly<Record<string, Readonly<Record<number, number>>>>;

const WHOLE = 'receivedToWritten';

/** The time that each hop of one change took, in milliseconds. Clocks that disagree give 0. */
export function hopsOf(timing: ChangeTiming): Readonly<Record<string, number>> {
  const span = (from: number, to: number): number => Math.max(0, to - from);
  return {
    eventToReceived: span(timing.event, timing.received),
    receivedToDecided: span(timing.received, timing.decided),
    decidedToWritten: span(timing.decided, timing.written),
    writtenToVerified: span(timing.written, timing.verified),
    [WHOLE]: span(timing.received, timing.written),
  };
}

/** 0 for less than a millisecond. */
export function bucketOf(ms: number): number {
  if (ms < 1) return 0;
  return Math.min(BUCKET_MAX, 1 + Math.floor(Math.log(ms) / Math.log(GROWTH)));
}

/** The upper end of a bucket, whole milliseconds: a percentile is never said too low. */
export function upperEnd(bucket: number): number {
  return Math.ceil(GROWTH ** bucket);
}

export function summariseLatency(histograms: Histograms): LatencySummary {
  const hops: Record<string, Percentiles> = {};
  for (const [hop, counts] of Object.entries(histograms)) {
    const percentiles = percentilesOf(counts);
    if (hop !== WHOLE && percentiles !== undefined) hops[hop] = percentiles;
  }
  const whole = histograms[WHOLE] ?? {};
  const receivedToWritten = percentilesOf(whole);
  return {
    count: totalOf(whole),
    ...(receivedToWritten === undefined ? {} : { receivedToWritten }),
    hops,
  };
}

function totalOf(counts: Readonly<Record<number, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function percentilesOf(counts: Readonly<Record<number, number>>): Percentiles | undefined {
  const total = totalOf(counts);
  if (total === 0) return undefined;
  const buckets = Object.keys(counts)
    .map(Number)
    .filter((bucket) => (counts[bucket] ?? 0) > 0)
    .sort((a, b) => a - b);
  const at = (share: number): number => {
    let seen = 0;
    const found = buckets.find((bucket) => {
      seen += counts[bucket] ?? 0;
      return seen >= share * total;
    });
    return upperEnd(found ?? buckets.at(-1) ?? 0);
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: upperEnd(buckets.at(-1) ?? 0) };
}
