import type { Store } from '../../../engine/ports.ts';
import { BudgetTable } from '../budget-table.ts';
import type { Lag } from './lagging-list.ts';
import { MemoryInterfaces } from './memory-interfaces.ts';
import { MemoryLeaves } from './memory-leaves.ts';
import { MemoryNumbers } from './memory-numbers.ts';
import { MemoryPublishing } from './memory-publishing.ts';
import { MemoryWorkloads } from './memory-workloads.ts';

const AT_ONCE: Lag = { now: () => 0, ms: () => 0 };

/**
 * The port Store in memory, with the conditions of aws/store; test/contract/store.contract.ts holds
 * both to the same. Lists over the index lag as far as `lag` says; by default not at all.
 */
export function createMemoryStore(lag: Lag = AT_ONCE): Store {
  const interfaces = new MemoryInterfaces(lag);
  const leaves = new MemoryLeaves();
  const parts = [
    interfaces,
    leaves,
    new MemoryWorkloads(lag, interfaces, leaves),
    new MemoryPublishing(),
    new MemoryNumbers(),
    new BudgetTable(),
  ];
  return Object.fromEntries(parts.flatMap(methodsOf)) as unknown as Parts;
}

/** What the parts have together must be a Store. */
type Parts = MemoryInterfaces &
  MemoryLeaves &
  MemoryWorkloads &
  MemoryPublishing &
  MemoryNumbers &
  BudgetTable;

type Method = (...args: never[]) => unknown;

function methodsOf(part: object): readonly (readonly [string, Method])[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(part))
    .filter((name) => name !== 'constructor')
    .map((name) => [name, (Reflect.get(part, name) as Method).bind(part)]);
}
