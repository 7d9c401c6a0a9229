import { createHash } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** At most this many entries in one SendMessageBatch (Amazon SQS quotas). */
const BATCH_ENTRIES_MAX = 10;

/**
 * Kept well below the 256 KiB that one SendMessageBatch may weigh in all partitions (Amazon SQS
 * quotas), since attributes and the ids count too.
 */
const BATCH_BYTES_MAX = 200_000;

export interface OutgoingMessage {
  /** Chosen by the caller; names the message in the answer. */
  readonly key: string;
  readonly body: string;
  /** Both for a FIFO queue, neither for a standard one. */
  readonly group?: string;
  readonly deduplicationId?: string;
  /** Comes out after so long, 900 at most; a FIFO queue takes none. */
  readonly delaySeconds?: number;
}

/** Keys of the messages that SQS did not take, each with SQS's reason. */
export type Refused = ReadonlyMap<string, string>;

/** One queue of SQS, with what the functions need of it beside the port Queue. */
export class Outbox {
  readonly #queueUrl: string;
  readonly #client: SQSClient;

  constructor(queueUrl: string, client: SQSClient = new SQSClient({})) {
    this.#queueUrl = queueUrl;
    this.#client = client;
  }

  /**
   * Sends messages in as few calls as SQS allows. What one batch loses does not hold back the
   * others: the answer says which messages are not in the queue.
   */
  async send(messages: readonly OutgoingMessage[]): Promise<Refused> {
    const refused = new Map<string, string>();
    for (const batch of batches(messages)) {
      for (const [key, reason] of await sendBatch(this.#client, this.#queueUrl, batch)) {
        refused.set(key, reason);
      }
    }
    return refused;
  }

  /** Has a message that was received come again after so many seconds (0 to 43,200). */
  async delay(receiptHandle: string, seconds: number): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.#queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  }
}

async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  batch: readonly OutgoingMessage[],
): Promise<Refused> {
  const Entries = batch.map(toEntry);
  try {
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return new Map(
      (answer.Failed ?? []).map((failed) => [
        batch[Number(failed.Id)]?.key ?? '',
        `${failed.Code ?? 'unknown'}: ${failed.Message ?? ''}`,
      ]),
    );
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new Map(batch.map(({ key }) => [key, reason]));
  }
}

/** Ids in a batch are its positions: SQS takes letters and digits only, keys may hold anything. */
function toEntry(message: OutgoingMessage, position: number): SendMessageBatchRequestEntry {
  return {
    Id: String(position),
    MessageBody: message.body,
    ...(message.group === undefined ? {} : { MessageGroupId: message.group }),
    ...(message.deduplicationId === undefined
      ? {}
      : { MessageDeduplicationId: message.deduplicationId }),
    ...(message.delaySeconds === undefined ? {} : { DelaySeconds: message.delaySeconds }),
  };
}

function batches(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const all: OutgoingMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const weight = Buffer.byteLength(message.body);
    const last = all.at(-1);
    const full =
      last === undefined || last.length === BATCH_ENTRIES_MAX || bytes + weight > BATCH_BYTES_MAX;
    if (full) {
      all.push([message]);
      bytes = weight;
    } else {
      last.push(message);
      bytes += weight;
    }
  }
  return all;
}

/** SQS: a message group's name is at most 128 letters, digits and punctuation marks. */
const GROUP_MAX = 128;
const GROUP = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

/** One message group per workload; names that SQS would not take are replaced by their hash. */
export function messageGroupOf(workload: string): string {
  if (workload.length <= GROUP_MAX && GROUP.test(workload)) return workload;
  return createHash('sha256').update(workload).digest('hex');
}
