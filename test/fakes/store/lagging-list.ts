import type { Page } from '../../../engine/ports.ts';

export interface Lag {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long the next write stays out of the list. */
  readonly ms: () => number;
}

interface Change<T> {
  readonly at: number;
  readonly key: string;
  readonly item: T | undefined;
}

/** A list over a secondary index: sorted by key, in pages, and a moment behind what was written. */
export class LaggingList<T> {
  readonly #items = new Map<string, T>();
  readonly #lag: Lag;
  #changes: Change<T>[] = [];
  #keys: readonly string[] | undefined;

  constructor(lag: Lag) {
    this.#lag = lag;
  }

  put(key: string, item: T): void {
    this.#change(key, item);
  }

  remove(key: string): void {
    this.#change(key, undefined);
  }

  page(cursor: string | undefined, limit: number): Page<T> {
    const keys = this.#sortedKeys();
    const start = cursor === undefined ? 0 : keys.findIndex((key) => key > cursor);
    const found = start < 0 ? [] : keys.slice(start, start + limit);
    const items = found.flatMap((key) => this.#items.get(key) ?? []);
    // DynamoDB gives a cursor with every full page, also when nothing comes after it.
    const last = found.at(-1);
    return found.length < limit || last === undefined ? { items } : { items, cursor: last };
  }

  get size(): number {
    return this.#sortedKeys().length;
  }

  /** One index of one item sees its changes in the order in which they were made. */
  #change(key: string, item: T | undefined): void {
    const last = this.#changes.findLast((change) => change.key === key)?.at ?? 0;
    const now = this.#lag.now();
    const at = Math.max(last, now + this.#lag.ms());
    this.#changes.push({ at, key, item });
    // Without a lag nothing piles up, however long nobody reads the list.
    if (at <= now) this.#applyDue(now);
  }

  /** In the order in which they were made, which for one key is that of their times. */
  #applyDue(now: number): void {
    if (!this.#changes.some(({ at }) => at <= now)) return;
    for (const change of this.#changes.filter(({ at }) => at <= now)) this.#apply(change);
    this.#changes = this.#changes.filter(({ at }) => at > now);
  }

  #apply({ key, item }: Change<T>): void {
    if (item === undefined) this.#items.delete(key);
    else this.#items.set(key, item);
    this.#keys = undefined;
  }

  #sortedKeys(): readonly string[] {
    this.#applyDue(this.#lag.now());
    this.#keys ??= [...this.#items.keys()].sort();
    return this.#keys;
  }
}
