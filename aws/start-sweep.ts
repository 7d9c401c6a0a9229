import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

/**
 * Starts the sweep function and does not wait for it. A sweep that is running already makes Lambda
 * drop this one, as it drops a tick of the schedule (infra/sweep/sweep.ts).
 */
export async function startSweep(
  functionArn: string,
  client: LambdaClient = new LambdaClient({}),
): Promise<void> {
  await client.send(
    new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: JSON.stringify({ reason: 'api' }),
    }),
  );
}
