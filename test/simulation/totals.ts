import { FAULTS, type Fault } from './faults.ts';
import { FEATURES, type Feature } from './features.ts';
import type { Outcome } from './simulate.ts';

/** Adds up what many seeds came to. */
export class Totals {
  readonly failed: Outcome[] = [];
  readonly #faults: Partial<Record<Fault, number>> = {};
  readonly #features: Partial<Record<Feature, number>> = {};
  readonly #sums = { seeds: 0, lives: 0, writes: 0, plans: 0, sweeps: 0, calls: 0 };

  add(outcome: Outcome): void {
    if (outcome.complaints.length > 0) this.failed.push(outcome);
    this.#sums.seeds += 1;
    for (const name of outcome.features) this.#features[name] = (this.#features[name] ?? 0) + 1;
    for (const name of ['lives', 'writes', 'plans', 'sweeps', 'calls'] as const) {
      this.#sums[name] += outcome[name];
    }
    for (const [name, count] of Object.entries(outcome.faults) as [Fault, number][]) {
      this.#faults[name] = (this.#faults[name] ?? 0) + count;
    }
  }

  get faults(): number {
    return Object.values(this.#faults).reduce((sum, count) => sum + count, 0);
  }

  get writes(): number {
    return this.#sums.writes;
  }

  /** Kinds of fault that never struck. */
  get absentFaults(): readonly Fault[] {
    return FAULTS.filter((name) => (this.#faults[name] ?? 0) === 0);
  }

  /** Seeds that have each feature of a world. */
  get features(): Readonly<Record<Feature, number>> {
    const counts = FEATURES.map((name) => [name, this.#features[name] ?? 0] as const);
    return Object.fromEntries(counts) as Record<Feature, number>;
  }

  text(): string {
    const { seeds, lives, writes, plans, sweeps, calls } = this.#sums;
    const lines = [
      `${seeds} seeds: ${lives} workload lives, ${plans} plans, ${sweeps} sweeps, ` +
        `${writes} EC2 writes, ${calls} port calls`,
      `with ${Object.entries(this.features)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
      `${this.faults} faults: ${Object.entries(this.#faults)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
      this.failed.length === 0 ? 'no seed failed' : `${this.failed.length} seeds failed:`,
      ...this.failed.flatMap(({ seed, complaints }) => [
        `  npm run simulate -- --seed ${seed}`,
        ...complaints.slice(0, 3).map((text) => `    ${text}`),
      ]),
    ];
    return lines.join('\n');
  }
}
