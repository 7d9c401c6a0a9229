import { describe } from 'vitest';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { describeLeaves } from './leaves.contract.ts';

describe('leaves in the store in memory', () => {
  const store = createMemoryStore();
  describeLeaves(async () => store);
});
