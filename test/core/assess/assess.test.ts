import { describe, expect, test } from 'vitest';
import { assess, openPairs } from '../../../core/assess/assess.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import { type EstateText, estate } from '../reach/estate.ts';

const tags = (app: string) => ({ app });

/** A web server open to the world, two API hosts on one group, and a host that nobody reaches. */
const SMALL: EstateText = {
  groups: {
    'sg-web': { in: ['tcp/443 0.0.0.0/0', 'tcp/22 198.51.100.0/24'], out: ['tcp/8080 sg-api'] },
    'sg-api': { in: ['tcp/8080 sg-web', 'all sg-api'], out: ['all sg-api'] },
    'sg-shut': {},
  },
  subnets: {
    'subnet-1': {
      acl: ['9 in allow all 0.0.0.0/0', '9 out allow all 0.0.0.0/0'],
      routes: ['10.0.0.0/16 local', '0.0.0.0/0 igw-1'],
    },
  },
  hosts: {
    web: { at: '10.0.1.1', groups: ['sg-web'], publicIpv4: '192.0.2.1', tags: tags('web') },
    api: { at: '10.0.1.2', groups: ['sg-api'], tags: tags('api') },
    twin: { at: '10.0.1.3', groups: ['sg-api'], tags: tags('api') },
    shut: { at: '10.0.1.4', groups: ['sg-shut'], tags: tags('shut') },
  },
};

const whole = assess({ inventory: estate(SMALL) });

describe('assess', () => {
  test('says what was looked at, and what could not be read', () => {
    const inventory = {
      ...estate(SMALL),
      gaps: [{ kind: 'network-acls', reason: 'AccessDenied' }],
    };
    const [bare] = inventory.workloads;
    if (bare === undefined) throw new Error('no workload');
    const workloads = [...inventory.workloads, { ...bare, interfaces: [] }];
    expect(assess({ inventory: { ...inventory, workloads } })).toEqual({
      ...whole,
      takenAt: '2026-11-23T12:00:00Z',
      account: '000000000000',
      region: 'us-east-1',
      gaps: ['network-acls: AccessDenied'],
      workloads: 4,
      interfaces: 4,
    });
    expect(whole).not.toHaveProperty('policy');
  });

  test('counts pairs that may exchange anything, by the tag that most carry', () => {
    expect(whole.flatness).toEqual({
      ...{ pairs: 12, open: 4, share: 4 / 12, groupedBy: ['app'] },
      groups: [
        { name: 'api', workloads: 2 },
        { name: 'shut', workloads: 1 },
        { name: 'web', workloads: 1 },
      ],
      paths: [
        { from: 'api', to: 'api', pairs: 2, open: 2, traffic: ['all'] },
        { from: 'web', to: 'api', pairs: 2, open: 2, traffic: ['tcp/8080'] },
      ],
    });
    expect(openPairs(estate(SMALL))).toEqual({ pairs: 12, open: 4 });
  });

  test('a path between groups has each set of traffic that pairs may, sorted', () => {
    const inventory = estate({
      groups: {
        'sg-out': { out: ['all 0.0.0.0/0'] },
        'sg-two': { in: ['udp/53 sg-out', 'tcp/80 sg-out'] },
        'sg-one': { in: ['tcp/443 sg-out'] },
      },
      hosts: {
        one: { at: '10.0.1.2', groups: ['sg-two'], tags: tags('api') },
        two: { at: '10.0.1.3', groups: ['sg-one'], tags: tags('api') },
        out: { at: '10.0.1.1', groups: ['sg-out'], tags: tags('web') },
      },
    });
    expect(assess({ inventory }).flatness.paths).toEqual([
      { from: 'web', to: 'api', pairs: 2, open: 2, traffic: ['tcp/443', 'tcp/80 udp/53'] },
    ]);
  });

  test('a workload is all its interfaces, on both families', () => {
    const bare = estate({
      groups: {
        'sg-out': { out: ['all 0.0.0.0/0', 'all ::/0'] },
        'sg-a': { in: ['tcp/80 10.0.0.0/8'], out: ['tcp/9 10.0.0.0/8'] },
        'sg-b': { in: ['tcp/443 10.0.0.0/8'], out: ['tcp/22 ::/0'] },
        'sg-in': { in: ['tcp 0.0.0.0/0', 'tcp ::/0'] },
      },
      hosts: {
        web: { at: '10.0.1.1', groups: ['sg-out'], tags: tags('web') },
        api: { at: '10.0.1.2', groups: ['sg-a'], tags: tags('api') },
        second: { at: ['10.0.1.3', '2001:db8::3'], groups: ['sg-b'] },
        db: { at: ['10.0.1.4', '2001:db8::4'], groups: ['sg-in'], tags: tags('db') },
        unread: { at: '10.0.1.5', groups: ['sg-in'] },
      },
    });
    const workloads = bare.workloads.flatMap((one) => {
      if (['second', 'unread'].includes(one.identity.name ?? '')) return [];
      const both = ['eni-api', 'eni-second', 'eni-gone'];
      return one.identity.name === 'api' ? { ...one, interfaces: both } : one;
    });
    expect(assess({ inventory: { ...bare, workloads } }).flatness.paths).toEqual([
      { from: 'api', to: 'db', pairs: 1, open: 1, traffic: ['tcp/9 tcp/22'] },
      { from: 'web', to: 'api', pairs: 1, open: 1, traffic: ['tcp/80 tcp/443'] },
      { from: 'web', to: 'db', pairs: 1, open: 1, traffic: ['tcp'] },
    ]);
  });

  test('of one workload, and of none, nothing is flat', () => {
    for (const hosts of [{}, { web: { at: '10.0.1.1' } }]) {
      const { flatness, blastRadius } = assess({ inventory: estate({ hosts }) });
      expect(flatness).toMatchObject({ pairs: 0, open: 0, share: 0, paths: [] });
      expect(blastRadius).toMatchObject({ median: 0, max: 0 });
      for (const one of blastRadius.workloads) expect(one).toMatchObject({ reaches: 0, share: 0 });
    }
  });

  test('says how far an attacker gets from each workload, the worst first', () => {
    const bare = estate(SMALL);
    const inventory = {
      ...bare,
      workloads: bare.workloads.toReversed().map(({ identity, ...rest }) => {
        const { name, ...nameless } = identity;
        return { ...rest, identity: name === 'shut' ? nameless : identity };
      }),
    };
    expect(assess({ inventory }).blastRadius).toEqual({
      max: 2,
      median: 1,
      workloads: [
        { workload: 'i-web', name: 'web', reaches: 2, share: 2 / 3, reachedBy: 0 },
        { workload: 'i-api', name: 'api', reaches: 1, share: 1 / 3, reachedBy: 2 },
        { workload: 'i-twin', name: 'twin', reaches: 1, share: 1 / 3, reachedBy: 2 },
        { workload: 'i-shut', reaches: 0, share: 0, reachedBy: 0 },
      ],
    });
  });

  test('finds what is open to everybody, and not what is open to some', () => {
    const open = { workload: 'i-web', interface: 'eni-web', traffic: ['tcp/443'] };
    const path = { ...open, address: '192.0.2.1' };
    expect(whole.openToWorld).toEqual([{ ...path, name: 'web' }]);
    const { name: _, ...identity } = estate(SMALL).workloads[0]?.identity ?? { name: '' };
    const workloads = [{ ...estate(SMALL).workloads[0], identity }] as Inventory['workloads'];
    const inventory = { ...estate(SMALL), workloads };
    expect(assess({ inventory }).openToWorld).toEqual([path]);
  });

  test.each([
    ['IPv6', 'tcp/22 ::/0', [['2001:db8::1', 'tcp/22']]],
    ['IPv4', 'tcp/22 0.0.0.0/0', [['192.0.2.1', 'tcp/22']]],
  ])('an address is open by the rules for its family: %s', (_, rule, expected) => {
    const inventory = estate({
      groups: { 'sg-web': { in: [rule] } },
      subnets: { 'subnet-1': { routes: ['0.0.0.0/0 igw-1', '::/0 igw-1'] } },
      hosts: {
        web: { at: ['10.0.1.1', '2001:db8::1'], publicIpv4: '192.0.2.1', groups: ['sg-web'] },
      },
    });
    const found = assess({ inventory }).openToWorld;
    expect(found.map(({ address, traffic }) => [address, traffic.join()])).toEqual(expected);
  });

  test('an interface that was not read is open to nobody', () => {
    const inventory = { ...estate(SMALL), interfaces: [] };
    expect(assess({ inventory }).openToWorld).toEqual([]);
  });

  test.each([
    ['no public address', { hosts: { web: { at: '10.0.1.1', groups: ['sg-web'] } } }],
    [
      'no way to an internet gateway',
      { subnets: { 'subnet-1': { routes: ['10.0.0.0/16 local'] } } },
    ],
    [
      'a NACL that keeps the answers',
      {
        subnets: {
          'subnet-1': {
            routes: ['0.0.0.0/0 igw-1'],
            acl: ['9 in allow all 0.0.0.0/0', '9 out allow tcp/1-1024 0.0.0.0/0'],
          },
        },
      },
    ],
  ])('nothing is open to the world with %s', (_, change) => {
    expect(assess({ inventory: estate({ ...SMALL, ...change }) }).openToWorld).toEqual([]);
  });

  test('says what it did not count: routes that were not read, interfaces without groups', () => {
    const inventory = estate({
      ...SMALL,
      subnets: {
        'subnet-1': {
          routes: ['10.9.0.0/16 tgw-1', '10.8.0.0/16 tgw-1', '10.7.0.0/16 tgw-2 blackhole'],
        },
      },
      hosts: { ...SMALL.hosts, lb: { at: '10.0.1.8', type: 'network_load_balancer' } },
    });
    expect(assess({ inventory }).notCounted).toEqual([
      'paths over tgw-1 (to 10.8.0.0/16, 10.9.0.0/16): where it leads was not read',
      '1 interface of type network_load_balancer: without groups, so that other APIs say what passes',
    ]);
    expect(assess({ inventory: estate(SMALL) }).notCounted).toEqual([]);
  });

  test('by how many interfaces of a kind, and over which gateways in order', () => {
    const inventory = estate({
      subnets: { 'subnet-1': { routes: ['10.9.0.0/16 vgw-1', '10.8.0.0/16 tgw-1'] } },
      hosts: {
        nat: { at: '10.0.1.7', type: 'nat' },
        lb1: { at: '10.0.1.8', type: 'gateway_load_balancer' },
        lb2: { at: '10.0.1.9', type: 'gateway_load_balancer' },
      },
    });
    expect(assess({ inventory }).notCounted).toEqual([
      'paths over tgw-1 (to 10.8.0.0/16): where it leads was not read',
      'paths over vgw-1 (to 10.9.0.0/16): where it leads was not read',
      '2 interfaces of type gateway_load_balancer: without groups, so that other APIs say what passes',
      '1 interface of type nat: without groups, so that other APIs say what passes',
    ]);
  });
});

describe('the rows of the matrix', () => {
  const hosts = (...all: readonly Readonly<Record<string, string>>[]): Inventory =>
    estate({
      hosts: Object.fromEntries(
        all.map((one, at) => [`h${at}`, { at: `10.0.1.${at}`, tags: one }]),
      ),
    });

  test.each([
    ['a tag that half of them carry', [{ app: 'a' }, {}], ['app']],
    ['no tag that fewer carry', [{ app: 'a' }, {}, {}], []],
    ['no tag that people do not group by', [{ Name: 'a' }, { Name: 'b' }], []],
    ['the two that say most', [{ env: 'e', team: 't', app: 'a' }], ['app', 'team']],
    ['a tag in any spelling', [{ tier: 't', Application: 'a' }], ['Application', 'tier']],
    ['spellings by their order', [{ app: 'a', App: 'b' }], ['App', 'app']],
    ['spellings by their order, again', [{ App: 'a', app: 'b' }], ['App', 'app']],
  ] as const)('are made by %s', (_, all, expected) => {
    expect(assess({ inventory: hosts(...all) }).flatness.groupedBy).toEqual(expected);
  });

  test('name each value, and what is missing', () => {
    const inventory = hosts({ app: 'a', tier: 't' }, { tier: 't' }, { app: 'a' }, {});
    const { groups } = assess({ inventory, groupBy: ['app', 'tier'] }).flatness;
    expect(groups.map(({ name }) => name)).toEqual(['(untagged)', '-/t', 'a/-', 'a/t']);
  });

  test.each([
    ['the fleet before the service', { autoScalingGroup: 'asg', service: 'svc' }, 'asg', 'asg'],
    ['the service before the VPC', { service: 'svc' }, 'svc', 'svc'],
    ['the VPC', {}, 'vpc-1', '(untagged)'],
    ['nothing', { vpc: undefined }, '(no VPC)', '(untagged)'],
  ])('of what has no such tag are named by %s', (_, more, without, asked) => {
    const [one] = hosts({}).workloads;
    if (one === undefined) throw new Error('no workload');
    const workloads = [
      { ...one, identity: { ...one.identity, ...more } },
    ] as Inventory['workloads'];
    const inventory = { ...hosts({}), workloads };
    expect(assess({ inventory }).flatness.groups).toEqual([{ name: without, workloads: 1 }]);
    expect(assess({ inventory, groupBy: ['app'] }).flatness.groups).toEqual([
      { name: asked, workloads: 1 },
    ]);
  });
});

describe('quotas', () => {
  const QUOTAS = { groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 2_500 };

  test('are told by group, direction and family, by interface and by list, the fullest first', () => {
    const text = {
      groups: {
        'sg-a': { in: ['tcp/80 ::/0', 'tcp/81 10.0.0.0/8'], out: ['all pl-1'] },
        'sg-b': { in: ['tcp/80 10.0.0.0/8', 'tcp/81 10.0.0.0/8', 'tcp/82 10.0.0.0/8'] },
      },
      prefixLists: { 'pl-1': { name: 'offices', cidrs: ['192.0.2.0/24', '198.51.100.0/24'] } },
      hosts: {
        one: { at: '10.0.1.1', groups: ['sg-a'] },
        two: { at: '10.0.1.2', groups: ['sg-a', 'sg-b'] },
      },
    };
    const bare = estate(text);
    const [list] = bare.prefixLists;
    if (list === undefined) throw new Error('no list');
    const prefixLists = [
      { ...list, owner: '000000000000', maxEntries: 10 },
      { ...list, id: 'pl-2', name: 'AWS', maxEntries: 3 },
      { ...list, id: 'pl-3', name: 'full', owner: '111111111111', maxEntries: 2 },
    ];
    const use = (group: string, direction: string, family: string, used: number) => ({
      ...{ group, name: group, direction, family, used, limit: 60 },
    });
    expect(assess({ inventory: { ...bare, prefixLists } }).quotas).toEqual({
      groupsInRegion: { used: 2, limit: 2_500 },
      rulesOfGroups: [
        use('sg-a', 'egress', 'ipv4', 10),
        use('sg-b', 'ingress', 'ipv4', 3),
        use('sg-a', 'ingress', 'ipv4', 1),
        use('sg-a', 'ingress', 'ipv6', 1),
      ],
      groupsOfInterfaces: [
        { interface: 'eni-two', used: 2, limit: 5 },
        { interface: 'eni-one', used: 1, limit: 5 },
      ],
      entriesOfLists: [
        { list: 'pl-3', name: 'full', used: 2, limit: 2 },
        { list: 'pl-1', name: 'offices', used: 2, limit: 10 },
      ],
      product: { used: 300, limit: 1_000 },
      assumed: [],
    });
  });

  test('are the ten fullest, and say which limits were not read', () => {
    const hosts = Object.fromEntries(
      Array.from({ length: 11 }, (_, at) => [`h${at}`, { at: `10.0.1.${at}` }]),
    );
    const assumed = ['rulesPerGroup'] as const;
    const inventory = { ...estate({ hosts }), quotas: { ...QUOTAS, assumed } };
    const { quotas } = assess({ inventory });
    expect(quotas.groupsOfInterfaces).toHaveLength(10);
    expect(quotas.assumed).toEqual(['rulesPerGroup']);
  });
});
