import { describe, expect, test } from 'vitest';
import type { Policy } from '../../core/model/policy.ts';
import { heldAmong, readRecords } from '../../engine/publish/holds.ts';
import { sweepEstate } from '../../engine/sweep.ts';
import { guardrail, policy, rule, segment } from '../properties/builders.ts';
import { idOf, instanceIds, LeaveWorld } from './leave-world.ts';

const MINUTE = 60_000;

const closed = (name: string, more = {}) => segment(name, { egress: 'closed', ...more });
const THREE: Policy = policy({ segments: [closed('web'), closed('api'), closed('db')] });

/** Five members of `web`, of which one may leave; `i-0` has. */
async function worldOf(source: Policy = THREE): Promise<LeaveWorld> {
  const world = new LeaveWorld(source);
  await world.publish(1);
  await world.start(instanceIds(5), 'web');
  await sweepEstate(world.ports);
  world.nowMs += MINUTE;
  await world.move('i-0', 'api');
  return world;
}

describe('a workload that is held beyond the share', () => {
  test('keeps its group, joins the new one, and says why with the numbers', async () => {
    const world = await worldOf();
    const record = await world.move('i-1', 'api');
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), idOf('web')]);
    expect(record).toMatchObject({
      status: 'held',
      held: true,
      keeps: { from: ['web'], segments: ['web'] },
      guarded: { because: 'share', generation: 1 },
    });
    expect(record.statusReason).toContain('web has lost 1 members by events within 10 minutes');
    expect(record.statusReason).toContain('may lose 1 (of 5 running)');
  });

  test('goes on joining, and never loses a group', async () => {
    const world = await worldOf();
    await world.move('i-1', 'api');
    await world.move('i-1', 'db');
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), idOf('db'), idOf('web')]);
    await world.move('i-1', undefined);
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), idOf('db'), idOf('web')]);
  });

  test('is as before once the tag is back, whatever it joined meanwhile', async () => {
    const world = await worldOf();
    await world.move('i-1', 'api');
    await world.move('i-1', 'db');
    const record = await world.move('i-1', 'web');
    expect(record).toMatchObject({ status: 'enforced', held: false });
    expect(record.keeps ?? record.guarded).toBeUndefined();
    expect(world.groupsOf('i-1')).toEqual([idOf('web')]);
  });

  test('is not let go by a sweep, nor by time', async () => {
    const world = await worldOf();
    await world.move('i-1', 'api');
    const { writes } = world;
    world.nowMs += 60 * MINUTE;
    const { woken, publishNeeded } = await sweepEstate(world.ports);
    expect({ woken, publishNeeded, writes: world.writes }).toEqual({
      woken: 0,
      publishNeeded: [],
      writes,
    });
    expect(await world.record('i-1')).toMatchObject({ status: 'held' });
  });

  test('moves with the next plan of a person, and not with one of the sweep', async () => {
    const world = await worldOf();
    await world.move('i-1', 'api');
    await world.publish(2, { heldSince: 1 });
    await world.move('i-1', 'api');
    expect(await world.record('i-1')).toMatchObject({ status: 'held' });
    await world.publish(3);
    await world.move('i-1', 'api');
    expect(await world.record('i-1')).toMatchObject({ status: 'enforced', held: false });
    expect(world.groupsOf('i-1')).toEqual([idOf('api')]);
  });

  test('is held in the plans that do not end its hold', async () => {
    const world = await worldOf();
    await world.move('i-1', 'api');
    const records = await readRecords(world.ports);
    expect(heldAmong(records, THREE.settings, 1)).toEqual(['i-1']);
    expect(heldAmong(records, THREE.settings, 2)).toEqual([]);
  });

  test('joins nothing for want of slots, and says so beside why it is held', async () => {
    const world = await worldOf();
    const instance = world.instances.get('i-1');
    if (instance !== undefined) instance.groups = ['sg-a', 'sg-b', 'sg-c', 'sg-d', idOf('web')];
    const record = await world.move('i-1', 'api');
    expect(world.groupsOf('i-1')).toEqual(['sg-a', 'sg-b', 'sg-c', 'sg-d', idOf('web')]);
    expect(record.status).toBe('held');
    expect(record.statusReason).toMatch(/may lose 1 .*would carry 6 of 5 groups/);
  });
});

describe('a guardrail', () => {
  const zones = {
    segments: [closed('web'), closed('api', { zone: 'pci' }), closed('db'), closed('out')],
    rules: [rule('web-out', 'web', 'out', ['tcp/443'])],
  };
  const crossing = policy({
    ...zones,
    guardrails: [guardrail('pci-stays', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } })],
  });

  test('keeps a held workload from joining what would carry a kept segment across it', async () => {
    const world = await worldOf(crossing);
    const record = await world.move('i-1', 'api');
    expect(world.groupsOf('i-1')).toEqual([idOf('web')]);
    expect(record.statusReason).toContain('guardrail `pci-stays`');
    const harmless = await world.move('i-2', 'db');
    expect(harmless.status).toBe('held');
    expect(world.groupsOf('i-2')).toEqual([idOf('db'), idOf('web')]);
  });

  test('a tag that has segments withheld is a leave like any other', async () => {
    const both = closed('api', { zone: 'pci', select: { tags: { pci: ['yes'] } } });
    const world = await worldOf({
      ...crossing,
      segments: [
        closed('api'),
        closed('db'),
        closed('out'),
        { ...both, name: 'vault' },
        closed('web'),
      ],
    });
    const event = world.retag('i-1', { app: 'web', pci: 'yes' });
    await world.process(event);
    expect(world.groupsOf('i-1')).toEqual([idOf('web')]);
    expect(await world.record('i-1')).toMatchObject({ status: 'held' });
  });

  test('in two zones a workload keeps what it has, and leaving those counts later', async () => {
    const vault = closed('vault', { zone: 'pci', select: { tags: { pci: ['yes'] } } });
    const world = await worldOf(
      policy({ segments: [closed('web', { zone: 'shop', mode: 'stage' }), closed('api'), vault] }),
    );
    await world.process(world.retag('i-1', { app: 'web', pci: 'yes' }));
    expect(await world.record('i-1')).toMatchObject({
      status: 'conflict',
      keeps: { from: ['web'] },
    });
    expect(world.groupsOf('i-1')).toEqual(['sg-flat', idOf('web')]);
    const record = await world.move('i-1', 'api');
    expect(record.status).toBe('held');
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), 'sg-flat', idOf('web')]);
  });
});

describe('a workload that flaps', () => {
  /** So many that the share is never what decides. */
  async function flapping(): Promise<LeaveWorld> {
    const world = new LeaveWorld(THREE);
    await world.publish(1);
    await world.start(instanceIds(2), 'web');
    await world.count({ web: 100, api: 100, db: 100 });
    return world;
  }

  test('moves three times within the window and is then held, where it may join', async () => {
    const world = await flapping();
    for (const app of ['api', 'web', 'api']) {
      expect(await world.move('i-0', app)).toMatchObject({ status: 'enforced' });
      world.nowMs += MINUTE;
    }
    const record = await world.move('i-0', 'web');
    expect(record).toMatchObject({ status: 'held', guarded: { because: 'flapping' } });
    expect(record.statusReason).toContain('events have moved it 3 times within 10 minutes');
    expect(world.groupsOf('i-0')).toEqual([idOf('api'), idOf('web')]);
    const { writes } = world;
    for (const app of ['db', 'web', 'db', 'web']) await world.move('i-0', app);
    expect(world.writes).toBe(writes + 1);
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'enforced' });
  });

  test('slowly does not flap', async () => {
    const world = await flapping();
    for (const app of ['api', 'web', 'api', 'web', 'api', 'web']) {
      expect(await world.move('i-0', app)).toMatchObject({ status: 'enforced' });
      world.nowMs += 4 * MINUTE;
    }
  });

  test('the policy says how often and how long', async () => {
    const leaveGuard = { share: 1, windowMs: 60 * MINUTE, movesMax: 1 };
    const world = new LeaveWorld({ ...THREE, settings: { ...THREE.settings, leaveGuard } });
    await world.publish(1);
    await world.start(instanceIds(1), 'web');
    expect(await world.move('i-0', 'api')).toMatchObject({ status: 'enforced' });
    world.nowMs += 50 * MINUTE;
    expect(await world.move('i-0', 'web')).toMatchObject({ status: 'held' });
  });
});

describe('a workload that has left all segments', () => {
  test('does not use up what others may leave', async () => {
    const world = new LeaveWorld(THREE);
    await world.publish(1);
    await world.start(instanceIds(5), 'web');
    await world.move('i-0', undefined);
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'enforced' });
  });

  test('leaves the former one when it joins another: that is counted', async () => {
    const world = await worldOf();
    await world.move('i-1', undefined);
    const record = await world.move('i-1', 'api');
    expect(record).toMatchObject({ status: 'held', guarded: { because: 'share' } });
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), idOf('web')]);
  });

  test('an event that would end enforcement adds the staged group and takes none off', async () => {
    const world = await worldOf(
      policy({
        segments: [
          ...[closed('web'), closed('api')],
          ...[closed('db', { mode: 'stage' }), closed('late', { mode: 'stage' })],
        ],
      }),
    );
    const record = await world.move('i-1', 'db');
    expect(record).toMatchObject({ status: 'held', loosened: 1 });
    expect(world.groupsOf('i-1')).toEqual([idOf('db'), idOf('web')]);
    await world.move('i-1', 'late');
    expect(world.groupsOf('i-1')).toEqual([idOf('db'), idOf('late'), idOf('web')]);
    expect(await world.move('i-1', 'web')).toMatchObject({ status: 'enforced' });
    expect(world.groupsOf('i-1')).toEqual([idOf('web')]);
    expect(await world.move('i-2', 'api')).toMatchObject({ guarded: { because: 'share' } });
  });
});
