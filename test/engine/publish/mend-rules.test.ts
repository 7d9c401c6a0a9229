import { expect, test } from 'vitest';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['web', 'db']] as const;

test('a rule that somebody takes away by hand under a plan is back before anything comes off', async () => {
  const stand = new Stand();
  const { nics } = stand.launch({ app: 'db' });
  stand.launch({ app: 'web' });
  await stand.publish(policyOf([segment('web', 'stage'), segment('db', 'stage')], RULES));
  const plan = await stand.prepare(
    policyOf([segment('web', 'enforce'), segment('db', 'enforce')], RULES),
  );
  const [create, attach, barrier, steady] = stand.steps(plan);
  for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
  const rulesOf = () =>
    stand.ec2
      .snapshot()
      .groups.filter(({ tags }) => tags['bulkhead:group']?.startsWith('segment:db@'))
      .flatMap(({ id, rules }) => rules.filter((one) => !one.isEgress).map((one) => ({ id, one })));
  const [before] = rulesOf();
  stand.ec2.admin.RevokeSecurityGroupIngress({
    GroupId: before?.id,
    SecurityGroupRuleIds: [before?.one.id ?? ''],
  });
  expect(rulesOf()).toEqual([]);
  await steady?.(stand.ports('publish'));
  expect(stand.groupsOf(nics[0] ?? '')).toContain('flat');
  expect(rulesOf().map(({ one }) => one.fromPort)).toEqual([8080]);
  expect(stand.signals).toContain('rules-gone');
});

test('where every rule is there, nothing is written', async () => {
  const stand = new Stand();
  stand.launch({ app: 'db' });
  const policy = policyOf([segment('web', 'stage'), segment('db', 'stage')], RULES);
  await stand.publish(policy);
  const plan = await stand.prepare(policy);
  const [create, attach, barrier, steady] = stand.steps(plan);
  for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
  const written: string[] = [];
  const watching = stand.ports('steady', (call) => {
    if (call.startsWith('writer.')) written.push(call);
  });
  await steady?.(watching);
  expect(written).toEqual([]);
});
