import { describe, expect, test } from 'vitest';
import type { Policy } from '../../core/model/policy.ts';
import { sweepEstate } from '../../engine/sweep.ts';
import { processWorkload } from '../../engine/workload.ts';
import { policy, rule, segment } from '../properties/builders.ts';
import { idOf, instanceIds, LeaveWorld, workOff } from './leave-world.ts';

const MINUTE = 60_000;

const TWO: Policy = policy({
  segments: [segment('web', { egress: 'closed' }), segment('api', { egress: 'closed' })],
});

/** A seeded generator (mulberry32), so that a schedule is the same each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function worldOf(count: number, source: Policy = TWO): Promise<LeaveWorld> {
  const world = new LeaveWorld(source);
  await world.publish(1);
  await world.start(instanceIds(count), 'web');
  await sweepEstate(world.ports);
  world.writes = 0;
  world.signals.length = 0;
  world.nowMs += MINUTE;
  return world;
}

const heldSignals = (world: LeaveWorld) =>
  world.signals.filter(({ code }) => code === 'workload-held');

describe('a run that drops or changes a tag', () => {
  test('3,000 dropped tags change nothing but the alarm', async () => {
    const world = await worldOf(3_000);
    const events = [...world.instances.keys()].map((id) => world.retag(id, {}));
    await workOff(world, events, { workers: 10, random: randomOf(1) });
    expect(world.writes).toBe(0);
    expect(world.without('web')).toEqual([]);
    expect(heldSignals(world)).toHaveLength(3_000);
  });

  test('3,000 changed tags move a share of them and hold the others, which join', async () => {
    const world = await worldOf(3_000);
    const events = [...world.instances.keys()].map((id) => world.retag(id, { app: 'api' }));
    await workOff(world, events, { workers: 10, random: randomOf(2) });
    expect(world.without('web')).toHaveLength(600);
    expect(world.without('api')).toEqual([]);
    expect(heldSignals(world)).toHaveLength(2_400);
    expect(heldSignals(world)[0]?.fields).toMatchObject({ because: 'share', status: 'held' });
  });

  test('events that come twice and late are counted once', async () => {
    const world = await worldOf(50);
    const events = [...world.instances.keys()]
      .slice(0, 9)
      .map((id) => world.retag(id, { app: 'api' }));
    await workOff(world, [...events, ...events, ...events], { workers: 10, random: randomOf(3) });
    expect(world.without('web')).toHaveLength(9);
    expect(await world.move('i-20', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-21', 'api')).toMatchObject({ status: 'held' });
  });

  test('tags that no event told of are guarded just the same, when the sweep finds them', async () => {
    const world = await worldOf(50);
    for (const id of world.instances.keys()) world.retag(id, { app: 'api' });
    const { sweep, publishNeeded } = await sweepEstate(world.ports);
    expect(sweep.missedByEvents).toBe(50);
    expect(publishNeeded).toEqual([]);
    await workOff(world, world.woken, { workers: 10, random: randomOf(4) });
    expect(world.without('web')).toHaveLength(10);
    const held = await world.store.listWorkloads({});
    expect(held.items.filter((record) => record.held)).toHaveLength(40);
  });

  test('a sweep that finds a segment emptied plans no rule away', async () => {
    const world = await worldOf(5, {
      ...TWO,
      rules: [rule('web-api', 'web', 'api', ['tcp/443'])],
    });
    const https = { protocol: 6, fromPort: 443, toPort: 443 };
    world.rules = {
      web: { egress: [{ ...https, peer: { kind: 'group', id: idOf('api') } }] },
      api: { ingress: [{ ...https, peer: { kind: 'group', id: idOf('web') } }] },
    };
    await world.start(['i-9'], 'api');
    expect((await sweepEstate(world.ports)).publishNeeded).toEqual([]);
    for (const id of instanceIds(5)) world.retag(id, {});
    world.nowMs += MINUTE;
    expect((await sweepEstate(world.ports)).publishNeeded).toEqual([]);
    await workOff(world, world.woken, { workers: 10, random: randomOf(6) });
    expect((await sweepEstate(world.ports)).publishNeeded).toEqual([]);
    expect(world.without('web')).toEqual(['i-9']);
  });

  test('a crash after the count, before the write to EC2, is neither lost nor counted again', async () => {
    const world = await worldOf(10);
    const event = world.retag('i-0', { app: 'api' });
    const dying = {
      ...world.ports,
      writer: {
        ...world.ports.writer,
        setInterfaceGroups: async () => {
          throw new Error('the function died');
        },
      },
    };
    await expect(processWorkload(dying, event)).rejects.toThrow('died');
    world.nowMs += MINUTE;
    await processWorkload(world.ports, event);
    expect(world.groupsOf('i-0')).toEqual([idOf('api')]);
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-2', 'api')).toMatchObject({ status: 'held' });
  });

  test('a transaction that took place although its answer was lost is not counted again', async () => {
    const world = await worldOf(10);
    const event = world.retag('i-0', { app: 'api' });
    const deaf = {
      ...world.ports,
      store: {
        ...world.store,
        writeWorkload: async (...args: Parameters<typeof world.store.writeWorkload>) => {
          await world.store.writeWorkload(...args);
          throw new Error('no answer');
        },
      },
    };
    await expect(processWorkload(deaf, event)).rejects.toThrow('no answer');
    await processWorkload(world.ports, event);
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-2', 'api')).toMatchObject({ status: 'held' });
  });
});

describe('how much is a share', () => {
  test('one may leave, however small the segment', async () => {
    const world = await worldOf(2);
    expect(await world.move('i-0', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'held' });
  });

  test('stopped members do not count', async () => {
    const world = await worldOf(10);
    for (const id of instanceIds(6)) {
      const instance = world.instances.get(id);
      if (instance !== undefined) instance.state = 'stopped';
      await processWorkload(world.ports, { workload: id, reason: 'event' });
    }
    await sweepEstate(world.ports);
    expect(await world.move('i-8', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-9', 'api')).toMatchObject({ status: 'held' });
  });

  test('a sweep in between makes the share no smaller by those that have left', async () => {
    const world = await worldOf(10);
    expect(await world.move('i-0', 'api')).toMatchObject({ status: 'enforced' });
    await sweepEstate(world.ports);
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'enforced' });
    await sweepEstate(world.ports);
    expect(await world.move('i-2', 'api')).toMatchObject({ status: 'held' });
  });

  test('terminated ones are gone and have not left', async () => {
    const world = await worldOf(10);
    for (const id of instanceIds(5)) {
      world.instances.delete(id);
      await processWorkload(world.ports, { workload: id, reason: 'event' });
    }
    expect(await world.move('i-8', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-9', 'api')).toMatchObject({ status: 'enforced' });
  });

  test('the window slides', async () => {
    const world = await worldOf(5);
    expect(await world.move('i-0', 'api')).toMatchObject({ status: 'enforced' });
    world.nowMs += 9 * MINUTE;
    expect(await world.move('i-1', 'api')).toMatchObject({ status: 'held' });
    world.nowMs += 2 * MINUTE;
    expect(await world.move('i-2', 'api')).toMatchObject({ status: 'enforced' });
  });

  test('where leaving all segments is to restore, leaving counts as well', async () => {
    const world = await worldOf(10, { ...TWO, settings: { ...TWO.settings, onLeave: 'restore' } });
    const events = [...world.instances.keys()].map((id) => world.retag(id, {}));
    await workOff(world, events, { workers: 10, random: randomOf(5) });
    expect(world.without('web')).toHaveLength(2);
  });
});

test('a share of 100 % is no limit, and reads no count', async () => {
  const leaveGuard = { share: 1, windowMs: 600_000, movesMax: 3 };
  const world = await worldOf(5, { ...TWO, settings: { ...TWO.settings, leaveGuard } });
  await world.count({});
  for (const id of world.instances.keys()) {
    expect(await world.move(id, 'api')).toMatchObject({ status: 'enforced' });
  }
});
