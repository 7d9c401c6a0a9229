import {
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';

/** The task token was used, ran out, or never existed: somebody decided before. */
export class DecisionTooLate extends Error {
  override readonly name = 'DecisionTooLate';
}

/** SFN's error names for a token that takes no answer (API reference, "SendTaskSuccess"). */
const TOKEN_GONE: ReadonlySet<string> = new Set([
  'TaskTimedOut',
  'TaskDoesNotExist',
  'InvalidToken',
]);

/** The error name with which a rejected plan leaves its waiting state. */
export const REJECTED = 'Rejected';

interface Decision {
  readonly by: string;
  readonly why?: string;
}

/** The publishing state machine on Step Functions; functions/api/machine.ts says what it promises. */
export class StepFunctionsMachine {
  readonly #client: SFNClient;
  readonly #arn: string;

  constructor(machineArn: string, client: SFNClient = new SFNClient({})) {
    this.#arn = machineArn;
    this.#client = client;
  }

  /** The execution has the plan's name, so that a retry of the call starts no second one. */
  async start(input: { readonly plan: string }): Promise<void> {
    await this.#client.send(
      new StartExecutionCommand({
        stateMachineArn: this.#arn,
        name: input.plan,
        input: JSON.stringify(input),
      }),
    );
  }

  async approve(token: string, decision: Decision): Promise<void> {
    const output = JSON.stringify({ decision: 'approve', ...decision });
    await this.#answer(new SendTaskSuccessCommand({ taskToken: token, output }));
  }

  async reject(token: string, decision: Decision): Promise<void> {
    const cause = JSON.stringify({ decision: 'reject', ...decision });
    await this.#answer(new SendTaskFailureCommand({ taskToken: token, error: REJECTED, cause }));
  }

  async #answer(command: SendTaskSuccessCommand | SendTaskFailureCommand): Promise<void> {
    try {
      await (command instanceof SendTaskSuccessCommand
        ? this.#client.send(command)
        : this.#client.send(command));
    } catch (error) {
      if (error instanceof Error && TOKEN_GONE.has(error.name)) {
        throw new DecisionTooLate('the plan waits for no decision any more', { cause: error });
      }
      throw error;
    }
  }
}
