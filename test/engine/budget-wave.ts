import type { Store } from '../../engine/ports.ts';
import { bucketOf, type Draw, drawToken, slowDown } from '../../engine/write-budget.ts';
import { TokenBuckets } from '../../sandbox/token-buckets.ts';
import { BudgetTable } from '../fakes/budget-table.ts';
import { VirtualClock } from './virtual-clock.ts';

const ACTION = 'ModifyNetworkInterfaceAttribute';
const START_MS = Date.parse('2026-11-24T09:00:00Z');

export interface WaveOptions {
  /** New interfaces, and when each comes: milliseconds after the start. */
  readonly arrivalsMs: readonly number[];
  readonly functions: number;
  /** Calls a second that somebody else in the account makes of the same action. */
  readonly foreign?: number;
  /** Everybody who waits is told when the next token comes, without a place of their own. */
  readonly withoutLine?: boolean;
  readonly random: () => number;
}

export interface WaveReport {
  /** From the last arrival of the first burst to the last write. */
  readonly seconds: number;
  readonly written: number;
  readonly throttled: number;
  /** Runs that found no token. */
  readonly parkings: number;
  /** Conditional updates in the table. */
  readonly updates: number;
  /** Most runs that one interface needed. */
  readonly runsMax: number;
}

interface Work {
  readonly placeMs?: number;
  readonly runs: number;
}

/** A wave of interfaces, worked off by several functions with one budget, against AWS's own bucket. */
export class Wave {
  readonly #options: WaveOptions;
  readonly #clock = new VirtualClock(START_MS);
  readonly #table = new BudgetTable();
  readonly #aws = new TokenBuckets({ exempt: [] });
  readonly #queue: Work[] = [];
  readonly #count = { written: 0, throttled: 0, parkings: 0, runsMax: 0 };
  #lastWriteMs = START_MS;
  #open: number;

  constructor(options: WaveOptions) {
    this.#options = options;
    this.#open = options.arrivalsMs.length;
  }

  async run(): Promise<WaveReport> {
    const { functions, foreign = 0, arrivalsMs } = this.#options;
    for (const ms of arrivalsMs) void this.#enqueue({ runs: 0 }, ms);
    if (foreign > 0) void this.#consume(foreign);
    const workers = Array.from({ length: functions }, () => this.#work());
    await this.#clock.run(Promise.all(workers));
    return {
      ...this.#count,
      seconds: (this.#lastWriteMs - START_MS) / 1_000,
      updates: this.#table.updates,
    };
  }

  async #enqueue(work: Work, delayMs: number): Promise<void> {
    await this.#clock.sleep(delayMs);
    this.#queue.push(work);
  }

  /** One function: each has its own view of the table, which is a few milliseconds away. */
  async #work(): Promise<void> {
    const store = {
      moveMarks: async (move) => {
        await this.#clock.sleep(2 + 6 * this.#options.random());
        return await this.#table.moveMarks(move);
      },
    } satisfies Partial<Store> as unknown as Store;
    while (this.#open > 0) {
      const work = this.#queue.shift();
      if (work === undefined) await this.#clock.sleep(20 + 30 * this.#options.random());
      else await this.#handle(store, work);
    }
  }

  async #handle(store: Store, before: Work): Promise<void> {
    const { random } = this.#options;
    const work = { ...before, runs: before.runs + 1 };
    this.#count.runsMax = Math.max(this.#count.runsMax, work.runs);
    // Reads and the decision.
    await this.#clock.sleep(20 + 60 * random());
    const budget = { store, clock: this.#clock };
    const draw = await this.#draw(store, work);
    if (draw.kind === 'wait') return this.#park(work, draw.untilMs);
    await this.#clock.sleep(5 + 20 * random());
    if (this.#aws.take(ACTION, true, this.#clock.now())) {
      this.#count.written += 1;
      this.#lastWriteMs = this.#clock.now();
      this.#open -= 1;
      return;
    }
    this.#count.throttled += 1;
    await slowDown(budget, ACTION);
    const again = await this.#draw(store, { runs: work.runs });
    this.#park(work, again.kind === 'wait' ? again.untilMs : this.#clock.now());
  }

  async #draw(store: Store, work: Work): Promise<Draw> {
    const budget = { store, clock: this.#clock };
    const nowMs = this.#clock.now();
    const { withoutLine = false } = this.#options;
    const placeMs = withoutLine ? nowMs : work.placeMs;
    const draw = await drawToken(budget, { action: ACTION, purpose: 'ordinary', placeMs });
    if (!withoutLine || draw.kind === 'granted') return draw;
    const { burst, intervalMs } = bucketOf(ACTION);
    const { marks } = await this.#table.moveMarks({ action: ACTION, when: { tat: [1, 0] } });
    return { kind: 'wait', untilMs: marks.tat - (burst - 1) * intervalMs };
  }

  /** As SQS does it: whole seconds, and then somebody has to fetch it. */
  #park(work: Work, untilMs: number): void {
    this.#count.parkings += 1;
    const seconds = Math.max(1, Math.ceil((untilMs - this.#clock.now()) / 1_000));
    const late = 300 * this.#options.random();
    void this.#enqueue({ ...work, placeMs: untilMs }, seconds * 1_000 + late);
  }

  async #consume(perSecond: number): Promise<void> {
    while (this.#open > 0) {
      await this.#clock.sleep(1_000 / perSecond);
      this.#aws.take(ACTION, true, this.#clock.now());
    }
  }
}

/** Section 11: a wave of N new interfaces, in seconds. */
export function waveBound(interfaces: number): number {
  const { burst } = bucketOf(ACTION);
  return (1.1 * Math.max(0, interfaces - burst)) / (5 * 0.9);
}
