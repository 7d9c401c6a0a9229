import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import { measureLimits } from '../../../core/limits/measure-limits.ts';
import type { Quotas } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { growthText, limitRows } from '../../../core/show/limits.ts';
import type { Estate } from '../../properties/apply-steps.ts';
import {
  group,
  type Host,
  inventory,
  NOW,
  network,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';
import { fresh, planFor, publish } from '../plan/plan-for.ts';

const quotas: Quotas = { groupsPerInterface: 5, rulesPerGroup: 4, groupsPerRegion: 100 };

function compile(p: Policy, { inventory: i }: Estate) {
  return compilePolicy({ policy: p, inventory: i, now: NOW, owner: OWNER });
}

function measure(p: Policy, estate: Estate) {
  return measureLimits({
    ...{ inventory: estate.inventory, desired: compile(p, estate).desired, owner: OWNER },
    ...{ plan: planFor(p, estate), policy: p },
  });
}

/** Segments that each send to `db` on a port of their own, so that only its ingress grows. */
const SOURCES = Array.from({ length: 30 }, (_, at) => `s${String(at).padStart(2, '0')}`);

function manyInto(rules: number, more: Partial<Policy> = {}): Policy {
  return policy({
    segments: [
      segment('db', { egress: 'closed' }),
      ...SOURCES.map((name) => segment(name, { mode: 'stage' })),
    ],
    rules: SOURCES.slice(0, rules).map((name) => rule(`r-${name}`, name, 'db', ['tcp/5432'])),
    ...more,
  });
}

const hosts: readonly Host[] = [
  { name: 'd', app: 'db' },
  ...SOURCES.map((name) => ({ name, app: name })),
];
const estate = fresh(inventory(hosts, { quotas }));
const growthOf = (p: Policy, at: Estate) =>
  measure(p, at).growth.find((one) => one.segment === 'db');

describe('growth', () => {
  test.each([1, 3, 4, 5, 11])(
    'from %i rules: room is exact, and one more costs a group',
    (rules) => {
      const before = publish(manyInto(rules), estate);
      const room = growthOf(manyInto(rules), before)?.room.ingress ?? Number.NaN;
      const groupsOf = (count: number) =>
        compile(manyInto(count), before).desired.groups.filter((g) => /:db[:@]/.test(g.key)).length;
      expect(groupsOf(rules + room)).toBe(groupsOf(rules));
      expect(groupsOf(rules + room + 1)).toBe(groupsOf(rules) + 1);
    },
  );

  test('the further groups are all that fit: full is accepted, one rule more is refused', () => {
    const before = publish(manyInto(3), estate);
    const growth = growthOf(manyInto(3), before);
    expect(growth).toMatchObject({ room: { ingress: 1 }, furtherGroups: 4, interface: 'eni-d' });
    const errors = (count: number) =>
      compile(manyInto(count), before).diagnostics.filter(({ severity }) => severity === 'error');
    const most = 3 + 1 + 4 * quotas.rulesPerGroup;
    expect(errors(most)).toEqual([]);
    expect(errors(most + 1).map(({ code }) => code)).toEqual(['too-many-groups-on-interface']);
  });

  test('while foreign groups are on, an interface waits before the policy is refused', () => {
    const crowd = ['sg-a', 'sg-b', 'sg-flat'];
    const crowded = fresh(
      inventory([{ name: 'd', app: 'db', groups: crowd }, ...hosts.slice(1)], {
        ...{ quotas, groups: [group('sg-a', 'vpc-1'), group('sg-b', 'vpc-1')] },
      }),
    );
    const growth = growthOf(manyInto(4), crowded);
    expect(growth).toMatchObject({ furtherGroups: 4, furtherGroupsStaged: 1 });
    const blocked = (rules: number) =>
      compile(manyInto(rules), crowded).desired.attachments.find((a) => a.interface === 'eni-d')
        ?.blocked?.reason;
    expect([blocked(8), blocked(9)]).toEqual([undefined, 'slots']);
    expect(growth === undefined ? '' : growthText(growth, quotas)).toBe(
      'db in vpc-1: room for 0 more ingress and 4 more egress rules, then 4 further groups of 4, ' +
        '1 of them before an interface with foreign groups waits, then refused (eni-d)',
    );
  });

  test('the Region may be what stands in the way', () => {
    const tight = fresh(inventory(hosts, { quotas: { ...quotas, groupsPerRegion: 34 } }));
    const growth = growthOf(manyInto(1), tight);
    expect(growth).toMatchObject({ furtherGroups: 1, bound: 'groups in the Region' });
  });
});

describe('use', () => {
  const web = segment('web');
  const mirror = network('mirror', { prefixList: 'pl-1' });
  const p = policy({
    segments: [web, segment('db', { egress: 'closed' })],
    networks: [mirror],
    rules: [rule('m', 'web', 'mirror', ['tcp/443']), rule('w', 'web', 'db', ['tcp/5432'])],
  });
  const list = { maxEntries: 3, owner: 'me', cidrs: ['192.0.2.0/24'], tags: {} };
  const two = [
    { name: 'd', app: 'db' },
    { name: 'w', app: 'web', groups: ['sg-flat', 'sg-kept'] },
  ];
  const start = fresh(
    inventory(two, {
      ...{ quotas, groups: [group('sg-kept', 'vpc-1', { tags: { 'bulkhead:keep': 'true' } })] },
      prefixLists: [{ id: 'pl-1', name: 'mirror', family: 'ipv4', ...list }],
    }),
  );
  const keeping = { ...p, settings: { ...p.settings, keepSecurityGroups: ['sg-kept'] } };

  test('of groups, interfaces, lists and the Region: now, at the most, and after', () => {
    const report = measure(keeping, start);
    expect(report.region).toEqual({ now: 2, during: 5, after: 5, limit: 100 });
    expect(report.interfaces[0]).toEqual({
      ...{ interface: 'eni-w', workload: 'i-w', now: 2, during: 4, after: 3, limit: 5 },
      slots: { foreign: 0, kept: 1, baseline: 0, openEgress: 1, segments: 1, surplus: 0 },
    });
    // A list counts its maximum size, a group in both families.
    expect(report.rules.slice(0, 2)).toMatchObject([
      { group: 'segment:web@vpc-1', direction: 'egress', family: 'ipv4', now: 0, after: 4 },
      { limit: 4, after: 1 },
    ]);
    expect(report.lists).toMatchObject([{ list: 'pl-1', entries: 1, maxEntries: 3, rules: 1 }]);
    expect(limitRows(report)[0]?.what).toBe('egress rules of segment:web@vpc-1, ipv4');
  });

  test('what a plan says will be there is there after it, and then nothing more comes', () => {
    const said = measure(keeping, start);
    const after = measure(keeping, publish(keeping, start));
    const afterOf = (report: typeof said) => [
      report.region.after,
      new Set(report.rules.map((r) => `${r.group} ${r.direction} ${r.family} ${r.after}`)),
      new Set(
        report.interfaces.map((one) => JSON.stringify([one.interface, one.after, one.slots])),
      ),
    ];
    expect(afterOf(after)).toEqual(afterOf(said));
    for (const use of [after.region, ...after.rules, ...after.interfaces]) {
      expect([use.now, use.during]).toEqual([use.after, use.after]);
    }
  });

  test('a rule that replaces another counts twice while the plan runs', () => {
    const before = publish(keeping, start);
    const wider = { ...keeping, rules: [rule('w', 'web', 'db', ['tcp/5432-5433'])] };
    const ingress = measure(wider, before).rules.find(
      (one) => one.group === 'segment:db@vpc-1' && one.family === 'ipv4',
    );
    expect(ingress).toMatchObject({ direction: 'ingress', now: 1, during: 2, after: 1 });
  });
});
