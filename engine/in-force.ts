import { indexPolicy, type PolicyIndex } from '../core/compile/index-policy.ts';
import type { Bundle, Head } from '../core/model/record.ts';
import type { Archive, Ports } from './ports.ts';

/** The generation in force, with everything that a decision needs beside the workload. */
export interface InForce {
  readonly head: Head;
  readonly bundle: Bundle;
  readonly index: PolicyIndex;
}

interface Loaded {
  readonly bundle: Bundle;
  readonly index: PolicyIndex;
  /** The index leaves out rules that expired before this day. */
  readonly day: string;
}

/** A head is only written after its bundle, so this is damage, not a state. */
export class BundleMissing extends Error {
  override readonly name = 'BundleMissing';
}

/** Loaded bundles by archive, since a bundle never changes: one read per generation and worker. */
const loaded = new WeakMap<Archive, Map<number, Loaded>>();

/** The one in force, and the one before it while workers move over. */
const GENERATIONS_KEPT = 2;

/** Undefined before the first publish. The head is read consistently each time. */
export async function readInForce(ports: Ports): Promise<InForce | undefined> {
  const head = await ports.store.readHead();
  if (head === undefined) return undefined;
  return { head, ...(await loadBundle(ports, head.generation)) };
}

async function loadBundle(
  ports: Ports,
  generation: number,
): Promise<Pick<InForce, 'bundle' | 'index'>> {
  const byGeneration = loaded.get(ports.archive) ?? new Map<number, Loaded>();
  loaded.set(ports.archive, byGeneration);
  const now = new Date(ports.clock.now()).toISOString();
  const day = now.slice(0, 'YYYY-MM-DD'.length);
  const known = byGeneration.get(generation);
  if (known?.day === day) return known;
  const bundle = known?.bundle ?? (await ports.archive.getBundle(generation));
  if (bundle === undefined) {
    throw new BundleMissing(`generation ${generation} is in force but its bundle is not archived`);
  }
  const fresh: Loaded = { bundle, index: indexPolicy(bundle.policy, { now }), day };
  byGeneration.set(generation, fresh);
  const oldest = Math.min(...byGeneration.keys());
  if (byGeneration.size > GENERATIONS_KEPT) byGeneration.delete(oldest);
  return fresh;
}
