import { createMemoryStore } from '../fakes/store/memory-store.ts';
import './store.contract.ts';
import { source } from './store-source.ts';

const store = createMemoryStore();
source.open = async () => store;
