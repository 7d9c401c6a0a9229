import { describe, expect, test } from 'vitest';
import { assess } from '../../../core/assess/assess.ts';
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

describe('assess', () => {
  test('counts pairs that may exchange anything, by the tag that most carry', () => {
    const { flatness } = assess({ inventory: estate(SMALL) });
    expect(flatness).toMatchObject({ pairs: 12, open: 4, share: 4 / 12, groupedBy: ['app'] });
    expect(flatness.paths).toEqual([
      { from: 'api', to: 'api', pairs: 2, open: 2, traffic: ['all'] },
      { from: 'web', to: 'api', pairs: 2, open: 2, traffic: ['tcp/8080'] },
    ]);
  });

  test('says how far an attacker gets from each workload, the worst first', () => {
    const { blastRadius } = assess({ inventory: estate(SMALL) });
    expect(blastRadius).toMatchObject({ max: 2, median: 1 });
    expect(
      blastRadius.workloads.map(({ workload, reaches, reachedBy }) => [
        workload,
        reaches,
        reachedBy,
      ]),
    ).toEqual([
      ['i-web', 2, 0],
      ['i-api', 1, 2],
      ['i-twin', 1, 2],
      ['i-shut', 0, 0],
    ]);
  });

  test('finds what is open to everybody, and not what is open to some', () => {
    const { openToWorld } = assess({ inventory: estate(SMALL) });
    expect(openToWorld).toEqual([
      expect.objectContaining({ workload: 'i-web', address: '192.0.2.1', traffic: ['tcp/443'] }),
    ]);
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

  test('groups by VPC where no tag is common, and by what it is told', () => {
    const bare = Object.entries(SMALL.hosts).map(([name, host]) => [name, { ...host, tags: {} }]);
    const inventory = estate({ ...SMALL, hosts: Object.fromEntries(bare) });
    const vpc = { name: 'vpc-1', workloads: 4 };
    expect(assess({ inventory }).flatness.groups).toEqual([vpc]);
    const asked = assess({ inventory: estate(SMALL), groupBy: ['tier'] }).flatness.groups;
    expect(asked).toEqual([{ name: '(untagged)', workloads: 4 }]);
  });
});
