import { expect, test } from 'vitest';
import { answerReminders } from '../../functions/answer-reminders.ts';
import type { QueueRecord } from '../../functions/door.ts';

const DUE = '2026-11-24T09:00:04.000Z';

function record(messageId: string, body: string): QueueRecord {
  const attributes = { ApproximateReceiveCount: 1 };
  return { messageId, receiptHandle: `handle-${messageId}`, body, attributes };
}

test('each reminder by itself: one that fails comes again, one that is none is set aside', async () => {
  const answered: string[] = [];
  const rejected: string[] = [];
  const answer = await answerReminders(
    {
      answer: async ({ workload, due }) => {
        if (workload === 'i-0b') throw new Error('the table is gone');
        answered.push(`${workload} ${due}`);
        return 'woken';
      },
      reject: async (messages) => {
        rejected.push(...messages.map(({ body }) => body));
        return new Map(messages[0]?.key === 'm5' ? [['m5', 'full']] : []);
      },
      signal: { event: () => {} },
      now: () => 0,
    },
    [
      record('m1', JSON.stringify({ workload: 'i-0a', due: DUE })),
      record('m2', JSON.stringify({ workload: 'i-0b', due: DUE })),
      record('m3', 'nonsense'),
      record('m4', JSON.stringify({ workload: 'i-../x', due: DUE })),
      record('m5', JSON.stringify({ workload: 'i-0c', due: 'soon' })),
    ],
  );
  expect(answered).toEqual([`i-0a ${DUE}`]);
  expect(answer.batchItemFailures.map((one) => one.itemIdentifier)).toEqual(['m2', 'm5']);
  expect(rejected.map((body) => JSON.parse(body))).toMatchObject([
    { by: 'wake', reason: 'the body is not JSON' },
    { by: 'wake', reason: expect.stringContaining('`workload`') },
    { by: 'wake', reason: expect.stringContaining('`due`') },
  ]);
});
