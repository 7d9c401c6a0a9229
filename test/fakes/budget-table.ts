import type { ParkedRecord } from '../../core/model/record.ts';
import type { MarkMove, Marks, Store, WriteAction } from '../../engine/ports.ts';

type BudgetStore = Pick<Store, 'moveMarks' | 'park' | 'readParked' | 'unpark' | 'listParked'>;

/** aws/store/budget.ts in memory: the same conditions, each call all or nothing. */
export class BudgetTable implements BudgetStore {
  readonly #marks = new Map<WriteAction, Marks>();
  readonly #parked = new Map<string, ParkedRecord>();
  /** Calls of moveMarks so far. */
  updates = 0;

  async moveMarks({ action, to = {}, by = {}, when }: MarkMove) {
    this.updates += 1;
    const before = this.#marks.get(action) ?? { tat: 0, line: 0, reserve: 0 };
    const names = ['tat', 'line', 'reserve'] as const;
    const moved = names.every((name) => {
      const [least, most] = when[name] ?? [0, Number.POSITIVE_INFINITY];
      return before[name] >= least && before[name] <= most;
    });
    if (!moved) return { moved, marks: before };
    const after = Object.fromEntries(
      names.map((name) => [name, (to[name] ?? before[name]) + (by[name] ?? 0)]),
    ) as unknown as Marks;
    this.#marks.set(action, after);
    return { moved, marks: after };
  }

  async park(parked: ParkedRecord) {
    const { since, event, received } = this.#parked.get(parked.workload) ?? parked;
    this.#parked.set(parked.workload, {
      ...parked,
      since,
      ...(event === undefined ? {} : { event }),
      ...(received === undefined ? {} : { received }),
    });
  }

  async readParked(workload: string) {
    return this.#parked.get(workload);
  }

  async unpark(workload: string) {
    this.#parked.delete(workload);
  }

  async listParked() {
    return { items: [...this.#parked.values()].sort((a, b) => a.due.localeCompare(b.due)) };
  }
}
