import { expect, test } from 'vitest';
import type { SimSegment } from '../../simulation/sim-policy.ts';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['db', 'api']] as const;
const DB: SimSegment = { ...segment('db', 'enforce'), egress: 'closed' };

/** A host of `db`, and one of `api`, enforced while egress was open for both. */
async function enforced() {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'db' });
  stand.launch({ app: 'api' });
  await stand.publish(policyOf([segment('db', 'enforce'), segment('api', 'enforce')], RULES));
  const groups = () => stand.groupsOf(nics[0] ?? '');
  const status = async () => (await stand.store.readWorkload(id))?.status;
  expect(groups()).toEqual(['open-egress', 'segment:db']);
  return { stand, id, groups, status };
}

test('egress is not closed while a peer lacks its group, and is when it has it', async () => {
  const { stand, groups, status } = await enforced();
  await stand.publish(policyOf([DB, segment('api', 'observe')], RULES));
  expect(groups()).toEqual(['open-egress', 'segment:db']);
  expect(await status()).toBe('blocked');
  await stand.publish(policyOf([DB, segment('api', 'enforce')], RULES));
  expect(groups()).toEqual(['segment:db']);
  expect(await status()).toBe('enforced');
});

test('nor while nobody wants the group for open egress any more', async () => {
  const { stand, id, groups } = await enforced();
  const api: SimSegment = { ...segment('api', 'observe'), egress: 'closed' };
  await stand.publish(policyOf([DB, api], RULES));
  expect(groups()).toEqual(['open-egress', 'segment:db']);
  await stand.look(id);
  expect(groups()).toEqual(['open-egress', 'segment:db']);
});

test('a renamed segment keeps its former group, and what it lets through, while a peer is not ready', async () => {
  const { stand, groups, status } = await enforced();
  const renamed = { ...segment('store', 'enforce'), tags: { app: 'db' } };
  const rules = [['store', 'api']] as const;
  await stand.publish(policyOf([renamed, segment('api', 'observe')], rules));
  expect(groups()).toEqual(['open-egress', 'segment:db', 'segment:store']);
  expect(await status()).toBe('blocked');
  expect((await stand.sweep()).publishNeeded).toEqual([]);
  await stand.publish(policyOf([renamed, segment('api', 'enforce')], rules));
  expect(groups()).toEqual(['open-egress', 'segment:store']);
  expect(await status()).toBe('enforced');
  const keys = stand.ec2.snapshot().groups.map(({ tags }) => tags['bulkhead:group']?.split('@')[0]);
  expect(keys).not.toContain('segment:db');
});
