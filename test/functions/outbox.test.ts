import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { Outbox } from '../../aws/outbox.ts';

type Entries = NonNullable<SendMessageBatchCommand['input']['Entries']>;
type Answer = { Failed?: { Id: string; Code: string; Message?: string; SenderFault: boolean }[] };

function outbox(answer: (entries: Entries) => Answer = () => ({})) {
  const batches: Entries[] = [];
  const client = {
    send: async (command: SendMessageBatchCommand) => {
      const entries = command.input.Entries ?? [];
      batches.push(entries);
      return answer(entries);
    },
  } as unknown as SQSClient;
  return { batches, box: new Outbox('https://queue.example/q', client) };
}

const messages = (count: number, size = 10) =>
  Array.from({ length: count }, (_, position) => ({
    key: `k${position}`,
    body: 'x'.repeat(size),
    group: 'g',
    deduplicationId: `d${position}`,
  }));

describe('Outbox', () => {
  test('sends in as few calls as ten messages a call allow, in order', async () => {
    const { batches, box } = outbox();
    expect(await box.send(messages(25))).toEqual(new Map());
    expect(batches.map((entries) => entries.length)).toEqual([10, 10, 5]);
    expect(batches.flat().map((entry) => entry.MessageDeduplicationId)).toEqual(
      messages(25).map(({ deduplicationId }) => deduplicationId),
    );
  });

  test('keeps a call below what SQS takes in bytes', async () => {
    const { batches, box } = outbox();
    await box.send(messages(10, 60_000));
    const weights = batches.map((entries) =>
      entries.reduce((sum, entry) => sum + (entry.MessageBody?.length ?? 0), 0),
    );
    expect(Math.max(...weights)).toBeLessThan(256 * 1024);
    expect(batches.flat()).toHaveLength(10);
  });

  test('calls nobody for nothing', async () => {
    const { batches, box } = outbox();
    expect(await box.send([])).toEqual(new Map());
    expect(batches).toEqual([]);
  });

  test('says which messages SQS did not take', async () => {
    const { box } = outbox((entries) => ({
      Failed: [{ Id: entries[1]?.Id ?? '', Code: 'InternalError', SenderFault: false }],
    }));
    expect([...(await box.send(messages(3))).keys()]).toEqual(['k1']);
  });

  test('a call that fails loses its own messages only', async () => {
    let calls = 0;
    const { box } = outbox(() => {
      calls += 1;
      if (calls === 1) throw new Error('connection reset');
      return {};
    });
    const refused = await box.send(messages(12));
    expect([...refused.keys()]).toEqual(messages(10).map(({ key }) => key));
    expect(refused.get('k0')).toContain('connection reset');
  });
});
