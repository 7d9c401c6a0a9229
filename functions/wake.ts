import { Outbox } from '../aws/outbox.ts';
import { createClock } from '../aws/ports.ts';
import { createQueue } from '../aws/queue.ts';
import { createStore } from '../aws/store.ts';
import { Table } from '../aws/table.ts';
import { answerReminder, type ParkingPorts } from '../engine/parking.ts';
import { answerReminders } from './answer-reminders.ts';
import { batchSchema, openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';

const environment = readEnvironment(['table', 'workloadQueue', 'parkedQueue', 'deadLetterQueue']);
const workshop = openWorkshop('wake');
const ports: ParkingPorts = {
  store: createStore(new Table(environment.table)),
  queue: createQueue(new Outbox(environment.workloadQueue), new Outbox(environment.parkedQueue)),
  clock: createClock(),
  signal: workshop.signal,
};
const rejected = new Outbox(environment.deadLetterQueue);

/** Lambda entry: reminders of parked workloads, each of which gets a message of its own again. */
export const handler = openDoor(workshop, batchSchema, ({ Records }) =>
  answerReminders(
    {
      answer: (reminder) => answerReminder(ports, reminder),
      reject: (messages) => rejected.send(messages),
      signal: workshop.signal,
      now: Date.now,
    },
    Records,
  ),
);
