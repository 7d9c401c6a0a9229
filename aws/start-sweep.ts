import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/**
 * Starts the sweep function and does not wait for it. A sweep that is running already makes Lambda
 * drop this one, as it drops a tick of the schedule (infra/sweep/sweep.ts).
 */
export async function startSweep(options: {
  readonly client: LambdaClient;
  /** ARN of the function. */
  readonly functionArn: string;
}): Promise<void> {
  await options.client.send(
    new InvokeCommand({
      FunctionName: options.functionArn,
      InvocationType: 'Event',
      Payload: JSON.stringify({ reason: 'api' }),
    }),
  );
}
