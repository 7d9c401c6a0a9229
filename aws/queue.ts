import type { Queue, Wake } from '../engine/ports.ts';
import { messageGroupOf, type Outbox } from './outbox.ts';

/** Some wakes are not in the queue. The sweep finds those workloads again. */
export class WakeFailed extends Error {
  override readonly name = 'WakeFailed';
}

/**
 * The port Queue on the FIFO queue that the function `workload` works off, and on the queue of the
 * parked, which only those functions have that park.
 */
export function createQueue(workloads: Outbox, parked?: Outbox): Queue {
  return {
    async wake(wakes: readonly Wake[]) {
      const refused = await workloads.send(
        wakes.map(({ workload, reason, deduplicationId, event, received }) => ({
          key: workload,
          body: JSON.stringify({ workload, reason, event, received }),
          group: messageGroupOf(workload),
          deduplicationId: messageGroupOf(deduplicationId),
        })),
      );
      const [first] = refused;
      if (first === undefined) return;
      throw new WakeFailed(
        `${refused.size} of ${wakes.length} messages were refused, ${first[0]} with ${first[1]}`,
      );
    },
    async remind(reminder, delaySeconds) {
      if (parked === undefined) throw new WakeFailed('this function was given no queue to park in');
      const body = JSON.stringify(reminder);
      const refused = await parked.send([{ key: reminder.workload, body, delaySeconds }]);
      for (const reason of refused.values()) throw new WakeFailed(`no reminder: ${reason}`);
    },
  };
}
