import { describe, expect, test } from 'vitest';
import { processWorkload } from '../../engine/workload.ts';
import { disagreements } from './final-checks.ts';
import { type Before, policyOf, Stand, segment } from './stand.ts';

const OBSERVED = policyOf([segment('web', 'observe'), segment('db', 'observe')], [['web', 'db']]);
const STAGED = policyOf([segment('web', 'stage'), segment('db', 'stage')], [['web', 'db']]);
const ENFORCED = policyOf([segment('web', 'enforce'), segment('db', 'enforce')], [['web', 'db']]);

/** IAM refuses the write of these interfaces; nothing that describes them shows it. */
function refusing(nics: readonly string[], seen: string[] = []): Before {
  return (call, [nic]) => {
    if (call !== 'writer.setInterfaceGroups' || !nics.includes(String(nic))) return;
    seen.push(String(nic));
    const error = new Error('You are not authorized to perform this operation.');
    error.name = 'UnauthorizedOperation';
    throw error;
  };
}

describe('what cannot be written, as simulated worlds have shown it', () => {
  test('a task that has stopped is forgotten, though ECS describes it for an hour', async () => {
    const stand = new Stand();
    const { admin } = stand.ec2;
    await stand.publish(OBSERVED);
    const where = { cluster: 'apps', subnet: stand.subnet, groups: [stand.flat] };
    const task = admin.runTask({ ...where, tags: { app: 'web' } });
    const id = `ecs:apps:${task.id.split('/').at(-1)}`;
    await stand.look(id);
    expect(await stand.store.countMembers('web')).toBe(1);
    admin.stopTask(task.id);
    expect((await stand.look(id)).kind).toBe('gone');
    expect(await stand.store.readWorkload(id)).toBeUndefined();
    expect(await stand.store.countMembers('web')).toBe(0);
  });

  test('an instance that is stopped is remembered', async () => {
    const stand = new Stand();
    const { id } = stand.launch({ app: 'web' });
    await stand.publish(OBSERVED);
    stand.ec2.admin.StopInstances({ InstanceIds: [id] });
    stand.ec2.settle();
    expect((await stand.look(id)).kind).toBe('done');
    expect(await stand.store.countMembers('web')).toBe(1);
  });

  test.each([
    ['its only interface', 1],
    ['one interface of two', 2],
  ])(
    'the sweep asks nobody for %s that EC2 has refused, nor publishes again',
    async (_of, count) => {
      const stand = new Stand();
      const { id, nics } = stand.launch({ app: 'web' }, count);
      const peer = stand.launch({ app: 'db' });
      await stand.publish(OBSERVED);
      const tries: string[] = [];
      const worker = stand.ports('worker', refusing(nics.slice(0, 1), tries));
      for (const policy of [STAGED, ENFORCED]) await stand.publish(policy, worker);
      expect(tries.length).toBeGreaterThan(0);
      expect((await stand.store.readWorkload(id))?.status).toBe('visible');
      expect(stand.groupsOf(peer.nics[0] ?? '')).toContain('flat');
      const before = await stand.store.readInterface(nics[0] ?? '');
      tries.length = 0;
      for (let round = 0; round < 12; round += 1) {
        const { woken, publishNeeded } = await stand.sweep(worker);
        expect({ woken, publishNeeded }).toEqual({ woken: 0, publishNeeded: [] });
      }
      expect(await stand.store.readInterface(nics[0] ?? '')).toEqual(before);
      expect(tries).toEqual([]);
    },
  );

  /** Guard: `findBare` in engine/publish/late-comers.ts. */
  test('one that moves into a segment after the plan was made, and cannot be written', async () => {
    const rules = [['web', 'ops']] as const;
    const segments = (mode: 'stage' | 'enforce') =>
      policyOf([segment('web', mode), segment('db', mode), segment('ops', mode)], rules);
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'db' });
    const peer = stand.launch({ app: 'web' });
    await stand.publish(segments('stage'));
    const worker = stand.ports('worker', refusing(nics));
    const plan = await stand.prepare(segments('enforce'));
    stand.ec2.admin.putTags(id, { app: 'ops' });
    await stand.look(id, worker);
    await stand.carryOut(plan, worker);
    expect(stand.groupsOf(peer.nics[0] ?? '')).toContain('flat');
    expect((await stand.store.readWorkload(peer.id))?.status).toBe('blocked');
  });

  test('a task that starts after the plan was made keeps its peers where they are', async () => {
    const stand = new Stand();
    const peer = stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    const plan = await stand.prepare(ENFORCED);
    const where = { cluster: 'apps', subnet: stand.subnet, groups: [stand.flat] };
    const task = stand.ec2.admin.runTask({ ...where, tags: { app: 'db' } });
    await stand.look(`ecs:apps:${task.id.split('/').at(-1)}`);
    await stand.carryOut(plan);
    expect(stand.groupsOf(peer.nics[0] ?? '')).toContain('flat');
  });

  /** Guard: `stillRefused` in engine/workload.ts. */
  test('a refusal stands where its own segment waits for it, and nobody tries', async () => {
    const among = (mode: 'stage' | 'enforce') => policyOf([segment('web', mode)], [['web', 'web']]);
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'web' });
    const peer = stand.launch({ app: 'web' });
    await stand.publish(among('stage'));
    const tries: string[] = [];
    const worker = stand.ports('worker', refusing(nics, tries));
    await stand.publish(among('enforce'), worker);
    expect((await stand.store.readWorkload(peer.id))?.status).toBe('blocked');
    tries.length = 0;
    // Somebody asks to look again; but with its segment blocked there is nothing to write.
    await processWorkload(worker, { workload: id, reason: 'api' });
    expect(tries).toEqual([]);
    expect(await stand.store.readWorkload(id)).toMatchObject({
      ...{ control: 'visible', status: 'visible' },
      controlReason: expect.stringContaining('EC2 refuses to write its groups'),
    });
  });

  test('a host that should enforce and cannot is a hole, though no group exists for it', async () => {
    const stand = new Stand();
    const { nics } = stand.launch({ app: 'web' });
    stand.launch({ app: 'db' });
    await stand.publish(OBSERVED);
    const worker = stand.ports('worker', refusing(nics));
    await stand.publish(policyOf([segment('web', 'enforce')], []), worker);
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat']);
    await stand.sweep(worker);
    const proof = await stand.store.readProof();
    expect(proof?.holes).toBeGreaterThan(0);
    expect(proof?.named.map(({ to }) => to)).toContain(nics[0]);
  });

  /** Guard: `disagreements` in final-checks.ts, and the proof that it relies on. */
  test('one that should have left its segment, and cannot, is counted with all that lets it in', async () => {
    const RULE = [['api', 'api']] as const;
    const modes = policyOf([segment('web', 'stage'), segment('api', 'stage')], RULE);
    const enforced = policyOf([segment('web', 'stage'), segment('api', 'enforce')], RULE);
    const stand = new Stand();
    const { id, nics } = stand.launch({ app: 'api' });
    const peer = stand.launch({ app: 'api' });
    await stand.publish(modes);
    const worker = stand.ports('worker', refusing(nics));
    stand.ec2.admin.putTags(id, { app: 'web' });
    await stand.look(id, worker);
    await stand.publish(enforced, worker);
    await stand.sweep(worker);
    expect(stand.groupsOf(nics[0] ?? '')).toContain('segment:api');
    expect(stand.groupsOf(peer.nics[0] ?? '')).not.toContain('flat');
    const proof = await stand.store.readProof();
    expect(proof).toMatchObject({ holes: 1, cuts: 0 });
    const ends = { from: nics[0] ?? '', to: peer.nics[0] ?? '', fromName: id, toName: peer.id };
    const hole = { kind: 'hole', family: 'ipv4', traffic: [], ...ends } as const;
    expect(proof?.named).toContainEqual(expect.objectContaining(ends));
    const said = [`hole ${id} -> ${peer.id} []`];
    const found = { holes: [hole], cuts: [] };
    expect(disagreements(found, new Set(nics), proof?.holes ?? 0)).toEqual([]);
    expect(disagreements(found, new Set(nics), 0)).toEqual(said);
    expect(disagreements(found, new Set(), 1)).toEqual(said);
  });
});
