import type { Signal } from '../engine/ports.ts';
import { type BatchAnswer, giveAgain, type QueueRecord } from './door.ts';
import { readBody, type WorkloadMessage, workloadMessageSchema } from './messages.ts';
import { type Reject, rejection } from './rejection.ts';

export interface WorkOffDependencies {
  /** Done, or parked: waiting is not failure, and counts as no attempt. */
  readonly process: (message: WorkloadMessage) => Promise<void>;
  readonly reject: Reject;
  /** Has a received message come again after so many seconds. */
  readonly delay: (receiptHandle: string, seconds: number) => Promise<void>;
  readonly signal: Signal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * After so many attempts a message is set aside by ourselves, with the reason. It is less than the
 * queue's own maxReceiveCount (infra/workload/workload-path.ts), which is for functions that die.
 */
export const ATTEMPTS_MAX = 6;

/** First repetitions come fast, since most trouble is over in a second; at most this slow. */
const DELAY_SECONDS_MAX = 30;

/**
 * Works off a batch of the FIFO queue. Groups do not wait for each other; within a group order
 * holds, so after a failure the rest of that group comes again with it, and nothing else does.
 */
export async function workOff(
  dependencies: WorkOffDependencies,
  records: readonly QueueRecord[],
): Promise<BatchAnswer> {
  const groups = Map.groupBy(records, groupOf);
  const again = await Promise.all(
    [...groups.values()].map((group) => workOffGroup(dependencies, group)),
  );
  return giveAgain(again.flat());
}

/** Every message has a group on FIFO; one without would be its own. */
function groupOf(record: QueueRecord): string {
  return record.attributes.MessageGroupId ?? record.messageId;
}

/** Gives the messages that are to come again. */
async function workOffGroup(
  dependencies: WorkOffDependencies,
  records: readonly QueueRecord[],
): Promise<readonly QueueRecord[]> {
  for (const [position, record] of records.entries()) {
    if (await workOffOne(dependencies, record)) continue;
    return records.slice(position);
  }
  return [];
}

/** True when the message is dealt with, one way or the other. */
async function workOffOne(
  dependencies: WorkOffDependencies,
  record: QueueRecord,
): Promise<boolean> {
  const read = readBody(workloadMessageSchema, record.body);
  if ('wrong' in read) return await setAside(dependencies, record, read.wrong);
  try {
    await dependencies.process(read.message);
    return true;
  } catch (error) {
    return await fail(dependencies, record, read.message, toError(error));
  }
}

async function fail(
  dependencies: WorkOffDependencies,
  record: QueueRecord,
  message: WorkloadMessage,
  error: Error,
): Promise<boolean> {
  const attempt = record.attributes.ApproximateReceiveCount;
  const reason = `${error.name}: ${error.message}`;
  dependencies.signal.event('workload-failed', {
    workload: message.workload,
    attempt,
    error: error.name,
    reason,
    stack: error.stack,
  });
  if (attempt >= ATTEMPTS_MAX) {
    return await setAside(dependencies, record, `${reason} (after ${attempt} attempts)`);
  }
  await delayQuietly(dependencies, record, Math.min(2 ** (attempt - 1), DELAY_SECONDS_MAX));
  return false;
}

async function setAside(
  dependencies: WorkOffDependencies,
  record: QueueRecord,
  reason: string,
): Promise<boolean> {
  const at = new Date(dependencies.now()).toISOString();
  dependencies.signal.event('message-rejected', { message: record.messageId, reason });
  const unkept = await dependencies.reject([rejection({ by: 'workload', record, reason, at })]);
  return unkept.size === 0;
}

/** A delay that SQS does not grant costs time only: the message then waits for its visibility. */
async function delayQuietly(
  dependencies: WorkOffDependencies,
  record: QueueRecord,
  seconds: number,
): Promise<void> {
  try {
    await dependencies.delay(record.receiptHandle, Math.ceil(seconds));
  } catch (error) {
    dependencies.signal.event('delay-refused', { reason: toError(error).message });
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
