import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { ReaderClients } from '../../../aws/reader.ts';
import type { Front } from './front.ts';

/** The least of an SDK client's middleware stack that is needed to answer in its stead. */
interface Answerable {
  readonly middlewareStack: {
    add(
      middleware: (
        next: unknown,
        context: { readonly commandName?: string },
      ) => (args: { readonly input: object }) => Promise<{ output: object; response: object }>,
      options: { readonly step: 'initialize'; readonly priority: 'high'; readonly name: string },
    ): void;
  };
}

/**
 * Real clients of the SDK, so that paginators and `instanceof` are satisfied, whose calls end in the
 * fake before anything is serialized, signed, sent or repeated.
 */
export function connect(front: Front, region: string, principal: string): ReaderClients {
  const config = {
    region,
    credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
    maxAttempts: 1,
  };
  const answered = <Client>(client: Client): Client => {
    (client as unknown as Answerable).middlewareStack.add(
      (_next, context) => async (args) => {
        const action = (context.commandName ?? '').replace(/Command$/, '');
        return { output: await front.call(principal, action, args.input), response: {} };
      },
      { step: 'initialize', priority: 'high', name: 'fakeEc2' },
    );
    return client;
  };
  return {
    ec2: answered(new EC2Client(config)),
    ecs: answered(new ECSClient(config)),
    iam: answered(new IAMClient(config)),
    quotas: answered(new ServiceQuotasClient(config)),
  };
}
