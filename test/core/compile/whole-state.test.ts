import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  baselineEntry,
  group,
  inventory,
  network,
  OWNER,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { compile, ours, reversed, rulesByGroup, withInterface } from './compiled.ts';

const tcp = (port: number) => ({ protocol: 6, fromPort: port, toPort: port });

/** A small shop: what a whole desired state looks like. */
const shop: { policy: Policy; inventory: Inventory } = {
  policy: policy(
    {
      segments: [
        segment('agents', { select: { tags: { agent: ['yes'] } }, mode: 'stage' }),
        segment('db', { egress: 'closed' }),
        segment('web'),
      ],
      networks: [
        network('mirror', { cidrs: ['192.0.2.0/24'] }),
        network('office', { cidrs: ['198.51.100.0/25', '198.51.100.128/25', '2001:db8::/48'] }),
      ],
      baseline: [baselineEntry('updates', { to: 'mirror' }, ['tcp/443'])],
      rules: [
        rule('ask', ['agents', 'web'], 'db', ['tcp/5432']),
        rule('backup', 'web', 'db', ['tcp/5432', 'tcp/873']),
        rule('visit', 'office', 'web', ['tcp/443']),
      ],
    },
    { unclassified: 'isolate' },
  ),
  inventory: inventory([
    { name: 'd', app: 'db' },
    { name: 'w', app: 'web', tags: { agent: 'yes' } },
  ]),
};

const owned = (key: string) => ({ kind: 'owned', key }) as const;
const desired = {
  blockedSegments: {},
  groups: [
    {
      ...{ key: 'baseline@vpc-1', vpc: 'vpc-1', name: `${OWNER}/baseline` },
      description: 'Bulkhead: what every segmented workload may use',
      ingress: [],
      egress: [{ ...tcp(443), peer: { kind: 'ipv4', cidr: '192.0.2.0/24' }, because: ['updates'] }],
    },
    {
      ...{ key: 'isolation@vpc-1', vpc: 'vpc-1', name: `${OWNER}/isolation` },
      ...{ description: 'Bulkhead: no traffic at all', ingress: [], egress: [] },
    },
    {
      ...{ key: 'open-egress@vpc-1', vpc: 'vpc-1', name: `${OWNER}/open-egress` },
      description: 'Bulkhead: egress to anywhere, while it is open',
      ingress: [],
      egress: (['ipv4', 'ipv6'] as const).map((kind) => ({
        ...{ protocol: -1, fromPort: -1, toPort: -1, because: ['open-egress'] },
        peer: { kind, cidr: kind === 'ipv4' ? '0.0.0.0/0' : '::/0' },
      })),
    },
    {
      ...{ key: 'segment:agents@vpc-1', vpc: 'vpc-1', name: `${OWNER}/segment/agents` },
      description: 'Bulkhead: members of segment agents',
      ingress: [],
      egress: [{ ...tcp(5432), peer: owned('segment:db@vpc-1'), because: ['ask'] }],
    },
    {
      ...{ key: 'segment:db@vpc-1', vpc: 'vpc-1', name: `${OWNER}/segment/db` },
      description: 'Bulkhead: members of segment db',
      ingress: [
        { ...tcp(5432), peer: owned('segment:agents@vpc-1'), because: ['ask'] },
        { ...tcp(873), peer: owned('segment:web@vpc-1'), because: ['backup'] },
        { ...tcp(5432), peer: owned('segment:web@vpc-1'), because: ['ask', 'backup'] },
      ],
      egress: [],
    },
    {
      ...{ key: 'segment:web@vpc-1', vpc: 'vpc-1', name: `${OWNER}/segment/web` },
      description: 'Bulkhead: members of segment web',
      ingress: [
        { ...tcp(443), peer: { kind: 'ipv4', cidr: '198.51.100.0/24' }, because: ['visit'] },
        { ...tcp(443), peer: { kind: 'ipv6', cidr: '2001:db8::/48' }, because: ['visit'] },
      ],
      egress: [
        { ...tcp(873), peer: owned('segment:db@vpc-1'), because: ['backup'] },
        { ...tcp(5432), peer: owned('segment:db@vpc-1'), because: ['ask', 'backup'] },
      ],
    },
  ],
  memberships: [
    {
      ...{ workload: 'i-d', segments: ['db'], withheld: [], conflicts: [], mode: 'enforce' },
      ...{ openEgress: false, carries: ['baseline', 'segment:db'] },
    },
    {
      ...{ workload: 'i-w', segments: ['agents', 'web'], withheld: [], conflicts: [] },
      ...{ mode: 'stage', openEgress: true },
      carries: ['baseline', 'segment:agents', 'segment:web'],
    },
  ],
  attachments: [
    {
      ...{ interface: 'eni-d', workload: 'i-d', vpc: 'vpc-1', mode: 'enforce' },
      owned: ['baseline@vpc-1', 'segment:db@vpc-1'],
    },
    {
      ...{ interface: 'eni-w', workload: 'i-w', vpc: 'vpc-1', mode: 'stage' },
      owned: ['baseline@vpc-1', 'segment:agents@vpc-1', 'segment:web@vpc-1'],
    },
  ],
};

test.each([
  { name: 'as it is', world: shop },
  { name: 'in the other order', world: reversed(shop) },
])('a whole state, from an input $name', ({ world }) => {
  expect(compile(world.policy, world.inventory)).toEqual({ desired, diagnostics: [] });
});

test('names and descriptions are cut to the 255 characters that AWS takes', () => {
  const long = segment('x'.repeat(300), { select: { tags: { app: ['web'] } }, egress: 'closed' });
  const { groups } = compile(policy({ segments: [long] }), shop.inventory).desired;
  expect(groups.map(({ name, description }) => [name, description])).toEqual([
    [`${OWNER}/segment/`.padEnd(255, 'x'), 'Bulkhead: members of segment '.padEnd(255, 'x')],
  ]);
});

test('what joins no segment, or names what the policy does not know, allows nothing', () => {
  const p = policy({
    segments: [segment('web', { egress: 'closed' })],
    networks: [network('n', { cidrs: ['192.0.2.0/24'] }), network('m', { prefixList: 'pl-none' })],
    baseline: [baselineEntry('b', { to: 'gone' }, ['tcp/1'])],
    rules: [rule('r', ['gone', 'm', 'n'], ['gone', 'n', 'web'], ['tcp/2'])],
  });
  const i = inventory([{ name: 'w', app: 'web' }]);
  expect(rulesByGroup(p, i)).toEqual({
    'baseline@vpc-1': { in: [], out: [] },
    'segment:web@vpc-1': { in: ['6:2-2 192.0.2.0/24'], out: [] },
  });
  expect(compile(p, i).diagnostics.map(({ message }) => message)).toEqual([
    'network `m` of rule `r` names nothing that exists here',
  ]);
});

describe('where groups are made', () => {
  const web = segment('web', { egress: 'closed' });
  const db = segment('db', { egress: 'closed' });
  const p = policy({ segments: [db, web], rules: [rule('r', 'web', 'db', ['tcp/1'])] });
  const three = [vpc('vpc-1'), vpc('vpc-2'), vpc('vpc-3'), vpc('vpc-4', { tags: {} })];
  const keysOf = (world: Policy, i: Inventory) =>
    compile(world, i).desired.groups.map(({ key }) => key);

  test.each([
    { name: 'of members that could carry them', control: 'attach', there: true },
    { name: 'of those whose service attaches them', control: 'alias', there: true },
    { name: 'not of those that can only be named', control: 'peer', there: false },
    { name: 'nor of those that can only be seen', control: 'visible', there: false },
  ] as const)('in the VPCs $name', ({ control, there }) => {
    const i = inventory([{ name: 'w', app: 'web', control }]);
    expect(keysOf(policy({ segments: [web] }), i)).toEqual(there ? ['segment:web@vpc-1'] : []);
  });

  test('where one carries it that nobody can write any more: its rules go on following the policy', () => {
    const key = 'segment:web@vpc-1';
    const existing = { groups: [ours(key)] };
    const groups = (carried: string) =>
      rulesByGroup(
        policy({ segments: [web], rules: [rule('r', 'web', 'web', ['tcp/1'])] }),
        inventory(
          [{ name: 'w', app: 'web', control: 'visible', groups: [carried, 'sg-flat'] }],
          existing,
        ),
      );
    expect(groups(`sg-${key}`)).toEqual({ [key]: { in: [`6:1-1 ${key}`], out: [`6:1-1 ${key}`] } });
    expect(groups('sg-other')).toEqual({});
  });

  test('not where a terminated member was; where a stopped one stands', () => {
    const at = (state: string) => inventory([{ name: 'w', app: 'web', state }]);
    expect(keysOf(policy({ segments: [web] }), at('terminated'))).toEqual([]);
    expect(keysOf(policy({ segments: [web] }), at('stopped'))).toEqual(['segment:web@vpc-1']);
  });

  test('in each VPC that a member has an interface in, if that is managed', () => {
    const i = ['vpc-2', 'vpc-4'].reduce(
      (world, id) => withInterface(world, 'i-w', { id: `eni-${id}`, vpc: id }),
      inventory([{ name: 'w', app: 'web' }], { vpcs: three }),
    );
    const { desired: state } = compile(policy({ segments: [web] }), i);
    expect(state.groups.map(({ key }) => key)).toEqual(['segment:web@vpc-1', 'segment:web@vpc-2']);
    expect(state.attachments.map((one) => [one.interface, one.owned])).toEqual([
      ['eni-vpc-2', ['segment:web@vpc-2']],
      ['eni-w', ['segment:web@vpc-1']],
    ]);
  });

  test('beside a peer, where none of its own is in reach', () => {
    const hosts = [
      { name: 'w1', app: 'web' },
      { name: 'w2', app: 'web', vpc: 'vpc-2' },
      { name: 'w3', app: 'web', vpc: 'vpc-3' },
      { name: 'd', app: 'db', vpc: 'vpc-2' },
    ];
    const i = inventory(hosts, { vpcs: three, peerings: [peering('vpc-1', 'vpc-2')] });
    expect(keysOf(p, i)).toEqual([
      'segment:db@vpc-2',
      'segment:db@vpc-3',
      'segment:web@vpc-1',
      'segment:web@vpc-2',
      'segment:web@vpc-3',
    ]);
  });

  test('but not beside what only the baseline reaches, nor for a network', () => {
    const baseline = policy({
      segments: [db, web],
      networks: [network('office', { cidrs: ['198.51.100.0/24'] })],
      rules: [rule('r', 'office', 'web', ['tcp/443'])],
      baseline: [
        baselineEntry('ask', { to: 'db' }, ['tcp/53']),
        baselineEntry('visit', { from: 'office' }, ['tcp/22']),
      ],
    });
    const i = inventory([{ name: 'w', app: 'web' }]);
    expect(rulesByGroup(baseline, i)).toEqual({
      'baseline@vpc-1': { in: ['6:22-22 198.51.100.0/24'], out: ['6:53-53 segment:db@vpc-1'] },
      'segment:db@vpc-1': { in: ['6:53-53 baseline@vpc-1'], out: [] },
      'segment:web@vpc-1': { in: ['6:443-443 198.51.100.0/24'], out: [] },
    });
  });

  test('open egress and baseline only with a segment that they serve', () => {
    const observed = policy({
      segments: [segment('web', { mode: 'observe' })],
      networks: [network('n', { cidrs: ['192.0.2.0/24'] })],
      baseline: [baselineEntry('b', { from: 'n' }, ['tcp/1'])],
    });
    expect(keysOf(observed, shop.inventory)).toEqual([]);
    expect(keysOf(policy({ segments: [web] }), inventory([]))).toEqual([]);
  });
});

describe('peers in reach', () => {
  const p = policy({
    segments: [segment('db', { egress: 'closed' }), segment('web', { egress: 'closed' })],
    rules: [rule('r', 'web', 'db', ['tcp/1'])],
  });
  const hosts = [
    { name: 'w', app: 'web' },
    { name: 'd', app: 'db', vpc: 'vpc-2' },
  ];
  const vpcs = [vpc('vpc-1'), vpc('vpc-2')];
  const reached = (peerings: Inventory['peerings']) =>
    rulesByGroup(p, inventory(hosts, { vpcs, peerings }))['segment:web@vpc-1']?.out;
  const near = peering('vpc-1', 'vpc-2');
  const far = { ...near.requester, region: 'eu-west-1' };

  test.each([
    { name: 'over a peering', peerings: [near], peer: 'segment:db@vpc-2' },
    {
      name: 'whoever asked for it',
      peerings: [peering('vpc-2', 'vpc-1')],
      peer: 'segment:db@vpc-2',
    },
    {
      name: 'not from another Region',
      peerings: [{ ...near, requester: far }],
      peer: 'segment:db@vpc-1',
    },
    {
      name: 'not to another Region',
      peerings: [{ ...near, accepter: far }],
      peer: 'segment:db@vpc-1',
    },
    {
      name: 'whatever VPC of others is peered too',
      peerings: [peering('vpc-1', 'vpc-9'), peering('vpc-9', 'vpc-1'), near],
      peer: 'segment:db@vpc-2',
    },
  ])('$name', ({ peerings, peer }) => {
    expect(reached(peerings)).toEqual([`6:1-1 ${peer}`]);
  });
});

describe('merging', () => {
  const merged = (p: Policy) =>
    compile(p, inventory([{ name: 'w', app: 'web' }])).desired.groups[0]?.ingress;
  const web = segment('web', { egress: 'closed' });

  test('a merged CIDR names those alone whose addresses are in it', () => {
    const networks = [
      '10.9.0.0/25',
      '10.9.0.128/25',
      '10.9.9.0/24',
      '2001:db8::/49',
      '2001:db8:0:8000::/49',
    ];
    const p = policy({
      segments: [web],
      networks: networks.map((cidr, at) => network(`n${at}`, { cidrs: [cidr] })),
      rules: networks.map((_, at) => rule(`r${9 - at}`, `n${at}`, 'web', ['tcp/443'])),
    });
    const of = (kind: string, cidr: string, ...because: string[]) => ({
      ...{ ...tcp(443), peer: { kind, cidr }, because },
    });
    expect(merged(p)).toEqual([
      of('ipv4', '10.9.0.0/24', 'r8', 'r9'),
      of('ipv4', '10.9.9.0/24', 'r7'),
      of('ipv6', '2001:db8::/48', 'r5', 'r6'),
    ]);
  });

  test('rules of one peer stand by protocol, then ports', () => {
    const p = policy({
      segments: [web],
      networks: [network('n', { securityGroups: { ids: ['sg-flat'], tags: {} } })],
      rules: [rule('r', 'n', 'web', ['udp/53', 'tcp/9', 'icmp/8', 'tcp/10-20', 'tcp/5'])],
    });
    expect(merged(p)?.map((r) => [r.protocol, r.fromPort, r.toPort])).toEqual([
      [1, 8, -1],
      [6, 5, 5],
      [6, 9, 20],
      [17, 53, 53],
    ]);
  });

  test('a group is named by id, one of ours by key, also where another deployment made it', () => {
    const p = policy({
      segments: [web],
      networks: [
        network('n', { securityGroups: { ids: ['sg-theirs', 'sg-segment:db@vpc-1'], tags: {} } }),
      ],
      rules: [rule('r', 'n', 'web', ['tcp/1'])],
    });
    const i = inventory([{ name: 'w', app: 'web' }], {
      groups: [
        group('sg-theirs', 'vpc-1', { tags: { 'bulkhead:owner': 'Another' } }),
        ours('segment:db@vpc-1'),
      ],
    });
    expect(compile(p, i).desired.groups[0]?.ingress.map(({ peer }) => peer)).toEqual([
      { kind: 'group', id: 'sg-theirs' },
    ]);
  });
});
