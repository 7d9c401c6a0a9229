import { describe, expect, test } from 'vitest';
import { pathDifference } from '../../../core/api/path-difference.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Mode, Policy } from '../../../core/model/policy.ts';
import { group, inventory, NOW, OWNER, policy, rule, segment } from '../../properties/builders.ts';
import { fresh, planFor } from '../plan/plan-for.ts';

/** Two web hosts, a database and a stranger, all on one flat group. */
const FLAT = inventory([
  { name: 'web1', app: 'web' },
  { name: 'web2', app: 'web' },
  { name: 'db', app: 'db' },
  { name: 'stranger' },
]);

function shop(mode: Mode): Policy {
  return policy({
    segments: [segment('db', { mode }), segment('web', { mode })],
    rules: [rule('web-to-db', 'web', 'db', ['tcp/5432'])],
  });
}

function differenceOf(wanted: Policy, now: Inventory) {
  const input = { policy: wanted, inventory: now, now: NOW, owner: OWNER };
  return pathDifference({ ...input, plan: planFor(wanted, fresh(now)) });
}

describe('pathDifference', () => {
  test.each(['observe', 'stage'] as const)('%s changes no path', (mode) => {
    expect(differenceOf(shop(mode), FLAT)).toEqual({ opened: [], closed: [] });
  });

  test('enforce closes what no rule allows, inside a segment too, and nothing else', () => {
    // One database has no second member to talk to; what leaves to strangers stays open.
    const but5432 = [
      ...['0', 'icmp', '2-5', 'tcp/0-5431', 'tcp/5433-65535', '7-16', 'udp', '18-57'],
      ...['icmpv6', '59-255'],
    ];
    expect(differenceOf(shop('enforce'), FLAT)).toEqual({
      opened: [],
      closed: [
        { from: '(no segment)', to: 'db', ports: ['all'] },
        { from: '(no segment)', to: 'web', ports: ['all'] },
        { from: 'db', to: 'web', ports: ['all'] },
        { from: 'web', to: 'db', ports: but5432 },
        { from: 'web', to: 'web', ports: ['all'] },
      ],
    });
  });

  test('a path that was shut is opened', () => {
    const shut = {
      ...FLAT,
      groups: FLAT.groups.map((group) => ({ ...group, ingress: [], egress: [] })),
    };
    const { opened, closed } = differenceOf(shop('stage'), shut);
    expect(opened).toEqual([{ from: 'web', to: 'db', ports: ['tcp/5432'] }]);
    expect(closed).toEqual([]);
  });

  test.each([
    ['first', 0],
    ['last', 1],
  ])('a path that one member alone gains is opened, also when it comes %s', (_, free) => {
    const shut = {
      ...FLAT,
      groups: FLAT.groups.map((group) => ({ ...group, ingress: [], egress: [] })),
      workloads: FLAT.workloads.map((one, at) =>
        at === free || at > 1 ? one : { ...one, control: 'visible' as const },
      ),
    };
    const { opened } = differenceOf(shop('stage'), shut);
    expect(opened).toEqual([{ from: 'web', to: 'db', ports: ['tcp/5432'] }]);
  });

  test.each([
    [
      'IPv6',
      '::/0',
      { ipv4: ['10.0.9.1'], ipv6: [] },
      { ipv4: ['10.0.9.2'], ipv6: ['2001:db8::2'] },
    ],
    ['IPv4', '10.0.0.0/8', { ipv4: [], ipv6: ['2001:db8::1'] }, { ipv4: ['10.0.9.2'], ipv6: [] }],
    [
      'IPv4',
      '10.0.0.0/8',
      { ipv4: [], ipv6: ['2001:db8::1'] },
      { ipv4: ['10.0.9.2'], ipv6: ['2001:db8::2'] },
    ],
  ])(
    'a path that only %s had is closed, although some members have none',
    (_, cidr, one, other) => {
      const peer = { kind: cidr.includes(':') ? ('ipv6' as const) : ('ipv4' as const), cidr };
      const open = [{ protocol: -1, fromPort: -1, toPort: -1, peer }];
      const addresses = [one, other, { ipv4: ['10.0.9.3'], ipv6: ['2001:db8::3'] }];
      const base = inventory([{ name: 'lone1' }, { name: 'lone2' }, { name: 'db', app: 'db' }]);
      const now = {
        ...base,
        groups: base.groups.map((group) => ({ ...group, ingress: open, egress: open })),
        interfaces: base.interfaces.map((nic, at) => ({ ...nic, ...addresses[at] })),
      };
      expect(differenceOf(shop('enforce'), now).closed).toContainEqual({
        from: '(no segment)',
        to: 'db',
        ports: ['all'],
      });
    },
  );

  test('an interface in two segments changes paths of both, sorted by their names', () => {
    const now = inventory([{ name: 'web', app: 'web', tags: { tier: 'front' } }, { name: 'lone' }]);
    const front = segment('front', { select: { tags: { tier: ['front'] } } });
    const wanted = policy({ segments: [segment('web'), front] });
    expect(differenceOf(wanted, now).closed.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
      '(no segment) -> front',
      '(no segment) -> web',
    ]);
  });

  test.each([
    ['first', ['sg-flat'], ['sg-shut']],
    ['last', ['sg-shut'], ['sg-flat']],
  ])('a path that one member alone had is closed, also when it comes %s', (_, one, other) => {
    const now = inventory(
      [
        { name: 'web1', app: 'web', groups: one },
        { name: 'web2', app: 'web', groups: other },
        { name: 'lone' },
      ],
      { groups: [group('sg-shut', 'vpc-1')] },
    );
    const wanted = policy({ segments: [segment('web')] });
    expect(differenceOf(wanted, now).closed).toContainEqual({
      from: '(no segment)',
      to: 'web',
      ports: ['all'],
    });
  });

  test('an interface of a workload that was not read is in no segment', () => {
    const now = { ...FLAT, workloads: FLAT.workloads.slice(0, -1) };
    expect(differenceOf(shop('enforce'), now)).toEqual(differenceOf(shop('enforce'), FLAT));
  });
});
