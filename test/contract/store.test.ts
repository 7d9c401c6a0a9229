import { describe } from 'vitest';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { describeStore } from './store.contract.ts';

describe('the store in memory', () => {
  const store = createMemoryStore();
  describeStore(async () => store);
});
