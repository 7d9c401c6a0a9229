import { describe, expect, test } from 'vitest';
import type { Ports } from '../../engine/ports.ts';
import { policyOf, Stand, segment } from '../simulation/stand.ts';

const policy = (mode: 'stage' | 'enforce') => policyOf([segment('web', mode)]);

/** A worker to whom EC2 does not show an interface once it has written its groups. */
function blindAfterWrite(stand: Stand): Ports {
  let hasWritten = false;
  const ports = stand.ports('worker', (call) => {
    if (call === 'writer.setInterfaceGroups') hasWritten = true;
  });
  const reader = new Proxy(ports.reader, {
    get: (target, name) =>
      name === 'readInterface' && hasWritten ? async () => undefined : Reflect.get(target, name),
  });
  return { ...ports, reader };
}

/** A host that comes into a segment which is enforced already. */
async function coming() {
  const stand = new Stand();
  stand.launch({ app: 'web' });
  await stand.publish(policy('enforce'));
  const { id, nics } = stand.launch({ app: 'web' });
  return { stand, id, nic: nics[0] ?? '' };
}

describe('an interface that EC2 does not show', () => {
  test('keeps its ledger while that is young, and gets back what it had', async () => {
    const { stand, id, nic } = await coming();
    expect(await stand.look(id, blindAfterWrite(stand))).toMatchObject({ kind: 'waiting' });
    expect(stand.groupsOf(nic)).toEqual(['open-egress', 'segment:web']);
    expect(await stand.store.readLedger(nic)).toMatchObject({ groups: [stand.flat] });
    stand.nowMs += 20_000;
    expect(await stand.look(id)).toMatchObject({ kind: 'done', status: 'enforced' });
    await stand.publish(policy('stage'));
    expect(stand.groupsOf(nic)).toEqual(['flat', 'segment:web']);
  });

  test('is forgotten at last, by the sweep, when it is gone for good', async () => {
    const { stand, id, nic } = await coming();
    await stand.look(id);
    stand.ec2.admin.TerminateInstances({ InstanceIds: [id] });
    stand.ec2.settle();
    await stand.look(id);
    expect(await stand.store.readLedger(nic)).toBeDefined();
    await stand.sweep();
    expect(await stand.store.readLedger(nic)).toBeUndefined();
    expect(await stand.store.readInterface(nic)).toBeUndefined();
  });
});
