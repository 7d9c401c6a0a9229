import { expect, test } from 'vitest';
import type { SimPolicy, SimRule } from '../../simulation/sim-policy.ts';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const rule = (from: string, to: string, port: number): SimRule => ({
  ...{ id: `${from}-${to}-${port}`, from, to, ports: [port] },
});

const db = segment('db', 'enforce');
const ops = (mode: 'observe' | 'stage') => ({ ...segment('ops', mode), tags: { ops: 'yes' } });

function withRules(segments: SimPolicy['segments'], rules: readonly SimRule[]): SimPolicy {
  return { ...policyOf(segments), rules };
}

/** Ports that the group of `db` lets in, by the stem of the group that they are let in from. */
function letIn(stand: Stand): readonly string[] {
  const { groups } = stand.ec2.snapshot();
  const stemOf = new Map(
    groups.map(({ id, tags }) => [id, tags['bulkhead:group']?.split('@')[0] ?? id]),
  );
  const own = groups.find(({ id }) => stemOf.get(id) === 'segment:db');
  return (own?.rules ?? [])
    .filter(({ isEgress }) => !isEgress)
    .map(({ peer, fromPort }) => `${peer.kind === 'group' ? stemOf.get(peer.id) : ''} ${fromPort}`)
    .sort();
}

test('a blocked segment loses the rules that its peers which are not ready have no use for', async () => {
  const stand = new Stand();
  const { nics } = stand.launch({ app: 'db' });
  stand.launch({ app: 'db' });
  stand.launch({ app: 'web' });
  const web = segment('web', 'stage');
  const rules = [rule('web', 'db', 8080), rule('db', 'db', 443), rule('db', 'db', 9100)];
  await stand.publish(policyOf([db, web].map((one) => ({ ...one, mode: 'observe' as const }))));
  await stand.publish(withRules([db, web], rules));
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['open-egress', 'segment:db']);
  await stand.publish(withRules([db, { ...web, mode: 'observe' }], rules.slice(0, 2)));
  expect((await stand.store.readHead())?.blockedSegments.db?.message).toContain('`web`');
  expect(letIn(stand)).toEqual(['segment:db 443']);
});

test('and keeps those that they reach its enforced members by, until they are', async () => {
  const stand = new Stand();
  stand.launch({ app: 'db' });
  const { nics } = stand.launch({ app: 'web', ops: 'yes' });
  const web = segment('web', 'stage');
  await stand.publish(policyOf([db, web].map((one) => ({ ...one, mode: 'observe' as const }))));
  await stand.publish(withRules([db, web], [rule('web', 'db', 8080), rule('web', 'db', 443)]));
  const rules = [rule('ops', 'db', 8080)];
  await stand.publish(withRules([db, ops('observe'), web], rules));
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  expect(letIn(stand)).toEqual(['segment:web 8080']);
  await stand.publish(withRules([db, ops('stage'), web], rules));
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:ops', 'segment:web']);
  expect(letIn(stand)).toEqual(['segment:ops 8080']);
});
