import { publishStepSchema, runPublishStep } from '../../functions/publish-steps.ts';
import type { ExecutionView } from '../../functions/resume-plans.ts';
import { Died, type Stage } from './environment.ts';
import type { Slot } from './lambda.ts';
import { type Definition, runExecution, TaskError } from './state-machine.ts';

/** infra/publishing/publishing.ts */
const PUBLISH_TIMEOUT_MS = 900_000;

const ARN = 'arn:aws:states:us-east-1:000000000000:execution:publish';

interface Execution {
  readonly name: string;
  readonly input: string;
  state: ExecutionView['state'];
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: TaskError) => void;
}

/** Somebody aborted the execution, or Step Functions lost it. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** Step Functions with the publishing state machine on it. */
export class Executions {
  readonly #definition: Definition;
  readonly #stage: Stage;
  readonly #slot: () => Slot;
  readonly #byName = new Map<string, Execution>();
  readonly #answers = new Map<string, Answer>();
  readonly #onState: (execution: string, state: string) => void;

  constructor(options: {
    readonly definition: Definition;
    readonly stage: Stage;
    /** A place for the function `publish` to run in. */
    readonly slot: () => Slot;
    readonly onState: (execution: string, state: string) => void;
  }) {
    this.#definition = options.definition;
    this.#stage = options.stage;
    this.#slot = options.slot;
    this.#onState = options.onState;
  }

  /** False when one of that name was started before. */
  start(name: string, input: string): boolean {
    if (this.#byName.has(name)) return false;
    const execution: Execution = { name, input, state: 'running' };
    this.#byName.set(name, execution);
    void this.#run(execution);
    return true;
  }

  describe(arn: string): ExecutionView {
    const name = arn.split(':').at(-1) ?? '';
    return this.#byName.get(name) ?? { name, state: 'unknown', input: '{}' };
  }

  /** Answers a task token; false when nobody waits for it any more. */
  answer(token: string, decision: { readonly approve: boolean; readonly by: string }): boolean {
    const waiting = this.#answers.get(token);
    if (waiting === undefined) return false;
    this.#answers.delete(token);
    const said = JSON.stringify({ by: decision.by });
    if (decision.approve) waiting.resolve({ decision: 'approve', by: decision.by });
    else waiting.reject(new TaskError('Rejected', said));
    return true;
  }

  get running(): number {
    return [...this.#byName.values()].filter(({ state }) => state === 'running').length;
  }

  async #run(execution: Execution): Promise<void> {
    const { scheduler, random, faults } = this.#stage;
    try {
      await runExecution({
        definition: this.#definition,
        arn: `${ARN}:${execution.name}`,
        input: JSON.parse(execution.input),
        invoke: (payload) => this.#invoke(payload),
        answered: (token) =>
          new Promise((resolve, reject) => this.#answers.set(token, { resolve, reject })),
        wait: async (ms) => await scheduler.wait(ms + random.between(1, 20)),
        onState: (state) => {
          this.#onState(execution.name, state);
          if (faults.strikes('execution killed')) throw new Killed(`${execution.name} at ${state}`);
        },
      });
      execution.state = 'ended';
    } catch (error) {
      if (!(error instanceof TaskError || error instanceof Killed)) throw error;
      execution.state = 'dead';
    }
  }

  /** The function's error as Step Functions tells it: by name, with the message in a document. */
  async #invoke(payload: unknown): Promise<unknown> {
    const { scheduler, random } = this.#stage;
    await scheduler.wait(random.between(5, 40));
    try {
      const step = publishStepSchema.parse(JSON.parse(JSON.stringify(payload)));
      const answer = await this.#slot().run(PUBLISH_TIMEOUT_MS, ({ ports }) =>
        runPublishStep(ports, step),
      );
      return JSON.parse(JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const name = error instanceof Died ? 'Lambda.Unknown' : error.name;
      throw new TaskError(name, JSON.stringify({ errorMessage: error.message }));
    }
  }
}
