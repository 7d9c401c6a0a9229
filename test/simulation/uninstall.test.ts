import { expect, test } from 'vitest';
import { filtersOf, passes } from './flows.ts';
import { policyOf, Stand, segment } from './stand.ts';

const closed = (name: string, mode: 'stage' | 'enforce') =>
  ({ ...segment(name, mode), egress: 'closed' }) as const;
const RULES = [['web', 'db']] as const;
const STAGED = policyOf([closed('web', 'stage'), closed('db', 'stage')], RULES);
const ENFORCED = policyOf([closed('web', 'enforce'), closed('db', 'enforce')], RULES);

/** Guard: `interfaceSteps` in engine/publish/barrier.ts waits for all in an uninstall. */
test('an uninstall that was planned before a publish took foreign groups off cuts nothing', async () => {
  const stand = new Stand();
  const [web, db] = [stand.launch({ app: 'web' }), stand.launch({ app: 'db' })];
  await stand.publish(STAGED);
  const [create, attach, attached, steady, settled] = stand.steps(await stand.prepare(ENFORCED));
  for (const step of [create, attach, attached]) await step?.(stand.ports('publish'));
  const uninstall = await stand.prepare(undefined);
  for (const step of [steady, settled]) await step?.(stand.ports('publish'));
  expect(stand.groupsOf(db.nics[0] ?? '')).toEqual(['segment:db']);

  const isOpen = (): boolean => {
    const snapshot = stand.ec2.snapshot();
    const [from, to] = [web, db].map(({ nics: [nic] }) =>
      snapshot.interfaces.find(({ id }) => id === nic),
    );
    return from !== undefined && to !== undefined && passes(filtersOf(snapshot), from, to, 8080);
  };
  const seen: boolean[] = [];
  const worker = stand.ports('worker', (call) => {
    if (call === 'store.settle') seen.push(isOpen());
  });
  await stand.carryOut(uninstall, worker);
  expect(seen).not.toContain(false);
  for (const { nics } of [web, db]) expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat']);
});
