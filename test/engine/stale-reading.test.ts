import { expect, test } from 'vitest';
import type { Ports } from '../../engine/ports.ts';
import { policyOf, Stand, segment } from '../simulation/stand.ts';

const policy = (mode: 'stage' | 'enforce') => policyOf([segment('web', mode)]);

/** A worker to whom EC2 shows the interface as it was before its last write. */
async function shownTheOld(stand: Stand, nic: string): Promise<Ports> {
  const ports = stand.ports('worker');
  const old = await ports.reader.readInterface(nic);
  const reader = new Proxy(ports.reader, {
    get: (target, name) => (name === 'readInterface' ? async () => old : Reflect.get(target, name)),
  });
  return { ...ports, reader };
}

/** Guard: `readPlausible` in engine/write-path.ts. */
test('groups that were just put back do not come off again for want of seeing them', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'web' });
  const [nic = ''] = nics;
  for (const mode of ['stage', 'enforce'] as const) await stand.publish(policy(mode));
  const blind = await shownTheOld(stand, nic);
  const [create, attach, barrier, steady] = stand.steps(await stand.prepare(policy('stage')));
  for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
  expect(stand.groupsOf(nic)).toEqual(['flat', 'open-egress', 'segment:web']);
  expect(await stand.store.readLedger(nic)).toBeUndefined();
  await steady?.(stand.ports('publish'));
  const [report] = await stand.drain(blind);
  expect(report).toMatchObject({ kind: 'waiting', seconds: 5 });
  expect(stand.groupsOf(nic)).toContain('flat');
  stand.nowMs += 5_000;
  await stand.look(id);
  expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:web']);
});
