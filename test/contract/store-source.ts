import type { Store } from '../../engine/ports.ts';

/**
 * What engine/ relies on in the port Store, held against the table in DynamoDB and against the fake. A
 * test file imports this and says which one; it may hold what earlier tests wrote, since every test uses
 * ids of its own.
 */
export const source: { open: () => Promise<Store> } = {
  open: () => Promise.reject(new Error('no store was given')),
};
