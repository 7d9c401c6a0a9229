import { describe, expect, test } from 'vitest';
import type { PlanRecord } from '../../core/model/record.ts';
import { type ExecutionView, resumePlans } from '../../functions/resume-plans.ts';

const MACHINE = 'arn:aws:states:eu-north-1:123456789012:execution:machine:';
const INPUT = '{"plan":"plan-7"}';

function plan(fields: Partial<PlanRecord> = {}): PlanRecord {
  return {
    id: 'plan-7',
    generation: 7,
    kind: 'publish',
    policyVersion: 'sha256:1',
    state: 'applying',
    phase: 'attach',
    author: 'arn:aws:iam::123456789012:user/author',
    createdAt: '2026-11-23T12:00:00Z',
    changedAt: '2026-11-23T12:00:00Z',
    execution: `${MACHINE}plan-7`,
    counts: {},
    ...fields,
  };
}

/** `taken`: further executions of the plan, by name. */
async function resume(
  record: PlanRecord,
  execution: Partial<ExecutionView> = {},
  taken: Readonly<Record<string, ExecutionView['state']>> = {},
) {
  const started: [string, string][] = [];
  const names = await resumePlans(
    {
      describe: async (arn) => {
        const [name = ''] = /[^:]*$/.exec(arn) ?? [];
        expect(arn.slice(0, -name.length)).toBe(MACHINE);
        const state = taken[name];
        if (state !== undefined) return { name, state, input: INPUT };
        return { name: 'plan-7', state: 'dead', input: INPUT, ...execution };
      },
      start: async (name, input) => {
        if (name in taken) return false;
        started.push([name, input]);
        return true;
      },
      signal: { event: () => undefined },
    },
    [record],
  );
  return { names, started };
}

describe('resumePlans', () => {
  test.each(['planned', 'waiting-for-approval', 'applying'] as const)(
    'a plan that is %s and whose execution died is started over with the same input',
    async (state) => {
      const { started } = await resume(plan({ state }));
      expect(started).toEqual([['plan-7-resume-1', INPUT]]);
    },
  );

  test('one that died again gets the next name', async () => {
    const { names } = await resume(plan(), { name: 'plan-7-resume-9' });
    expect(names).toEqual(['plan-7-resume-10']);
  });

  test('two sweeps that find the same start one', async () => {
    const { names } = await resume(plan(), {}, { 'plan-7-resume-1': 'running' });
    expect(names).toEqual([]);
  });

  test('one that died before it had written its name into the plan is not taken for alive', async () => {
    const taken = { 'plan-7-resume-1': 'dead', 'plan-7-resume-2': 'dead' } as const;
    const { names } = await resume(plan(), {}, taken);
    expect(names).toEqual(['plan-7-resume-3']);
  });

  test.each(['done', 'rejected', 'stale', 'failed'] as const)(
    'a plan that is %s stays so',
    async (state) => {
      expect((await resume(plan({ state }))).started).toEqual([]);
    },
  );

  test.each(['running', 'ended', 'unknown'] as const)(
    'an execution that is %s is left alone',
    async (state) => {
      expect((await resume(plan(), { state })).started).toEqual([]);
    },
  );
});
