import { describe, expect, test } from 'vitest';
import { type CompareInput, type End, readClasses } from '../../../core/check/ends.ts';
import type { Membership } from '../../../core/model/desired-state.ts';
import type { Inventory, NetworkInterface } from '../../../core/model/inventory.ts';
import {
  group,
  type Host,
  inventory,
  NOW,
  network,
  policy,
  segment,
} from '../../properties/builders.ts';

const GROUP_IDS = {
  'segment:db@vpc-1': 'sg-db',
  'surplus:db:2@vpc-1': 'sg-db-2',
  'baseline@vpc-1': 'sg-base',
};

function membership(name: string, more: Partial<Membership> = {}): Membership {
  return {
    ...{ workload: `i-${name}`, segments: ['db'], withheld: [], mode: 'enforce' },
    ...{ openEgress: false, conflicts: [], carries: ['baseline', 'segment:db'] },
    ...more,
  };
}

interface World {
  readonly hosts?: readonly Host[];
  readonly memberships?: readonly Membership[];
  readonly found?: Partial<Inventory>;
  readonly nic?: Partial<NetworkInterface>;
  readonly more?: Partial<CompareInput>;
}

const CARRIED = ['sg-base', 'sg-db', 'sg-db-2'];

/** One host `d` that carries the groups of segment `db`, unless told otherwise. */
function read({ hosts, memberships, found, nic, more }: World): readonly (readonly End[])[] {
  const all = inventory(hosts ?? [{ name: 'd', groups: CARRIED }], found);
  const interfaces = all.interfaces.map((one) => ({ ...one, ...nic }));
  return readClasses({
    policy: policy({ segments: [segment('db'), segment('seen', { mode: 'observe' })] }),
    inventory: { ...all, interfaces },
    memberships: memberships ?? [membership('d')],
    groupIds: GROUP_IDS,
    now: NOW,
    ...more,
  });
}

function one(world: World): End {
  const [[end] = []] = read(world);
  if (end === undefined) throw new Error('no end');
  return end;
}

const marks = ({ attached, ingressEnforced, egressEnforced }: End): string =>
  [attached && 'attached', ingressEnforced && 'ingress', egressEnforced && 'egress']
    .filter((mark) => mark !== false)
    .join(' ');

describe('an end', () => {
  test('is what the evaluator of the policy is asked about', () => {
    const withheld = [{ segment: 'card', because: 'g' }];
    const end = one({ memberships: [membership('d', { withheld })] });
    const check = {
      identity: end.check.identity,
      ...{ ipv4: ['10.0.0.10'], ipv6: [], groups: CARRIED, withheld: ['card'], baseline: true },
    };
    expect(end.check).toEqual(check);
    expect(end.check.identity?.workload).toBe('i-d');
    // A segment that only observes has no group on which its rules could be written.
    expect(end.owed).toEqual({ ...check, muted: ['seen'] });
    expect(end.name).toBe('i-d');
    expect(end.excuse).toBeUndefined();
  });

  test.each([
    ['enforce', true],
    ['stage', true],
    ['observe', false],
  ] as const)('of mode %s: the baseline serves it: %s', (mode, baseline) => {
    expect(one({ memberships: [membership('d', { mode })] }).check.baseline).toBe(baseline);
  });

  test('is none where no workload or no address is known', () => {
    expect(read({ found: { workloads: [] } })).toEqual([]);
    expect(read({ nic: { ipv4: [] } })).toEqual([]);
    expect(read({ nic: { ipv4: [], ipv6: ['2001:db8::1'] } })).toHaveLength(1);
    expect(read({ nic: { ipv6: ['2001:db8::1'] } })).toHaveLength(1);
  });

  test('without a membership is asked nothing', () => {
    const end = one({ memberships: [] });
    expect(marks(end)).toBe('');
    expect(end.check).toMatchObject({ withheld: [], baseline: false });
    expect(end.excuse).toBeUndefined();
  });

  test.each<[string, World, string]>([
    ['carries all that is asked of it', {}, 'attached ingress egress'],
    ['lacks its segment', { nic: { groups: ['sg-base', 'sg-db-2'] } }, 'ingress egress'],
    [
      'lacks the group of surplus rules',
      { nic: { groups: ['sg-base', 'sg-db'] } },
      'ingress egress',
    ],
    ['lacks all of them', { nic: { groups: ['sg-flat'] } }, 'ingress egress'],
    [
      'may open its egress',
      { memberships: [membership('d', { openEgress: true })] },
      'attached ingress',
    ],
    ['is staged', { memberships: [membership('d', { mode: 'stage' })] }, 'attached'],
    ['is asked to carry nothing', { memberships: [membership('d', { carries: [] })] }, ''],
    [
      'is of groups not made yet',
      { more: { groupIds: {} }, nic: { groups: [] } },
      'ingress egress',
    ],
    [
      'is of a group not made yet',
      { more: { groupIds: { 'segment:db@vpc-1': 'sg-db' } } },
      'ingress egress',
    ],
    ['is in a VPC that is not managed', { more: { vpcs: ['vpc-2'] } }, 'attached'],
  ])('that %s', (_, world, expected) => {
    expect(marks(one(world))).toBe(expected);
  });

  test('without groups for surplus rules needs none', () => {
    const { 'surplus:db:2@vpc-1': _, ...groupIds } = GROUP_IDS;
    const end = one({ more: { groupIds }, nic: { groups: ['sg-base', 'sg-db'] } });
    expect(marks(end)).toBe('attached ingress egress');
  });

  test.each(['alias', 'peer', 'visible'] as const)('of control %s is not enforced', (control) => {
    const hosts = [{ name: 'd', groups: CARRIED, control }];
    expect(marks(one({ hosts }))).toBe('attached');
  });

  describe('is excused', () => {
    const withheld = [{ segment: 'card', because: 'g' }];
    const torn = { mode: 'observe', withheld, conflicts: ['two zones', 'more'] } as const;
    const excuse = (more: Partial<Membership>, excused?: ReadonlyMap<string, string>) =>
      one({ memberships: [membership('d', more)], more: excused === undefined ? {} : { excused } })
        .excuse;

    test('while a conflict keeps everything from being written for it', () => {
      expect(excuse(torn)).toBe('two zones');
      expect(excuse({ ...torn, mode: 'stage' })).toBeUndefined();
      expect(excuse({ ...torn, withheld: [] })).toBeUndefined();
      expect(excuse({})).toBeUndefined();
    });

    test('by what it is told first', () => {
      expect(excuse(torn, new Map([['i-d', 'held']]))).toBe('held');
      expect(excuse({}, new Map([['i-d', 'held']]))).toBe('held');
      expect(excuse(torn, new Map([['i-other', 'held']]))).toBe('two zones');
    });
  });
});

describe('ends are of one class', () => {
  const hosts = [
    { name: 'a', groups: CARRIED, ipv4: '10.0.0.1' },
    { name: 'b', groups: CARRIED, ipv4: '10.0.0.2' },
  ];
  const count = (more: Partial<Membership>, world: World = {}): number =>
    read({ hosts, memberships: [membership('a'), membership('b', more)], ...world }).length;

  test('that nothing tells apart', () => {
    expect(count({})).toBe(1);
    expect(read({ hosts, memberships: [] })).toHaveLength(1);
  });

  test.each<[string, Partial<Membership>]>([
    ['segments', { segments: ['db', 'web'] }],
    ['withheld segments', { withheld: [{ segment: 'card', because: 'g' }] }],
    ['mode', { mode: 'stage' }],
    ['egress', { openEgress: true }],
  ])('but for their %s', (_, more) => {
    expect(count(more)).toBe(2);
  });

  test('but for a workload without membership', () => {
    expect(read({ hosts, memberships: [membership('a')] })).toHaveLength(2);
  });

  test.each<[string, Partial<Host>]>([
    ['groups', { groups: ['sg-db'] }],
    ['VPC', { vpc: 'vpc-2' }],
    ['control', { control: 'visible' }],
  ])('but for their %s', (_, more) => {
    const [a, b] = hosts;
    expect(count({}, { hosts: [a, { ...b, ...more }] as Host[] })).toBe(2);
  });

  test.each<[string, World, number]>([
    [
      'a rule',
      {
        found: {
          groups: [
            group('sg-db', 'vpc-1', {
              ingress: [
                {
                  ...{ protocol: 6, fromPort: 1, toPort: 1 },
                  peer: { kind: 'ipv4', cidr: '10.0.0.2/32' },
                },
              ],
            }),
          ],
        },
      },
      2,
    ],
    [
      'a network',
      { more: { policy: policy({ networks: [network('n', { cidrs: ['10.0.0.2/31'] })] }) } },
      2,
    ],
    [
      'an exception of it',
      {
        more: {
          policy: policy({
            networks: [network('n', { cidrs: ['10.0.0.0/8'], except: ['10.0.0.2/32'] })],
          }),
        },
      },
      2,
    ],
    [
      'no block',
      { more: { policy: policy({ networks: [network('n', { cidrs: ['10.0.0.0/8'] })] }) } },
      1,
    ],
  ])('unless %s parts their addresses', (_, world, expected) => {
    expect(count({}, world)).toBe(expected);
  });
});
