import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import { awsReach } from '../../../core/reach/aws-reach.ts';
import { type EstateText, estate } from './estate.ts';

/** What host `a` may send to host `b`, by family, as a policy would write it. */
function reach(text: EstateText): Record<string, string> {
  const answer = awsReach(estate(text)).between('eni-a', 'eni-b');
  return Object.fromEntries(
    Object.entries(answer).map(([family, set]) => [family, trafficTexts(set).join(' ')]),
  );
}

const OPEN = { in: ['all 0.0.0.0/0', 'all ::/0'], out: ['all 0.0.0.0/0', 'all ::/0'] };

describe('rules of groups', () => {
  const between = (out: readonly string[], into: readonly string[], more = {}) =>
    reach({
      groups: { 'sg-a': { out }, 'sg-b': { in: into } },
      prefixLists: { 'pl-1': { name: 'inside', cidrs: ['10.0.0.0/24', '10.9.0.0/16'] } },
      hosts: {
        a: { at: '10.0.0.1', groups: ['sg-a'] },
        b: { at: '10.0.0.2', groups: ['sg-b'], ...more },
      },
    }).ipv4;

  test.each([
    ['both sides, the same port', ['tcp/443 10.0.0.0/8'], ['tcp/443 10.0.0.0/8'], 'tcp/443'],
    ['no egress', [], ['all 0.0.0.0/0'], ''],
    ['no ingress', ['all 0.0.0.0/0'], [], ''],
    ['the overlap', ['tcp/1-100 10.0.0.2/32'], ['tcp/50-200 10.0.0.1/32'], 'tcp/50-100'],
    ['no overlap', ['tcp/1-49 10.0.0.2/32'], ['tcp/50-200 10.0.0.1/32'], ''],
    ['rules add up', ['all 0.0.0.0/0'], ['tcp/1-9 sg-a', 'tcp/10-20 10.0.0.1/32'], 'tcp/1-20'],
    ['another address', ['all 10.0.0.3/32'], ['all 0.0.0.0/0'], ''],
    ['by group on both sides', ['udp/53 sg-b'], ['udp/53 sg-a'], 'udp/53'],
    ['by a group that the peer lacks', ['udp/53 sg-a'], ['udp/53 sg-a'], ''],
    ['by prefix list', ['tcp/443 pl-1'], ['tcp/443 pl-1'], 'tcp/443'],
    ['by a prefix list that is not known', ['tcp/443 pl-2'], ['all 0.0.0.0/0'], ''],
    ['one type of ICMP', ['icmp 0.0.0.0/0'], ['icmp/8 0.0.0.0/0'], 'icmp/8'],
    ['one code of a type', ['all 0.0.0.0/0'], ['icmp/3/4 0.0.0.0/0'], 'icmp/3/4'],
    ['different types', ['icmp/0 0.0.0.0/0'], ['icmp/8 0.0.0.0/0'], ''],
    ['a protocol without ports', ['all 0.0.0.0/0'], ['47 0.0.0.0/0'], '47'],
    ['an IPv6 rule', ['all 0.0.0.0/0'], ['all ::/0'], ''],
    ['everything', ['all 0.0.0.0/0'], ['all 10.0.0.1/32'], 'all'],
  ])('%s', (_, out, into, expected) => {
    expect(between(out, into)).toBe(expected);
  });

  test('every group and every address of an interface counts', () => {
    const two = reach({
      groups: {
        'sg-a': { out: ['all 0.0.0.0/0'] },
        'sg-b': { in: ['tcp/80 10.0.0.1/32'] },
        'sg-c': { in: ['tcp/443 10.0.0.9/32'] },
      },
      hosts: {
        a: { at: ['10.0.0.1', '10.0.0.9'], groups: ['sg-a'] },
        b: { at: '10.0.0.2', groups: ['sg-b', 'sg-c'] },
      },
    });
    expect(two).toEqual({ ipv4: 'tcp/80 tcp/443' });
  });

  test('families are answered apart, and only where both ends have one', () => {
    const groups = {
      'sg-a': { out: ['all ::/0'] },
      'sg-b': { in: ['tcp/443 2001:db8::/64', 'icmpv6/128 ::/0', 'all 10.0.0.0/8'] },
    };
    const a = { at: ['10.0.0.1', '2001:db8::1'], groups: ['sg-a'] };
    const b = { at: ['10.0.0.2', '2001:db8::2'], groups: ['sg-b'] };
    expect(reach({ groups, hosts: { a, b } })).toEqual({ ipv4: '', ipv6: 'tcp/443 icmpv6/128' });
    const four = { ...b, at: '10.0.0.2' };
    expect(reach({ groups, hosts: { a, b: four } })).toEqual({ ipv4: '' });
    expect(reach({ groups, hosts: { a: { ...a, at: '2001:db8::1' }, b: four } })).toEqual({});
  });

  test('an interface that is not in the inventory reaches nothing', () => {
    const reach = awsReach(estate({ hosts: { a: { at: '10.0.0.1' } } }));
    expect(reach.between('eni-a', 'eni-b')).toEqual({});
    expect(reach.between('eni-b', 'eni-a')).toEqual({});
  });
});

describe('NACLs', () => {
  const PASS = ['100 in allow all 0.0.0.0/0', '100 out allow all 0.0.0.0/0'];
  const across = (near: readonly string[], far: readonly string[]) =>
    reach({
      groups: { 'sg-x': OPEN },
      subnets: { 'subnet-1': { acl: near }, 'subnet-2': { acl: far } },
      hosts: {
        a: { at: '10.0.1.1', groups: ['sg-x'] },
        b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-x'] },
      },
    }).ipv4;

  test.each([
    ['the lower number wins: deny', ['90 in deny tcp/22 0.0.0.0/0'], 'all but 22'],
    ['the lower number wins: allow', ['90 in allow tcp/22 0.0.0.0/0', '95 in deny tcp 0.0.0.0/0']],
    ['a deny behind an allow', ['110 in deny all 0.0.0.0/0'], 'all'],
  ])('%s', (_, entries, expected = 'tcp/22 alone') => {
    const answer = across(PASS, [...PASS, ...entries]);
    if (expected === 'all') expect(answer).toBe('all');
    if (expected === 'all but 22') expect(answer).toContain('tcp/0-21 tcp/23-65535');
    if (expected === 'tcp/22 alone') expect(answer?.match(/tcp\S*/g)).toEqual(['tcp/22']);
  });

  test('the order in which entries are listed does not matter', () => {
    const entries = [
      '300 in deny all 0.0.0.0/0',
      '200 in allow tcp/443 10.0.1.0/24',
      ...PASS.slice(1),
    ];
    expect(across(PASS, entries)).toBe('tcp/443');
    expect(across(PASS, entries.toReversed())).toBe('tcp/443');
  });

  const EPHEMERAL = '32768-60999';
  test.each([
    ['all ports back', ['100 out allow tcp 0.0.0.0/0'], 'tcp/443'],
    ['the ephemeral ports back', [`100 out allow tcp/${EPHEMERAL} 10.0.1.0/24`], 'tcp/443'],
    [
      'in two entries',
      ['1 out allow tcp/1024-40000 0.0.0.0/0', '2 out allow tcp/40001-65535 0.0.0.0/0'],
      'tcp/443',
    ],
    ['one ephemeral port missing', ['100 out allow tcp/32769-60999 0.0.0.0/0'], ''],
    [
      'one ephemeral port denied',
      ['90 out deny tcp/50000 0.0.0.0/0', '100 out allow tcp 0.0.0.0/0'],
      '',
    ],
    ['the same port alone', ['100 out allow tcp/443 0.0.0.0/0'], ''],
    ['answers to somebody else', [`100 out allow tcp/${EPHEMERAL} 10.0.3.0/24`], ''],
    ['nothing back', [], ''],
  ])('TCP needs its answers: %s', (_, back, expected) => {
    expect(across(PASS, ['100 in allow tcp/443 0.0.0.0/0', ...back])).toBe(expected);
  });

  test('answers cross both lists', () => {
    const near = ['100 out allow tcp 0.0.0.0/0'];
    expect(across(near, PASS)).toBe('');
    expect(across([...near, `100 in allow tcp/${EPHEMERAL} 10.0.2.2/32`], PASS)).toBe('tcp');
  });

  test.each([
    [
      'an echo needs the reply back',
      ['1 in allow icmp/8 0.0.0.0/0', '1 out allow icmp/0 0.0.0.0/0'],
      'icmp/8',
    ],
    [
      'an echo without the reply',
      ['1 in allow icmp/8 0.0.0.0/0', '1 out allow icmp/3 0.0.0.0/0'],
      '',
    ],
    ['other ICMP has no answer', ['1 in allow icmp/3 0.0.0.0/0'], 'icmp/3'],
    ['any type and code', ['1 in allow icmp 0.0.0.0/0', '1 out allow icmp 0.0.0.0/0'], 'icmp'],
    [
      'other protocols answer in kind',
      ['1 in allow 47 0.0.0.0/0', '1 out allow 47 0.0.0.0/0'],
      '47',
    ],
    ['other protocols without answers', ['1 in allow 47 0.0.0.0/0'], ''],
  ])('%s', (_, entries, expected) => {
    expect(across(PASS, entries)).toBe(expected);
  });

  test('an echo over IPv6 needs its reply back too', () => {
    const echo = (out: string) =>
      reach({
        groups: { 'sg-x': OPEN },
        subnets: {
          'subnet-1': { acl: ['1 in allow all ::/0', '1 out allow all ::/0'] },
          'subnet-2': { acl: ['1 in allow icmpv6/128 ::/0', `1 out allow ${out} ::/0`] },
        },
        hosts: {
          a: { at: '2001:db8::1', groups: ['sg-x'] },
          b: { at: '2001:db8::2', subnet: 'subnet-2', groups: ['sg-x'] },
        },
      }).ipv6;
    expect(echo('icmpv6/129')).toBe('icmpv6/128');
    expect(echo('icmpv6/128')).toBe('');
  });

  test('nothing is filtered inside a subnet', () => {
    const groups = { 'sg-x': OPEN };
    const hosts = {
      a: { at: '10.0.1.1', groups: ['sg-x'] },
      b: { at: '10.0.1.2', groups: ['sg-x'] },
    };
    expect(reach({ groups, subnets: { 'subnet-1': { acl: [] } }, hosts })).toEqual({ ipv4: 'all' });
  });

  test('a list without an entry for IPv6 denies IPv6', () => {
    const hosts = {
      a: { at: ['10.0.1.1', '2001:db8::1'], groups: ['sg-x'] },
      b: { at: ['10.0.2.2', '2001:db8:0:1::2'], subnet: 'subnet-2', groups: ['sg-x'] },
    };
    const subnets = { 'subnet-1': { acl: PASS }, 'subnet-2': {} };
    expect(reach({ groups: { 'sg-x': OPEN }, subnets, hosts })).toEqual({ ipv4: 'all', ipv6: '' });
  });

  test('a subnet that no list names stands under the default list of its VPC', () => {
    const inventory = estate({
      groups: { 'sg-x': OPEN },
      subnets: { 'subnet-2': {} },
      hosts: {
        a: { at: '10.0.1.1', groups: ['sg-x'] },
        b: { at: '10.0.2.2', subnet: 'subnet-2', groups: ['sg-x'] },
      },
    });
    const acl = { id: 'acl-1', vpc: 'vpc-1', isDefault: true, subnets: [], entries: [], tags: {} };
    const shut = awsReach({ ...inventory, networkAcls: [acl] });
    expect(shut.between('eni-a', 'eni-b')).toEqual({ ipv4: [] });
    const elsewhere = awsReach({ ...inventory, networkAcls: [{ ...acl, vpc: 'vpc-2' }] });
    expect(elsewhere.between('eni-a', 'eni-b').ipv4).not.toEqual([]);
  });
});

describe('groups across peering', () => {
  const across = (peering: string) =>
    reach({
      vpcs: { 'vpc-1': ['10.0.0.0/16'], 'vpc-2': ['10.1.0.0/16'] },
      groups: {
        'sg-x': { out: ['tcp/443 sg-y'] },
        'sg-y': { vpc: 'vpc-2', in: ['tcp sg-x'] },
      },
      subnets: {
        'subnet-1': { routes: ['10.0.0.0/16 local', '10.1.0.0/16 pcx-1'] },
        'subnet-2': { vpc: 'vpc-2', routes: ['10.1.0.0/16 local', '10.0.0.0/16 pcx-1'] },
      },
      peerings: { 'pcx-1': peering },
      hosts: {
        a: { at: '10.0.1.1', groups: ['sg-x'] },
        b: { at: '10.1.0.2', subnet: 'subnet-2', groups: ['sg-y'] },
      },
    }).ipv4;

  test.each([
    ['active, requested here', 'vpc-1 vpc-2', 'tcp/443'],
    ['active, requested there', 'vpc-2 vpc-1', 'tcp/443'],
    ['not accepted yet', 'vpc-1 vpc-2 pending-acceptance', ''],
    ['into another Region, where groups are not known', 'vpc-1 vpc-2 active eu-west-1', ''],
  ])('%s', (_, peering, expected) => {
    expect(across(peering)).toBe(expected);
  });
});
