import type { WorkloadRecord } from '../../../core/model/record.ts';
import {
  ConditionFailed,
  type Page,
  type Store,
  type WorkloadQuery,
  type WriteWorkloadOptions,
} from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';
import { type Lag, LaggingList } from './lagging-list.ts';
import type { MemoryInterfaces } from './memory-interfaces.ts';
import type { MemoryLeaves } from './memory-leaves.ts';

const LIST_ITEMS_MAX = 100;

/** Workloads with their memberships; conditions as in aws/store/workloads.ts. */
export class MemoryWorkloads
  implements
    Pick<
      Store,
      'readWorkload' | 'writeWorkload' | 'deleteWorkload' | 'listWorkloads' | 'countMembers'
    >
{
  readonly #records = new Map<string, WorkloadRecord>();
  readonly #segments = new Map<string, Set<string>>();
  readonly #list: LaggingList<WorkloadRecord>;
  readonly #members = new Map<string, LaggingList<string>>();
  readonly #lag: Lag;
  readonly #interfaces: MemoryInterfaces;
  readonly #leaves: MemoryLeaves;

  constructor(lag: Lag, interfaces: MemoryInterfaces, leaves: MemoryLeaves) {
    this.#lag = lag;
    this.#interfaces = interfaces;
    this.#leaves = leaves;
    this.#list = new LaggingList(lag);
  }

  async readWorkload(id: string): Promise<WorkloadRecord | undefined> {
    return this.#records.get(id);
  }

  async writeWorkload(
    record: WorkloadRecord,
    expected: number,
    options: WriteWorkloadOptions = {},
  ): Promise<void> {
    const { workload } = record.identity;
    const stored = this.#records.get(workload);
    const isMet = expected === 0 ? stored === undefined : stored?.revision === expected;
    if (!isMet) throw new ConditionFailed('the record is another one');
    this.#leaves.claimLeaves(options.leaves ?? []);
    const before = expected === 0 ? undefined : (options.previous ?? stored);
    const had = before?.membership.segments ?? [];
    const has = record.membership.segments;
    const kept = frozenCopy(record);
    this.#records.set(workload, kept);
    this.#list.put(workload, kept);
    const segments = this.#segments.get(workload) ?? new Set();
    this.#segments.set(workload, segments);
    for (const segment of has.filter((one) => !had.includes(one))) {
      segments.add(segment);
      this.#membersOf(segment).put(workload, workload);
    }
    for (const segment of had.filter((one) => !has.includes(one))) {
      segments.delete(segment);
      this.#membersOf(segment).remove(workload);
    }
    for (const id of options.raise ?? record.interfaces) this.#interfaces.raise(id, workload);
  }

  async deleteWorkload(id: string): Promise<void> {
    this.#records.delete(id);
    this.#list.remove(id);
    for (const segment of this.#segments.get(id) ?? []) this.#membersOf(segment).remove(id);
    this.#segments.delete(id);
  }

  async listWorkloads(query: WorkloadQuery): Promise<Page<WorkloadRecord>> {
    const { segment, cursor, limit = LIST_ITEMS_MAX } = query;
    const most = Math.min(limit, LIST_ITEMS_MAX);
    if (segment === undefined) return this.#list.page(cursor, most);
    const page = this.#membersOf(segment).page(cursor, most);
    return { ...page, items: page.items.flatMap((id) => this.#records.get(id) ?? []) };
  }

  async countMembers(segment: string): Promise<number> {
    return this.#membersOf(segment).size;
  }

  #membersOf(segment: string): LaggingList<string> {
    const known = this.#members.get(segment) ?? new LaggingList<string>(this.#lag);
    this.#members.set(segment, known);
    return known;
  }
}
