import type { Bundle, Head } from '../../core/model/record.ts';
import type { Ports } from '../../engine/ports.ts';
import type { Machine } from './machine.ts';

/** What the handlers work with. */
export interface ApiContext {
  readonly ports: Ports;
  readonly machine: Machine;
  /** Name of the stack: the value of the tag `bulkhead:owner`. */
  readonly stack: string;
  /** Starts a sweep and does not wait for it. */
  readonly startSweep: () => Promise<void>;
}

export interface InForce {
  readonly head: Head;
  /** Absent in the short time before the groups of the first plan exist. */
  readonly bundle?: Bundle;
}

/** The generation in force with what it decides by; undefined while nothing is. */
export async function readInForce(context: ApiContext): Promise<InForce | undefined> {
  const head = await context.ports.store.readHead();
  if (head === undefined) return undefined;
  const bundle = await context.ports.archive.getBundle(head.generation);
  return bundle === undefined ? { head } : { head, bundle };
}

export function isoNow(context: ApiContext): string {
  return new Date(context.ports.clock.now()).toISOString();
}
