import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import pc from 'picocolors';

/** One step of the demo as it stands in .sandbox/report.json. */
export interface StepRecord {
  readonly name: string;
  readonly verdict: 'held' | 'failed';
  readonly startedAt: string;
  readonly durationMs: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** A claim of the demo that turned out false. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** Ends the step when `holds` is false. `claim` is what should have been seen. */
export function expectHeld(holds: boolean, claim: string, seen: unknown): asserts holds {
  if (!holds) throw new StepFailed(`${claim}; seen: ${JSON.stringify(seen)}`);
}

/** What a step may say while it runs, and leave behind in the report. */
export interface StepContext {
  say(text: string): void;
  /** A picture or table, printed as it is. */
  show(block: string): void;
  note(key: string, value: unknown): void;
}

/** Runs the steps in order, prints each, and keeps the report on disk after every one. */
export class Steps {
  readonly #records: StepRecord[] = [];
  readonly #file: string;
  #extra: Record<string, unknown> = {};
  #closed = false;

  constructor(reportFile: string) {
    this.#file = reportFile;
  }

  /** Nothing is printed or recorded any more: what still runs was cut off, and has not failed. */
  close(): void {
    this.#closed = true;
  }

  get allHeld(): boolean {
    return this.#records.every((record) => record.verdict === 'held');
  }

  get records(): readonly StepRecord[] {
    return this.#records;
  }

  /** Top-level entries of the report beside the steps, e.g. the matrices. */
  attach(key: string, value: unknown): void {
    this.#extra = { ...this.#extra, [key]: value };
    this.#write();
  }

  /** Gives what the step gives; throws what it throws, after recording it. */
  async run<T>(name: string, body: (context: StepContext) => Promise<T>): Promise<T> {
    const startedAt = new Date();
    const startedMs = performance.now();
    const details: Record<string, unknown> = {};
    console.log(`\n${pc.bold(pc.cyan(`${this.#records.length + 1}. ${name}`))}`);
    const finish = (verdict: StepRecord['verdict'], error?: string): void => {
      if (this.#closed) return;
      const durationMs = Math.round(performance.now() - startedMs);
      const record = { name, verdict, startedAt: startedAt.toISOString(), durationMs, details };
      this.#records.push(error === undefined ? record : { ...record, error });
      this.#write();
      const time = pc.dim(`${(durationMs / 1000).toFixed(1)} s`);
      console.log(
        verdict === 'held' ? `   ${pc.green('held')} ${time}` : `   ${pc.red('FAILED')} ${time}`,
      );
    };
    try {
      const result = await body(this.#contextOf(details));
      finish('held');
      return result;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!this.#closed) console.error(pc.red(`   ${text}`));
      finish('failed', text);
      throw error;
    }
  }

  #contextOf(details: Record<string, unknown>): StepContext {
    const print = (text: string): void => {
      if (!this.#closed) console.log(text);
    };
    return {
      say: (text) => print(`   ${text}`),
      show: (block) => print(block.replace(/^/gm, '   ')),
      note: (key, value) => {
        details[key] = value;
      },
    };
  }

  #write(): void {
    if (this.#closed) return;
    mkdirSync(dirname(this.#file), { recursive: true });
    const verdict = this.allHeld ? 'held' : 'failed';
    const report = { verdict, steps: this.#records, ...this.#extra };
    writeFileSync(this.#file, `${JSON.stringify(report, null, 2)}\n`);
  }
}

/** Asks until `probe` gives something; throws StepFailed after `limitMs`. Liveness, not latency. */
export async function eventually<T>(
  claim: string,
  probe: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let fault: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      fault = error;
    }
    if (performance.now() > deadline) {
      const last = fault === undefined ? '' : ` (last error: ${String(fault)})`;
      throw new StepFailed(`not seen within ${limitMs / 1000} s: ${claim}${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
