import type { Reminded } from '../engine/parking.ts';
import type { Reminder, Signal } from '../engine/ports.ts';
import { type BatchAnswer, giveAgain, type QueueRecord } from './door.ts';
import { readBody, reminderSchema } from './messages.ts';
import { type Reject, rejection } from './rejection.ts';

export interface ReminderDependencies {
  readonly answer: (reminder: Reminder) => Promise<Reminded>;
  readonly reject: Reject;
  readonly signal: Signal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Works off a batch of the queue of the parked; each message by itself, in no order. */
export async function answerReminders(
  dependencies: ReminderDependencies,
  records: readonly QueueRecord[],
): Promise<BatchAnswer> {
  const kept = await Promise.all(
    records.map(async (record) => ((await answerOne(dependencies, record)) ? [] : [record])),
  );
  return giveAgain(kept.flat());
}

/** True when the message is dealt with. */
async function answerOne(
  { answer, reject, signal, now }: ReminderDependencies,
  record: QueueRecord,
): Promise<boolean> {
  const read = readBody(reminderSchema, record.body);
  if ('wrong' in read) {
    const at = new Date(now()).toISOString();
    signal.event('message-rejected', { message: record.messageId, reason: read.wrong });
    const unkept = await reject([rejection({ by: 'wake', record, reason: read.wrong, at })]);
    return unkept.size === 0;
  }
  const { workload } = read.message;
  try {
    signal.event('workload-reminded', { workload, reminded: await answer(read.message) });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    signal.event('reminder-failed', { workload, reason });
    return false;
  }
}
