import { signedFetch } from '../aws/sign.ts';
import { readStackOutputs } from '../aws/stack-outputs.ts';
import type { Inventory } from '../core/model/inventory.ts';
import type { HttpCall, HttpReply } from './io.ts';

export { readStackOutputs };

/** As other AWS tools: AWS_REGION, then AWS_DEFAULT_REGION. A signature needs one. */
function regionOf(env: NodeJS.ProcessEnv): string {
  return env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
}

export async function sendSigned(call: HttpCall): Promise<HttpReply> {
  return await signedFetch(call, {
    region: regionOf(process.env),
    endpoint: process.env.AWS_ENDPOINT_URL,
  });
}

/** Reads only: the table and the bucket are named because the ports want names, and stay untouched. */
export async function collectInventory(): Promise<Inventory> {
  // Loaded here: every other command does without the clients that it brings.
  const { createPorts } = await import('../aws/ports.ts');
  const ports = createPorts({
    owner: 'Bulkhead',
    table: 'unused',
    bucket: 'unused',
    signal: { event: () => {} },
  });
  return await ports.reader.collectInventory();
}
