import { describe, expect, test } from 'vitest';
import { checkBarrier } from '../../../engine/publish.ts';
import { processWorkload } from '../../../engine/workload.ts';
import type { SimSegment } from '../../simulation/sim-policy.ts';
import { Killed, policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['ops', 'web']] as const;
const STAGED = policyOf([segment('web', 'stage'), segment('ops', 'observe')], RULES);
const ENFORCED = policyOf([segment('web', 'enforce'), segment('ops', 'stage')], RULES);

/** Without the group of open egress, which only comes with enforcement: staged, it has all its groups. */
function shut(name: string, mode: SimSegment['mode']): SimSegment {
  return { ...segment(name, mode), egress: 'closed' };
}

describe('findLateComers', () => {
  test('a plan waits for a workload that it took for held, though a lost event had ended that', async () => {
    const stand = new Stand();
    const { nics } = stand.launch({ app: 'web' });
    const held = stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    stand.ec2.admin.putTags(held.id, { app: 'nothing' });
    stand.nowMs += 60_000;
    await stand.look(held.id);
    expect((await stand.store.readWorkload(held.id))?.held).toBe(true);
    // No event tells of it: the plan finds it in its inventory, and the hold in the table.
    stand.ec2.admin.putTags(held.id, { app: 'ops' });
    stand.nowMs += 60_000;
    const plan = await stand.prepare(ENFORCED);
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    expect(stand.groupsOf(held.nics[0] ?? '')).toContain('segment:ops');
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['open-egress', 'segment:web']);
  });

  test('also where a peer keeps its segment from enforcing: it has to carry its group all the same', async () => {
    const rules = [
      ['ops', 'web'],
      ['ops', 'jobs'],
    ] as const;
    const jobs = segment('jobs', 'observe');
    const stand = new Stand();
    stand.launch({ app: 'web' });
    stand.launch({ app: 'jobs' });
    stand.launch({ app: 'ops' });
    const held = stand.launch({ app: 'web' });
    await stand.publish(policyOf([segment('web', 'stage'), segment('ops', 'stage'), jobs], rules));
    stand.ec2.admin.putTags(held.id, { app: 'nothing' });
    stand.nowMs += 60_000;
    await stand.look(held.id);
    stand.ec2.admin.putTags(held.id, { app: 'ops' });
    stand.nowMs += 60_000;
    const plan = await stand.prepare(
      policyOf([segment('web', 'enforce'), segment('ops', 'enforce'), jobs], rules),
    );
    const [create, attach, barrier] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    expect((await stand.store.readPlan(plan))?.late).toEqual([
      { interface: held.nics[0], workload: held.id },
    ]);
    expect(stand.groupsOf(held.nics[0] ?? '')).toContain('segment:ops');
  });

  test('a plan waits for one that the plan before, which it undoes, still strips of its groups', async () => {
    const rules = [['web', 'db']] as const;
    const policy = (mode: SimSegment['mode']) =>
      policyOf([shut('web', mode), shut('db', mode)], rules);
    const stand = new Stand();
    const [web] = stand.launch({ app: 'web' }).nics;
    const db = stand.launch({ app: 'db' });
    await stand.publish(policy('stage'));
    const demotes = await stand.prepare(policy('observe'));
    for (const step of stand.steps(demotes).slice(0, 4)) await step(stand.ports('publish'));
    const [wake = { workload: '', reason: 'plan' }] = stand.woken.filter(
      ({ workload }) => workload === db.id,
    );
    stand.woken.splice(0);
    // Both carry their groups when this plan is made, and want them: it has no step for them.
    const enforces = await stand.prepare(policy('enforce'));
    await processWorkload(stand.ports('worker'), { workload: wake.workload, reason: wake.reason });
    expect(stand.groupsOf(db.nics[0] ?? '')).toEqual(['flat']);
    const [create, attach, barrier, steady] = stand.steps(enforces);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    expect((await stand.store.readPlan(enforces))?.late?.map((one) => one.interface)).toEqual(
      [web ?? '', ...db.nics].sort(),
    );
    expect(stand.groupsOf(db.nics[0] ?? '')).toEqual(['flat', 'segment:db']);
    await steady?.(stand.ports('publish'));
    expect(await stand.store.readHead()).toMatchObject({ phase: 'steady', blockedSegments: {} });
  });

  test('so does it for one that a worker of the plan before has died with', async () => {
    const policy = (mode: SimSegment['mode']) => policyOf([shut('web', mode)]);
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    await stand.publish(policy('stage'));
    const demotes = await stand.prepare(policy('observe'));
    for (const step of stand.steps(demotes).slice(0, 4)) await step(stand.ports('publish'));
    stand.woken.splice(0);
    const enforces = await stand.prepare(policy('enforce'));
    const dies = stand.ports('worker', (call) => {
      if (call === 'store.settle') throw new Killed();
    });
    await processWorkload(dies, { workload: id, reason: 'plan' }).catch(() => undefined);
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat']);
    stand.nowMs += 60_000;
    for (const step of stand.steps(enforces).slice(0, 3)) await step(stand.ports('publish'));
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  });

  test('what carries its groups already, or gets them by the plan, is not late', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    stand.launch({ app: 'web' });
    const plan = await stand.prepare(STAGED);
    for (const step of stand.steps(plan).slice(0, 2)) await step(stand.ports('publish'));
    expect((await stand.store.readPlan(plan))?.late).toBeUndefined();
  });
});

describe('setPhase steady', () => {
  test('blocks the peers of one that changed into a segment without a group in its VPC', async () => {
    const rules = [['web', 'db']] as const;
    const policy = (mode: 'stage' | 'enforce') =>
      policyOf([segment('web', mode), segment('db', mode), segment('jobs', mode)], rules);
    const stand = new Stand();
    const web = stand.launch({ app: 'web' });
    const jobs = stand.launch({ app: 'jobs' }, 1, stand.home('10.2'));
    await stand.publish(policyOf([segment('web', 'observe'), segment('jobs', 'observe')]));
    const plan = await stand.prepare(policy('enforce'));
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach]) await step?.(stand.ports('publish'));
    await stand.drain();
    // Nobody in its VPC was in `db` when the plan was made, so that there it has no group.
    stand.ec2.admin.putTags(jobs.id, { app: 'db' });
    stand.nowMs += 60_000;
    await stand.look(jobs.id);
    await barrier?.(stand.ports('publish'));
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(jobs.nics[0] ?? '')).toContain('flat');
    expect(stand.groupsOf(web.nics[0] ?? '')).toContain('flat');
    expect(Object.keys((await stand.store.readHead())?.blockedSegments ?? {})).toEqual(['web']);
  });
});

describe('findBare', () => {
  test('blocks the peers of one that an event has put into an observed segment meanwhile', async () => {
    const rules = [['web', 'db']] as const;
    const policy = (mode: 'stage' | 'enforce') =>
      policyOf([segment('web', 'observe'), segment('db', mode), segment('jobs', 'stage')], rules);
    const stand = new Stand();
    const db = stand.launch({ app: 'db' });
    const jobs = stand.launch({ app: 'jobs' });
    await stand.publish(policy('stage'));
    const plan = await stand.prepare(policy('enforce'));
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    stand.ec2.admin.putTags(jobs.id, { app: 'web' });
    stand.nowMs += 60_000;
    await stand.look(jobs.id);
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(db.nics[0] ?? '')).toContain('flat');
    const { blockedSegments = {} } = (await stand.store.readHead()) ?? {};
    expect(blockedSegments.db?.message).toContain(`${jobs.id} (${jobs.nics[0]})`);
  });
});

describe('findBare, in part', () => {
  test('one that is in an observed segment besides a staged one has no group for that one', async () => {
    const rules = [['ops', 'db']] as const;
    const ops = { ...segment('ops', 'observe'), tags: { ops: 'yes' } };
    const policy = (mode: 'stage' | 'enforce') =>
      policyOf([segment('web', 'stage'), segment('db', mode), ops], rules);
    const stand = new Stand();
    const db = stand.launch({ app: 'db' });
    const web = stand.launch({ app: 'web' });
    await stand.publish(policy('stage'));
    const plan = await stand.prepare(policy('enforce'));
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    stand.ec2.admin.putTags(web.id, { app: 'web', ops: 'yes' });
    stand.nowMs += 60_000;
    await stand.look(web.id);
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(db.nics[0] ?? '')).toContain('flat');
    expect(Object.keys((await stand.store.readHead())?.blockedSegments ?? {})).toEqual(['db']);
  });
});

describe('checkBarrier attach', () => {
  test('waits for one that an event has put into another segment and whose write waits', async () => {
    const rules = [['web', 'db']] as const;
    const policy = (mode: SimSegment['mode']) =>
      policyOf([segment('web', mode), segment('db', mode), segment('jobs', mode)], rules);
    const stand = new Stand();
    const moves = stand.launch({ app: 'jobs' });
    for (const app of ['web', 'db']) stand.launch({ app });
    await stand.publish(policy('stage'));
    const plan = await stand.prepare(policy('enforce'));
    const [create, attach, barrier] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    stand.ec2.admin.putTags(moves.id, { app: 'web' });
    stand.nowMs += 60_000;
    const dies = stand.ports('worker', (call) => {
      if (call.startsWith('writer.')) throw new Killed();
    });
    await stand.look(moves.id, dies).catch(() => undefined);
    const check = async () =>
      await checkBarrier(stand.ports('publish'), plan, 'attach', { giveUp: false });
    expect(await check()).toMatchObject({ passed: false, pending: moves.nics });
    stand.nowMs += 60_000;
    await stand.look(moves.id);
    expect(await check()).toMatchObject({ passed: true, pending: [] });
    expect(stand.groupsOf(moves.nics[0] ?? '')).toContain('segment:web');
  });

  test('waits for one whose hold an event ends meanwhile, and which AWS does not let us read yet', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    const held = stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    const retag = (app: string): void => {
      stand.ec2.admin.putTags(held.id, { app });
      stand.nowMs += 60_000;
    };
    retag('nothing');
    await stand.look(held.id);
    // The plan finds it in `ops`, and takes it for held; it is when the plan comes into force.
    retag('ops');
    const plan = await stand.prepare(ENFORCED);
    retag('other');
    await stand.look(held.id);
    const [create, attach, barrier] = stand.steps(plan);
    for (const step of [create, attach]) await step?.(stand.ports('publish'));
    expect((await stand.store.readPlan(plan))?.late).toBeUndefined();
    retag('ops');
    const slow = stand.ports('worker', (call) => {
      if (call !== 'reader.readInterface') return;
      throw Object.assign(new Error('slow down'), { name: 'RequestLimitExceeded' });
    });
    await stand.look(held.id, slow);
    await stand.drain();
    const check = async () =>
      await checkBarrier(stand.ports('publish'), plan, 'attach', { giveUp: false });
    expect(await check()).toMatchObject({ passed: false, pending: held.nics });
    // Whoever says nothing is woken again.
    stand.nowMs += 60_000;
    await check();
    await barrier?.(stand.ports('publish'));
    expect(stand.groupsOf(held.nics[0] ?? '')).toContain('segment:ops');
  });
});
