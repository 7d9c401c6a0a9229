import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import { EstateUnread, StalePlan } from '../../../engine/publish.ts';
import type { SimSegment } from '../../simulation/sim-policy.ts';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const STAGED = policyOf([segment('web', 'stage'), segment('db', 'stage')], [['web', 'db']]);
const ENFORCED = policyOf([segment('web', 'enforce'), segment('db', 'enforce')], [['web', 'db']]);

/** What is left of workloads when their interfaces alone were read. */
function withoutInstances({ workloads }: Inventory): Partial<Inventory> {
  return {
    workloads: workloads.map((one) => ({
      ...one,
      identity: { ...one.identity, kind: 'interface' as const, tags: {} },
    })),
  };
}

const THROTTLED = 'RequestLimitExceeded: Request limit exceeded.';

describe('an inventory that could not be read in full', () => {
  test.each<[string, (whole: Inventory) => Partial<Inventory>]>([
    ['Vpcs', () => ({ vpcs: [] })],
    ['Subnets', () => ({ subnets: [] })],
    ['SecurityGroups', () => ({ groups: [] })],
    ['NetworkInterfaces', () => ({ interfaces: [] })],
    ['VpcPeeringConnections', () => ({ peerings: [] })],
    ['Tasks', () => ({})],
    ['InstanceProfiles', () => ({})],
    ['TaskDefinitions', () => ({})],
  ])('without %s nothing comes into force', async (kind, without) => {
    const stand = new Stand();
    const { nics } = stand.launch({ app: 'web' });
    stand.launch({ app: 'db' });
    await stand.publish(STAGED);
    const gaps = [{ kind, reason: THROTTLED }];
    const ports = stand.reading((whole) => ({ ...without(whole), gaps }));
    await expect(stand.prepare(ENFORCED, ports)).rejects.toThrow(EstateUnread);
    expect(await stand.store.readHead()).toMatchObject({ generation: 1, phase: 'steady' });
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat', 'segment:web']);
  });

  test('an entry that is not understood leaves the rest as it is', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    const gaps = [{ kind: 'SecurityGroups', reason: '1 of the entries cannot be read' }];
    const plan = await stand.prepare(
      ENFORCED,
      stand.reading(() => ({ gaps })),
    );
    expect((await stand.store.readPlan(plan))?.state).toBe('planned');
  });

  test('a plan that AWS would refuse halfway is not made', async () => {
    const stand = new Stand();
    for (const app of ['web', 'db', 'api']) stand.launch({ app });
    await stand.publish(STAGED);
    const next = policyOf([segment('api', 'stage'), segment('db', 'stage')], [['api', 'db']]);
    const ports = stand.reading(({ quotas }) => ({
      // The old rule stays, since nothing is removed, and the new one finds no room.
      gaps: [{ kind: 'SecurityGroups', reason: '1 of the entries cannot be read' }],
      quotas: { ...quotas, rulesPerGroup: 1 },
    }));
    await expect(stand.prepare(next, ports)).rejects.toThrow('cannot be put in force: 2 errors');
    expect(await stand.store.readHead()).toMatchObject({ generation: 1, phase: 'steady' });
  });

  test('without instances, though their interfaces are there, nothing comes into force', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    const ports = stand.reading((whole) => ({
      ...withoutInstances(whole),
      gaps: [{ kind: 'Reservations', reason: THROTTLED }],
    }));
    await expect(stand.prepare(ENFORCED, ports)).rejects.toThrow(EstateUnread);
  });

  test.each(['SecurityGroups', 'NetworkInterfaces', 'Reservations'])(
    'without %s nothing is uninstalled either',
    async (kind) => {
      const stand = new Stand();
      const { nics } = stand.launch({ app: 'web' });
      await stand.publish(ENFORCED);
      const without: Partial<Inventory> =
        kind === 'SecurityGroups' ? { groups: [] } : { interfaces: [] };
      const ports = stand.reading((whole) => ({
        ...(kind === 'Reservations' ? withoutInstances(whole) : without),
        gaps: [{ kind, reason: THROTTLED }],
      }));
      await expect(stand.prepare(undefined, ports)).rejects.toThrow(EstateUnread);
      expect(stand.groupsOf(nics[0] ?? '')).toContain('segment:web');
    },
  );

  test('an uninstall needs to know nothing of tasks and peerings', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(ENFORCED);
    const gaps = ['Tasks', 'VpcPeeringConnections'].map((kind) => ({ kind, reason: 'denied' }));
    const plan = await stand.prepare(
      undefined,
      stand.reading(() => ({ gaps, peerings: [] })),
    );
    expect((await stand.store.readPlan(plan))?.state).toBe('planned');
  });
});

test('a publish that was asked for before the uninstall that is in force by now is stale', async () => {
  const stand = new Stand();
  const { nics } = stand.launch({ app: 'web' });
  stand.launch({ app: 'db' });
  await stand.publish(STAGED);
  const early = await stand.store.nextGeneration();
  const uninstall = await stand.prepare(undefined);
  await stand.carryOut(uninstall);
  await expect(stand.prepare(ENFORCED, stand.ports('publish'), early)).rejects.toThrow(
    new StalePlan(
      `plan-${early} was asked for before ${uninstall}, which is in force by now; publish again if it is still wanted`,
    ),
  );
  expect(await stand.store.readPlan(`plan-${early}`)).toMatchObject({ state: 'stale' });
  expect(await stand.store.readHead()).toMatchObject({ kind: 'uninstall' });
  expect(stand.groupsOf(nics[0] ?? '')).toEqual(['flat']);
});

describe('approval', () => {
  const apart = { id: 'apart', from: { zone: 'dev' }, to: { zone: 'prod' }, except: [] };
  const closed = { mode: 'enforce', egress: 'closed' } as const;
  const prod = { ...closed, name: 'prod', tags: { app: 'prod' }, zone: 'prod' };
  const dev = { ...closed, name: 'dev', tags: { app: 'dev' }, zone: 'dev' };

  /** Moves a workload out of `shared` while that gets a rule to `prod`. */
  async function moved(to: readonly SimSegment[]): Promise<string | undefined> {
    const stand = new Stand();
    for (const app of ['dev', 'web', 'prod']) {
      stand.launch(app === 'prod' ? { app } : { app, team: 'shop' });
    }
    const shared = { ...closed, name: 'shared', tags: { team: 'shop' } };
    const zones = { zones: ['dev', 'prod'], guardrails: [apart] };
    await stand.publish({ ...policyOf([shared, prod]), ...zones });
    const rest = { ...shared, tags: { app: 'web' } };
    const next = policyOf([rest, prod, ...to], [['shared', 'prod']]);
    return stand.verdicts.get(await stand.prepare({ ...next, ...zones }));
  }

  test('is asked for what may be let across a guardrail for a moment', async () => {
    expect(await moved([dev])).toBe('approval');
    expect(await moved([{ ...closed, name: 'dev', tags: dev.tags }])).toBe('apply');
  });

  test('is asked for what changes more than the change guard allows', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(policyOf([segment('web', 'stage')]));
    const enforced = policyOf([segment('web', 'enforce')]);
    const [free, guarded] = [
      await stand.prepare(enforced),
      await stand.prepare({ ...enforced, changeShare: 20 }),
    ];
    expect([free, guarded].map((plan) => stand.verdicts.get(plan))).toEqual(['apply', 'approval']);
  });
});
