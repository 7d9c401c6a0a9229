import { z } from 'zod';
import { Executions } from '../aws/executions.ts';
import { StepFunctionsMachine } from '../aws/machine.ts';
import { createPorts } from '../aws/ports.ts';
import { sweepEstate } from '../engine/sweep.ts';
import { openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import { publishAgain } from './publish-again.ts';
import { resumePlans } from './resume-plans.ts';

const environment = readEnvironment([
  'owner',
  'table',
  'bucket',
  'workloadQueue',
  'publishMachine',
]);
const workshop = openWorkshop('sweep');
const ports = createPorts({ ...environment, signal: workshop.signal });
const machine = new StepFunctionsMachine(environment.publishMachine);
const executions = new Executions(environment.publishMachine);

/** Lambda entry: Scheduler each minute, or the API out of turn. What the event says is of no use. */
export const handler = openDoor(workshop, z.unknown(), async () => {
  const { sweep, woken, openPlans, publishNeeded } = await sweepEstate(ports);
  const resumed = await resumePlans(
    {
      describe: (execution) => executions.describe(execution),
      start: (name, input) => executions.start(name, input),
      signal: workshop.signal,
    },
    openPlans,
  );
  const plan = await publishAgain(ports, (input) => machine.start(input), publishNeeded);
  return { ...sweep, woken, resumed, ...(plan === undefined ? {} : { published: plan }) };
});
