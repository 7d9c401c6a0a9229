import { messageGroupOf, Outbox } from '../aws/outbox.ts';
import { createPorts } from '../aws/ports.ts';
import { processWorkload } from '../engine/workload.ts';
import { batchSchema, openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import type { WorkloadMessage } from './messages.ts';
import { type Outcome, workOff } from './work-off.ts';

const environment = readEnvironment([
  'owner',
  'table',
  'bucket',
  'workloadQueue',
  'deadLetterQueue',
  'enforceRole',
  'restoreRole',
]);
const workshop = openWorkshop('workload');
const ports = createPorts({ ...environment, signal: workshop.signal });
const workloads = new Outbox(environment.workloadQueue);
const rejected = new Outbox(environment.deadLetterQueue);

async function look(message: WorkloadMessage): Promise<Outcome> {
  const report = await processWorkload(ports, message);
  if (report.kind !== 'waiting') return { kind: 'done' };
  return { kind: 'waiting', because: report.because ?? 'waiting', seconds: report.seconds ?? 1 };
}

async function sendAgain(message: WorkloadMessage): Promise<void> {
  const refused = await workloads.send([
    {
      key: message.workload,
      body: JSON.stringify(message),
      group: messageGroupOf(message.workload),
      deduplicationId: ports.ids.next(),
    },
  ]);
  for (const reason of refused.values()) throw new Error(`the queue refused it: ${reason}`);
}

/** Lambda entry: messages of the FIFO queue, each brought to what the policy in force says. */
export const handler = openDoor(workshop, batchSchema, ({ Records }) =>
  workOff(
    {
      process: look,
      reject: (messages) => rejected.send(messages),
      delay: (receiptHandle, seconds) => workloads.delay(receiptHandle, seconds),
      sendAgain,
      signal: workshop.signal,
      now: Date.now,
    },
    Records,
  ),
);
