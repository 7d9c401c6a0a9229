import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';

/** SQS: a deduplication id is remembered this long (SQS Developer Guide, "Exactly-once processing"). */
const DEDUPLICATION_MS = 300_000;

/** A batch of an event source mapping takes at most this many messages of a FIFO queue. */
export const BATCH_MAX = 10;

export interface QueueOptions {
  readonly now: () => number;
  readonly fifo: boolean;
  readonly visibilityMs: number;
  /** After so many receives a message goes to the dead letters. */
  readonly maxReceives: number;
  /** Milliseconds until a message that is sent now can be received; default 0. */
  readonly lateness?: () => number;
}

export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: {
    readonly SentTimestamp: number;
    readonly ApproximateReceiveCount: number;
    readonly MessageGroupId?: string;
  };
}

export interface Sent {
  readonly body: string;
  readonly group?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly delaySeconds?: number | undefined;
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly group: string | undefined;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
  handle: string | undefined;
}

/**
 * One queue of SQS in memory, standard or FIFO. On FIFO a group gives its messages in order, and none
 * while any of them is in flight (SQS Developer Guide, "FIFO delivery logic"); the same deduplication id of a group within five minutes is one
 * message. A message that is not deleted comes again when its visibility runs out.
 */
export class FakeSqs {
  readonly #options: QueueOptions;
  readonly #sentBefore = new Map<string, number>();
  readonly deadLetters: string[] = [];
  #messages: Message[] = [];
  #count = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  send(sent: Sent): void {
    const now = this.#options.now();
    if (this.#options.fifo && this.#isKnown(sent, now)) return;
    this.#count += 1;
    this.#messages.push({
      id: `m${this.#count}`,
      body: sent.body,
      group: sent.group,
      sentAt: now,
      visibleAt: now + (sent.delaySeconds ?? 0) * 1_000 + (this.#options.lateness?.() ?? 0),
      receives: 0,
      handle: undefined,
    });
  }

  /** At most `most` messages that can be received now, in the order of the queue. */
  receive(most: number): readonly Received[] {
    const now = this.#options.now();
    this.#buryDead(now);
    const blocked = new Set(this.#invisible(now).map(({ group }) => group ?? ''));
    const free = ({ visibleAt, group }: Message): boolean =>
      visibleAt <= now && (group === undefined || !blocked.has(group));
    const batch = this.#messages.filter(free).slice(0, most);
    return batch.map((message) => this.#hand(message, now));
  }

  /** What SQS does now and then: gives a message again although somebody still works on it. */
  redeliver(messageId: string): void {
    const message = this.#messages.find(({ id }) => id === messageId);
    if (message !== undefined) message.visibleAt = this.#options.now();
  }

  /** Only the youngest receipt of a message counts. */
  delete(receiptHandle: string): void {
    this.#messages = this.#messages.filter((message) => message.handle !== receiptHandle);
  }

  changeVisibility(receiptHandle: string, seconds: number): void {
    const message = this.#messages.find((one) => one.handle === receiptHandle);
    if (message !== undefined) message.visibleAt = this.#options.now() + seconds * 1_000;
  }

  /** When the next message can be received; undefined for an empty queue. */
  nextAt(): number | undefined {
    if (this.#messages.length === 0) return undefined;
    return Math.min(...this.#messages.map((message) => message.visibleAt));
  }

  get size(): number {
    return this.#messages.length;
  }

  /** What aws/outbox.ts calls, on this queue. */
  client(): SQSClient {
    return {
      send: async (command: SendMessageBatchCommand) => {
        for (const entry of command.input.Entries ?? []) {
          this.send({
            body: entry.MessageBody ?? '',
            group: entry.MessageGroupId,
            deduplicationId: entry.MessageDeduplicationId,
            delaySeconds: entry.DelaySeconds,
          });
        }
        return {};
      },
    } as unknown as SQSClient;
  }

  #invisible(now: number): readonly Message[] {
    return this.#messages.filter(({ visibleAt }) => visibleAt > now);
  }

  #hand(message: Message, now: number): Received {
    message.receives += 1;
    message.visibleAt = now + this.#options.visibilityMs;
    message.handle = `${message.id}-${message.receives}`;
    return {
      messageId: message.id,
      receiptHandle: message.handle,
      body: message.body,
      attributes: {
        SentTimestamp: message.sentAt,
        ApproximateReceiveCount: message.receives,
        ...(message.group === undefined ? {} : { MessageGroupId: message.group }),
      },
    };
  }

  #buryDead(now: number): void {
    const isDead = ({ receives, visibleAt }: Message): boolean =>
      receives >= this.#options.maxReceives && visibleAt <= now;
    this.deadLetters.push(...this.#messages.filter(isDead).map(({ body }) => body));
    this.#messages = this.#messages.filter((message) => !isDead(message));
  }

  #isKnown({ group, deduplicationId }: Sent, now: number): boolean {
    if (deduplicationId === undefined) return false;
    const key = `${group ?? ''} ${deduplicationId}`;
    const before = this.#sentBefore.get(key);
    if (before !== undefined && now - before < DEDUPLICATION_MS) return true;
    this.#sentBefore.set(key, now);
    return false;
  }
}
