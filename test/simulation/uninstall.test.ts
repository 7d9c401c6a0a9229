import { expect, test } from 'vitest';
import type { InventoryGap } from '../../core/model/inventory.ts';
import { filtersOf, passes } from './flows.ts';
import { policyOf, Stand, segment } from './stand.ts';

const closed = (name: string, mode: 'stage' | 'enforce') =>
  ({ ...segment(name, mode), egress: 'closed' }) as const;
const RULES = [['web', 'db']] as const;
const STAGED = policyOf([closed('web', 'stage'), closed('db', 'stage')], RULES);
const ENFORCED = policyOf([closed('web', 'enforce'), closed('db', 'enforce')], RULES);

/**
 * Guards: `interfaceSteps` in engine/publish/barrier.ts waits for all in an uninstall, and `findTouched`
 * in engine/publish/late-comers.ts finds whom one with gaps in its inventory does not list.
 */
test.each<[string, readonly InventoryGap[]]>([
  ['', []],
  [', listing nobody,', [{ kind: 'RouteTables', reason: 'TimeoutError' }]],
])(
  'an uninstall planned%s before a publish took foreign groups off cuts nothing',
  async (_of, gaps) => {
    const stand = new Stand();
    const [web, db] = [stand.launch({ app: 'web' }), stand.launch({ app: 'db' })];
    await stand.publish(STAGED);
    const [create, attach, attached, steady, settled] = stand.steps(await stand.prepare(ENFORCED));
    for (const step of [create, attach, attached]) await step?.(stand.ports('publish'));
    const uninstall = await stand.prepare(
      undefined,
      stand.reading(() => ({ gaps })),
    );
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
  },
);

/** Guard: `withoutAbsentGroups` in engine/write-path.ts, which leaves what is gone out of the ledger. */
test('a group that was deleted while it was off leaves no ledger behind an uninstall', async () => {
  const stand = new Stand();
  const [nic = ''] = stand.launch({ app: 'web' }).nics;
  const legacy = stand.foreignGroup('legacy');
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({
    NetworkInterfaceId: nic,
    Groups: [stand.flat, legacy],
  });
  for (const policy of [STAGED, ENFORCED]) await stand.publish(policy);
  expect((await stand.store.readLedger(nic))?.groups).toEqual([stand.flat, legacy].sort());
  stand.ec2.admin.DeleteSecurityGroup({ GroupId: legacy });
  await stand.carryOut(await stand.prepare(undefined));
  expect(stand.groupsOf(nic)).toEqual(['flat']);
  expect(await stand.store.readLedger(nic)).toBeUndefined();
});

/** Guard: `decide` in engine/write-path.ts lets it swap. */
test('an interface without room for its own groups beside ours holds no uninstall up', async () => {
  const stand = new Stand();
  const [nic = ''] = stand.launch({ app: 'web' }).nics;
  const peer = stand.launch({ app: 'db' });
  const Groups = [stand.flat, ...['a', 'b', 'c'].map((name) => stand.foreignGroup(name))];
  stand.ec2.admin.ModifyNetworkInterfaceAttribute({ NetworkInterfaceId: nic, Groups });
  for (const mode of ['stage', 'enforce'] as const) {
    const rules = [...RULES, ['web', 'web']] as const;
    await stand.publish(policyOf([segment('web', mode), segment('db', mode)], rules));
  }
  expect(stand.groupsOf(nic)).toEqual(['open-egress', 'segment:web']);
  for (let round = 0; round < 2; round += 1) await stand.carryOut(await stand.prepare(undefined));
  expect(stand.groupsOf(nic)).toEqual(['a', 'b', 'c', 'flat']);
  expect(stand.groupsOf(peer.nics[0] ?? '')).toEqual(['flat']);
});

test('the ledger of an enforced host stays, though none of its groups exists', async () => {
  const stand = new Stand();
  const { id, nics } = stand.launch({ app: 'web' });
  const [nic = ''] = nics;
  for (const policy of [STAGED, ENFORCED]) await stand.publish(policy);
  stand.ec2.admin.DeleteSecurityGroup({ GroupId: stand.flat });
  // Taken out of all segments: what it would go back to is gone, so that ours stay on it.
  await stand.publish(policyOf([closed('db', 'enforce')]));
  expect((await stand.look(id)).kind).not.toBe('waiting');
  expect(stand.groupsOf(nic)).toEqual(['segment:web']);
  expect((await stand.store.readLedger(nic))?.groups).toEqual([stand.flat]);
});
