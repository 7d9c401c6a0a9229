import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awsReach } from '../../../core/reach/aws-reach.ts';
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
    b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-b'] },
    c: { at: '10.0.2.3', subnet: 'subnet-2' },
  },
};
const ask = (to: string, port: number, text: EstateText = BASE, protocol = 6) =>
  awsReach(estate(text)).explain('eni-a', to, { protocol, port });

describe('explain', () => {
  test('names the rules that let a probe through', () => {
    expect(ask('eni-b', 443)).toEqual({
      verdict: 'allow',
      why: [
        'egress of eni-a: group sg-a (sg-a) allows it to 0.0.0.0/0',
        'ingress of eni-b: group sg-b (sg-b) allows it from sg-a',
      ],
    });
  });

  test.each([
    ['the NACL entry', 'eni-b', 22, /ingress of NACL acl-subnet-2: entry 5 denies 10\.0\.1\.1/],
    ['the missing rule', 'eni-b', 80, /ingress of eni-b: none of its groups \(sg-b\)/],
    ['the missing groups', 'eni-c', 80, /none of its groups \(no group\)/],
    ['the unknown interface', 'eni-z', 80, /eni-z is not in the inventory/],
  ])('names %s that stops it', (_, to, port, expected) => {
    const { verdict, why } = ask(to, port);
    expect(verdict).toBe('deny');
    expect(why.join()).toMatch(expected);
  });

  test('looks at every address, not only at the first', () => {
    const hosts = { ...BASE.hosts, a: { at: ['192.0.2.1', '10.0.1.1'], groups: ['sg-a'] } };
    const groups = { ...BASE.groups, 'sg-b': { in: ['tcp/443 10.0.0.0/8'] } };
    expect(ask('eni-b', 443, { ...BASE, groups, hosts }).verdict).toBe('allow');
  });

  test('asks ICMPv6 of IPv6 alone', () => {
    const hosts = {
      a: { at: ['10.0.1.1', '2001:db8::1'], groups: ['sg-a'] },
      b: { at: ['10.0.1.2', '2001:db8::2'], groups: ['sg-b'] },
    };
    expect(ask('eni-b', 128 * 256, { ...BASE, hosts }, 58).verdict).toBe('allow');
    const { a, b } = { a: { ...hosts.a, at: '10.0.1.1' }, b: hosts.b };
    expect(ask('eni-b', 128 * 256, { ...BASE, hosts: { a, b } }, 58).why).toEqual([
      'they share no address family',
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
