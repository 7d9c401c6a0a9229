import { beforeEach, describe, expect, test } from 'vitest';
import { messageGroupOf } from '../../aws/outbox.ts';
import type { QueueRecord } from '../../functions/door.ts';
import { workloadMessageSchema } from '../../functions/messages.ts';
import { type RouteDependencies, type Routed, routeEvents } from '../../functions/route-events.ts';
import { instanceState, tagChange, withDetail, withEnvelope } from './samples.ts';

const SENT = 1_795_448_124_607;

let sent: Routed[];
let rejected: { key: string; body: string }[];
let refuse: Set<string>;
let dependencies: RouteDependencies;

beforeEach(() => {
  sent = [];
  rejected = [];
  refuse = new Set();
  const take =
    <Message extends { key: string }>(into: Message[]) =>
    (messages: readonly Message[]) => {
      const refused = messages.filter(({ key }) => refuse.has(key));
      into.push(...messages.filter(({ key }) => !refuse.has(key)));
      return Promise.resolve(new Map(refused.map(({ key }) => [key, 'queue is full'])));
    };
  dependencies = {
    send: take(sent),
    reject: take(rejected),
    signal: { event: () => undefined },
    now: () => 0,
  };
});

function record(messageId: string, body: string): QueueRecord {
  return {
    messageId,
    receiptHandle: `handle-${messageId}`,
    body,
    attributes: { SentTimestamp: SENT, ApproximateReceiveCount: 1 },
  };
}

const instance = (id: string): string => withDetail(instanceState, { 'instance-id': id });

describe('routeEvents', () => {
  test('sends one message per workload, in its own group, under the id of the event', async () => {
    const answer = await routeEvents(dependencies, [
      record('one', instance('i-0a')),
      record('two', withDetail(tagChange, {})),
    ]);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(sent.map(({ group, deduplicationId }) => [group, deduplicationId])).toEqual([
      ['i-0a', instanceState.id],
      ['i-0000000aaaaaaaaaa', tagChange.id],
    ]);
    const messages = sent.map(({ body }) => workloadMessageSchema.parse(JSON.parse(body)));
    expect(messages.map(({ received }) => received)).toEqual([SENT, SENT]);
  });

  test('an event without an id is known by its message', async () => {
    await routeEvents(dependencies, [
      record('one', withEnvelope(instanceState, { id: undefined })),
    ]);
    expect(sent.map(({ deduplicationId }) => deduplicationId)).toEqual(['one']);
  });

  test('what cannot be read is set aside with the reason, and the others go on', async () => {
    const answer = await routeEvents(dependencies, [
      record('bad', 'hello'),
      record('good', instance('i-0a')),
    ]);
    expect(answer.batchItemFailures).toEqual([]);
    expect(sent.map(({ key }) => key)).toEqual(['good']);
    expect(rejected.map(({ body }) => JSON.parse(body))).toEqual([
      {
        at: '1970-01-01T00:00:00.000Z',
        by: 'route',
        reason: 'the body is not JSON',
        messageId: 'bad',
        body: 'hello',
      },
    ]);
  });

  test('only what the queues did not take comes again', async () => {
    refuse = new Set(['unsent', 'unkept']);
    const answer = await routeEvents(dependencies, [
      record('unsent', instance('i-0a')),
      record('unkept', 'hello'),
      record('fine', instance('i-0b')),
    ]);
    expect(answer.batchItemFailures).toEqual([
      { itemIdentifier: 'unsent' },
      { itemIdentifier: 'unkept' },
    ]);
    expect(sent.map(({ key }) => key)).toEqual(['fine']);
  });

  test('a huge unreadable body is kept in part', async () => {
    await routeEvents(dependencies, [record('huge', 'x'.repeat(250_000))]);
    expect(rejected[0]?.body.length).toBeLessThan(25_000);
  });
});

describe('messageGroupOf', () => {
  test.each([['i-0a'], ['eni-0a'], ['ecs:cluster:0123']])('%s is its own group', (workload) => {
    expect(messageGroupOf(workload)).toBe(workload);
  });

  test.each([
    ['too long', `ecs:${'c'.repeat(200)}:1`],
    ['not of SQS', 'ext:büro'],
  ])('a name that is %s becomes one that SQS takes, always the same', (_, workload) => {
    const group = messageGroupOf(workload);
    expect(group).toMatch(/^[0-9a-f]{64}$/);
    expect(messageGroupOf(workload)).toBe(group);
    expect(messageGroupOf(`${workload}2`)).not.toBe(group);
  });
});
