import type { Identity } from '../core/model/identity.ts';
import type { Inventory } from '../core/model/inventory.ts';
import type { WorkloadRecord } from '../core/model/record.ts';
import type { WorkloadReading } from './ports.ts';

/**
 * What a Describe shows may be this old (EC2 API reference, "Eventual consistency", names a couple of
 * seconds), so a reading counts as taken this much earlier than it was.
 */
export const DESCRIBE_STALENESS_MS = 5_000;

/** A tag event: the whole tag map after the change, with the resource's counter. */
export interface TagNews {
  readonly version: number;
  readonly values: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, of a whole second. */
  readonly atMs: number;
}

export interface DatedReading extends WorkloadReading {
  /** When the call was made; milliseconds since 1970. */
  readonly readAtMs: number;
}

/** What is known of a workload before the policy has its say. */
export type Known = Pick<
  WorkloadRecord,
  'identity' | 'interfaces' | 'state' | 'control' | 'controlReason' | 'tagVersion' | 'tagsAt'
>;

/** How the reason of a workload starts whose write EC2 has refused. */
export const REFUSED = 'EC2 refuses to write its groups';

/** A refusal is believed this long; then a reading that says otherwise makes us try once more. */
const REFUSAL_MS = 3_600_000;

/** A record as it was stored, as far as merging looks at it. */
export type StoredKnown = Known & Pick<WorkloadRecord, 'changedAt'>;

interface TagMap {
  readonly values: Readonly<Record<string, string>>;
  readonly version: number;
  readonly atMs: number;
}

/**
 * Merges what was stored, what a Describe shows and what an event says. Undefined when there is
 * neither a record nor a reading.
 *
 * Of tag maps the youngest wins: an event by its version and time, a Describe only when it was read
 * clearly later than the event that the stored map comes from. The version never falls, so that an
 * old event stays old.
 */
export function mergeReading(
  stored: StoredKnown | undefined,
  reading: DatedReading | undefined,
  news: TagNews | undefined,
): Known | undefined {
  const base = reading === undefined ? stored : fromReading(reading, stored);
  if (base === undefined) return undefined;
  const tags = youngest(stored, reading, news);
  return {
    ...controlOf(base),
    interfaces: base.interfaces,
    state: base.state,
    identity: withTags(base.identity, tags.values),
    tagVersion: tags.version,
    tagsAt: new Date(tags.atMs).toISOString(),
  };
}

function fromReading(reading: DatedReading, stored: StoredKnown | undefined): Known {
  const { workload } = reading;
  return {
    identity: workload.identity,
    interfaces: [...workload.interfaces].sort(),
    state: workload.state,
    ...controlOf(stored !== undefined && isRefused(stored, reading.readAtMs) ? stored : workload),
    tagVersion: stored?.tagVersion ?? 0,
    tagsAt: stored?.tagsAt ?? new Date(reading.readAtMs).toISOString(),
  };
}

/** What a Describe cannot know: that EC2 has refused the write a while ago. */
function isRefused(stored: StoredKnown, nowMs: number): boolean {
  return wasRefused(stored) && nowMs - Date.parse(stored.changedAt) < REFUSAL_MS;
}

export function wasRefused(stored: Pick<Known, 'controlReason'>): boolean {
  return stored.controlReason?.startsWith(REFUSED) === true;
}

function controlOf(from: Pick<Known, 'control' | 'controlReason'>) {
  const { control, controlReason } = from;
  return { control, ...(controlReason === undefined ? {} : { controlReason }) };
}

function youngest(
  stored: Known | undefined,
  reading: DatedReading | undefined,
  news: TagNews | undefined,
): TagMap {
  let best: TagMap = { values: {}, version: 0, atMs: 0 };
  if (stored !== undefined) {
    const { identity, tagVersion, tagsAt } = stored;
    best = { values: identity.tags, version: tagVersion, atMs: Date.parse(tagsAt) };
  }
  if (reading !== undefined) {
    const atMs = reading.readAtMs - DESCRIBE_STALENESS_MS;
    // An event's time is cut to the second: the change may have come up to a second after it.
    const until = best.version > 0 ? best.atMs + 999 : best.atMs;
    if (stored === undefined || atMs > until) {
      best = { values: reading.workload.identity.tags, version: best.version, atMs };
    }
  }
  if (news !== undefined && news.version > best.version && notOlder(news.atMs, best.atMs)) {
    best = news;
  }
  return best;
}

function notOlder(eventMs: number, knownMs: number): boolean {
  return Math.floor(eventMs / 1_000) >= Math.floor(knownMs / 1_000);
}

/** A tag event changes what derives from tags, and nothing else. */
function withTags(identity: Identity, tags: Readonly<Record<string, string>>): Identity {
  const { name: _name, ...rest } = identity;
  const group = tags['aws:autoscaling:groupName'];
  return {
    ...rest,
    tags,
    ...(tags.Name === undefined ? {} : { name: tags.Name }),
    ...(group === undefined ? {} : { autoScalingGroup: group }),
  };
}

/**
 * The inventory, with what EC2 has refused to write and no Describe shows. A worker that believes a
 * refusal looks at none of the workload's interfaces, so that asking for them again and again would wake
 * it in vain, and publish in vain. A person's publish tries once more, and asks without this.
 */
export function withRefusals(inventory: Inventory, records: readonly WorkloadRecord[]): Inventory {
  const refused = new Map(
    records.filter(wasRefused).map((record) => [record.identity.workload, record]),
  );
  const workloads = inventory.workloads.map((workload) => {
    const record = refused.get(workload.identity.workload);
    return record === undefined ? workload : { ...workload, ...controlOf(record) };
  });
  return { ...inventory, workloads };
}
