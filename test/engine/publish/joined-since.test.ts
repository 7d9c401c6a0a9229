import { expect, test } from 'vitest';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['web', 'db']] as const;

function policy(rules: readonly (readonly [string, string])[]) {
  return policyOf([segment('web', 'enforce'), segment('db', 'enforce')], rules);
}

/**
 * A published policy whose group for `db` nobody carries, though a new host is about to, and a plan that
 * takes its rules away.
 */
async function emptied() {
  const stand = new Stand();
  const db = stand.launch({ app: 'db' });
  stand.launch({ app: 'web' });
  await stand.publish(policy(RULES));
  stand.ec2.admin.TerminateInstances({ InstanceIds: [db.id] });
  stand.nowMs += 120_000;
  stand.ec2.settle();
  await stand.look(db.id);
  const joins = stand.launch({ app: 'db' });
  const plan = await stand.prepare(policyOf([segment('web', 'enforce'), segment('db', 'enforce')]));
  return { stand, plan, joins };
}

test('a group that somebody has joined since the plan was made keeps its rules until all have moved', async () => {
  const { stand, plan, joins } = await emptied();
  await stand.look(joins.id);
  expect(stand.groupsOf(joins.nics[0] ?? '')).toContain('segment:db');
  const before = stand.ingressOf('db').length;
  expect(before).toBeGreaterThan(0);
  const [create] = stand.steps(plan);
  await create?.(stand.ports('publish'));
  expect(stand.ingressOf('db')).toHaveLength(before);
});

test('one that nobody has joined is left alone, or emptied, as the plan says', async () => {
  const { stand, plan } = await emptied();
  for (const step of stand.steps(plan)) await step(stand.ports('publish'));
  expect(stand.ingressOf('db')).toEqual([]);
});
