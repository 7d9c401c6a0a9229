import { type Comparison, compareEstate } from '../../core/check/compare.ts';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { PlanStep } from '../../core/model/plan.ts';
import type { Bundle, WorkloadRecord } from '../../core/model/record.ts';
import { planChanges } from '../../core/plan/plan-changes.ts';
import type { Store } from '../../engine/ports.ts';
import { readAll } from '../../engine/read-all.ts';
import type { FakeEc2, Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import type { MemoryArchive } from '../fakes/store/memory-archive.ts';
import { compareFlows } from './end-flows.ts';
import { filtersOf, passes } from './flows.ts';
import { withheldFrom } from './guardrails.ts';
import { OWNER } from './lambda.ts';
import {
  allowedPorts,
  PORTS,
  type SimPolicy,
  segmentsOf,
  type Tags,
  wishFor,
} from './sim-policy.ts';
import { isOurs, keyOf } from './snapshots.ts';
import { checkUninstalled } from './uninstalled.ts';
import type { Watch } from './watch.ts';
import { ownersOf } from './workloads.ts';
import type { World } from './world.ts';

export interface End {
  readonly ec2: FakeEc2;
  readonly store: Store;
  readonly archive: MemoryArchive;
  readonly world: World;
  readonly watch: Watch;
  readonly nowMs: number;
  /** The last that somebody asked for. */
  readonly isUninstalled: boolean;
}

/** What is wrong once the faults have stopped and sweeps have gone by; empty when nothing is. */
export async function checkEnd(end: End): Promise<readonly string[]> {
  const head = await end.store.readHead();
  if (head === undefined) return ['no policy came into force'];
  const policy = end.watch.policies.get(head.policyVersion);
  if (policy === undefined) return [`policy ${head.policyVersion} was never published`];
  const records = await readAll((cursor) =>
    end.store.listWorkloads({ ...(cursor ? { cursor } : {}) }),
  );
  const byId = new Map(records.map((record) => [record.identity.workload, record]));
  // An empty inventory after a full one is an error (design section 5): no sweep forgets anybody then.
  const { interfaces } = end.ec2.snapshot();
  if (interfaces.length + living(end.ec2.snapshot()).length === 0) return [];
  const isSteady = head.phase === 'steady' ? [] : [`the head is still in phase ${head.phase}`];
  if (end.isUninstalled && head.kind !== 'uninstall') return ['nobody could uninstall'];
  if (head.kind === 'uninstall') {
    const left = await checkUninstalled({ ...end, policy, records });
    return [...isSteady, ...left, ...(await checkInterfaces(end))];
  }
  const found = [
    ...isSteady,
    ...(await checkMembership(end, policy, byId)),
    ...checkGroups(end, policy, byId, new Set(Object.keys(head.blockedSegments))),
    ...checkControl(end, byId),
    ...checkFlows(end, policy, byId, new Set(Object.keys(head.blockedSegments))),
    ...(await checkProof(end, policy, byId, new Set(Object.keys(head.blockedSegments)))),
    ...(await checkInterfaces(end)),
    ...(await checkPlan(end, head.generation, records)),
  ];
  return found;
}

function living(snapshot: Snapshot) {
  return snapshot.instances.filter(({ state }) => state !== 'terminated');
}

/** Instances, and what services have. */
function everybody(snapshot: Snapshot): readonly { readonly id: string; readonly tags: Tags }[] {
  const owned = [...ownersOf(snapshot).values()].filter(({ isService }) => isService);
  return [...living(snapshot), ...owned.map(({ workload, tags }) => ({ id: workload, tags }))];
}

/** Who is in which segment, by the record, by the lists and by the counts. */
async function checkMembership(
  { ec2, store, world }: End,
  policy: SimPolicy,
  byId: ReadonlyMap<string, WorkloadRecord>,
): Promise<string[]> {
  const wrong: string[] = [];
  const alive = new Set<string>();
  const members = new Map<string, string[]>();
  for (const { id, tags } of everybody(ec2.snapshot())) {
    alive.add(id);
    const wanted = segmentsOf(policy, tags)
      .map(({ name }) => name)
      .sort();
    for (const name of wanted) members.set(name, [...(members.get(name) ?? []), id].sort());
    const has = byId.get(id)?.membership.segments;
    if (has?.join() !== wanted.join()) {
      wrong.push(`${id} ${JSON.stringify(tags)} is recorded in ${has?.join() ?? 'nothing'}`);
    }
  }
  for (const id of byId.keys()) {
    if (!id.startsWith('eni-') && !alive.has(id)) wrong.push(`${id} is gone and still recorded`);
  }
  for (const { name } of policy.segments) {
    const wanted = members.get(name) ?? [];
    const listed = await readAll((cursor) =>
      store.listWorkloads({ segment: name, ...(cursor ? { cursor } : {}) }),
    );
    const ids = listed.map((record) => record.identity.workload).sort();
    if (ids.join() !== wanted.join()) wrong.push(`${name} lists ${ids}, its members are ${wanted}`);
    const count = await store.countMembers(name);
    if (count !== wanted.length) wrong.push(`${name} counts ${count} of ${wanted.length}`);
  }
  return world.homes.length === 0 ? ['there is no VPC'] : wrong;
}

/** Every interface has exactly the groups that the policy in force asks for. */
function checkGroups(
  { ec2, world, watch }: End,
  policy: SimPolicy,
  byId: ReadonlyMap<string, WorkloadRecord>,
  blocked: ReadonlySet<string>,
): string[] {
  const snapshot = ec2.snapshot();
  const tagsById = new Map(living(snapshot).map(({ id, tags, state }) => [id, { tags, state }]));
  return snapshot.interfaces.flatMap((nic) => {
    const workload = nic.attachment?.instance ?? nic.id;
    const instance = tagsById.get(workload);
    if (instance === undefined || instance.state === 'shutting-down') return [];
    const record = byId.get(workload);
    if (record === undefined) return [];
    const isBlocked = segmentsOf(policy, instance.tags).some(({ name }) => blocked.has(name));
    const stands = { policy, snapshot, record, nic, tags: instance.tags, isBlocked };
    if (record.held) return heldWithoutReason(world, stands);
    return compareGroups(stands, watch.takenOff.get(nic.id) ?? new Set());
  });
}

interface Stands {
  readonly policy: SimPolicy;
  readonly snapshot: Snapshot;
  readonly record: WorkloadRecord;
  readonly nic: Snapshot['interfaces'][number];
  readonly tags: Tags;
  /** One of its segments may not enforce yet. */
  readonly isBlocked: boolean;
}

/** Held is who lost its segments, or its enforcement, by a change of its own. */
function heldWithoutReason(world: World, { record, policy, tags }: Stands): string[] {
  const { workload } = record.identity;
  const turns = world.turns.get(workload) ?? [];
  const lostAll = segmentsOf(policy, tags).length === 0 && record.left === true;
  const byGuard = record.guarded !== undefined;
  const mayHave = turns.length > 1 && (lostAll || byGuard || record.loosened !== undefined);
  return mayHave ? [] : [`${workload} is held for no reason: ${record.statusReason}`];
}

function compareGroups(stands: Stands, takenOff: ReadonlySet<string>): string[] {
  const { policy, snapshot, nic, tags, record, isBlocked } = stands;
  const wish = wishFor(policy, tags);
  const carried = nic.groups.filter((id) => isOurs(snapshot, id)).map((id) => keyOf(snapshot, id));
  const wanted = wish.stems.map((stem) => `${stem}@${nic.vpc}`).sort();
  const foreign = nic.groups.filter((id) => !isOurs(snapshot, id));
  const who = `${nic.id} of ${record.identity.workload} (${record.status}, ${JSON.stringify(tags)})`;
  if (wish.mode === 'enforce' && (record.status === 'blocked' || isBlocked)) {
    const mustHave = wanted.filter((key) => !key.startsWith('open-egress'));
    const bare = mustHave.filter((key) => !carried.includes(key));
    const isFull = record.statusReason?.includes(' groups') === true;
    return bare.length === 0 || isFull ? [] : [`${who} is blocked and lacks ${bare}`];
  }
  if (record.status === 'blocked' || record.control !== 'attach') return [];
  if (wish.mode === 'observe' && withheldFrom(policy, tags).size > 0) return [];
  // AWS wants one group at least: what has nothing to go back to keeps ours.
  if (wish.mode === 'observe' && foreign.length === 0) return [];
  if (carried.sort().join() !== wanted.join()) {
    return [`${who} carries ${carried.join(' ') || 'nothing of ours'}, not ${wanted.join(' ')}`];
  }
  if (wish.mode === 'enforce') {
    const surplus = foreign.filter((id) => !policy.keep.includes(id));
    return surplus.length === 0 ? [] : [`${who} still carries ${surplus}`];
  }
  const isThere = (id: string): boolean => snapshot.groups.some((group) => group.id === id);
  const absent = [...takenOff].filter((id) => isThere(id) && !foreign.includes(id));
  return absent.length === 0 ? [] : [`${who} never got back ${absent}`];
}

/** What a service has is listed as such, with the reason; and so, of all others, only what IAM refuses. */
function checkControl({ ec2, world }: End, byId: ReadonlyMap<string, WorkloadRecord>): string[] {
  const owners = new Map([...ownersOf(ec2.snapshot()).values()].map((one) => [one.workload, one]));
  return [...owners.values()].flatMap(({ workload, isService }) => {
    const record = byId.get(workload);
    const { control, controlReason = '', status } = record ?? {};
    const isRefused = isRefusedByIam(world, workload);
    const said = `${control ?? 'nothing'}, ${status ?? 'no status'} (${controlReason})`;
    const isVisible = control === 'visible' && status === 'visible' && controlReason !== '';
    if (isService)
      return isVisible ? [] : [`a service has ${workload}, which is listed as ${said}`];
    if (record === undefined || control === 'attach' || isRefused) return [];
    return [`${workload} could be written, but is listed as ${said}`];
  });
}

function isRefusedByIam(world: World, workload: string): boolean {
  return world.services?.refusing.has(workload) === true;
}

function checkFlows(
  { ec2, world }: End,
  policy: SimPolicy,
  byId: ReadonlyMap<string, WorkloadRecord>,
  blocked: ReadonlySet<string>,
): readonly string[] {
  const snapshot = ec2.snapshot();
  const owners = ownersOf(snapshot);
  return compareFlows(snapshot, policy, ({ id }) => {
    const owner = owners.get(id);
    if (owner === undefined) return undefined;
    const { workload, tags } = owner;
    const { held = false, status } = byId.get(workload) ?? {};
    const isBlocked = segmentsOf(policy, tags).some(({ name }) => blocked.has(name));
    const isWaiting = held || status === 'blocked' || isBlocked || keepsAll(policy, tags);
    // Nobody can take off what it should not carry; checkPlan asks that the proof counts it.
    const isStuck =
      (isRefusedByIam(world, workload) && carriesMore(snapshot, policy, id, tags)) ||
      hasNothingElse(snapshot, policy, id, tags);
    return { workload, tags, isExcused: isWaiting || isStuck };
  });
}

/** It carries a group of ours that its tags do not ask for, or enforces with a foreign one on. */
function carriesMore(snapshot: Snapshot, policy: SimPolicy, nicId: string, tags: Tags): boolean {
  const nic = snapshot.interfaces.find(({ id }) => id === nicId);
  const { mode, stems } = wishFor(policy, tags);
  const wanted = stems.map((stem) => `${stem}@${nic?.vpc}`);
  return (nic?.groups ?? []).some((id) => {
    if (isOurs(snapshot, id)) return !wanted.includes(keyOf(snapshot, id));
    return mode === 'enforce' && !policy.keep.includes(id);
  });
}

/**
 * It should carry none of our groups, and has no other to go back to: its owners took that off. AWS wants
 * one group at least, so that it keeps ours, and the proof counts what they open.
 */
function hasNothingElse(snapshot: Snapshot, policy: SimPolicy, nicId: string, tags: Tags): boolean {
  const groups = snapshot.interfaces.find(({ id }) => id === nicId)?.groups ?? [];
  return wishFor(policy, tags).mode === 'observe' && groups.every((id) => isOurs(snapshot, id));
}

/** All its segments are withheld: it keeps what it has. */
function keepsAll(policy: SimPolicy, tags: Tags): boolean {
  return segmentsOf(policy, tags).length === 0 && withheldFrom(policy, tags).size > 0;
}

/** A host that should enforce and cannot be written is the hole that it is, and is counted as one. */
async function checkProof(
  { ec2, store, world }: End,
  policy: SimPolicy,
  byId: ReadonlyMap<string, WorkloadRecord>,
  blocked: ReadonlySet<string>,
): Promise<string[]> {
  const snapshot = ec2.snapshot();
  const owners = ownersOf(snapshot);
  const filters = filtersOf(snapshot);
  const open = snapshot.interfaces.filter((nic) => {
    const to = owners.get(nic.id);
    if (to === undefined || !isRefusedByIam(world, to.workload)) return false;
    const wish = wishFor(policy, to.tags);
    if (wish.mode !== 'enforce' || byId.get(to.workload)?.held) return false;
    // What may not enforce yet is open by right, and `blocked` says so.
    if (segmentsOf(policy, to.tags).some(({ name }) => blocked.has(name))) return false;
    return snapshot.interfaces.some((peer) => {
      const from = owners.get(peer.id);
      if (from === undefined || from.workload === to.workload) return false;
      if (byId.get(from.workload)?.held !== false) return false;
      if (byId.get(from.workload)?.status === 'blocked') return false;
      const allowed = allowedPorts(policy, from.tags, to.tags);
      return PORTS.some((port) => !allowed.has(port) && passes(filters, peer, nic, port));
    });
  });
  const { holes = 0 } = (await store.readProof()) ?? {};
  const names = open.map(({ id }) => id);
  return open.length > 0 && holes === 0 ? [`${names} are open, and no hole is counted`] : [];
}

/** No lease is held, no fence is open, and nothing is remembered of interfaces that are gone. */
async function checkInterfaces({ ec2, store, world, nowMs }: End): Promise<string[]> {
  const there = new Map(ec2.snapshot().interfaces.map((nic) => [nic.id, nic]));
  const records = await readAll((cursor) => store.listInterfaces(cursor));
  return records.flatMap((record) => {
    const id = record.interface;
    const nic = there.get(id);
    if (nic === undefined) return [`${id} is gone and still recorded`];
    if (record.lease !== undefined && Date.parse(record.lease.until) > nowMs) {
      return [`${id} is leased by ${record.lease.owner}`];
    }
    // Whose it was when it was last looked at may be another one.
    if ([record.workload, world.ownerOf(nic)].some((one) => isRefusedByIam(world, one))) return [];
    return record.fence > record.doneFence ? [`the fence of ${id} is open`] : [];
  });
}

/** Planning again makes no changes, and the two evaluators agree on the whole estate. */
async function checkPlan(
  { ec2, store, archive, world, nowMs }: End,
  generation: number,
  records: readonly WorkloadRecord[],
): Promise<string[]> {
  const bundle = (await archive.getBundle(generation)) as Bundle;
  const { policy } = bundle;
  const now = new Date(nowMs).toISOString();
  const described = inventoryFromDescribe(ec2.documents(), { takenAt: now, region: 'us-east-1' });
  // What IAM has refused no Describe shows.
  const refused = new Set(
    records
      .filter(
        ({ control, identity }) => control !== 'attach' && isRefusedByIam(world, identity.workload),
      )
      .map(({ identity }) => identity.workload),
  );
  const workloads = described.workloads.map((one) =>
    refused.has(one.identity.workload) ? { ...one, control: 'visible' as const } : one,
  );
  const inventory = { ...described, workloads };
  const entries = await readAll((cursor) => store.listLedger(cursor));
  const ledger = Object.fromEntries(entries.map((one) => [one.interface, one.groups]));
  const { desired } = compilePolicy({ policy, inventory, ledger, now, owner: OWNER });
  const held = new Set(records.filter((one) => one.held).map((one) => one.identity.workload));
  const { steps } = planChanges({
    ...{ desired, inventory, ledger, policy, held, now, generation, owner: OWNER },
    ...{ base: generation, kind: 'publish' as const },
  });
  const { memberships } = desired;
  const carriesById = new Map(memberships.map((one) => [one.workload, one.carries ?? []]));
  const snapshot = ec2.snapshot();
  const wantedBy = (nic: Snapshot['interfaces'][number]): readonly string[] =>
    (carriesById.get(world.ownerOf(nic)) ?? []).map((stem) => `${stem}@${nic.vpc}`);
  const unwritable = snapshot.interfaces.filter((nic) => isRefusedByIam(world, world.ownerOf(nic)));
  const awaiting = new Set(unwritable.flatMap(wantedBy));
  const blocked = Object.keys((await store.readHead())?.blockedSegments ?? {});
  const left = steps
    .filter((step) => isLeftOpen(step, blocked, awaiting))
    .map((step) => `planning again wants ${step.id}`);
  const stuck = snapshot.interfaces.filter((nic) => {
    const wanted = wantedBy(nic);
    // Its owners took its own groups off, and AWS wants one.
    const hasNothingElse = wanted.length === 0 && nic.groups.every((id) => isOurs(snapshot, id));
    if (!unwritable.includes(nic)) return hasNothingElse;
    return nic.groups.some((id) => !isOurs(snapshot, id) || !wanted.includes(keyOf(snapshot, id)));
  });
  const found = compareBoth(inventory, bundle, memberships, records, now);
  const { holes = 0 } = (await store.readProof()) ?? {};
  return [...left, ...disagreements(found, new Set(stuck.map(({ id }) => id)), holes)];
}

/**
 * Rules of a blocked segment stay, since somebody may live on them, and so do groups they name. A group
 * that a host asks for which cannot be written waits empty for the next publish of a person's, which
 * tries that host again.
 */
function isLeftOpen(
  step: PlanStep,
  blocked: readonly string[],
  awaiting: ReadonlySet<string>,
): boolean {
  if ('interface' in step) return step.blocked === undefined;
  if (step.kind === 'delete-group') return blocked.length === 0 && !awaiting.has(step.group);
  return !(step.kind === 'revoke' && blocked.some((name) => step.group.includes(`:${name}@`)));
}

/**
 * What both evaluators find. Who carries what it should not, and cannot be rid of it, opens what those
 * groups open: nobody can close that, but the proof must count it.
 */
export function disagreements(
  { holes, cuts }: Pick<Comparison, 'holes' | 'cuts'>,
  stuck: ReadonlySet<string>,
  counted: number,
): readonly string[] {
  const [lasting = [], others = []] = [true, false].map((wanted) =>
    holes.filter(({ from, to }) => (stuck.has(from) || stuck.has(to)) === wanted),
  );
  const uncounted = lasting.length > counted ? lasting : [];
  return [...others, ...uncounted, ...cuts].map(
    (one) => `${one.kind} ${one.fromName} -> ${one.toName} ${JSON.stringify(one.traffic)}`,
  );
}

function compareBoth(
  inventory: Inventory,
  bundle: Bundle,
  memberships: Parameters<typeof compareEstate>[0]['memberships'],
  records: readonly WorkloadRecord[],
  now: string,
): Comparison {
  const excused = new Map(
    records
      .filter(({ held, status }) => held || status === 'blocked')
      .map(({ identity, status }) => [identity.workload, status]),
  );
  const { policy, groupIds } = bundle;
  return compareEstate({ policy, inventory, memberships, groupIds, now, excused });
}
