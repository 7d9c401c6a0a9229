import { App, Stack } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { StateGraph } from 'aws-cdk-lib/aws-stepfunctions';
import { publishStates } from '../../infra/publishing/publish-states.ts';

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
}

interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string;
}

interface Choice {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly Next: string;
}

/** The part of the Amazon States Language that the definition uses. */
export interface State {
  readonly Type: 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail';
  readonly Resource?: unknown;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly ResultPath?: string | null;
  readonly SecondsPath?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly Choice[];
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** The definition as infra/ makes it, so that what is simulated is what is deployed. */
export function publishingDefinition(): Definition {
  const stack = new Stack(new App(), 'Simulated');
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:publish';
  const handler = LambdaFunction.fromFunctionArn(stack, 'Publish', arn);
  const chain = publishStates(stack, handler);
  const graph = new StateGraph(chain.startState, 'publishing');
  return JSON.parse(JSON.stringify(stack.resolve(graph.toGraphJson())));
}

/** An error as Step Functions hands it on. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly code: string;
  readonly because: string;

  constructor(code: string, because: string) {
    super(`${code}: ${because}`);
    this.code = code;
    this.because = because;
  }
}

export interface ExecutionOptions {
  readonly definition: Definition;
  readonly arn: string;
  readonly input: unknown;
  /** Calls the function; throws TaskError. */
  readonly invoke: (payload: unknown) => Promise<unknown>;
  /** Waits for the answer to a task token; throws TaskError. */
  readonly answered: (token: string) => Promise<unknown>;
  readonly wait: (ms: number) => Promise<void>;
  /** Called before each state. */
  readonly onState: (name: string) => void;
}

type Data = Readonly<Record<string, unknown>>;

/** Runs one execution to its end. Throws TaskError when it ends in a Fail state. */
export async function runExecution(options: ExecutionOptions): Promise<void> {
  const { States, StartAt } = options.definition;
  let name = StartAt;
  let data: Data = options.input as Data;
  for (;;) {
    const state = States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    options.onState(name);
    if (state.Type === 'Succeed') return;
    if (state.Type === 'Fail') throw new TaskError('Failed', JSON.stringify(data.error ?? {}));
    if (state.Type === 'Wait') {
      await options.wait(Number(at(data, state.SecondsPath ?? '$')) * 1_000);
      name = state.Next ?? '';
    } else if (state.Type === 'Choice') {
      const chosen = state.Choices?.find((choice) => holds(choice, data));
      name = chosen?.Next ?? state.Default ?? '';
    } else {
      const step = await runTask(options, state, data);
      name = step.next;
      data = step.data;
    }
  }
}

interface Step {
  readonly next: string;
  readonly data: Data;
}

async function runTask(options: ExecutionOptions, state: State, data: Data): Promise<Step> {
  const tries = new Map<Retrier, number>();
  for (let attempt = 0; ; attempt += 1) {
    const token = `${options.arn} ${attempt}`;
    try {
      const parameters = fill(state.Parameters ?? {}, { options, data, token });
      const isAsked = JSON.stringify(state.Resource).includes('.waitForTaskToken');
      const result = isAsked
        ? await ask(options, parameters, token)
        : await options.invoke(parameters);
      return { next: state.Next ?? '', data: put(data, state.ResultPath, result) };
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const retrier = state.Retry?.find((one) => matches(one.ErrorEquals, error.code));
      const tried = retrier === undefined ? 0 : (tries.get(retrier) ?? 0);
      if (retrier !== undefined && tried < (retrier.MaxAttempts ?? 3)) {
        tries.set(retrier, tried + 1);
        const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = 3_600 } = retrier;
        const seconds = Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds);
        await options.wait(seconds * 1_000);
        continue;
      }
      const catcher = state.Catch?.find((one) => matches(one.ErrorEquals, error.code));
      if (catcher === undefined) throw error;
      const caught = { Error: error.code, Cause: error.because };
      return { next: catcher.Next, data: put(data, catcher.ResultPath, caught) };
    }
  }
}

/** `arn:...:lambda:invoke.waitForTaskToken`: the payload stands one level down. */
async function ask(
  options: ExecutionOptions,
  parameters: unknown,
  token: string,
): Promise<unknown> {
  await options.invoke((parameters as { readonly Payload: unknown }).Payload);
  return await options.answered(token);
}

function matches(names: readonly string[], code: string): boolean {
  return names.includes('States.ALL') || names.includes(code);
}

function holds(choice: Choice, data: Data): boolean {
  const value = at(data, choice.Variable);
  return choice.StringEquals === undefined
    ? value === choice.BooleanEquals
    : value === choice.StringEquals;
}

interface Sources {
  readonly options: ExecutionOptions;
  readonly data: Data;
  readonly token: string;
}

/** Payload templates: a name that ends in `.$` takes its value from a path. */
function fill(template: unknown, sources: Sources): unknown {
  if (Array.isArray(template)) return template.map((one) => fill(one, sources));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), resolve(String(value), sources)]
        : [name, fill(value, sources)],
    ),
  );
}

function resolve(path: string, { options, data, token }: Sources): unknown {
  const context: Readonly<Record<string, unknown>> = {
    '$$.Execution.Id': options.arn,
    '$$.Execution.Input': options.input,
    '$$.Task.Token': token,
  };
  return path in context ? context[path] : at(data, path);
}

function at(data: unknown, path: string): unknown {
  const names = path.split('.').slice(1);
  return names.reduce<unknown>((value, name) => (value as Data | undefined)?.[name], data);
}

/** `$`: the result replaces the data; `null`: it is dropped; `$.name`: it is kept there. */
function put(data: Data, path: string | null | undefined, result: unknown): Data {
  if (path === null) return data;
  if (path === undefined || path === '$') return result as Data;
  return { ...data, [path.slice(2)]: result };
}
