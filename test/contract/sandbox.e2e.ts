import { afterAll } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/boot.ts';
import { endpointTarget } from './endpoint-target.ts';
import { holdContract } from './suite.ts';

const PORT = 4620;

let sandbox: Sandbox | undefined;

/** Emulators and front door alone: nothing of the control plane is deployed. */
holdContract('the sandbox', async () => {
  sandbox = await startSandbox({ port: PORT, onProgress: () => {} });
  const { endpoint, region, rootCredentials: root } = sandbox;
  const user = await sandbox.createIamUser('contract', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'ec2:*', Resource: '*' }],
  });
  return await endpointTarget({ endpoint, region, root, user });
});

afterAll(async () => {
  await sandbox?.stop();
});
