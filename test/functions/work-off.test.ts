import { beforeEach, describe, expect, test } from 'vitest';
import type { QueueRecord } from '../../functions/door.ts';
import { ATTEMPTS_MAX, type WorkOffDependencies, workOff } from '../../functions/work-off.ts';

let processed: string[];
let rejected: { key: string; body: string }[];
let delayed: [string, number][];
let failures: Record<string, Error>;
let dependencies: WorkOffDependencies;

beforeEach(() => {
  processed = [];
  rejected = [];
  delayed = [];
  failures = {};
  dependencies = {
    process: async ({ workload }) => {
      processed.push(workload);
      const failure = failures[workload];
      if (failure !== undefined) throw failure;
    },
    reject: async (messages) => {
      rejected.push(...messages);
      return new Map();
    },
    delay: async (handle, seconds) => void delayed.push([handle, seconds]),
    signal: { event: () => undefined },
    now: () => 0,
  };
});

let count = 0;
function record(workload: string, options: { attempt?: number; body?: string } = {}): QueueRecord {
  count += 1;
  return {
    messageId: `m${count}-${workload}`,
    receiptHandle: `handle-${workload}`,
    body: options.body ?? JSON.stringify({ workload, reason: 'event' }),
    attributes: { ApproximateReceiveCount: options.attempt ?? 1, MessageGroupId: workload },
  };
}

const again = (...records: QueueRecord[]) => ({
  batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});

class Broken extends Error {
  override readonly name = 'Broken';
}

describe('workOff', () => {
  test('works off every message, each group in order', async () => {
    const order = [record('i-0a'), record('i-0b'), record('i-0a')];
    expect(await workOff(dependencies, order)).toEqual(again());
    expect(processed.filter((workload) => workload === 'i-0a')).toHaveLength(2);
    expect(processed).toContain('i-0b');
  });

  test('a failure holds back its own group and no other', async () => {
    failures['i-0a'] = new Broken('no');
    const first = record('i-0a');
    const second = record('i-0a');
    expect(await workOff(dependencies, [first, record('i-0b'), second])).toEqual(
      again(first, second),
    );
    expect(processed.sort()).toEqual(['i-0a', 'i-0b']);
    expect(rejected).toEqual([]);
  });

  test.each([
    [1, 1],
    [2, 2],
    [5, 16],
  ])('attempt %i comes again after %i s', async (attempt, seconds) => {
    failures['i-0a'] = new Broken('no');
    await workOff(dependencies, [record('i-0a', { attempt })]);
    expect(delayed).toEqual([['handle-i-0a', seconds]]);
  });

  test('what keeps failing is set aside with the reason, and its group goes on', async () => {
    failures['i-0a'] = new Broken('the disk is on fire');
    const last = record('i-0a', { attempt: ATTEMPTS_MAX });
    const next = record('i-0a');
    expect(await workOff(dependencies, [last, next])).toEqual(again(next));
    expect(rejected.map(({ body }) => JSON.parse(body).reason)).toEqual([
      `Broken: the disk is on fire (after ${ATTEMPTS_MAX} attempts)`,
    ]);
  });

  test.each([
    ['not JSON', 'hello', 'the body is not JSON'],
    ['not a message', '{}', '`workload`'],
    ['an id that is none', '{"workload":"i-../x","reason":"event"}', '`workload`'],
    ['a reason nobody knows', '{"workload":"i-0a","reason":"whim"}', '`reason`'],
  ])(
    'a poison message that is %s is set aside at once, and its group goes on',
    async (_, body, reason) => {
      const answer = await workOff(dependencies, [record('i-0a', { body }), record('i-0a')]);
      expect(answer).toEqual(again());
      expect(processed).toEqual(['i-0a']);
      expect(JSON.parse(rejected[0]?.body ?? '{}').reason).toContain(reason);
    },
  );

  test('what cannot be set aside comes again: nothing is lost', async () => {
    const poison = record('i-0a', { body: 'hello' });
    const answer = await workOff(
      { ...dependencies, reject: async ([message]) => new Map([[message?.key ?? '', 'full']]) },
      [poison],
    );
    expect(answer).toEqual(again(poison));
  });

  test('a delay that is refused costs nothing but time', async () => {
    failures['i-0a'] = new Broken('no');
    const failing = record('i-0a');
    const answer = await workOff(
      { ...dependencies, delay: () => Promise.reject(new Error('gone')) },
      [failing],
    );
    expect(answer).toEqual(again(failing));
  });
});
