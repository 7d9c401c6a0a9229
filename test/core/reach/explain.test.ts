import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awsReach } from '../../../core/reach/aws-reach.ts';
import { OPEN_ACL } from './connected-estate.ts';
import { type EstateText, estate } from './estate.ts';

const BASE: EstateText = {
  groups: {
    'sg-a': { out: ['all 0.0.0.0/0', 'all ::/0'] },
    'sg-b': { in: ['tcp/443 sg-a', 'tcp/22 10.0.0.0/8', 'icmpv6/128 ::/0'] },
  },
  subnets: {
    'subnet-1': { acl: ['1 in allow all 0.0.0.0/0', '1 out allow all 0.0.0.0/0'] },
    'subnet-2': {
      acl: ['5 in deny tcp/22 0.0.0.0/0', '9 in allow all 0.0.0.0/0', '9 out allow all 0.0.0.0/0'],
    },
  },
  hosts: {
    a: { at: '10.0.1.1', groups: ['sg-a'] },
    b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-b', 'sg-c'] },
    c: { at: '10.0.2.3', subnet: 'subnet-2' },
  },
};
const HTTPS = { protocol: 6, port: 443 };
const ask = (from: string, to: string, more: Partial<EstateText> = {}, probe = HTTPS) =>
  awsReach(estate({ ...BASE, ...more })).explain(`eni-${from}`, `eni-${to}`, probe);
const tcp = (port: number) => ({ protocol: 6, port });
const SENDS = 'egress of eni-a: group sg-a (sg-a) allows it to 0.0.0.0/0';

describe('explain', () => {
  test('names the rules that let a probe through', () => {
    expect(ask('a', 'b')).toEqual({
      verdict: 'allow',
      why: [SENDS, 'ingress of eni-b: group sg-b (sg-b) allows it from sg-a'],
    });
  });

  test.each([
    [['a', 'b'], 22, 'ingress of NACL acl-subnet-2: entry 5 denies 10.0.1.1'],
    [
      ['a', 'b'],
      80,
      'ingress of eni-b: none of its groups (sg-b, sg-c) has a rule for it from 10.0.1.1',
    ],
    [
      ['a', 'c'],
      443,
      'ingress of eni-c: none of its groups (no group) has a rule for it from 10.0.1.1',
    ],
    [
      ['c', 'b'],
      443,
      'egress of eni-c: none of its groups (no group) has a rule for it to 10.0.2.2',
    ],
    [['a', 'z'], 443, 'interface eni-z is not in the inventory'],
    [['z', 'b'], 443, 'interface eni-z is not in the inventory'],
  ])('names what stops %s on port %s', ([from = '', to = ''], port, why) => {
    expect(ask(from, to, {}, tcp(port))).toEqual({ verdict: 'deny', why: [why] });
  });

  test.each([
    ['tcp/443 10.0.0.0/8', '10.0.0.0/8'],
    ['tcp/443 pl-1', 'pl-1'],
    ['tcp/443 sg-a', 'sg-a'],
  ])('names the first rule that admits, here %s', (rule, by) => {
    const groups = {
      ...BASE.groups,
      'sg-b': { in: [] },
      'sg-c': { in: ['tcp/80 sg-a', rule, 'tcp 0.0.0.0/0'] },
    };
    const prefixLists = { 'pl-1': { name: 'near', cidrs: ['10.9.0.0/16', '10.0.1.0/24'] } };
    const b = { at: '10.0.1.2', groups: ['sg-b', 'sg-c', 'sg-unread'] };
    expect(ask('a', 'b', { groups, prefixLists, hosts: { ...BASE.hosts, b } }).why).toEqual([
      SENDS,
      `ingress of eni-b: group sg-c (sg-c) allows it from ${by}`,
    ]);
  });

  test('lets a host reach itself, whatever its groups say', () => {
    expect(ask('c', 'c')).toEqual({
      verdict: 'allow',
      why: ['both ends are one interface: what a host sends to itself never leaves it'],
    });
  });

  describe("of a service's interface without groups", () => {
    const lb = { at: '10.0.1.8', type: 'network_load_balancer' };
    const here = { b: { at: '10.0.1.2', groups: ['sg-b'] }, lb, other: { ...lb, at: '10.0.1.9' } };
    const hosts = { ...BASE.hosts, ...here };
    const isUnread = (id: string): string =>
      `${id} (network_load_balancer) has no groups; what it takes in and sends on was not read`;
    const groups = { ...BASE.groups, 'sg-b': { in: ['tcp/443 10.0.1.8/32'] } };

    test.each([
      ['a', 'lb', [SENDS, isUnread('eni-lb')]],
      ['lb', 'other', [isUnread('eni-lb'), isUnread('eni-other')]],
      [
        'lb',
        'b',
        [isUnread('eni-lb'), 'ingress of eni-b: group sg-b (sg-b) allows it from 10.0.1.8/32'],
      ],
    ])('it is not known whether %s reaches %s', (from, to, why) => {
      expect(ask(from, to, { groups, hosts })).toEqual({ verdict: 'unknown', why });
    });

    test('it is known where the other end denies, and where it has groups', () => {
      expect(ask('other', 'b', { groups, hosts }).verdict).toBe('deny');
      const grouped = (id: string) => ({ ...hosts, lb: { ...lb, groups: [id] } });
      expect(ask('a', 'lb', { hosts: grouped('sg-b') }).verdict).toBe('allow');
      expect(ask('a', 'lb', { hosts: grouped('sg-a') }).verdict).toBe('deny');
    });
  });

  test('looks at every address, not only at the first', () => {
    const a = { at: ['192.0.2.1', '10.0.1.1'], groups: ['sg-a'] };
    const groups = { ...BASE.groups, 'sg-b': { in: ['tcp/443 10.0.0.0/8'] } };
    const more = { groups, hosts: { ...BASE.hosts, a } };
    expect(ask('a', 'b', more).verdict).toBe('allow');
    // The first address speaks for all where none passes.
    expect(ask('a', 'b', more, tcp(80)).why).toEqual([
      'ingress of eni-b: none of its groups (sg-b, sg-c) has a rule for it from 192.0.2.1',
    ]);
  });

  test('prefers a way that was not read to one that is known to be shut', () => {
    const found = {
      groups: { 'sg-a': { out: ['all 0.0.0.0/0'] }, 'sg-b': { in: ['all 10.0.0.0/8'] } },
      subnets: {
        'subnet-1': { routes: ['192.0.2.0/24 igw-1', '10.0.2.2/32 tgw-1'] },
        'subnet-2': { routes: ['10.0.0.0/16 local'] },
      },
      hosts: {
        ...BASE.hosts,
        b: { at: ['192.0.2.2', '10.0.2.2'], subnet: 'subnet-2', groups: ['sg-b'] },
      },
    };
    expect(ask('a', 'b', found).verdict).toBe('unknown');
  });

  test('asks ICMPv6 of IPv6 alone, and ICMP of IPv4', () => {
    const a = { at: ['10.0.1.1', '2001:db8::1'], groups: ['sg-a'] };
    const b = { at: ['10.0.1.2', '2001:db8::2'], groups: ['sg-b'] };
    const echo = (protocol: number, type: number, from = a) =>
      ask('a', 'b', { hosts: { a: from, b } }, { protocol, port: type * 256 });
    expect(echo(58, 128).verdict).toBe('allow');
    const nothing = { verdict: 'deny', why: ['they share no address family'] };
    expect(echo(58, 128, { ...a, at: ['10.0.1.1'] })).toEqual(nothing);
    expect(echo(1, 8, { ...a, at: ['2001:db8::1'] })).toEqual(nothing);
    expect(echo(1, 8).why).toEqual([
      'ingress of eni-b: none of its groups (sg-b) has a rule for it from 10.0.1.1',
    ]);
  });

  test('agrees with the exact answer on every port', () => {
    const traffic = fc.constantFrom('all', 'tcp', 'tcp/20-30', 'tcp/443', 'udp/53', 'icmp/8', '47');
    const cidr = fc.constantFrom('0.0.0.0/0', '10.0.1.0/24', '10.0.2.2/32', '10.0.1.9/32');
    const rules = fc.array(
      fc.tuple(traffic, cidr).map((parts) => parts.join(' ')),
      { maxLength: 4 },
    );
    const entry = fc.tuple(
      fc.nat(20).map(String),
      fc.constantFrom('in', 'out'),
      fc.constantFrom('allow', 'deny'),
      traffic,
      cidr,
    );
    const acl = fc
      .uniqueArray(entry, { maxLength: 6, selector: ([number, way]) => `${number} ${way}` })
      .map((entries) => entries.map((parts) => parts.join(' ')));
    const world = fc.record({ out: rules, into: rules, near: acl, far: acl });
    const probe = fc.constantFrom(
      ...[
        [6, 25],
        [6, 443],
        [6, 80],
        [17, 53],
        [1, 2048],
        [1, 768],
        [47, 0],
      ].map(([protocol = 0, port = 0]) => ({ protocol, port })),
    );
    fc.assert(
      fc.property(world, probe, ({ out, into, near, far }, asked) => {
        const reach = awsReach(
          estate({
            groups: { 'sg-a': { out }, 'sg-b': { in: into } },
            subnets: { 'subnet-1': { acl: near }, 'subnet-2': { acl: far } },
            hosts: {
              a: { at: ['10.0.1.1', '10.0.1.9'], groups: ['sg-a'] },
              b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-b'] },
            },
          }),
        );
        const exact = reach
          .between('eni-a', 'eni-b')
          .ipv4?.some(
            (one) =>
              one.protocolFrom <= asked.protocol &&
              asked.protocol <= one.protocolTo &&
              one.from <= asked.port &&
              asked.port <= one.to,
          );
        expect(reach.explain('eni-a', 'eni-b', asked).verdict).toBe(exact ? 'allow' : 'deny');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a NACL in the way', () => {
  const groups = { 'sg-a': { in: ['all 0.0.0.0/0'], out: ['all 0.0.0.0/0'] } };
  const hosts = {
    a: { at: '10.0.1.1', groups: ['sg-a'] },
    b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-a'] },
  };
  const through = (near: readonly string[], far: readonly string[], probe = HTTPS) => {
    const subnets = { 'subnet-1': { acl: near }, 'subnet-2': { acl: far } };
    return ask('a', 'b', { groups, hosts, subnets }, probe);
  };
  const ECHO = { protocol: 1, port: 8 * 256 };

  test.each([
    [
      'on the way out',
      ['7 out deny tcp/443 10.0.2.0/24', ...OPEN_ACL],
      OPEN_ACL,
      'egress of NACL acl-subnet-1: entry 7 denies 10.0.2.2',
    ],
    [
      'on the way in',
      OPEN_ACL,
      ['7 in deny tcp/443 10.0.1.0/24', ...OPEN_ACL],
      'ingress of NACL acl-subnet-2: entry 7 denies 10.0.1.1',
    ],
    [
      'without an entry for it',
      OPEN_ACL,
      ['9 in allow udp 0.0.0.0/0'],
      'ingress of NACL acl-subnet-2: the last entry denies 10.0.1.1',
    ],
    [
      'as the answers leave',
      OPEN_ACL,
      ['7 out deny tcp/40000-65535 0.0.0.0/0', ...OPEN_ACL],
      'the answers do not get back: egress of NACL acl-subnet-2 denies 10.0.1.1 on some of the ports 32768-60999',
    ],
    [
      'as the answers come in',
      ['7 in deny tcp/40000-65535 0.0.0.0/0', ...OPEN_ACL],
      OPEN_ACL,
      'the answers do not get back: ingress of NACL acl-subnet-1 denies 10.0.2.2 on some of the ports 32768-60999',
    ],
  ])('is named %s', (_, near, far, why) => {
    expect(through(near, far)).toEqual({ verdict: 'deny', why: [why] });
  });

  test('has no ports for the answers of an echo, and the ephemeral ones for UDP', () => {
    const no = (what: string) =>
      through(OPEN_ACL, [`1 out deny ${what} 0.0.0.0/0`, ...OPEN_ACL], ECHO).why;
    expect(no('icmp/0')).toEqual([
      'the answers do not get back: egress of NACL acl-subnet-2 denies 10.0.1.1',
    ]);
    expect(no('icmp/8')).toEqual([
      SENDS,
      'ingress of eni-b: group sg-a (sg-a) allows it from 0.0.0.0/0',
    ]);
    const dns = { protocol: 17, port: 53 };
    expect(
      through(OPEN_ACL, ['1 out deny udp/60999 0.0.0.0/0', ...OPEN_ACL], dns).why[0],
    ).toContain('60999');
  });

  test('is none where it was not read, and inside a subnet', () => {
    const allowed = {
      verdict: 'allow',
      why: [SENDS, 'ingress of eni-b: group sg-a (sg-a) allows it from 0.0.0.0/0'],
    };
    expect(ask('a', 'b', { groups, hosts, subnets: { 'subnet-2': {} } })).toEqual(allowed);
    const one = { ...hosts, b: { ...hosts.b, subnet: 'subnet-1' } };
    expect(ask('a', 'b', { groups, hosts: one, subnets: { 'subnet-1': { acl: [] } } })).toEqual(
      allowed,
    );
  });
});

describe('notDenied', () => {
  const tgw = (route = '10.9.0.0/16 tgw-1'): EstateText => ({
    ...BASE,
    subnets: {
      'subnet-1': { routes: ['10.0.0.0/16 local', route] },
      'subnet-9': { vpc: 'vpc-9', routes: ['10.9.0.0/16 local', '10.0.0.0/16 tgw-1'] },
    },
    vpcs: { 'vpc-1': ['10.0.0.0/16'], 'vpc-9': ['10.9.0.0/16'] },
    groups: {
      ...BASE.groups,
      'sg-z': { vpc: 'vpc-9', in: ['tcp/100-200 10.0.0.0/8', 'icmp/8 10.0.0.0/8', 'udp/53 sg-a'] },
    },
    hosts: {
      a: { at: '10.0.1.1', groups: ['sg-a'] },
      z: { at: '10.9.1.1', subnet: 'subnet-9', groups: ['sg-z'] },
    },
  });
  const unread = (id: string) => ({ at: id, type: 'network_load_balancer' });
  const estates: Readonly<Record<string, EstateText>> = {
    'everything read': BASE,
    'a way that was not read': tgw(),
    'no way': tgw('10.8.0.0/16 tgw-1'),
    'a service without groups': {
      ...BASE,
      hosts: { ...BASE.hosts, z: unread('10.0.2.9'), y: unread('10.0.1.9') },
    },
  };
  const packets = [
    ...[22, 53, 80, 99, 100, 200, 201, 443].flatMap((port) => [
      { protocol: 6, port },
      { protocol: 17, port },
    ]),
    ...[0, 8].map((type) => ({ protocol: 1, port: type * 256 })),
    { protocol: 47, port: 0 },
  ];

  test.each(Object.entries(estates))('is what explain does not deny, with %s', (_, text) => {
    const inventory = estate(text);
    const reach = awsReach(inventory);
    const ids = inventory.interfaces.map(({ id }) => id);
    let open = 0;
    for (const from of ids) {
      for (const to of ids.filter((id) => id !== from)) {
        for (const packet of packets) {
          const isOpen = reach.notDenied(from, to).has(packet.protocol, packet.port);
          const { verdict } = reach.explain(from, to, packet);
          expect([from, to, packet, isOpen]).toEqual([from, to, packet, verdict !== 'deny']);
          open += Number(isOpen);
        }
      }
    }
    if (text !== estates['no way']) expect(open).toBeGreaterThan(0);
  });

  test('is nothing for an interface that is not in the inventory', () => {
    const reach = awsReach(estate(BASE));
    expect(reach.notDenied('eni-a', 'eni-gone').isEmpty).toBe(true);
    expect(reach.notDenied('eni-gone', 'eni-a').isEmpty).toBe(true);
  });

  test('is of either family', () => {
    const hosts = {
      a: { at: ['2001:db8::1'], groups: ['sg-a'] },
      b: { at: ['2001:db8::2'], groups: ['sg-b'] },
    };
    expect(
      awsReach(estate({ ...BASE, hosts }))
        .notDenied('eni-a', 'eni-b')
        .has(58, 128 * 256),
    ).toBe(true);
  });
});
