import { Outbox } from '../aws/outbox.ts';
import { batchSchema, openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import { routeEvents } from './route-events.ts';

const environment = readEnvironment(['workloadQueue', 'deadLetterQueue']);
const workshop = openWorkshop('route');
const workloads = new Outbox(environment.workloadQueue);
const rejected = new Outbox(environment.deadLetterQueue);

/** Lambda entry: events from the standard queue, to one message per workload. */
export const handler = openDoor(workshop, batchSchema, ({ Records }) =>
  routeEvents(
    {
      send: (messages) => workloads.send(messages),
      reject: (messages) => rejected.send(messages),
      signal: workshop.signal,
      now: Date.now,
    },
    Records,
  ),
);
