import type { ChangeTiming, ProofRecord, SweepRecord } from '../../../core/model/record.ts';
import { bucketOf, hopsOf, summariseLatency } from '../../../engine/latency.ts';
import type { LatencySummary, Store } from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';

/** Totals, latencies, the last sweep and the last proof; as aws/store/numbers.ts. */
export class MemoryNumbers
  implements
    Pick<
      Store,
      | 'recordTiming'
      | 'readLatency'
      | 'recordSweep'
      | 'readSweep'
      | 'recordProof'
      | 'readProof'
      | 'count'
      | 'readCounts'
    >
{
  readonly #histograms: Record<string, Record<number, number>> = {};
  readonly #counts: Record<string, number> = {};
  #sweep: SweepRecord | undefined;
  #proof: ProofRecord | undefined;

  async recordTiming(timing: ChangeTiming): Promise<void> {
    for (const [hop, ms] of Object.entries(hopsOf(timing))) {
      this.#histograms[hop] ??= {};
      const counts = this.#histograms[hop];
      counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1;
    }
  }

  async readLatency(): Promise<LatencySummary> {
    return summariseLatency(this.#histograms);
  }

  async recordSweep(sweep: SweepRecord): Promise<void> {
    this.#sweep = frozenCopy(sweep);
  }

  async readSweep(): Promise<SweepRecord | undefined> {
    return this.#sweep;
  }

  async recordProof(proof: ProofRecord): Promise<void> {
    this.#proof = frozenCopy(proof);
  }

  async readProof(): Promise<ProofRecord | undefined> {
    return this.#proof;
  }

  async count(counts: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, more] of Object.entries(counts)) {
      this.#counts[name] = (this.#counts[name] ?? 0) + more;
    }
  }

  async readCounts(): Promise<Readonly<Record<string, number>>> {
    return { ...this.#counts };
  }
}
