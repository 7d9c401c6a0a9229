import type { InterfaceRecord, LedgerEntry } from '../../../core/model/record.ts';
import { ConditionFailed, type LeaseClaim, type Store } from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';
import { type Lag, LaggingList } from './lagging-list.ts';

const PAGE_ITEMS = 100;

/** Interfaces with fence and lease, and the ledger; conditions as in aws/store/interfaces.ts. */
export class MemoryInterfaces
  implements
    Pick<
      Store,
      | 'raiseFence'
      | 'readInterface'
      | 'readInterfaces'
      | 'claim'
      | 'settle'
      | 'deleteInterface'
      | 'listInterfaces'
      | 'readLedger'
      | 'extendLedger'
      | 'clearLedger'
      | 'listLedger'
    >
{
  readonly #records = new Map<string, InterfaceRecord>();
  readonly #ledger = new Map<string, LedgerEntry>();
  readonly #recordList: LaggingList<InterfaceRecord>;
  readonly #ledgerList: LaggingList<LedgerEntry>;

  constructor(lag: Lag) {
    this.#recordList = new LaggingList(lag);
    this.#ledgerList = new LaggingList(lag);
  }

  async raiseFence(id: string, workload: string): Promise<number> {
    return this.raise(id, workload);
  }

  /** As a part of a transaction. */
  raise(id: string, workload: string): number {
    const before = this.#records.get(id) ?? fresh(id, workload);
    return this.#keep({ ...before, workload, fence: before.fence + 1 }).fence;
  }

  async readInterface(id: string): Promise<InterfaceRecord | undefined> {
    return this.#records.get(id);
  }

  async readInterfaces(ids: readonly string[]): Promise<readonly InterfaceRecord[]> {
    return [...new Set(ids)].flatMap((id) => this.#records.get(id) ?? []);
  }

  async claim(claim: LeaseClaim): Promise<InterfaceRecord> {
    const { interfaceId, workload, owner, untilMs, nowMs, generation } = claim;
    const before = this.#records.get(interfaceId) ?? fresh(interfaceId, workload);
    const { lease } = before;
    const isFree =
      lease === undefined || lease.until < new Date(nowMs).toISOString() || lease.owner === owner;
    if (!isFree || before.generation > generation) throw new ConditionFailed('lease');
    const until = new Date(untilMs).toISOString();
    return this.#keep({ ...before, workload, lease: { owner, until } });
  }

  async settle(record: InterfaceRecord, owner: string): Promise<InterfaceRecord> {
    const before = this.#records.get(record.interface);
    if (before?.lease?.owner !== owner) throw new ConditionFailed('the lease is gone');
    const { lease: _lease, ...done } = record;
    return this.#keep({ ...done, fence: before.fence });
  }

  async deleteInterface(id: string): Promise<void> {
    this.#records.delete(id);
    this.#recordList.remove(id);
  }

  async listInterfaces(cursor?: string) {
    return this.#recordList.page(cursor, PAGE_ITEMS);
  }

  async readLedger(id: string): Promise<LedgerEntry | undefined> {
    return this.#ledger.get(id);
  }

  async extendLedger(entry: LedgerEntry): Promise<void> {
    const before = this.#ledger.get(entry.interface) ?? { ...entry, groups: [] };
    const groups = [...new Set([...before.groups, ...entry.groups])].sort();
    const kept = frozenCopy({ ...before, groups });
    this.#ledger.set(entry.interface, kept);
    this.#ledgerList.put(entry.interface, kept);
  }

  async clearLedger(id: string): Promise<void> {
    this.#ledger.delete(id);
    this.#ledgerList.remove(id);
  }

  async listLedger(cursor?: string) {
    return this.#ledgerList.page(cursor, PAGE_ITEMS);
  }

  #keep(record: InterfaceRecord): InterfaceRecord {
    const kept = frozenCopy(record);
    this.#records.set(kept.interface, kept);
    this.#recordList.put(kept.interface, kept);
    return kept;
  }
}

function fresh(id: string, workload: string): InterfaceRecord {
  return {
    interface: id,
    workload,
    fence: 0,
    doneFence: 0,
    generation: 0,
    phase: 'attach',
    groups: [],
    outcome: 'waiting',
  };
}
