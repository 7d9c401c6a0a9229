import type { Signal } from '../engine/ports.ts';
import { type BatchAnswer, giveAgain, type QueueRecord } from './door.ts';
import { type WorkloadMessage, workloadMessageSchema } from './messages.ts';
import { type Reject, rejection } from './rejection.ts';

/** What became of one message. Waiting is not failure: it never counts as an attempt. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly because: string; readonly seconds: number };

export interface WorkOffDependencies {
  readonly process: (message: WorkloadMessage) => Promise<Outcome>;
  readonly reject: Reject;
  /** Has a received message come again after so many seconds. */
  readonly delay: (receiptHandle: string, seconds: number) => Promise<void>;
  /** Puts a message for the workload at the end of its group, as a new one. */
  readonly sendAgain: (message: WorkloadMessage) => Promise<void>;
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
  const message = readMessage(record.body);
  if (typeof message === 'string') return await setAside(dependencies, record, message);
  try {
    const outcome = await dependencies.process(message);
    if (outcome.kind === 'done') return true;
    return await wait(dependencies, record, message, outcome);
  } catch (error) {
    return await fail(dependencies, record, message, toError(error));
  }
}

/** A message, or why it is none. */
function readMessage(body: string): WorkloadMessage | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  const parsed = workloadMessageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'is wrong'}`;
}

/**
 * Something has to come first (a lease that runs, a rate that is used up). The message comes again
 * soon; before SQS would give it up it is replaced by a new one.
 */
async function wait(
  dependencies: WorkOffDependencies,
  record: QueueRecord,
  message: WorkloadMessage,
  outcome: Extract<Outcome, { kind: 'waiting' }>,
): Promise<boolean> {
  dependencies.signal.event('workload-waiting', {
    workload: message.workload,
    because: outcome.because,
    seconds: outcome.seconds,
  });
  if (record.attributes.ApproximateReceiveCount >= ATTEMPTS_MAX) {
    await dependencies.sendAgain({ ...message, reason: 'retry' });
    return true;
  }
  await delayQuietly(dependencies, record, outcome.seconds);
  return false;
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
