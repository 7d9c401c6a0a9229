import { describe, expect, test } from 'vitest';
import { policyEffect } from '../../../core/assess/policy-effect.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { inventory, OWNER, policy, rule, segment } from '../../properties/builders.ts';

/** Two web hosts, a database and a stranger on one flat group, and one that is not on the network. */
const hosts = inventory([
  { name: 'web1', app: 'web' },
  { name: 'web2', app: 'web' },
  { name: 'db', app: 'db' },
  { name: 'stranger' },
  { name: 'gone' },
]);
const FLAT: Inventory = {
  ...hosts,
  interfaces: hosts.interfaces.slice(0, -1),
  workloads: hosts.workloads.map((one) =>
    one.identity.workload === 'i-gone' ? { ...one, interfaces: [] } : one,
  ),
};

const SHOP = policy({
  segments: [segment('db'), segment('empty'), segment('web')],
  rules: [rule('web-to-db', 'web', 'db', ['tcp/5432'])],
});

function effectOf(wanted: Policy, now: Inventory = FLAT) {
  return policyEffect({ policy: wanted, inventory: now, owner: OWNER });
}

describe('policyEffect', () => {
  test('says who is in which segment, what opens and closes, and how flat it leaves the estate', () => {
    const { effect, diagnostics } = effectOf(SHOP);
    expect(diagnostics).toEqual([]);
    expect(effect).toEqual({
      segments: [
        { name: 'db', workloads: 1 },
        { name: 'empty', workloads: 0 },
        { name: 'web', workloads: 2 },
      ],
      unclassified: ['i-stranger'],
      // 3 groups, 2 revoked and 3 authorised sets of rules, 3 interfaces attached and detached.
      steps: 14,
      difference: {
        opened: [],
        closed: expect.arrayContaining([{ from: 'web', to: 'web', ports: ['all'] }]),
      },
      // Each web host to the database, and those three to the stranger; twelve pairs in all.
      openAfter: 5,
      shareAfter: 5 / 12,
      warnings: [],
      limits: expect.objectContaining({
        quotas: FLAT.quotas,
        region: { now: 1, during: 4, after: 4, limit: 2_500 },
      }),
    });
  });

  test('a policy that only observes changes nothing', () => {
    const { effect } = effectOf(policy({ segments: [segment('web', { mode: 'observe' })] }));
    expect(effect).toMatchObject({
      ...{ steps: 0, openAfter: 12, shareAfter: 1, difference: { opened: [], closed: [] } },
      unclassified: ['i-db', 'i-stranger'],
    });
  });

  test('of an estate of nobody nothing is open', () => {
    expect(effectOf(SHOP, inventory([])).effect).toMatchObject({ openAfter: 0, shareAfter: 0 });
  });

  test('groups that the settings keep count as kept', () => {
    const { effect } = effectOf({
      ...SHOP,
      settings: { ...SHOP.settings, keepSecurityGroups: ['sg-flat'] },
    });
    expect(effect?.limits.interfaces.map(({ slots }) => slots.kept)).toEqual([1, 1, 1]);
  });

  test('who is withheld from its segment is not called unclassified', () => {
    const zones = [segment('db', { zone: 'pci' }), segment('web', { zone: 'corporate' })];
    const both = { name: 'both', tags: { app: 'db', tier: 'web' } };
    const wanted = policy({
      segments: zones.map((one) =>
        one.name === 'web' ? { ...one, select: { tags: { tier: ['web'] } } } : one,
      ),
    });
    const { effect } = effectOf(wanted, inventory([both, { name: 'stranger' }]));
    expect(effect?.unclassified).toEqual(['i-stranger']);
  });

  test('what AWS would refuse has no effect, and says why', () => {
    const quotas = { ...FLAT.quotas, groupsPerRegion: 2 };
    const refused = effectOf(SHOP, { ...FLAT, quotas });
    expect(refused).not.toHaveProperty('effect');
    expect(refused.diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
      ['error', 'the Region would hold 4 of 2 security groups: 1 exist, 3 would be added'],
    ]);
  });

  test('a warning is passed on and stops nothing', () => {
    const guarded = policy({
      ...SHOP,
      guardrails: [
        {
          ...{ id: 'apart', except: [], why: 'apart', location: segment('db').location },
          deny: { from: { segment: 'web' }, to: { segment: 'db' } },
        },
      ],
    });
    const { effect, diagnostics } = effectOf(guarded);
    expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([
      ['warning', 'guardrail-forbids-pair'],
    ]);
    expect(effect?.openAfter).toBe(3);
  });
});
