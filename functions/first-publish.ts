import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { StepFunctionsMachine } from '../aws/machine.ts';
import { createPorts } from '../aws/ports.ts';
import type { PolicySource } from '../core/model/policy.ts';
import { openDoor, openWorkshop } from './door.ts';
import { readEnvironment } from './environment.ts';
import { publishFirst } from './publish-first.ts';

const environment = readEnvironment(['owner', 'table', 'bucket', 'publishMachine']);
const workshop = openWorkshop('first-publish');
const ports = createPorts({ ...environment, signal: workshop.signal });
const machine = new StepFunctionsMachine(environment.publishMachine);

/** The files that infra puts beside the code (infra/publishing/first-publish.ts). */
function readShipped(folder: URL): readonly PolicySource[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
}

/** Lambda entry: called once, by the deploy that makes the stack. */
export const handler = openDoor(workshop, z.unknown(), async () => {
  const answer = await publishFirst({
    ports,
    start: (input) => machine.start(input),
    sources: readShipped(new URL('./policies/', import.meta.url)),
  });
  workshop.signal.event('first-publish', { ...answer });
  return answer;
});
