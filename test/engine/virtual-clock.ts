import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../engine/ports.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only by sleeping: whoever sleeps shortest goes on, all others stand still. */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** By time, the last one is the next. */
  readonly #sleepers: Sleeper[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((wake) => {
      const atMs = this.#nowMs + Math.max(0, ms);
      const position = this.#sleepers.findLastIndex((one) => one.atMs > atMs) + 1;
      this.#sleepers.splice(position, 0, { atMs, wake });
    });
  }

  /** Lets time pass until the work is done. Throws when everybody waits and nobody sleeps. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { settled: false };
    const settle = (): void => {
      state.settled = true;
    };
    work.then(settle, settle);
    while (!state.settled) {
      await setImmediate();
      if (state.settled) break;
      const next = this.#sleepers.pop();
      if (next === undefined) throw new Error('all wait, and nothing will ever happen');
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
    }
    return await work;
  }
}
