import { describe, expect, test } from 'vitest';
import { publishStepSchema } from '../../functions/publish-steps.ts';
import { resourcesOf, synthesise } from './synth.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string; readonly Variable: string }[];
  readonly Catch?: readonly { readonly Next: string; readonly ErrorEquals: readonly string[] }[];
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly MaxAttempts: number;
  }[];
  readonly TimeoutSeconds?: number;
  readonly Parameters?: Record<string, unknown>;
}

const { template } = synthesise();
const [machine] = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
const definition = readDefinition(machine?.properties.DefinitionString);

/** The definition is a Fn::Join around the ARNs of the function. */
function readDefinition(value: unknown): { StartAt: string; States: Record<string, State> } {
  const [, parts] = (value as { 'Fn::Join': [string, readonly unknown[]] })['Fn::Join'];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'arn')).join(''));
}

type Edge = readonly [from: string, to: string];

const edges: readonly Edge[] = Object.entries(definition.States).flatMap(([name, state]) =>
  [
    state.Next,
    state.Default,
    ...(state.Choices ?? []).map(({ Next }) => Next),
    ...(state.Catch ?? []).map(({ Next }) => Next),
  ].flatMap((next): Edge[] => (next === undefined ? [] : [[name, next]])),
);

/** States that can be reached from the start without going through any of the given ones. */
function reachableWithout(...closed: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [definition.StartAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name) || closed.includes(name)) continue;
    seen.add(name);
    open.push(...edges.filter(([from]) => from === name).map(([, to]) => to));
  }
  return seen;
}

/** What Step Functions would put where a parameter names a path. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  '$$.Execution.Id': 'arn:aws:states:eu-north-1:123456789012:execution:machine:plan-7',
  '$$.Execution.Input': {
    plan: 'plan-7',
    generation: 7,
    policyVersion: 'sha256:1',
    kind: 'publish',
    author: 'arn:aws:iam::123456789012:user/author',
    expectedVersion: null,
  },
  '$$.Task.Token': 'token',
  '$.decision': { decision: 'approve', by: 'arn:aws:iam::123456789012:user/second' },
  '$.error': { Error: 'States.Timeout', Cause: '' },
  '$.barrier': { passed: false, waitSeconds: 1, looks: 0, progressAt: 0 },
};

function sampleOf(parameters: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters as Record<string, unknown>).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), SAMPLES[String(value)]] : [name, value],
    ),
  );
}

describe('the publishing state machine', () => {
  test.each([
    ['Attach', 'Create'],
    ['Steady', 'CheckAttach'],
    ['Revoke', 'CheckSteady'],
    ['Delete', 'Revoke'],
    ['Finish', 'Delete'],
  ])('%s comes only after %s', (later, earlier) => {
    expect(reachableWithout()).toContain(later);
    expect(reachableWithout(earlier)).not.toContain(later);
  });

  test.each(['Attach', 'Steady'])('the barrier of %s is left only when it has passed', (phase) => {
    const choice = definition.States[`Is ${phase} complete?`];
    expect(choice?.Choices).toMatchObject([{ Variable: '$.barrier.passed', BooleanEquals: true }]);
    expect(choice?.Default).toBe(`Wait for ${phase}`);
  });

  test('a plan that waits goes on only when somebody approved', () => {
    const asked = reachableWithout('Approve', 'What is to do?');
    expect(asked).not.toContain('Create');
    const ask = definition.States.Ask;
    expect(ask?.Next).toBe('Approve');
    expect(ask?.TimeoutSeconds).toBe(7 * 24 * 3600);
    expect(ask?.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('Rejected'))?.Next).toBe(
      'Reject',
    );
  });

  test('every step is tried again, and a failure is recorded', () => {
    const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');
    for (const [name, state] of tasks) {
      expect(state.Retry?.length, name).toBeGreaterThan(0);
      if (name !== 'Fail')
        expect(
          state.Catch?.map(({ Next }) => Next),
          name,
        ).toContain('Fail');
    }
    expect(definition.States.Fail?.Next).toBe('Failed');
    expect(definition.States.Failed?.Type).toBe('Fail');
  });

  test('each step is sent what the function takes', () => {
    const tasks = Object.values(definition.States).filter(({ Type }) => Type === 'Task');
    const steps = tasks.map(({ Parameters = {} }) => sampleOf(Parameters.Payload ?? Parameters));
    for (const step of steps) {
      expect(publishStepSchema.safeParse(step), JSON.stringify(step)).toMatchObject({
        success: true,
      });
    }
    const known = publishStepSchema.options.map((option) => option.shape.step.value);
    expect(steps.map(({ step }) => step).sort()).toEqual([...known].sort());
  });

  test('what no repetition mends is not repeated', () => {
    const [first] = definition.States.Create?.Retry ?? [];
    expect(first).toMatchObject({ MaxAttempts: 0 });
    expect(first?.ErrorEquals).toEqual(
      expect.arrayContaining(['StalePlan', 'RefusedPlan', 'InvalidInput']),
    );
  });
});
