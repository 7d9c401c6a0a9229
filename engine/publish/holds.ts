import type { Inventory } from '../../core/model/inventory.ts';
import type { Settings } from '../../core/model/policy.ts';
import type { Head, WorkloadRecord } from '../../core/model/record.ts';
import type { InForce } from '../in-force.ts';
import { moveOf } from '../leave-guard.ts';
import type { Ports } from '../ports.ts';
import { heldSince } from '../standing.ts';

/** Whom a plan is by that nobody asked for: no person, so anybody who may approve may approve it. */
export const SWEEP_AUTHOR = 'sweep';

interface Numbered {
  readonly generation: number;
  readonly author: string;
}

/**
 * The oldest generation whose holds stand once this plan is in force. A person who publishes decides
 * about all that events have held; the sweep, which publishes because a group or a rule is missing,
 * decides about nobody.
 */
export function heldSinceOf({ generation, author }: Numbered, before: Head | undefined): number {
  if (author !== SWEEP_AUTHOR || before?.kind !== 'publish') return generation;
  return heldSince(before);
}

/** Every record of the table; the list may be a moment behind. */
export async function readRecords(ports: Ports): Promise<readonly WorkloadRecord[]> {
  const all: WorkloadRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await ports.store.listWorkloads({
      limit: 100,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

/**
 * Workloads that keep their groups in a plan, if this policy holds such: those that left by an event,
 * and those that events have held under generation `since` or a later one.
 */
export function heldAmong(
  records: readonly WorkloadRecord[],
  { onLeave }: Settings,
  since: number,
): readonly string[] {
  const stands = (generation: number | undefined): boolean =>
    generation !== undefined && generation >= since;
  return records
    .filter(({ left, loosened, guarded }) => {
      const isLeft = left === true && onLeave === 'hold';
      const isLoosened = left !== true && onLeave !== 'restore' && stands(loosened);
      return isLeft || isLoosened || stands(guarded?.generation);
    })
    .map(({ identity }) => identity.workload);
}

/**
 * Workloads that the inventory shows out of segments which their records have them in: an event that
 * no worker has looked at yet. A plan that nobody asked for is not to decide about them.
 */
export function leavingAmong(
  records: readonly WorkloadRecord[],
  inForce: InForce,
  inventory: Inventory,
): readonly string[] {
  const identities = new Map(inventory.workloads.map((w) => [w.identity.workload, w.identity]));
  return records
    .filter((record) => {
      const identity = identities.get(record.identity.workload);
      return identity !== undefined && moveOf(inForce, record, identity).keeps !== undefined;
    })
    .map(({ identity }) => identity.workload);
}
