import { beforeEach, describe, expect, test } from 'vitest';
import type {
  Head,
  InterfaceRecord,
  LedgerEntry,
  PlanRecord,
  WorkloadRecord,
} from '../../core/model/record.ts';
import { ConditionFailed, type LeaseClaim, type Store } from '../../engine/ports.ts';
import { identity } from '../properties/builders.ts';

const AT = '2026-11-24T12:00:00.000Z';
const NOW = Date.parse(AT);

import { source } from './store-source.ts';

let store: Store;
let count = 0;
let nic: string;
let id: string;
beforeEach(async () => {
  store = await source.open();
  count += 1;
  nic = `eni-${count.toString(16).padStart(17, '0')}`;
  id = `i-${count.toString(16).padStart(17, '0')}`;
});

const refused = (write: Promise<unknown>) => expect(write).rejects.toThrow(ConditionFailed);

const claimOf = (more: Partial<LeaseClaim> = {}): LeaseClaim => ({
  interfaceId: nic,
  workload: id,
  owner: 'one',
  untilMs: NOW + 10_000,
  nowMs: NOW,
  generation: 1,
  ...more,
});
const done = (record: InterfaceRecord, more: Partial<InterfaceRecord> = {}): InterfaceRecord => ({
  ...record,
  doneFence: record.fence,
  generation: 1,
  phase: 'steady',
  groups: ['sg-1'],
  outcome: 'updated',
  verifiedAt: AT,
  ...more,
});
const workload = (more: Partial<WorkloadRecord> = {}): WorkloadRecord => ({
  identity: identity(id),
  interfaces: [nic],
  state: 'running',
  control: 'attach',
  membership: {
    workload: id,
    segments: [`a-${id}`],
    withheld: [],
    mode: 'stage',
    openEgress: false,
    conflicts: [],
    carries: [],
  },
  status: 'staged',
  held: false,
  classified: true,
  tagVersion: 0,
  tagsAt: AT,
  firstSeen: AT,
  changedAt: AT,
  generation: 1,
  revision: 1,
  ...more,
});

describe('fences and leases', () => {
  test('a fence rises by one and makes the record when there is none', async () => {
    expect(await store.readInterface(nic)).toBeUndefined();
    expect(await store.raiseFence(nic, id)).toBe(1);
    expect(await store.raiseFence(nic, 'i-other')).toBe(2);
    expect(await store.readInterface(nic)).toEqual({
      interface: nic,
      workload: 'i-other',
      fence: 2,
      doneFence: 0,
      generation: 0,
      phase: 'attach',
      groups: [],
      outcome: 'waiting',
    });
  });

  test('a lease keeps others out until it has run out, and lets its owner in again', async () => {
    const record = await store.claim(claimOf());
    expect(record).toMatchObject({ fence: 0, workload: id, lease: { owner: 'one' } });
    await store.claim(claimOf());
    await refused(store.claim(claimOf({ owner: 'two' })));
    await refused(store.claim(claimOf({ owner: 'two', nowMs: NOW + 10_000 })));
    const after = await store.claim(
      claimOf({ owner: 'two', nowMs: NOW + 10_001, untilMs: NOW + 20_000 }),
    );
    expect(after.lease?.owner).toBe('two');
    await refused(store.settle(done(record), 'one'));
  });

  test('settling lets the lease go and leaves a fence that rose meanwhile', async () => {
    const record = await store.claim(claimOf());
    await store.raiseFence(nic, id);
    const settled = await store.settle(
      done(record, { reason: 'because', status: 'blocked' }),
      'one',
    );
    expect(settled).toMatchObject({
      fence: 1,
      doneFence: 0,
      groups: ['sg-1'],
      reason: 'because',
      status: 'blocked',
    });
    expect(settled.lease).toBeUndefined();
    await refused(store.settle(done(record), 'one'));
    const again = await store.claim(claimOf({ owner: 'two' }));
    const { reason: _reason, status: _status, verifiedAt: _at, ...rest } = done(again);
    const last = await store.settle(rest, 'two');
    expect(last).not.toHaveProperty('reason');
    expect(last).not.toHaveProperty('status');
    expect(last).not.toHaveProperty('verifiedAt');
  });

  test('a worker of an older generation is refused', async () => {
    const record = await store.claim(claimOf({ generation: 5 }));
    await store.settle(done(record, { generation: 5 }), 'one');
    await refused(store.claim(claimOf({ owner: 'two', generation: 4 })));
    await store.claim(claimOf({ owner: 'two', generation: 5 }));
  });

  test('nobody settles what was deleted', async () => {
    const record = await store.claim(claimOf());
    await store.deleteInterface(nic);
    await refused(store.settle(done(record), 'one'));
    expect(await store.readInterface(nic)).toBeUndefined();
    await store.deleteInterface(nic);
  });

  test('many are read at once, those without a record are left out', async () => {
    await store.raiseFence(nic, id);
    const found = await store.readInterfaces([nic, nic, `${nic}f`]);
    expect(found.map((record) => record.interface)).toEqual([nic]);
  });
});

describe('workloads', () => {
  test('a record is written over the revision that was read, and raises its fences', async () => {
    await store.writeWorkload(workload(), 0);
    await refused(store.writeWorkload(workload(), 0));
    await refused(store.writeWorkload(workload({ revision: 3 }), 2));
    expect(await store.readWorkload(id)).toEqual(workload());
    expect((await store.readInterface(nic))?.fence).toBe(1);
    await store.writeWorkload(workload({ revision: 2 }), 1, { raise: [] });
    expect((await store.readInterface(nic))?.fence).toBe(1);
    expect((await store.readWorkload(id))?.revision).toBe(2);
  });

  test('a refused write raises no fence and moves nobody', async () => {
    await store.writeWorkload(workload(), 0, { raise: [] });
    const other = { ...workload().membership, segments: [`b-${id}`] };
    await refused(store.writeWorkload(workload({ membership: other }), 7));
    expect(await store.readInterface(nic)).toBeUndefined();
    expect(await store.countMembers(`a-${id}`)).toBe(1);
    expect(await store.countMembers(`b-${id}`)).toBe(0);
  });

  test('memberships follow the record', async () => {
    const members = async (segment: string) =>
      (await store.listWorkloads({ segment })).items.map((one) => one.identity.workload);
    await store.writeWorkload(workload(), 0);
    expect(await members(`a-${id}`)).toEqual([id]);
    const moved = { ...workload().membership, segments: [`b-${id}`] };
    await store.writeWorkload(workload({ revision: 2, membership: moved }), 1);
    expect(await members(`a-${id}`)).toEqual([]);
    expect(await members(`b-${id}`)).toEqual([id]);
    await store.deleteWorkload(id);
    expect(await members(`b-${id}`)).toEqual([]);
    expect(await store.readWorkload(id)).toBeUndefined();
  });

  test('a list goes on from its cursor, in the order of ids', async () => {
    const segment = `pages-${id}`;
    const membership = { ...workload().membership, segments: [segment] };
    const ids = ['c', 'a', 'b'].map((end) => `${id}${end}`);
    for (const one of ids) {
      await store.writeWorkload(
        workload({ identity: identity(one), interfaces: [], membership }),
        0,
      );
    }
    const first = await store.listWorkloads({ segment, limit: 2 });
    expect(first.items.map((one) => one.identity.workload)).toEqual([`${id}a`, `${id}b`]);
    const cursor = first.cursor ?? '';
    const rest = await store.listWorkloads({ segment, limit: 2, cursor });
    expect(rest.items.map((one) => one.identity.workload)).toEqual([`${id}c`]);
    expect(rest.cursor).toBeUndefined();
  });
});

describe('ledger', () => {
  const entry = (groups: readonly string[], more: Partial<LedgerEntry> = {}): LedgerEntry => ({
    interface: nic,
    workload: id,
    vpc: 'vpc-1',
    groups,
    recordedAt: AT,
    generation: 3,
    ...more,
  });

  test('it grows and never shrinks; the first entry says when and under what', async () => {
    await store.extendLedger(entry(['sg-b']));
    await store.extendLedger(entry(['sg-a', 'sg-b'], { generation: 9, workload: 'i-other' }));
    expect(await store.readLedger(nic)).toEqual(entry(['sg-a', 'sg-b']));
    const listed = (await store.listLedger()).items.filter((one) => one.interface === nic);
    expect(listed).toEqual([entry(['sg-a', 'sg-b'])]);
    await store.clearLedger(nic);
    expect(await store.readLedger(nic)).toBeUndefined();
  });

  test('an entry without groups is an entry', async () => {
    await store.extendLedger(entry([]));
    expect(await store.readLedger(nic)).toEqual(entry([]));
  });
});

describe('generations, plans and policies', () => {
  const plan = (number: number, more: Partial<PlanRecord> = {}): PlanRecord => ({
    id: `plan-${number}`,
    generation: number,
    kind: 'publish',
    policyVersion: 'sha256:1',
    state: 'planned',
    phase: 'create',
    author: 'arn:aws:iam::000000000000:user/one',
    createdAt: AT,
    changedAt: AT,
    counts: { authorize: 2 },
    ...more,
  });

  test('no two callers get the same generation', async () => {
    const drawn = await Promise.all(Array.from({ length: 5 }, () => store.nextGeneration()));
    expect(new Set(drawn).size).toBe(5);
    expect(await store.nextGeneration()).toBeGreaterThan(Math.max(...drawn));
  });

  test('the head goes from the generation that was expected, or stays with its own', async () => {
    const inForce = (await store.readHead())?.generation ?? 0;
    const head = (generation: number, phase: Head['phase'] = 'attach'): Head => ({
      generation,
      phase,
      kind: 'publish',
      policyVersion: 'sha256:1',
      plan: `plan-${generation}`,
      blockedSegments: {},
      since: AT,
    });
    await refused(store.writeHead(head(inForce + 2), inForce + 1));
    await store.writeHead(head(inForce + 2), inForce);
    expect(await store.readHead()).toEqual(head(inForce + 2));
    await store.writeHead(head(inForce + 2, 'steady'), inForce);
    expect((await store.readHead())?.phase).toBe('steady');
    await refused(store.writeHead(head(inForce + 3), inForce));
    await refused(store.writeHead(head(inForce + 3), 0));
  });

  test('a plan moves only from the states that are expected', async () => {
    const number = await store.nextGeneration();
    await refused(store.writePlan(plan(number), ['planned']));
    await store.writePlan(plan(number), []);
    await refused(store.writePlan(plan(number), []));
    await store.writePlan(plan(number, { state: 'applying' }), ['planned', 'applying']);
    await refused(store.writePlan(plan(number, { state: 'stale' }), ['planned']));
    expect((await store.readPlan(`plan-${number}`))?.state).toBe('applying');
    expect(await store.readPlan('no plan')).toBeUndefined();
  });

  test('plans are listed the youngest first', async () => {
    const numbers = [await store.nextGeneration(), await store.nextGeneration()];
    for (const number of numbers) await store.writePlan(plan(number), []);
    const listed = (await store.listPlans()).items.map((one) => one.generation);
    expect(listed).toEqual([...listed].sort((a, b) => b - a));
    expect(listed).toEqual(expect.arrayContaining(numbers));
  });

  test('a policy replaces the version that its publisher has seen', async () => {
    const before = (await store.readCurrentPolicy())?.version;
    const record = (version: string) => ({ version, author: 'one', publishedAt: AT });
    await refused(store.writeCurrentPolicy(record(`${id}-x`), 'sha256:absent'));
    await store.writeCurrentPolicy(record(`${id}-1`), before);
    await refused(store.writeCurrentPolicy(record(`${id}-2`), before));
    expect((await store.readCurrentPolicy())?.version).toBe(`${id}-1`);
    const listed = (await store.listPolicies()).items.map(({ version }) => version);
    expect(listed).toContain(`${id}-1`);
    expect(listed).not.toContain(`${id}-2`);
  });
});

test('counts add up', async () => {
  const name = `counted-${id}`;
  await store.count({ [name]: 2 });
  await store.count({ [name]: 3 });
  await store.count({});
  expect((await store.readCounts())[name]).toBe(5);
});

test('latencies are kept by hop', async () => {
  const { count: before } = await store.readLatency();
  await store.recordTiming({
    event: NOW,
    received: NOW + 10,
    decided: NOW + 20,
    written: NOW + 40,
    verified: NOW + 80,
  });
  const summary = await store.readLatency();
  expect(summary.count).toBe(before + 1);
  expect(Object.keys(summary.hops).sort()).toEqual([
    'decidedToWritten',
    'eventToReceived',
    'receivedToDecided',
    'writtenToVerified',
  ]);
});
