import { expect, test } from 'vitest';
import { policyOf, Stand, segment } from '../simulation/stand.ts';

test('who may not enforce yet and needs no write for that says that it is blocked', async () => {
  const rules = [['jobs', 'web']] as const;
  const web = (mode: 'stage' | 'enforce') =>
    ({ ...segment('web', mode), egress: 'closed' }) as const;
  const stand = new Stand();
  stand.launch({ app: 'web' });
  stand.launch({ app: 'jobs' });
  await stand.publish(policyOf([web('stage'), segment('jobs', 'stage')], rules));
  // Overtaken before anything comes off: staged under a policy that enforces.
  const first = await stand.prepare(policyOf([web('enforce'), segment('jobs', 'stage')], rules));
  for (const step of stand.steps(first).slice(0, 2)) await step(stand.ports('first'));
  const { id, nics } = stand.launch({ app: 'web' });
  await stand.look(id);
  expect((await stand.store.readWorkload(id))?.status).toBe('staged');
  await stand.publish(policyOf([web('enforce'), segment('jobs', 'observe')], rules));
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  expect((await stand.store.readWorkload(id))?.status).toBe('blocked');
});

test('who has no room for its groups, so that no write is made, says that it is blocked', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'web' });
  const [nic = ''] = nics;
  const foreign = ['flat', 'a', 'b', 'c', 'd'];
  const ids = foreign.slice(1).map((name) => stand.foreignGroup(name));
  const Groups = [stand.flat, ...ids];
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({ NetworkInterfaceId: nic, Groups });
  const status = async () => (await stand.store.readWorkload(id))?.status;
  await stand.publish(policyOf([segment('web', 'observe')]));
  expect(await status()).toBe('observed');
  await stand.publish(policyOf([segment('web', 'stage')]));
  expect(stand.groupsOf(nic)).toEqual(['a', 'b', 'c', 'd', 'flat']);
  expect(await status()).toBe('blocked');
  expect((await stand.store.readWorkload(id))?.statusReason).toContain('6 of 5 groups');
  // Somebody makes room: the next sweep finds what can be done now.
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({
    ...{ NetworkInterfaceId: nic, Groups: Groups.slice(1) },
  });
  await stand.sweep();
  expect(stand.groupsOf(nic)).toEqual(['a', 'b', 'c', 'd', 'segment:web']);
  expect(await status()).toBe('staged');
});

test('who has no room, and whose segment is blocked besides, says what it lacks itself', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'web' });
  stand.launch({ app: 'api' });
  const ids = ['a', 'b', 'c', 'd'].map((name) => stand.foreignGroup(name));
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({
    ...{ NetworkInterfaceId: nics[0] ?? '', Groups: [stand.flat, ...ids] },
  });
  const segments = [segment('web', 'enforce'), segment('api', 'observe')];
  await stand.publish(policyOf(segments, [['web', 'api']]));
  expect(Object.keys((await stand.store.readHead())?.blockedSegments ?? {})).toEqual(['web']);
  expect((await stand.store.readWorkload(id))?.statusReason).toContain('6 of 5 groups');
});

test('who is in conflict and may not enforce yet says that it is blocked, and is no hole', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'jobs', ops: 'yes' });
  stand.launch({ app: 'web' });
  const ops = { ...segment('ops', 'enforce'), tags: { ops: 'yes' } };
  await stand.publish({
    ...policyOf(
      [ops, segment('jobs', 'stage'), segment('web', 'observe')],
      [
        ['ops', 'jobs'],
        ['ops', 'web'],
      ],
    ),
    guardrails: [{ id: 'g', from: { segment: 'ops' }, to: { segment: 'ops' }, except: [] }],
  });
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:ops']);
  const record = await stand.store.readWorkload(id);
  expect(record?.membership.conflicts).toEqual([expect.stringContaining('guardrail')]);
  expect(record?.status).toBe('blocked');
  await stand.sweep();
  expect(await stand.store.readProof()).toMatchObject({ holes: 0, cuts: 0 });
});

test('of two interfaces the one that may not enforce yet decides, whichever was looked at last', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'web' }, 2);
  const [first = '', second = ''] = nics;
  stand.launch({ app: 'api' });
  const web = segment('web', 'enforce');
  await stand.publish(policyOf([web, segment('api', 'enforce')], [['web', 'api']]));
  await stand.publish(policyOf([web, segment('api', 'observe')], [['web', 'api']]));
  const status = async () => (await stand.store.readWorkload(id))?.status;
  expect(await status()).toBe('enforced');
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({
    ...{ NetworkInterfaceId: second, Groups: [stand.flat] },
  });
  await stand.sweep();
  expect(stand.groupsOf(second)).toEqual(['flat', 'segment:web']);
  expect(await status()).toBe('blocked');
  await stand.store.raiseFence(first, id);
  await stand.look(id);
  expect(await status()).toBe('blocked');
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({
    ...{ NetworkInterfaceId: second, Groups: stand.groupIdsOf(first) },
  });
  await stand.sweep();
  expect(await status()).toBe('enforced');
});
