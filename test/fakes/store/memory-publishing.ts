import type { Head, PlanRecord, PlanState, PolicyRecord } from '../../../core/model/record.ts';
import { ConditionFailed, type Page, type Store } from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';

const PAGE_ITEMS = 100;

/** Head, plans and policies; conditions as in aws/store/publishing.ts. Its lists are consistent. */
export class MemoryPublishing
  implements
    Pick<
      Store,
      | 'readHead'
      | 'writeHead'
      | 'nextGeneration'
      | 'readPlan'
      | 'writePlan'
      | 'listPlans'
      | 'readCurrentPolicy'
      | 'writeCurrentPolicy'
      | 'listPolicies'
    >
{
  readonly #plans = new Map<string, PlanRecord>();
  readonly #policies = new Map<string, PolicyRecord>();
  #head: Head | undefined;
  #current: PolicyRecord | undefined;
  #generation = 0;

  async readHead(): Promise<Head | undefined> {
    return this.#head;
  }

  async writeHead(head: Head, expected: number): Promise<void> {
    const inForce = this.#head?.generation ?? 0;
    if (inForce !== expected && this.#head?.generation !== head.generation) {
      throw new ConditionFailed('another generation is in force');
    }
    this.#head = frozenCopy(head);
  }

  async nextGeneration(): Promise<number> {
    this.#generation += 1;
    return this.#generation;
  }

  async readPlan(id: string): Promise<PlanRecord | undefined> {
    const key = planKey(id);
    return key === undefined ? undefined : this.#plans.get(key);
  }

  async writePlan(record: PlanRecord, expected: readonly PlanState[]): Promise<void> {
    const key = planKey(record.id);
    if (key === undefined) throw new Error(`\`${record.id}\` is no plan's id`);
    const stored = this.#plans.get(key);
    const isMet =
      expected.length === 0
        ? stored === undefined
        : stored !== undefined && expected.includes(stored.state);
    if (!isMet) throw new ConditionFailed('the plan is in another state');
    this.#plans.set(key, frozenCopy(record));
  }

  async listPlans(cursor?: string): Promise<Page<PlanRecord>> {
    return youngestFirst(this.#plans, cursor);
  }

  async readCurrentPolicy(): Promise<PolicyRecord | undefined> {
    return this.#current;
  }

  async writeCurrentPolicy(record: PolicyRecord, expected: string | undefined): Promise<void> {
    if (this.#current?.version !== expected) throw new ConditionFailed('another policy');
    this.#current = frozenCopy(record);
    this.#policies.set(`${record.publishedAt}#${record.version}`, this.#current);
  }

  async listPolicies(cursor?: string): Promise<Page<PolicyRecord>> {
    return youngestFirst(this.#policies, cursor);
  }
}

function planKey(id: string): string | undefined {
  return /^plan-(\d{1,12})$/.exec(id)?.[1]?.padStart(12, '0');
}

function youngestFirst<T>(items: ReadonlyMap<string, T>, cursor: string | undefined): Page<T> {
  const keys = [...items.keys()].sort().reverse();
  const rest = cursor === undefined ? keys : keys.filter((key) => key < cursor);
  const found = rest.slice(0, PAGE_ITEMS);
  const page = found.flatMap((key) => items.get(key) ?? []);
  const last = found.at(-1);
  return rest.length <= PAGE_ITEMS || last === undefined
    ? { items: page }
    : { items: page, cursor: last };
}
