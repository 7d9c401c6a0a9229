import { Outbox } from '../aws/outbox.ts';
import { createPorts } from '../aws/ports.ts';
import { keepParking } from '../engine/parking.ts';
import { processWorkload } from '../engine/workload.ts';
import { batchSchema, openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import type { WorkloadMessage } from './messages.ts';
import { workOff } from './work-off.ts';

const environment = readEnvironment([
  'owner',
  'table',
  'bucket',
  'workloadQueue',
  'parkedQueue',
  'deadLetterQueue',
  'enforceRole',
  'restoreRole',
]);
const workshop = openWorkshop('workload');
const ports = createPorts({ ...environment, signal: workshop.signal });
const workloads = new Outbox(environment.workloadQueue);
const rejected = new Outbox(environment.deadLetterQueue);

async function look(message: WorkloadMessage): Promise<void> {
  await keepParking(ports, message, await processWorkload(ports, message));
}

/** Lambda entry: messages of the FIFO queue, each brought to what the policy in force says. */
export const handler = openDoor(workshop, batchSchema, ({ Records }) =>
  workOff(
    {
      process: look,
      reject: (messages) => rejected.send(messages),
      delay: (receiptHandle, seconds) => workloads.delay(receiptHandle, seconds),
      signal: workshop.signal,
      now: Date.now,
    },
    Records,
  ),
);
