import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { source } from './store.contract.ts';

const store = createMemoryStore();
source.open = async () => store;
