import type { Blocked } from '../core/model/desired-state.ts';
import type { NetworkInterface } from '../core/model/inventory.ts';
import type {
  InterfaceRecord,
  LedgerEntry,
  WorkloadRecord,
  WorkloadStatus,
} from '../core/model/record.ts';
import { decideInterface, type InterfaceDecision } from '../core/plan/decide-interface.ts';
import { type BackOff, delayMs } from './back-off.ts';
import {
  codeOf,
  isGone,
  isGroupLimit,
  isGroupMissing,
  isIncorrectState,
  isThrottling,
  isUnmanageable,
} from './ec2-errors.ts';
import { forgetInterface } from './forget-interface.ts';
import { type InForce, readInForce } from './in-force.ts';
import { REFUSED } from './merge-reading.ts';
import { ConditionFailed, type Ports } from './ports.ts';
import { decideStanding, nobody, type Standing } from './standing.ts';
import { drawToken, slowDown } from './write-budget.ts';

/** How long a worker may hold an interface; after a crash others wait this long. */
export const LEASE_MS = 10_000;

/**
 * What must be left of the lease when the EC2 write starts: the write's own time-out
 * (aws/writer.ts), and as much again for clocks that disagree.
 */
export const LEASE_LEFT_FOR_WRITE_MS = 6_000;

/** Rounds of one call: one that works, and those that a rising fence or a young head adds. */
const ROUNDS_MAX = 5;

/** A reading that differs from what we verified this recently may be an old one (EC2, eventual consistency). */
const SUSPICIOUS_MS = 5_000;

/** The API action of the one write, whose budget it draws from. */
const ACTION = 'ModifyNetworkInterfaceAttribute';

const OVER_BUDGET = 'the budget of writes is used up for now';

const SHOWS_OTHERS = 'EC2 shows other groups than were verified a moment ago';

const HIDDEN = 'EC2 does not show the interface';

const STALE_READ: BackOff = { attempts: 4, delayMsFirst: 50, delayMsMax: 800 };

export interface SettleInput {
  readonly interface: string;
  readonly workload: string;
  /** What the caller read a moment ago; it is read again under the lease. */
  readonly seen?: InForce;
}

/**
 * - written: the groups were changed and read back;
 * - not-needed: they were right already;
 * - blocked: something forbids the wanted set for now; what is allowed was done;
 * - refused: a service owns the interface, or IAM does not admit the set;
 * - gone: the interface, or the workload's record, is not there any more;
 * - idle: nothing is in force;
 * - waiting: come again, after `seconds`.
 */
export type SettleKind =
  | 'written'
  | 'not-needed'
  | 'blocked'
  | 'refused'
  | 'gone'
  | 'idle'
  | 'waiting';

export interface SettleReport {
  readonly interface: string;
  readonly kind: SettleKind;
  readonly status?: WorkloadStatus;
  readonly blocked?: Blocked;
  readonly reason?: string;
  /** Wanted groups that no publish has made yet. */
  readonly missing?: readonly string[];
  readonly groups?: readonly string[];
  /** Milliseconds since 1970; only when a write was made. */
  readonly stamps?: Stamps;
  readonly seconds?: number;
}

export interface Stamps {
  readonly decided: number;
  readonly written: number;
  readonly verified: number;
}

/** What one round came to: an end, or a reason for another round. */
type Round =
  | { readonly end: SettleReport }
  | { readonly again: 'fence' | 'head'; readonly report?: SettleReport };

/** What is held and known under one lease. */
interface Grip {
  readonly ports: Ports;
  readonly input: SettleInput;
  readonly owner: string;
  readonly untilMs: number;
  readonly claimed: InterfaceRecord;
  readonly inForce: InForce;
  readonly standing: Standing;
  readonly ledger: LedgerEntry | undefined;
}

/**
 * The one code path that changes an interface's groups (design section 5). Safe to call at any time,
 * any number of times and from several workers: the lease lets one in, the decision is made from what
 * is read under it, and a crash at any line leaves a state from which the next call goes on.
 *
 * Throws what EC2 or the table throw where nothing is known about the outcome; the lease is free then
 * and the fence still says that the interface is open.
 */
export async function settleInterface(ports: Ports, input: SettleInput): Promise<SettleReport> {
  let last: SettleReport | undefined;
  for (let count = 0; count < ROUNDS_MAX; count += 1) {
    const inForce = (count === 0 ? input.seen : undefined) ?? (await readInForce(ports));
    if (inForce === undefined) return { interface: input.interface, kind: 'idle' };
    const round = await runRound(ports, input, inForce);
    if ('end' in round) return merge(last, round.end);
    if (round.again === 'fence') last = merge(last, round.report);
  }
  return merge(last, waiting(input, 'the interface keeps being raised', 3));
}

/** A later round has the last word, but a write of an earlier one was still a write. */
function merge(before: SettleReport | undefined, after: SettleReport | undefined): SettleReport {
  if (after === undefined || before === undefined) {
    return after ?? before ?? { interface: '', kind: 'waiting', seconds: 1 };
  }
  if (before.stamps === undefined || after.stamps !== undefined) return after;
  const kind = after.kind === 'not-needed' ? 'written' : after.kind;
  return { ...after, kind, stamps: before.stamps };
}

async function runRound(ports: Ports, input: SettleInput, seen: InForce): Promise<Round> {
  const owner = ports.ids.next();
  const nowMs = ports.clock.now();
  const untilMs = nowMs + LEASE_MS;
  let claimed: InterfaceRecord;
  try {
    claimed = await ports.store.claim({
      interfaceId: input.interface,
      workload: input.workload,
      owner,
      untilMs,
      nowMs,
      generation: seen.head.generation,
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return await refusedClaim(ports, input, seen);
  }
  try {
    return await underLease({ ports, input, owner, untilMs, claimed });
  } catch (error) {
    if (error instanceof ConditionFailed) {
      return { end: waiting(input, 'the lease ran out before the work was done', 1) };
    }
    if (isThrottling(error)) {
      await release(ports, claimed, owner, 'AWS throttles a read');
      return { end: waiting(input, 'AWS throttles a read', 3) };
    }
    await release(ports, claimed, owner, `failed: ${codeOf(error) || String(error)}`);
    throw error;
  }
}

/** Either somebody works on it, who will see the fence, or our generation is an old one. */
async function refusedClaim(ports: Ports, input: SettleInput, seen: InForce): Promise<Round> {
  const record = await ports.store.readInterface(input.interface);
  if ((record?.generation ?? 0) > seen.head.generation) return { again: 'head' };
  return { end: waiting(input, 'another worker holds the lease', 1) };
}

function waiting(input: SettleInput, reason: string, seconds: number): SettleReport {
  return { interface: input.interface, kind: 'waiting', reason, seconds };
}

/** Lets the lease go and leaves the fence open. Best effort: the lease runs out by itself. */
async function release(
  ports: Ports,
  claimed: InterfaceRecord,
  owner: string,
  reason: string,
  untilMs?: number,
): Promise<void> {
  const place = untilMs === undefined ? {} : { parkedUntil: new Date(untilMs).toISOString() };
  try {
    await ports.store.settle({ ...claimed, outcome: 'waiting', reason, ...place }, owner);
  } catch (error) {
    ports.signal.event('lease-release-failed', {
      interface: claimed.interface,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

async function underLease(
  held: Pick<Grip, 'ports' | 'input' | 'owner' | 'untilMs' | 'claimed'>,
): Promise<Round> {
  const { ports, input, claimed } = held;
  const [inForce, nic, ledger, record] = await Promise.all([
    readInForce(ports),
    readPlausible(ports, claimed),
    ports.store.readLedger(input.interface),
    ports.store.readWorkload(input.workload),
  ]);
  if (inForce === undefined) return { end: { interface: input.interface, kind: 'idle' } };
  if (inForce.head.generation < claimed.generation) {
    await release(ports, claimed, held.owner, 'the head is behind');
    return { again: 'head' };
  }
  if (nic === 'too early') {
    await release(ports, claimed, held.owner, SHOWS_OTHERS);
    return { end: waiting(input, SHOWS_OTHERS, SUSPICIOUS_MS / 1_000) };
  }
  if (nic === undefined) return await forget(held);
  if (isOfAnother(nic, input.workload)) return await handOver(held, nic.workload);
  if (record === undefined && inForce.head.kind !== 'uninstall') {
    await release(ports, claimed, held.owner, 'the workload is not known');
    return { end: { interface: input.interface, kind: 'gone' } };
  }
  const grip: Grip = { ...held, inForce, ledger, standing: standingOf(held, inForce, record) };
  return await decideAndWrite(grip, nic);
}

/** What its former workload is has no say any more in what it carries. */
function isOfAnother(nic: NetworkInterface, workload: string): boolean {
  const isInstances = nic.workload !== nic.id || workload.startsWith('i-');
  return isInstances && nic.workload !== workload;
}

/** The interface has moved: whoever has it now is looked at, and the fence stays open until then. */
async function handOver(
  held: Pick<Grip, 'ports' | 'input' | 'owner' | 'claimed'>,
  workload: string,
): Promise<Round> {
  const { ports, input, claimed, owner } = held;
  await release(ports, { ...claimed, workload }, owner, `it belongs to ${workload} now`);
  await ports.store.raiseFence(input.interface, workload);
  await ports.queue.wake([{ workload, reason: 'retry', deduplicationId: ports.ids.next() }]);
  return { end: { interface: input.interface, kind: 'gone' } };
}

/** The record's word on who it is; the policy of the head's word on what that comes to. */
function standingOf(
  { ports, input }: Pick<Grip, 'ports' | 'input'>,
  inForce: InForce,
  record: WorkloadRecord | undefined,
): Standing {
  if (record !== undefined) return decideStanding(inForce, record, ports.clock.now());
  return { membership: nobody(input.workload), held: false, isolate: false, managed: false };
}

/**
 * Reads the interface; once more when it shows something else than we verified a moment ago. Where it
 * still does, nobody can tell an old reading from a change by hand, and the ledger knows no more what an
 * old one lacks: whoever acted on it would take foreign groups off for good. Then that moment has to pass.
 */
async function readPlausible(
  ports: Ports,
  claimed: InterfaceRecord,
): Promise<NetworkInterface | 'too early' | undefined> {
  const verifiedAt = claimed.verifiedAt === undefined ? 0 : Date.parse(claimed.verifiedAt);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const nic = await ports.reader.readInterface(claimed.interface);
    const isSuspicious = ports.clock.now() - verifiedAt < SUSPICIOUS_MS;
    if (nic === undefined || !isSuspicious || sameGroups(nic.groups, claimed.groups)) return nic;
    if (attempt < 2) await ports.clock.sleep(delayMs(STALE_READ, 1, claimed.interface));
  }
  return 'too early';
}

function sameGroups(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

async function forget(held: Pick<Grip, 'ports' | 'input' | 'owner' | 'claimed'>): Promise<Round> {
  const { ports, input, claimed, owner } = held;
  const isForgotten = await forgetInterface(ports, input.interface);
  if (isForgotten) return { end: { interface: input.interface, kind: 'gone' } };
  await release(ports, claimed, owner, HIDDEN);
  return { end: waiting(input, HIDDEN, 5) };
}

async function decideAndWrite(
  grip: Grip,
  nic: NetworkInterface,
  existing?: readonly string[],
): Promise<Round> {
  const { ports, input } = grip;
  const decision = decide(grip, nic, existing);
  const decided = ports.clock.now();
  if (!decision.changed) return await finish(grip, decision, nic.groups);
  const parked = await park(grip);
  if (parked !== undefined) return parked;
  await keepInLedger(grip, nic, decision);
  assertLeaseLeft(grip);
  try {
    await ports.writer.setInterfaceGroups(input.interface, decision.groups, decision.role);
  } catch (error) {
    return await refusedWrite(grip, { nic, decision, error, retried: existing !== undefined });
  }
  const written = ports.clock.now();
  const groups = await readBack(grip, decision.groups);
  if (groups === 'gone') return await forget(grip);
  if (groups === 'differs') {
    await release(ports, grip.claimed, grip.owner, 'read back with other groups');
    return { end: waiting(input, 'EC2 does not show what was written yet', 2) };
  }
  return await finish(grip, decision, groups, { decided, written, verified: ports.clock.now() });
}

/** Asked last of all before the write: reading, deciding and the ledger may have taken any time. */
function assertLeaseLeft({ ports, untilMs }: Grip): void {
  if (ports.clock.now() > untilMs - LEASE_LEFT_FOR_WRITE_MS) {
    throw new ConditionFailed('too little of the lease is left to write');
  }
}

/** What is left of the budget decides. Undefined: write now. Nobody waits while holding the lease. */
async function park({ ports, input, owner, claimed }: Grip): Promise<Round | undefined> {
  const { parkedUntil } = claimed;
  const placeMs = parkedUntil === undefined ? undefined : Date.parse(parkedUntil);
  const draw = await drawToken(ports, { action: ACTION, purpose: 'ordinary', placeMs });
  if (draw.kind === 'granted') return undefined;
  await release(ports, claimed, owner, OVER_BUDGET, draw.untilMs);
  return { end: waiting(input, OVER_BUDGET, (draw.untilMs - ports.clock.now()) / 1_000) };
}

/** EC2 refused for want of tokens: every function slows down, and this write gets a new place. */
async function throttled(grip: Grip): Promise<Round> {
  const { ports, input, owner } = grip;
  const { parkedUntil: _used, ...claimed } = grip.claimed;
  ports.signal.event('throttled', { interface: input.interface, workload: input.workload });
  await ports.store.count({ throttled: 1 });
  await slowDown(ports, ACTION);
  const parked = await park({ ...grip, claimed });
  if (parked !== undefined) return parked;
  await release(ports, claimed, owner, OVER_BUDGET);
  return { end: waiting(input, OVER_BUDGET, 1) };
}

/** `existing`: groups that EC2 knows, once it refused a set because it does not know one of them. */
function decide(
  grip: Grip,
  nic: NetworkInterface,
  existing: readonly string[] | undefined,
): InterfaceDecision {
  const { inForce, standing, ledger } = grip;
  const { bundle, head } = inForce;
  const there = (id: string): boolean => existing === undefined || existing.includes(id);
  const uninstall = head.kind === 'uninstall';
  // A peer could not be given its groups back: ours stay beside the foreign ones until it can.
  const waits = uninstall && head.phase === 'steady' && standing.blocked !== undefined;
  const input = {
    membership: standing.membership,
    held: standing.held,
    joins: standing.joins?.stems ?? [],
    isolate: standing.isolate,
    interface: { id: nic.id, vpc: nic.vpc, groups: nic.groups },
    groupIds: Object.fromEntries(Object.entries(bundle.groupIds).filter(([, id]) => there(id))),
    openEgressId: bundle.openEgressIds?.[nic.vpc],
    ownedIds: ownedIdsOf(inForce),
    keep: bundle.policy.settings.keepSecurityGroups,
    ...(ledger === undefined ? {} : { ledger: ledger.groups }),
    addOnly: false,
    ...(standing.blocked === undefined ? {} : { blocked: standing.blocked }),
    uninstall,
    groupsPerInterface: bundle.groupsPerInterface,
    managed: bundle.vpcs.includes(nic.vpc),
  };
  const decision = decideInterface({ ...input, phase: waits ? 'attach' : head.phase });
  // Without room for both it swaps them: whoever waits for it carries the foreign ones already.
  const isFull = waits && decision.blocked?.reason === 'slots';
  return isFull ? decideInterface({ ...input, phase: 'steady' }) : decision;
}

function ownedIdsOf({ bundle }: InForce): readonly string[] {
  return [...(bundle.ownedIds ?? []), ...Object.values(bundle.groupIds)];
}

/**
 * Before a foreign group comes off, the set is in the ledger: in the archive first, so that what the
 * table has is in the archive too. A crash after it leaves an entry for a set that is still on, which
 * restores to what is there.
 */
async function keepInLedger(
  grip: Grip,
  nic: NetworkInterface,
  decision: InterfaceDecision,
): Promise<void> {
  const { ports, input, inForce, ledger } = grip;
  const known = ledger?.groups ?? [];
  if (decision.comingOff.every((id) => known.includes(id))) return;
  const owned = new Set(ownedIdsOf(inForce));
  const foreign = nic.groups.filter((id) => !owned.has(id));
  const entry: LedgerEntry = {
    interface: input.interface,
    workload: input.workload,
    vpc: nic.vpc,
    groups: [...new Set([...known, ...foreign])].sort(),
    recordedAt: new Date(ports.clock.now()).toISOString(),
    generation: inForce.head.generation,
  };
  await ports.archive.putLedger(entry);
  await ports.store.extendLedger(entry);
}

/** The groups as EC2 shows them once it shows what was written; EC2 may show older ones at first. */
async function readBack(
  grip: Grip,
  wanted: readonly string[],
): Promise<readonly string[] | 'differs' | 'gone'> {
  const { ports, input, untilMs } = grip;
  for (let attempt = 0; attempt < STALE_READ.attempts; attempt += 1) {
    const nic = await ports.reader.readInterface(input.interface);
    if (nic === undefined) return 'gone';
    if (sameGroups(nic.groups, wanted)) return nic.groups;
    const wait = delayMs(STALE_READ, attempt, input.interface);
    if (attempt + 1 === STALE_READ.attempts || ports.clock.now() + wait >= untilMs) break;
    await ports.clock.sleep(wait);
  }
  return 'differs';
}

/** The record of a finished run: it saw this fence, and worked under this generation and phase. */
function endOf(
  { ports, input, claimed, inForce }: Grip,
  end: Pick<InterfaceRecord, 'groups' | 'outcome' | 'reason' | 'status'>,
): InterfaceRecord {
  return {
    interface: input.interface,
    workload: input.workload,
    fence: claimed.fence,
    doneFence: claimed.fence,
    generation: inForce.head.generation,
    phase: inForce.head.phase,
    verifiedAt: new Date(ports.clock.now()).toISOString(),
    ...end,
  };
}

/** Records the end and lets the lease go. Another round when the fence rose meanwhile. */
async function finish(
  grip: Grip,
  decision: InterfaceDecision,
  groups: readonly string[],
  stamps?: Stamps,
): Promise<Round> {
  const { ports, input, claimed } = grip;
  if (isBack(grip, groups)) await ports.store.clearLedger(input.interface);
  const after = stamps === undefined ? 'not-needed' : 'updated';
  const settled = await ports.store.settle(
    endOf(grip, {
      groups,
      outcome: decision.blocked === undefined ? after : 'blocked',
      status: decision.status,
      ...(decision.blocked === undefined ? {} : { reason: decision.blocked.message }),
    }),
    grip.owner,
  );
  const done = stamps === undefined ? 'not-needed' : 'written';
  const report: SettleReport = {
    interface: input.interface,
    kind: decision.blocked === undefined ? done : 'blocked',
    status: decision.status,
    ...(decision.blocked === undefined ? {} : { blocked: decision.blocked }),
    missing: decision.missing,
    groups,
    ...(stamps === undefined ? {} : { stamps }),
  };
  return settled.fence > claimed.fence ? { again: 'fence', report } : { end: report };
}

/**
 * Everything that had come off and still exists is on again: the ledger has done its work. Where no
 * foreign group is on, nothing was given back, even if none is known to exist.
 */
function isBack({ inForce, ledger }: Grip, groups: readonly string[]): boolean {
  const owned = new Set(ownedIdsOf(inForce));
  const hasForeign = groups.some((id) => !owned.has(id));
  return hasForeign && ledger?.groups.every((id) => groups.includes(id)) === true;
}

interface RefusedWrite {
  readonly nic: NetworkInterface;
  readonly decision: InterfaceDecision;
  readonly error: unknown;
  /** It was tried again already, without the groups that do not exist. */
  readonly retried: boolean;
}

async function refusedWrite(grip: Grip, refused: RefusedWrite): Promise<Round> {
  const { ports, input, owner, claimed } = grip;
  const { error, decision, nic } = refused;
  if (isThrottling(error)) return await throttled(grip);
  if (isGone(error)) return await forget(grip);
  if (isGroupMissing(error) && !refused.retried)
    return await withoutAbsentGroups(grip, nic, decision);
  if (isIncorrectState(error) || isGroupMissing(error)) {
    await release(ports, claimed, owner, codeOf(error));
    return { end: waiting(input, `EC2 answers \`${codeOf(error)}\``, 3) };
  }
  if (isUnmanageable(error)) return await giveUp(grip, nic, 'refused', refusedReason(error));
  if (isGroupLimit(error)) {
    const limit = grip.inForce.bundle.groupsPerInterface;
    const reason = `EC2 refuses ${decision.groups.length} groups, though the quota was read as ${limit}`;
    return await giveUp(grip, nic, 'blocked', reason);
  }
  throw error;
}

function refusedReason(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return `${REFUSED}: ${codeOf(error)} ${message}`.trim().slice(0, 500);
}

/** Somebody deleted a group of the set. What is left decides again; what is ours must be published. */
async function withoutAbsentGroups(
  grip: Grip,
  nic: NetworkInterface,
  decision: InterfaceDecision,
): Promise<Round> {
  const { ports, input, inForce, ledger } = grip;
  const named = [...decision.groups, ...Object.values(inForce.bundle.groupIds)];
  const asked = [...new Set([...named, ...(ledger?.groups ?? [])])].sort();
  const existing = await ports.reader.findGroups(asked);
  const absent = asked.filter((id) => !existing.includes(id));
  ports.signal.event('group-gone', { interface: input.interface, groups: absent });
  // What is gone nobody can put back: of the ledger, what is left has to come on again.
  const left =
    ledger === undefined
      ? undefined
      : { ...ledger, groups: ledger.groups.filter((id) => existing.includes(id)) };
  return await decideAndWrite({ ...grip, ledger: left }, nic, existing);
}

/** Records an end that no repetition changes; the next plan, or a change, looks again. */
async function giveUp(
  grip: Grip,
  nic: NetworkInterface,
  kind: 'refused' | 'blocked',
  reason: string,
): Promise<Round> {
  const { ports, input } = grip;
  const status = kind === 'refused' ? 'visible' : 'blocked';
  const end = endOf(grip, { groups: nic.groups, outcome: 'failed', reason, status });
  await ports.store.settle(end, grip.owner);
  return { end: { interface: input.interface, kind, status, reason, groups: nic.groups } };
}
