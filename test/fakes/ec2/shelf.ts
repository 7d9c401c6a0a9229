/** How one call sees the estate. The fake sets it before each call. */
export interface Sight {
  nowMs: number;
  /** A Describe answers with what was true then; `nowMs` unless reads are stale. */
  asOfMs: number;
  /** How long replaced records are kept for stale reads. */
  keepMs: number;
  /** The test's own hand: nothing is hidden from it. */
  seesAll: boolean;
}

interface Version<T> {
  readonly sinceMs: number;
  /** Undefined: it did not exist (any more). */
  readonly record: T | undefined;
}

interface Slot<T> {
  versions: Version<T>[];
  /** Calls other than the one that made it know nothing of it before. */
  hiddenUntilMs: number;
}

/** Records of one kind by id, in the order of their making, with as much past as stale reads need. */
export class Shelf<T extends { readonly id: string }> {
  readonly #slots = new Map<string, Slot<T>>();
  readonly #sight: Sight;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  /** The truth. */
  get(id: string): T | undefined {
    return this.#slots.get(id)?.versions.at(-1)?.record;
  }

  all(): readonly T[] {
    return this.#list((slot) => slot.versions.at(-1)?.record);
  }

  /** What a call that acts on it finds: the truth, once it is visible. */
  find(id: string): T | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined || this.#isHidden(slot)) return undefined;
    return slot.versions.at(-1)?.record;
  }

  /** What a Describe answers. */
  look(id: string): T | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#shown(slot);
  }

  lookAll(): readonly T[] {
    return this.#list((slot) => this.#shown(slot));
  }

  put(record: T): T {
    const slot = this.#slots.get(record.id);
    if (slot === undefined) {
      const versions = [{ sinceMs: this.#sight.nowMs, record }];
      this.#slots.set(record.id, { versions, hiddenUntilMs: 0 });
    } else {
      this.#append(slot, record);
    }
    return record;
  }

  remove(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    if (this.#sight.keepMs === 0) this.#slots.delete(id);
    else this.#append(slot, undefined);
  }

  hide(id: string, untilMs: number): void {
    const slot = this.#slots.get(id);
    if (slot !== undefined) slot.hiddenUntilMs = untilMs;
  }

  #isHidden(slot: Slot<T>): boolean {
    return !this.#sight.seesAll && slot.hiddenUntilMs > this.#sight.nowMs;
  }

  #append(slot: Slot<T>, record: T | undefined): void {
    const { nowMs, keepMs } = this.#sight;
    const current = slot.versions.findLastIndex((one) => one.sinceMs <= nowMs - keepMs);
    slot.versions = [...slot.versions.slice(Math.max(0, current)), { sinceMs: nowMs, record }];
    if (keepMs === 0) slot.versions = slot.versions.slice(-1);
  }

  #shown(slot: Slot<T>): T | undefined {
    const { nowMs, asOfMs } = this.#sight;
    if (this.#isHidden(slot)) return undefined;
    if (asOfMs >= nowMs) return slot.versions.at(-1)?.record;
    return slot.versions.findLast((one) => one.sinceMs <= asOfMs)?.record;
  }

  #list(pick: (slot: Slot<T>) => T | undefined): readonly T[] {
    const found: T[] = [];
    for (const slot of this.#slots.values()) {
      const record = pick(slot);
      if (record !== undefined) found.push(record);
    }
    return found;
  }
}
