import { setImmediate as turn } from 'node:timers/promises';
import type { Random } from './random.ts';

interface Waiting {
  readonly at: number;
  /** Decides between those of one instant. */
  readonly order: number;
  readonly resume: () => void;
}

/**
 * Simulated time and the order of everything: whoever waits is resumed one at a time, the earliest
 * first, and only when all that the one before had set off has come to rest. So a run depends on
 * nothing but its seed.
 */
export class Scheduler {
  readonly #random: Random;
  readonly #waiting: Waiting[] = [];
  #now: number;

  constructor(random: Random, startMs: number) {
    this.#random = random;
    this.#now = startMs;
  }

  /** Milliseconds since 1970, simulated. */
  get now(): number {
    return this.#now;
  }

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resume) => {
      this.#push({ at: this.#now + Math.max(0, ms), order: this.#random.next(), resume });
    });
  }

  /** Runs what is due until that time. */
  async runUntil(until: number): Promise<void> {
    await turn();
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || next.at > until) break;
      this.#pop();
      this.#now = Math.max(this.#now, next.at);
      next.resume();
      await turn();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** A binary heap, the earliest on top. */
  #push(entry: Waiting): void {
    const heap = this.#waiting;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#waiting;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [a, b] = [heap[left], heap[right]];
      if (a === undefined) break;
      const smaller = b !== undefined && isBefore(b, a) ? right : left;
      const child = heap[smaller];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = smaller;
    }
    heap[at] = last;
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
