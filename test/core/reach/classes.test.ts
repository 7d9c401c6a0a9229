import { describe, expect, test } from 'vitest';
import { awsReach } from '../../../core/reach/aws-reach.ts';
import { interfaceClasses } from '../../../core/reach/classes.ts';
import { OPEN_ACL, OPEN_ACL_BOTH } from './connected-estate.ts';
import { type EstateText, estate, type HostText } from './estate.ts';

const LOCAL = ['10.0.0.0/16 local'];

/** `a b|c`: a and b are one class, c another. */
function classes(text: EstateText): string {
  return interfaceClasses(estate(text))
    .map(({ members }) => members.map((id) => id.replace('eni-', '')).join(' '))
    .join('|');
}

const on = (at: string | readonly string[], more: Partial<HostText> = {}): HostText => ({
  ...{ at, groups: ['sg-x'] },
  ...more,
});

describe('interfaces are one class', () => {
  const hosts = { a: on('10.0.0.1'), b: on('10.0.0.2'), c: on('10.0.0.4') };

  test('where nothing tells their addresses apart', () => {
    expect(classes({ hosts })).toBe('a b c');
  });

  test.each([
    ['a rule of ingress', { groups: { 'sg-x': { in: ['tcp/22 10.0.0.2/32'] } } }, 'a|b|c'],
    ['a rule of egress', { groups: { 'sg-x': { out: ['tcp/22 10.0.0.0/30'] } } }, 'a b|c'],
    [
      'blocks in any order',
      { groups: { 'sg-x': { in: ['tcp/22 10.0.0.4/32', 'tcp/22 10.0.0.1/32'] } } },
      'a|b|c',
    ],
    ['the end of a block', { groups: { 'sg-x': { in: ['tcp/22 10.0.0.0/31'] } } }, 'a|b c'],
    ['a block of them all', { groups: { 'sg-x': { in: ['tcp/22 10.0.0.0/8'] } } }, 'a b c'],
    ['a block of none', { groups: { 'sg-x': { in: ['tcp/22 10.0.1.0/24'] } } }, 'a b c'],
    ['a rule about IPv6', { groups: { 'sg-x': { in: ['tcp/22 ::/0'] } } }, 'a b c'],
    ['a prefix list', { prefixLists: { 'pl-1': { name: 'p', cidrs: ['10.0.0.4/32'] } } }, 'a b|c'],
    ['a NACL', { subnets: { 'subnet-1': { acl: ['1 in deny tcp 10.0.0.1/32'] } } }, 'a|b c'],
    [
      'a route, here of another subnet',
      { subnets: { 'subnet-2': { routes: ['10.0.0.4/30 pcx-1', 'pl-9 pcx-1'] } } },
      'a b|c',
    ],
    ['nothing but groups', { groups: { 'sg-x': { in: ['tcp/22 sg-x'] } } }, 'a b c'],
  ])('unless a block parts their addresses: %s', (_, more, expected) => {
    expect(classes({ ...more, hosts })).toBe(expected);
  });

  test('whatever the order of the addresses of one', () => {
    const groups = { 'sg-x': { in: ['tcp/22 10.0.0.1/32', 'tcp/22 2001:db8::1/128'] } };
    const twins = {
      a: on(['10.0.0.1', '10.0.0.9', '2001:db8::2']),
      b: on(['10.0.0.8', '10.0.0.1', '2001:db8::3']),
      c: on(['10.0.0.8', '10.0.0.1', '2001:db8::1']),
      d: on(['10.0.0.8', '10.0.0.1']),
      e: on(['10.0.0.8', '10.0.0.7', '2001:db8::3']),
    };
    expect(classes({ groups, hosts: twins })).toBe('a b|c|d|e');
  });

  test.each([
    ['groups', { b: on('10.0.0.2', { groups: ['sg-x', 'sg-y'] }) }],
    ['VPCs', { b: on('10.0.0.2', { subnet: 'subnet-far' }) }],
  ])('and not with different %s', (_, more) => {
    const subnets = { 'subnet-far': { vpc: 'vpc-2' } };
    expect(classes({ subnets, hosts: { a: on('10.0.0.1'), ...more } })).toBe('a|b');
  });
});

describe('subnets count', () => {
  const apart = (
    one: EstateText['subnets'],
    addresses: readonly [string | readonly string[], string | readonly string[]] = [
      '10.0.1.1',
      '10.0.2.1',
    ],
  ) => {
    const [a, b] = addresses;
    const subnets = { 'subnet-1': { acl: OPEN_ACL }, 'subnet-2': { acl: OPEN_ACL }, ...one };
    const inventory = estate({ subnets, hosts: { a: on(a), b: on(b, { subnet: 'subnet-2' }) } });
    // One table for both, as subnets that nothing tells apart have.
    const [table, ...others] = inventory.routeTables;
    const routeTables =
      table === undefined || others.length > 0
        ? inventory.routeTables
        : [{ ...table, subnets: ['subnet-1', 'subnet-2'] }];
    return interfaceClasses({ ...inventory, routeTables }).length;
  };

  test('not where their NACLs let everything cross', () => {
    expect(apart({})).toBe(1);
    expect(apart({ 'subnet-1': {} })).toBe(1);
    expect(apart({ 'subnet-1': { acl: OPEN_ACL_BOTH, routes: LOCAL } })).toBe(1);
  });

  test.each([
    ['denies something', ['5 in deny tcp/22 0.0.0.0/0', ...OPEN_ACL]],
    ['denies some addresses', ['5 out deny all 10.9.0.0/16', ...OPEN_ACL]],
    ['allows some addresses first', ['5 out allow all 10.9.0.0/16', ...OPEN_ACL]],
    ['allows some protocols first', ['5 in allow tcp 0.0.0.0/0', ...OPEN_ACL]],
    ['lets nothing in', OPEN_ACL.slice(1)],
    ['lets nothing out', OPEN_ACL.slice(0, 1)],
    ['says nothing', []],
    ['speaks of IPv6 alone', OPEN_ACL_BOTH.slice(2)],
  ])('where the NACL of one %s', (_, acl) => {
    expect(apart({ 'subnet-1': { acl } })).toBe(2);
  });

  test('not for what a NACL denies behind the entry that allows everything', () => {
    expect(apart({ 'subnet-1': { acl: [...OPEN_ACL, '10 in deny tcp/22 0.0.0.0/0'] } })).toBe(1);
    const listedFirst = ['10 in deny tcp/22 0.0.0.0/0', ...OPEN_ACL];
    expect(apart({ 'subnet-1': { acl: listedFirst } })).toBe(1);
  });

  test('by the entries for IPv6 where the interface has such an address', () => {
    const both = [
      ['10.0.1.1', '2001:db8::1'],
      ['10.0.2.1', '2001:db8::2'],
    ] as const;
    expect(apart({}, both)).toBe(2);
    const open = { 'subnet-1': { acl: OPEN_ACL_BOTH }, 'subnet-2': { acl: OPEN_ACL_BOTH } };
    expect(apart(open, both)).toBe(1);
    const shut = { ...open, 'subnet-1': { acl: ['1 in deny tcp/22 ::/0', ...OPEN_ACL_BOTH] } };
    expect(apart(shut, both)).toBe(2);
    expect(apart(shut)).toBe(1);
  });

  test('where their route tables differ', () => {
    const subnets = {
      'subnet-1': { acl: OPEN_ACL, routes: LOCAL },
      'subnet-2': { acl: OPEN_ACL, routes: LOCAL },
    };
    expect(apart(subnets)).toBe(2);
  });

  test('by the default NACL and the main table of the VPC where nothing else is said', () => {
    const hosts = { a: on('10.0.1.1'), b: on('10.0.2.1', { subnet: 'subnet-2' }) };
    const found = estate({
      subnets: { 'subnet-1': { acl: OPEN_ACL, routes: LOCAL }, 'subnet-2': {} },
      hosts,
    });
    const count = (acl: Partial<(typeof found.networkAcls)[number]>, main = true): number =>
      interfaceClasses({
        ...found,
        networkAcls: found.networkAcls.map((one) => ({ ...one, subnets: [], ...acl })),
        routeTables: found.routeTables.map((one) => ({ ...one, main, subnets: [] })),
      }).length;
    expect(count({ isDefault: true })).toBe(1);
    expect(count({ isDefault: true, entries: [] })).toBe(2);
    expect(count({ isDefault: true, entries: [], vpc: 'vpc-2' })).toBe(1);
    expect(count({ isDefault: false, entries: [] })).toBe(1);
  });

  test('where a route leads over a firewall between them', () => {
    const routes = [...LOCAL, '10.0.2.0/24 vpce-firewall'];
    const near = ['10.0.2.1', '10.0.2.200'] as const;
    expect(apart({ 'subnet-1': { acl: OPEN_ACL, routes } }, near)).toBe(2);
    // A third host in one of the subnets reaches one of the two and not the other.
    const hosts = {
      a: on('10.0.2.1'),
      b: on('10.0.2.200', { subnet: 'subnet-2' }),
      c: on('10.0.2.2'),
    };
    const groups = { 'sg-x': { in: ['all 0.0.0.0/0'], out: ['all 0.0.0.0/0'] } };
    const subnets = { 'subnet-1': { routes }, 'subnet-2': { routes } };
    const reach = awsReach(estate({ groups, subnets, hosts }));
    expect(reach.between('eni-c', 'eni-a').ipv4).not.toEqual([]);
    expect(reach.between('eni-c', 'eni-b').ipv4).toEqual([]);
  });
});
