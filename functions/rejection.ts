import type { QueueRecord } from './door.ts';
import { REJECTED_BODY_MAX, type RejectedMessage } from './messages.ts';

export interface Rejection {
  readonly key: string;
  readonly body: string;
}

/** Sets messages aside; gives the keys of those that could not be, with the reason. */
export type Reject = (messages: readonly Rejection[]) => Promise<ReadonlyMap<string, string>>;

/** A message as it is set aside: a person reads it, so it says who, when and why. */
export function rejection(options: {
  readonly by: RejectedMessage['by'];
  readonly record: Pick<QueueRecord, 'messageId' | 'body'>;
  readonly reason: string;
  readonly at: string;
}): Rejection {
  const message: RejectedMessage = {
    at: options.at,
    by: options.by,
    reason: options.reason,
    messageId: options.record.messageId,
    body: options.record.body.slice(0, REJECTED_BODY_MAX),
  };
  return { key: options.record.messageId, body: JSON.stringify(message) };
}
