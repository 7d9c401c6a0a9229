import { z } from 'zod';
import { StepFunctionsMachine } from '../aws/machine.ts';
import { createPorts } from '../aws/ports.ts';
import { startSweep } from '../aws/start-sweep.ts';
import type { ApiContext } from './api/context.ts';
import { answerEvent } from './api/door.ts';
import { openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';

const { owner, table, bucket, publishMachine, sweepFunction } = readEnvironment([
  'owner',
  'table',
  'bucket',
  'publishMachine',
  'sweepFunction',
]);
const workshop = openWorkshop('api');
const context: ApiContext = {
  ports: createPorts({ owner, table, bucket, signal: workshop.signal }),
  machine: new StepFunctionsMachine(publishMachine),
  stack: owner,
  startSweep: () => startSweep(sweepFunction),
};

/**
 * Lambda entry: every route of the status API. The event is read in answerEvent and not at the door,
 * since a request that cannot be read gets an answer too.
 */
export const handler = openDoor(workshop, z.unknown(), (event) =>
  answerEvent(context, workshop.logger, event),
);
