import type { Queue, Wake } from '../engine/ports.ts';
import { messageGroupOf, type Outbox } from './outbox.ts';

/** Some wakes are not in the queue. The sweep finds those workloads again. */
export class WakeFailed extends Error {
  override readonly name = 'WakeFailed';
}

/** The port Queue on the FIFO queue that the function `workload` works off. */
export function createQueue(outbox: Outbox): Queue {
  return {
    async wake(wakes: readonly Wake[]) {
      const refused = await outbox.send(
        wakes.map(({ workload, reason, deduplicationId }) => ({
          key: workload,
          body: JSON.stringify({ workload, reason }),
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
  };
}
