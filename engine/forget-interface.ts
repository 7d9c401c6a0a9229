import type { Ports } from './ports.ts';

/** For this long EC2 may not show what it has just made, whoever asks next (eventual consistency). */
const HIDDEN_MS = 60_000;

/**
 * Forgets an interface that EC2 does not show: its ledger, and what the write path knows of it. False,
 * and nothing is forgotten, while its ledger is young: one that EC2 only does not show yet would never
 * get back what its owners gave it. Whoever asks comes again, the sweep at the latest.
 */
export async function forgetInterface(
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  id: string,
): Promise<boolean> {
  const ledger = await store.readLedger(id);
  if (ledger !== undefined && clock.now() - Date.parse(ledger.recordedAt) < HIDDEN_MS) return false;
  await store.clearLedger(id);
  await store.deleteInterface(id);
  return true;
}
