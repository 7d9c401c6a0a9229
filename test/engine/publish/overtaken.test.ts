import { expect, test } from 'vitest';
import { failPublish } from '../../../engine/publish.ts';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const SEGMENTS = [segment('web', 'enforce'), segment('db', 'enforce')];
const WITH_RULE = policyOf(SEGMENTS, [['web', 'db']]);
const WITHOUT_RULE = policyOf(SEGMENTS);
const WITHOUT_DB = policyOf([segment('web', 'enforce')]);

/** In force is a policy that has no more use for rules or a group; nobody has taken them away yet. */
async function halfway(next: typeof WITH_RULE) {
  const stand = new Stand();
  const [db = ''] = stand.launch({ app: 'db' }).nics;
  stand.launch({ app: 'web' });
  await stand.publish(WITH_RULE);
  const id = await stand.prepare(next);
  const steps = stand.steps(id);
  for (const step of steps.slice(0, 5)) await step(stand.ports('older'));
  return { stand, db, older: { id, rest: steps.slice(5) } };
}

const OVERTAKEN = 'plan-3 has begun meanwhile';

const portsOf = (stand: Stand) => stand.ingressOf('db').map(({ rule }) => rule.fromPort);

test('what a plan takes away after a younger one was made to come back to it is made again', async () => {
  const { stand, db, older } = await halfway(WITHOUT_DB);
  const back = await stand.prepare(WITH_RULE);
  for (const step of older.rest) await step(stand.ports('older'));
  expect(stand.ingressOf('db')).toEqual([]);
  await stand.carryOut(back);
  expect(stand.groupsOf(db)).toEqual(['open-egress', 'segment:db']);
  expect(portsOf(stand)).toEqual([8080]);
});

test('so are rules, before anything is attached', async () => {
  const { stand, older } = await halfway(WITHOUT_RULE);
  const back = await stand.prepare(WITH_RULE);
  for (const step of older.rest) await step(stand.ports('older'));
  expect(portsOf(stand)).toEqual([]);
  const [create] = stand.steps(back);
  await create?.(stand.ports('publish'));
  expect(portsOf(stand)).toEqual([8080]);
});

test('a plan that has yet to take away leaves it to a younger one that has begun', async () => {
  const { stand, older } = await halfway(WITHOUT_RULE);
  const back = await stand.prepare(WITH_RULE);
  const [create] = stand.steps(back);
  await create?.(stand.ports('publish'));
  await expect(older.rest[0]?.(stand.ports('older'))).rejects.toThrow(OVERTAKEN);
  expect(portsOf(stand)).toEqual([8080]);
});

test('one that is taking away ends as soon as a younger one begins, which waits for that', async () => {
  const { stand, db, older } = await halfway(WITHOUT_DB);
  const back = await stand.prepare(WITH_RULE);
  const [revoke, remove] = older.rest;
  await revoke?.(stand.ports('older'));
  const [create] = stand.steps(back);
  await expect(create?.(stand.ports('publish'))).rejects.toThrow('is in phase revoke');
  await expect(remove?.(stand.ports('older'))).rejects.toThrow(OVERTAKEN);
  await failPublish(stand.ports('older'), older.id, { name: 'StalePlan', message: OVERTAKEN });
  await stand.carryOut(back);
  expect(stand.groupsOf(db)).toEqual(['open-egress', 'segment:db']);
  expect(portsOf(stand)).toEqual([8080]);
});
