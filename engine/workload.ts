import type {
  ChangeTiming,
  InterfaceRecord,
  WorkloadRecord,
  WorkloadStatus,
} from '../core/model/record.ts';
import { heldBecause } from '../core/plan/leave-guard.ts';
import { forgetInterface } from './forget-interface.ts';
import { guardLeaving } from './guard-leaving.ts';
import { type InForce, readInForce } from './in-force.ts';
import { type DatedReading, mergeReading, type TagNews, wasRefused } from './merge-reading.ts';
import { ConditionFailed, type Ports, type WakeReason } from './ports.ts';
import { type Drafted, draftRecord } from './workload-record.ts';
import { type SettleReport, settleInterface } from './write-path.ts';

/** Look at this workload again. Everything beside its id is news that saves a call. */
export interface Observation {
  readonly workload: string;
  readonly reason: WakeReason;
  /** When AWS says it happened; milliseconds since 1970, of a whole second. */
  readonly event?: number | undefined;
  /** When the first queue took the event; milliseconds since 1970. */
  readonly received?: number | undefined;
  /** The whole tag map after the change, with the resource's counter. */
  readonly tags?:
    | { readonly version: number; readonly values: Readonly<Record<string, string>> }
    | undefined;
}

/**
 * - idle: nothing is in force; nothing was read or written.
 * - done: the record and the interfaces are as they should be, or as far as they may be.
 * - gone: the workload is not there any more and was forgotten.
 * - ignored: an event that says nothing new.
 * - waiting: something has to come first; look again after `seconds`.
 */
export interface WorkloadReport {
  readonly workload: string;
  readonly kind: 'idle' | 'done' | 'gone' | 'ignored' | 'waiting';
  readonly status?: WorkloadStatus;
  /** The record was not what it is now. */
  readonly changed: boolean;
  readonly interfaces: readonly SettleReport[];
  /** Only when an interface was written and the observation says when it was received. */
  readonly timing?: ChangeTiming;
  readonly because?: string;
  readonly seconds?: number;
  /** Waiting, and what the observation told could not be kept: AWS is to be asked again. */
  readonly readAgain?: boolean;
  /** A write of its interfaces had waited for the budget before this run. */
  readonly wasParked?: boolean;
}

/** Somebody else wrote the record each time; the next message decides from what is then stored. */
const RECORD_ATTEMPTS_MAX = 5;

/** States in which the interfaces are about to vanish: nothing is to be gained by writing them. */
const ENDING: ReadonlySet<string> = new Set(['shutting-down', 'deprovisioning', 'stopping-task']);
const ENDED: ReadonlySet<string> = new Set(['terminated', 'deleted']);

/**
 * ECS describes a stopped task for an hour or longer (ECS API reference, "DescribeTasks"), but it never
 * runs again, unlike an instance.
 */
function hasEnded({ identity, state }: DatedReading['workload']): boolean {
  return ENDED.has(state) || (identity.kind === 'task' && state === 'stopped');
}

/**
 * Brings one workload to what the policy in force says: identity to membership, record with fences,
 * then the one write path for each interface. Idempotent; events may come twice, late or never.
 *
 * Throws what AWS throws where the outcome is unknown: the same message, again, goes on from there.
 */
export async function processWorkload(
  ports: Ports,
  observation: Observation,
): Promise<WorkloadReport> {
  const { workload } = observation;
  for (let attempt = 0; attempt < RECORD_ATTEMPTS_MAX; attempt += 1) {
    const inForce = await readInForce(ports);
    if (inForce === undefined) return { workload, kind: 'idle', changed: false, interfaces: [] };
    try {
      const kept = await keepRecord(ports, inForce, observation);
      if (kept === 'gone') return { workload, kind: 'gone', changed: true, interfaces: [] };
      if ('owner' in kept) return await handOver(ports, observation, kept.owner);
      const report = await settleAll(ports, inForce, observation, kept);
      if (report.interfaces.length > 0 || !(await isOutdated(ports, inForce))) return report;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
  return {
    ...{ workload, kind: 'waiting', changed: false, interfaces: [] },
    ...{ because: 'the record is written by somebody else', seconds: 1, readAgain: true },
  };
}

/**
 * Whether a publish came into force while we decided, under the policy before, that nothing is to be
 * written: it has not seen what we have just put on record, so that nobody else would look.
 */
async function isOutdated(ports: Ports, { head }: InForce): Promise<boolean> {
  return (await ports.store.readHead())?.generation !== head.generation;
}

interface Kept extends Drafted {
  /** What the write path knows of its interfaces already. */
  readonly known: readonly InterfaceRecord[];
  /** What EC2 said when it refused to write it, if it is asked whether that still holds. */
  readonly doubted: string | undefined;
}

/** Reads what is missing, merges and writes the record; unless it is gone, or another one's interface. */
async function keepRecord(
  ports: Ports,
  inForce: InForce,
  observation: Observation,
): Promise<Kept | 'gone' | { readonly owner: string }> {
  const { workload } = observation;
  const stored = await ports.store.readWorkload(workload);
  const reading = isReadingNeeded(observation, stored) ? await readNow(ports, workload) : 'none';
  if (reading === undefined) {
    await forgetWorkload(ports, workload, stored);
    return 'gone';
  }
  const owner = reading === 'none' ? workload : reading.workload.identity.workload;
  if (owner !== workload) return { owner };
  const triedAgain = isTriedAgain(observation, stored, inForce);
  const merged = mergeReading(
    triedAgain ? withoutRefusal(stored) : stored,
    reading === 'none' ? undefined : reading,
    newsOf(observation, ports.clock.now()),
  );
  if (merged === undefined) return 'gone';
  const nowMs = ports.clock.now();
  const [verdict, known] = await Promise.all([
    guardLeaving(ports, inForce, { merged, stored, nowMs }),
    ports.store.readInterfaces(merged.interfaces),
  ]);
  const drafted = draftRecord(inForce, merged, stored, nowMs, verdict);
  if (drafted.toWrite) {
    await ports.store.writeWorkload(drafted.record, stored?.revision ?? 0, {
      ...(stored === undefined ? {} : { previous: stored }),
      raise: concerns(drafted, known),
      ...(verdict.kind === 'count' ? { leaves: verdict.claims } : {}),
    });
    if (drafted.differs) noteStatus(ports, stored, drafted.record);
  }
  const record = drafted.toWrite ? drafted.record : (stored ?? drafted.record);
  const doubted =
    triedAgain && stored !== undefined && wasRefused(stored) ? stored.controlReason : undefined;
  return { ...drafted, record, known, doubted };
}

/**
 * Events and hand edits name an interface; whose it is decides its groups, in the order of that
 * workload's own messages. A record that the interface had as its own, unattached, is forgotten.
 */
async function handOver(
  ports: Ports,
  { workload, reason }: Observation,
  owner: string,
): Promise<WorkloadReport> {
  await ports.store.deleteWorkload(workload);
  const touched = await ports.store.readInterface(workload);
  if (touched !== undefined) await ports.store.raiseFence(workload, owner);
  await ports.queue.wake([{ workload: owner, reason, deduplicationId: ports.ids.next() }]);
  const because = `it is an interface of ${owner}`;
  return { workload, kind: 'ignored', changed: false, interfaces: [], because };
}

/**
 * A tag event of a known workload carries all that it changes; so does a plan. Where a write has
 * waited, the record was kept before, and events that came meanwhile were not held up.
 */
function isReadingNeeded(observation: Observation, stored: WorkloadRecord | undefined): boolean {
  if (stored === undefined) return true;
  if (observation.reason === 'plan') return wasRefused(stored);
  if (observation.reason === 'parked') return false;
  return observation.tags === undefined;
}

/**
 * A person or a plan asks: what EC2 has refused before may be tried again. A plan does it once: what it
 * was refused in one phase holds for the next.
 */
function isTriedAgain(
  { reason }: Observation,
  stored: WorkloadRecord | undefined,
  { head }: InForce,
): boolean {
  if (reason !== 'plan' || stored === undefined) return reason === 'api';
  return Date.parse(stored.changedAt) < Date.parse(head.since);
}

function withoutRefusal(stored: WorkloadRecord | undefined): WorkloadRecord | undefined {
  if (stored === undefined || !wasRefused(stored)) return stored;
  const { controlReason: _reason, ...rest } = stored;
  return rest;
}

/** Undefined when it is gone, or has ended, which comes to the same. */
async function readNow(ports: Ports, workload: string): Promise<DatedReading | undefined> {
  const readAtMs = ports.clock.now();
  const reading = await ports.reader.readWorkload(workload);
  if (reading === undefined || hasEnded(reading.workload)) return undefined;
  return { ...reading, readAtMs };
}

function newsOf({ tags, event, received }: Observation, nowMs: number): TagNews | undefined {
  if (tags === undefined) return undefined;
  const { version, values } = tags;
  return { version, values, atMs: event ?? received ?? nowMs };
}

/**
 * Record and memberships, and of its interfaces what is kept of those that are gone too: one that has
 * moved to another workload still needs its ledger. The archive keeps its copies of the ledger.
 */
export async function forgetWorkload(
  ports: Ports,
  workload: string,
  stored: WorkloadRecord | undefined,
): Promise<void> {
  for (const id of stored?.interfaces ?? (workload.startsWith('eni-') ? [workload] : [])) {
    if ((await ports.reader.readInterface(id)) !== undefined) continue;
    await forgetInterface(ports, id);
  }
  if (stored === undefined) return;
  await ports.store.deleteWorkload(workload);
  ports.signal.event('workload-left', { workload, segments: stored.membership.segments });
}

/** The interfaces that the write path has to do with: wanted, or touched before. */
function concerns(
  { record, standing }: Drafted,
  known: readonly InterfaceRecord[],
): readonly string[] {
  if (record.control !== 'attach' || ENDING.has(record.state)) return [];
  const wanted =
    standing.managed && (record.membership.mode !== 'observe' || standing.held || standing.isolate);
  const touched = new Set(known.map((one) => one.interface));
  return record.interfaces.filter((id) => wanted || touched.has(id));
}

function noteStatus(
  ports: Ports,
  stored: WorkloadRecord | undefined,
  record: WorkloadRecord,
): void {
  const fields = {
    workload: record.identity.workload,
    status: record.status,
    reason: record.statusReason,
    segments: record.membership.segments,
    from: stored?.membership.segments ?? [],
    because: heldBecause(record),
  };
  if (record.held && stored?.held !== true) ports.signal.event('workload-held', fields);
  else if (record.membership.conflicts.length > 0) ports.signal.event('workload-conflict', fields);
  else ports.signal.event('workload-changed', fields);
}

async function settleAll(
  ports: Ports,
  inForce: InForce,
  observation: Observation,
  kept: Kept,
): Promise<WorkloadReport> {
  const { workload } = observation;
  const asked = observation.reason === 'api';
  const ids = asked ? concerns(kept, kept.known) : openOnes(inForce, kept);
  const reports: SettleReport[] = [];
  const early = stillParked(observation, kept, ports.clock.now());
  for (const id of ids) {
    const input = { interface: id, workload, seen: inForce };
    reports.push(early.get(id) ?? (await settleInterface(ports, input)));
  }
  const left = asLeft(kept, ids);
  if (statusOf(reports) !== undefined) {
    const judged = reports.map((report) => stillRefused(report, kept));
    await keepOutcome(ports, kept.record, [...judged, ...left]);
  }
  const timing = timingOf(observation, reports);
  if (timing !== undefined) await noteTiming(ports, workload, timing);
  const slow = soonest(reports.filter((report) => report.kind === 'waiting'));
  const nothingNew = ids.length === 0 && !kept.toWrite && observation.reason === 'event';
  return {
    workload,
    kind: slow === undefined ? (nothingNew ? 'ignored' : 'done') : 'waiting',
    status: statusOf([...reports, ...left]) ?? kept.record.status,
    changed: kept.differs,
    interfaces: reports,
    ...(timing === undefined ? {} : { timing }),
    ...(kept.known.some((one) => one.parkedUntil !== undefined) ? { wasParked: true } : {}),
    ...(slow === undefined ? {} : { because: slow.reason ?? 'waiting' }),
    ...(slow === undefined ? {} : { seconds: slow.seconds ?? 1 }),
  };
}

/** What the last run said of the interfaces that this one had no reason to look at. */
function asLeft(kept: Kept, looked: readonly string[]): readonly SettleReport[] {
  const others = new Set(concerns(kept, kept.known).filter((id) => !looked.includes(id)));
  return kept.known.flatMap(({ interface: id, status, reason }) => {
    if (!others.has(id) || status === undefined) return [];
    return [
      { interface: id, kind: 'not-needed', status, ...(reason === undefined ? {} : { reason }) },
    ];
  });
}

/**
 * Interfaces whose turn has not come. Whoever has no news to tell need not look at them: the sweep,
 * and another interface of the workload whose turn it is.
 */
function stillParked(
  { reason }: Observation,
  { known, differs }: Kept,
  nowMs: number,
): ReadonlyMap<string, SettleReport> {
  const found = new Map<string, SettleReport>();
  if (differs || (reason !== 'sweep' && reason !== 'parked')) return found;
  for (const { interface: id, parkedUntil, reason: because = 'waiting' } of known) {
    if (parkedUntil === undefined || Date.parse(parkedUntil) <= nowMs) continue;
    const seconds = (Date.parse(parkedUntil) - nowMs) / 1_000;
    found.set(id, { interface: id, kind: 'waiting', reason: because, seconds });
  }
  return found;
}

function soonest(waiting: readonly SettleReport[]): SettleReport | undefined {
  return waiting.toSorted((a, b) => (a.seconds ?? 1) - (b.seconds ?? 1))[0];
}

/** Where nothing has changed, only what no run has finished under this head and fence. */
function openOnes({ head }: InForce, kept: Kept): readonly string[] {
  const concerned = concerns(kept, kept.known);
  if (kept.differs) return concerned;
  const byId = new Map(kept.known.map((record) => [record.interface, record]));
  return concerned.filter((id) => {
    const record = byId.get(id);
    return (
      record === undefined ||
      record.fence > record.doneFence ||
      record.generation !== head.generation ||
      record.phase !== head.phase
    );
  });
}

/** From the worst to the best, for a workload whose interfaces stand differently. */
const STATUSES: readonly WorkloadStatus[] = [
  'blocked',
  'conflict',
  'held',
  'staged',
  'enforced',
  'observed',
  'unclassified',
  'visible',
  'unmanaged',
];

function statusOf(reports: readonly SettleReport[]): WorkloadStatus | undefined {
  const found = new Set(reports.flatMap((report) => report.status ?? []));
  return STATUSES.find((status) => found.has(status));
}

/** Where nothing may be written for now, nobody has tried, and what EC2 refused it would refuse again. */
function stillRefused(report: SettleReport, { doubted }: Kept): SettleReport {
  if (report.kind !== 'blocked' || doubted === undefined) return report;
  const { blocked: _blocked, ...rest } = report;
  return { ...rest, kind: 'refused', status: 'visible', reason: doubted };
}

/** What the interfaces came to is the last word on the status. */
async function keepOutcome(
  ports: Ports,
  record: WorkloadRecord,
  reports: readonly SettleReport[],
): Promise<void> {
  const refused = reports.find((report) => report.kind === 'refused');
  // Whoever is refused one interface is left alone as a whole: no other one of it is written either.
  const status = refused?.status ?? statusOf(reports);
  if (status === undefined) return;
  const said = refused ?? reports.find((report) => report.status === status);
  const reason = beside(record, said?.blocked?.message ?? said?.reason);
  if (status === 'blocked') {
    ports.signal.event('workload-blocked', { workload: record.identity.workload, reason });
  }
  const missing = reports.flatMap((report) => report.missing ?? []);
  if (missing.length > 0) {
    ports.signal.event('publish-must-grow', { workload: record.identity.workload, missing });
  }
  const { statusReason, ...rest } = record;
  const keepsReason =
    status === record.status && reason === undefined && statusReason !== undefined;
  const next: WorkloadRecord = {
    ...rest,
    status,
    ...(keepsReason ? { statusReason } : {}),
    ...(reason === undefined ? {} : { statusReason: reason }),
    ...(refused === undefined ? {} : refusal(ports, refused.reason ?? '')),
    revision: record.revision + 1,
  };
  if (next.status === record.status && next.statusReason === statusReason) return;
  await ports.store.writeWorkload(next, record.revision, { previous: record, raise: [] });
}

/** From now on it is believed for a while, by this plan to its end. */
function refusal(
  { clock }: Ports,
  controlReason: string,
): Pick<WorkloadRecord, 'control' | 'controlReason' | 'changedAt'> {
  return { control: 'visible', controlReason, changedAt: new Date(clock.now()).toISOString() };
}

/** What holds a workload stays said, whatever keeps it from joining besides. */
function beside({ held, statusReason = '' }: WorkloadRecord, reason: string | undefined) {
  if (!held || reason === undefined || statusReason === '') return reason;
  return statusReason.endsWith(reason) ? statusReason : `${statusReason}; ${reason}`;
}

function timingOf(
  observation: Observation,
  reports: readonly SettleReport[],
): ChangeTiming | undefined {
  const { received, event = received } = observation;
  const stamps = reports.flatMap((report) => report.stamps ?? []);
  if (received === undefined || event === undefined || stamps.length === 0) return undefined;
  // Of several interfaces the last one counts: until then the workload is not what it should be.
  return {
    event,
    received,
    decided: Math.max(...stamps.map((one) => one.decided)),
    written: Math.max(...stamps.map((one) => one.written)),
    verified: Math.max(...stamps.map((one) => one.verified)),
  };
}

async function noteTiming(ports: Ports, workload: string, timing: ChangeTiming): Promise<void> {
  ports.signal.event('change-written', {
    workload,
    receivedToDecidedMs: timing.decided - timing.received,
    decidedToWrittenMs: timing.written - timing.decided,
    writtenToVerifiedMs: timing.verified - timing.written,
    receivedToWrittenMs: timing.written - timing.received,
  });
  await ports.store.recordTiming(timing);
}
