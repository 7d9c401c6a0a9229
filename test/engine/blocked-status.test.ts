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
