import { messageGroupOf } from '../aws/outbox.ts';
import type { Signal } from '../engine/ports.ts';
import { type BatchAnswer, giveAgain, type QueueRecord } from './door.ts';
import { readEvent } from './read-event.ts';
import { type Reject, rejection } from './rejection.ts';

/** A message for the FIFO queue, under the key of the record that it comes from. */
export interface Routed {
  readonly key: string;
  readonly body: string;
  readonly group: string;
  readonly deduplicationId: string;
}

export interface RouteDependencies {
  /** Gives the keys that the queue did not take, with the reason. */
  readonly send: (messages: readonly Routed[]) => Promise<ReadonlyMap<string, string>>;
  readonly reject: Reject;
  readonly signal: Signal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Reads a batch of events and sends one message per workload. No state, no AWS call but the sends.
 * An event that cannot be read is set aside with the reason; one that could not be sent on comes
 * again, alone.
 */
export async function routeEvents(
  dependencies: RouteDependencies,
  records: readonly QueueRecord[],
): Promise<BatchAnswer> {
  const { signal } = dependencies;
  const routed: Routed[] = [];
  const unreadable: { readonly record: QueueRecord; readonly reason: string }[] = [];
  for (const record of records) {
    const reading = readEvent(record.body, record.attributes.SentTimestamp);
    if (reading.kind === 'unreadable') unreadable.push({ record, reason: reading.reason });
    if (reading.kind === 'ignored') signal.event('event-ignored', { because: reading.because });
    if (reading.kind !== 'look-again') continue;
    for (const message of reading.messages) {
      routed.push({
        key: record.messageId,
        body: JSON.stringify(message),
        group: messageGroupOf(message.workload),
        // The event's own id: EventBridge may deliver twice, SQS may too.
        deduplicationId: reading.eventId ?? record.messageId,
      });
    }
  }
  const at = new Date(dependencies.now()).toISOString();
  const [unsent, unkept] = await Promise.all([
    dependencies.send(routed),
    dependencies.reject(
      unreadable.map(({ record, reason }) => rejection({ by: 'route', record, reason, at })),
    ),
  ]);
  for (const { record, reason } of unreadable) {
    signal.event('event-rejected', { message: record.messageId, reason });
  }
  for (const [message, reason] of [...unsent, ...unkept]) {
    signal.event('send-failed', { message, reason });
  }
  signal.event('events-routed', { events: records.length, messages: routed.length });
  return giveAgain(
    records.filter(({ messageId }) => unsent.has(messageId) || unkept.has(messageId)),
  );
}
