import { beforeEach, describe, expect, test } from 'vitest';
import type { PlanRecord } from '../../core/model/record.ts';
import type { Ports } from '../../engine/ports.ts';
import {
  type PublishStep,
  publishStepSchema,
  runPublishStep,
} from '../../functions/publish-steps.ts';

const APPROVER = 'arn:aws:iam::123456789012:user/second';

let record: PlanRecord;
let ports: Ports;

beforeEach(() => {
  record = {
    id: 'plan-7',
    generation: 7,
    kind: 'publish',
    policyVersion: 'sha256:1',
    state: 'waiting-for-approval',
    phase: 'create',
    author: 'arn:aws:iam::123456789012:user/author',
    createdAt: '2026-11-23T12:00:00Z',
    changedAt: '2026-11-23T12:00:00Z',
    counts: {},
  };
  ports = {
    clock: { now: () => 0 },
    signal: { event: () => undefined },
    store: {
      readPlan: async () => record,
      writePlan: async (next: PlanRecord) => {
        record = next;
      },
    },
  } as unknown as Ports;
});

function input(step: string, more: Record<string, unknown> = {}): PublishStep {
  return publishStepSchema.parse({
    step,
    execution: 'arn:aws:states:eu-north-1:123456789012:execution:machine:plan-7',
    publish: {
      plan: 'plan-7',
      generation: 7,
      policyVersion: 'sha256:1',
      kind: 'publish',
      author: record.author,
      expectedVersion: null,
    },
    ...more,
  });
}

describe('runPublishStep', () => {
  test('a rejection keeps who and why', async () => {
    const Cause = JSON.stringify({ decision: 'reject', by: APPROVER, why: 'not on a Friday' });
    await runPublishStep(ports, input('Reject', { error: { Error: 'Rejected', Cause } }));
    expect(record).toMatchObject({
      state: 'rejected',
      decidedBy: APPROVER,
      reason: 'not on a Friday',
    });
  });

  test('a plan that nobody decided in time is rejected by nobody', async () => {
    await runPublishStep(ports, input('Reject', { error: { Error: 'States.Timeout' } }));
    expect(record.state).toBe('rejected');
    expect(record).not.toHaveProperty('decidedBy');
    expect(record.reason).toMatch(/nobody/);
  });

  test.each([
    ['StalePlan', 'stale'],
    ['RefusedPlan', 'failed'],
    ['States.Timeout', 'failed'],
  ])('a failure by %s leaves the plan %s, with the reason', async (name, state) => {
    record = { ...record, state: 'applying' };
    const Cause = JSON.stringify({ errorType: name, errorMessage: 'somebody was first' });
    await runPublishStep(ports, input('Fail', { error: { Error: name, Cause } }));
    expect(record).toMatchObject({ state, reason: expect.stringContaining('somebody was first') });
  });

  test('a cause that is no JSON is kept as it is', async () => {
    record = { ...record, state: 'applying' };
    const error = { Error: 'States.TaskFailed', Cause: 'the function ran out of time' };
    await runPublishStep(ports, input('Fail', { error }));
    expect(record.reason).toContain('ran out of time');
  });
});

describe('publishStepSchema', () => {
  test.each([
    ['an unknown step', { step: 'Undo' }],
    ['no token to ask with', { step: 'Ask' }],
    ['a plan without a number', { publish: { plan: 'plan-7' } }],
    ['a barrier that is none', { step: 'CheckAttach', barrier: { passed: 'yes' } }],
  ])('refuses %s', (_, fields) => {
    expect(publishStepSchema.safeParse({ ...input('Prepare'), ...fields }).success).toBe(false);
  });
});
