import type { Store } from '../engine/ports.ts';
import { budgetStore } from './store/budget.ts';
import { interfaceStore } from './store/interfaces.ts';
import { numberStore } from './store/numbers.ts';
import { publishingStore } from './store/publishing.ts';
import { workloadStore } from './store/workloads.ts';
import type { Table } from './table.ts';

/** The port Store on one DynamoDB table; aws/table.ts says how it is laid out. */
export function createStore(table: Table): Store {
  return {
    ...publishingStore(table),
    ...workloadStore(table),
    ...interfaceStore(table),
    ...numberStore(table),
    ...budgetStore(table),
  };
}
