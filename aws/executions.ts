import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** How an execution stands; `dead` ended without having come to an end of its own. */
export interface Execution {
  readonly name: string;
  readonly state: 'running' | 'ended' | 'dead' | 'unknown';
  /** As it was started, JSON. */
  readonly input: string;
}

/** Executions of the publishing state machine, seen from outside. */
export class Executions {
  readonly #machine: string;
  readonly #client: SFNClient;

  constructor(machineArn: string, client: SFNClient = new SFNClient({})) {
    this.#machine = machineArn;
    this.#client = client;
  }

  /** Step Functions forgets an execution 90 days after its end: then its state is `unknown`. */
  async describe(arn: string): Promise<Execution> {
    try {
      const found = await this.#client.send(new DescribeExecutionCommand({ executionArn: arn }));
      return {
        name: found.name ?? arn.split(':').at(-1) ?? arn,
        state: stateOf(found.status),
        input: found.input ?? '{}',
      };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ExecutionDoesNotExist') throw error;
      return { name: arn.split(':').at(-1) ?? arn, state: 'unknown', input: '{}' };
    }
  }

  /**
   * Starts an execution; false when one of that name was started before. A name is used once in 90
   * days, so that two callers who mean the same start only one.
   */
  async start(name: string, input: string): Promise<boolean> {
    try {
      await this.#client.send(
        new StartExecutionCommand({ stateMachineArn: this.#machine, name, input }),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return false;
      throw error;
    }
  }
}

function stateOf(status: string | undefined): Execution['state'] {
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return 'running';
  return status === 'SUCCEEDED' ? 'ended' : 'dead';
}
