import { describe, expect, test } from 'vitest';
import type { InterfaceRecord } from '../../core/model/record.ts';
import { StalePlan } from '../../engine/publish.ts';
import { processWorkload } from '../../engine/workload.ts';
import { type Before, Killed, policyOf, Stand, segment } from './stand.ts';

const STAGED = policyOf([segment('web', 'stage'), segment('db', 'stage')], [['web', 'db']]);
const ENFORCED = policyOf([segment('web', 'enforce'), segment('db', 'enforce')], [['web', 'db']]);

/** Does something once, before the nth call of that name. */
function once(name: string, act: () => Promise<unknown> | unknown, nth = 1): Before {
  let seen = 0;
  return async (call) => {
    if (call !== name) return;
    seen += 1;
    if (seen === nth) await act();
  };
}

async function recordOf(stand: Stand, nic: string): Promise<InterfaceRecord | undefined> {
  return await stand.store.readInterface(nic);
}

describe('races, each with the guard that closes it', () => {
  /**
   * Three guards, of which each is enough: the head that `underLease` reads again, and compares with
   * the claim's (engine/write-path.ts), and `generation` in the condition of `claim`
   * (aws/store/interfaces.ts, MemoryInterfaces).
   */
  test('a worker that decided under an old generation and wakes after a publish', async () => {
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    const [nic = ''] = nics;
    await stand.publish(policyOf([segment('web', 'observe')]));
    await stand.publish(STAGED);
    expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:web']);
    const heads: number[] = [];
    const sleeper = stand.ports('sleeper', async (call, args) => {
      if (call !== 'store.claim' || heads.length > 0) return;
      heads.push((args[0] as { generation: number }).generation);
      const before = stand.nowMs;
      await stand.publish(ENFORCED);
      expect(stand.groupsOf(nic)).toEqual(['open-egress', 'segment:web']);
      // Fast enough that the sleeper's lease is still good.
      stand.nowMs = before;
    });
    await stand.store.raiseFence(nic, id);
    await processWorkload(sleeper, { workload: id, reason: 'event' });
    expect(heads).toEqual([2]);
    expect(stand.groupsOf(nic)).toEqual(['open-egress', 'segment:web']);
    expect((await recordOf(stand, nic))?.generation).toBe(3);
  });

  /** Guard: `isOutdated` in engine/workload.ts. */
  test('a worker that found nothing to write while a publish came into force', async () => {
    const stand = new Stand();
    stand.launch({ app: 'db' });
    await stand.publish(policyOf([segment('web', 'observe'), segment('db', 'observe')]));
    // The plan's inventory, and its list of late comers, are read before the worker is on record.
    const plan = await stand.prepare(STAGED);
    const { id, nics } = stand.launch({ app: 'web' });
    const publish = async (): Promise<void> => {
      for (const step of stand.steps(plan).slice(0, 2)) await step(stand.ports('publish'));
    };
    const late = stand.ports('late', once('store.writeWorkload', publish));
    await processWorkload(late, { workload: id, reason: 'event' });
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  });

  /** Guard: `DESCRIBE_STALENESS_MS` and the version in `youngest` (engine/merge-reading.ts). */
  test('a sweep that reads older tags than an event carried', async () => {
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    const [nic = ''] = nics;
    await stand.publish(STAGED);
    stand.nowMs += 60_000;
    // The event comes before EC2 shows the change to anybody else.
    const tags = { version: 7, values: { app: 'db' } };
    const event = Math.floor(stand.nowMs / 1_000) * 1_000;
    await processWorkload(stand.ports('worker'), { workload: id, reason: 'event', event, tags });
    expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:db']);
    stand.nowMs += 2_000;
    await processWorkload(stand.ports('sweep'), { workload: id, reason: 'sweep' });
    expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:db']);
    expect((await stand.store.readWorkload(id))?.identity.tags).toEqual({ app: 'db' });
  });

  /** Guard: the lease in `claim`, and the fence that is read again in `finish`. */
  test('a message redelivered during a slow run', async () => {
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    const [nic = ''] = nics;
    await stand.publish(policyOf([segment('web', 'observe')]));
    await stand.publish(STAGED);
    stand.ec2.admin.putTags(id, { app: 'db' });
    stand.nowMs += 60_000;
    const writers: string[] = [];
    const again: string[] = [];
    const second = stand.ports('second', (call) => {
      if (call === 'writer.setInterfaceGroups') writers.push('second');
    });
    const slow = stand.ports('slow', async (call) => {
      if (call !== 'writer.setInterfaceGroups') return;
      writers.push('slow');
      const report = await stand.look(id, second);
      again.push(report.kind);
    });
    await stand.look(id, slow);
    expect(writers).toEqual(['slow']);
    expect(again).toEqual(['waiting']);
    expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:db']);
    expect(await recordOf(stand, nic)).toMatchObject({ outcome: 'updated' });
  });

  /** Guard: `assertLeaseLeft` after `keepInLedger` (engine/write-path.ts). */
  test('a worker whose ledger took longer than its lease', async () => {
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    const [nic = ''] = nics;
    await stand.publish(policyOf([segment('web', 'observe')]));
    await stand.publish(ENFORCED);
    stand.ec2.admin.ModifyNetworkInterfaceAttribute({
      NetworkInterfaceId: nic,
      Groups: [...(stand.ec2.snapshot().interfaces[0]?.groups ?? []), stand.foreignGroup('other')],
    });
    await stand.store.raiseFence(nic, id);
    let written = 0;
    const slow = stand.ports('slow', async (call) => {
      if (call === 'archive.putLedger') stand.nowMs += 25_000;
      if (call === 'writer.setInterfaceGroups') written += 1;
    });
    const report = await stand.look(id, slow);
    expect(report.kind).toBe('waiting');
    expect(written).toBe(0);
  });

  /** Guard: `isOfAnother` in `underLease` (engine/write-path.ts). */
  test('an interface that moves between instances', async () => {
    const stand = new Stand();
    const web = stand.launch({ app: 'web' }, 2);
    const db = stand.launch({ app: 'db' });
    const moving = web.nics[1] ?? '';
    await stand.publish(policyOf([segment('web', 'observe')]));
    await stand.publish(STAGED);
    expect(stand.groupsOf(moving)).toEqual(['flat', 'segment:web']);
    await stand.store.raiseFence(moving, web.id);
    const mover = stand.ports(
      'mover',
      once('store.claim', () => move(stand, moving, db.id)),
    );
    await processWorkload(mover, { workload: web.id, reason: 'plan' });
    await stand.drain();
    expect(stand.groupsOf(moving)).toEqual(['flat', 'segment:db']);
    expect((await recordOf(stand, moving))?.workload).toBe(db.id);
  });

  /** Guard: `expected` in `writeHead`, asked through `assertCurrent` and `assertInForce`. */
  test('two publishers', async () => {
    const stand = new Stand();
    const { nics } = stand.launch({ app: 'web' });
    await stand.publish(policyOf([segment('web', 'observe')]));
    const first = await stand.prepare(STAGED);
    const second = await stand.prepare(
      policyOf([segment('web', 'stage'), segment('db', 'observe')]),
    );
    const [create, attach] = stand.steps(first);
    const [createOther, attachOther] = stand.steps(second);
    // The younger one was the quicker; the other way round it would wait for the older one's attach.
    await createOther?.(stand.ports('second'));
    await create?.(stand.ports('first'));
    const overtaken = stand.ports(
      'first',
      once('store.writeHead', () => attachOther?.(stand.ports('second'))),
    );
    await expect(attach?.(overtaken)).rejects.toThrow(StalePlan);
    expect((await stand.store.readHead())?.plan).toBe(second);
    await stand.drain();
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  });

  /**
   * Guard: a step that is made again does all of it again unless a later phase is in force, e.g. the
   * condition `head.phase === 'steady'` before `setPhase` returns early (engine/publish/set-phase.ts).
   */
  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'a plan killed before its step %i, and at each call of it',
    async (at) => {
      for (let call = 1; ; call += 7) {
        const stand = new Stand();
        const { nics } = stand.launch({ app: 'web' });
        stand.launch({ app: 'db' });
        await stand.publish(policyOf([segment('web', 'observe')]));
        const plan = await stand.prepare(ENFORCED);
        const steps = stand.steps(plan);
        for (const step of steps.slice(0, at)) await step(stand.ports('publish'));
        let seen = 0;
        const dying = stand.ports('dying', () => {
          seen += 1;
          if (seen >= call) throw new Killed(`at call ${seen}`);
        });
        const died = await Promise.resolve(steps[at]?.(dying)).then(
          () => false,
          () => true,
        );
        for (const [position, step] of steps.entries()) {
          await step(stand.ports('resumed'));
          // The barrier of attach: made before anything is broken, whatever came before.
          if (position === 2) expect(stand.groupsOf(nics[0] ?? '')).toContain('segment:web');
        }
        expect(stand.groupsOf(nics[0] ?? '')).toEqual(['open-egress', 'segment:web']);
        expect((await stand.store.readPlan(plan))?.state).toBe('done');
        await stand.sweep();
        expect(stand.groupsOf(nics[0] ?? '')).toEqual(['open-egress', 'segment:web']);
        if (!died) break;
      }
    },
  );
});

function move(stand: Stand, nic: string, to: string): void {
  const { admin } = stand.ec2;
  const found = stand.ec2.snapshot().interfaces.find(({ id }) => id === nic);
  admin.DetachNetworkInterface({ AttachmentId: found?.attachment?.id });
  admin.AttachNetworkInterface({ NetworkInterfaceId: nic, InstanceId: to, DeviceIndex: 1 });
}
