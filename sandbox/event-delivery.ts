import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';

/** An event as moto's launcher reports it. */
export interface EventEntry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: Readonly<Record<string, unknown>>;
  readonly Resources: readonly string[];
  /** ISO 8601, whole seconds. */
  readonly Time: string;
}

export type EventFilter = (entry: EventEntry) => boolean;

interface Drop {
  readonly filter: EventFilter;
  readonly dropped: (entry: EventEntry) => void;
}

const BATCH_MAX = 10;

/** Puts events on the default bus, in the order they came, so that the deployed rules match them. */
export class EventDelivery {
  readonly #client: EventBridgeClient;
  #drops: Drop[] = [];
  #tail: Promise<void> = Promise.resolve();

  constructor(endpoint: string, region: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.#client = new EventBridgeClient({ endpoint, region, credentials });
  }

  deliver(entries: readonly EventEntry[]): void {
    const kept = entries.filter((entry) => !this.#isDropped(entry));
    for (let at = 0; at < kept.length; at += BATCH_MAX) {
      const batch = kept.slice(at, at + BATCH_MAX);
      this.#tail = this.#tail.then(() => this.#put(batch));
    }
  }

  dropNext(filter: EventFilter): Promise<EventEntry> {
    return new Promise((resolve) => {
      this.#drops.push({ filter, dropped: resolve });
    });
  }

  async close(): Promise<void> {
    await this.#tail;
    this.#client.destroy();
  }

  #isDropped(entry: EventEntry): boolean {
    const drop = this.#drops.find((one) => one.filter(entry));
    if (drop === undefined) return false;
    this.#drops = this.#drops.filter((one) => one !== drop);
    drop.dropped(entry);
    return true;
  }

  async #put(entries: readonly EventEntry[]): Promise<void> {
    try {
      await this.#client.send(
        new PutEventsCommand({
          Entries: entries.map((entry) => ({
            Source: entry.Source,
            DetailType: entry.DetailType,
            Detail: JSON.stringify(entry.Detail),
            Resources: [...entry.Resources],
            Time: new Date(entry.Time),
          })),
        }),
      );
    } catch (error) {
      // Best effort, as on AWS; the sweep finds what is lost. But never in silence.
      console.error(`sandbox: ${entries.length} events were lost: ${String(error)}`);
    }
  }
}
