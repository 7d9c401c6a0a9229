import { createPorts } from '../aws/ports.ts';
import { openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import { publishStepSchema, runPublishStep } from './publish-steps.ts';

const environment = readEnvironment(['owner', 'table', 'bucket', 'workloadQueue', 'enforceRole']);
const workshop = openWorkshop('publish');
const ports = createPorts({ ...environment, signal: workshop.signal });

/** Lambda entry: one step of the publishing state machine. */
export const handler = openDoor(workshop, publishStepSchema, (step) => runPublishStep(ports, step));
