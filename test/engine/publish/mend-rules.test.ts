import { expect, test } from 'vitest';
import { checkBarrier, setPhase } from '../../../engine/publish.ts';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['web', 'db']] as const;

const ENFORCED = policyOf([segment('web', 'enforce'), segment('db', 'enforce')], RULES);

/** Staged, and a plan that enforces with every interface attached; nothing has come off. */
async function attached() {
  const stand = new Stand();
  const [nic = ''] = stand.launch({ app: 'db' }).nics;
  stand.launch({ app: 'web' });
  await stand.publish(policyOf([segment('web', 'stage'), segment('db', 'stage')], RULES));
  const plan = await stand.prepare(ENFORCED);
  for (const step of stand.steps(plan).slice(0, 3)) await step(stand.ports('publish'));
  return { stand, nic, plan };
}

function takeRuleAway(stand: Stand): void {
  const [first] = stand.ingressOf('db');
  stand.ec2.admin.RevokeSecurityGroupIngress({
    GroupId: first?.group,
    SecurityGroupRuleIds: [first?.rule.id ?? ''],
  });
  expect(stand.ingressOf('db')).toEqual([]);
}

const portsOf = (stand: Stand) => stand.ingressOf('db').map(({ rule }) => rule.fromPort);

test('a rule that somebody takes away by hand under a plan is back before anything comes off', async () => {
  const { stand, nic, plan } = await attached();
  takeRuleAway(stand);
  await setPhase(stand.ports('publish'), plan, 'steady');
  expect(stand.groupsOf(nic)).toContain('flat');
  expect(portsOf(stand)).toEqual([8080]);
  expect(stand.signals).toContain('rules-gone');
});

test('one that goes while groups come off is back at the next look at the barrier', async () => {
  const { stand, nic, plan } = await attached();
  await setPhase(stand.ports('publish'), plan, 'steady');
  takeRuleAway(stand);
  await checkBarrier(stand.ports('publish'), plan, 'steady', { giveUp: false });
  expect(stand.groupsOf(nic)).toContain('flat');
  expect(portsOf(stand)).toEqual([8080]);
});

test('one that goes while the execution is dead is back as soon as it goes on', async () => {
  const { stand, plan } = await attached();
  await setPhase(stand.ports('publish'), plan, 'steady');
  takeRuleAway(stand);
  await setPhase(stand.ports('publish'), plan, 'attach');
  await setPhase(stand.ports('publish'), plan, 'steady');
  expect(portsOf(stand)).toEqual([8080]);
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
