import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import { permits, policyTraffic } from '../../../core/check/policy-traffic.ts';
import { subtractSets, uniteRanges } from '../../../core/check/traffic-union.ts';
import type { Network } from '../../../core/model/policy.ts';
import {
  allowance,
  baselineEntry,
  group,
  NOW,
  network,
  policy,
  rule,
} from '../../properties/builders.ts';
import { ask, at, db, host, tagged, told, web } from './check-ends.ts';

const webToDb = rule('r', 'web', 'db', ['tcp/5432']);

describe('rules', () => {
  test.each([
    ['one way alone', [webToDb], 'tcp/5432'],
    ['not the other way', [rule('r', 'db', 'web', ['tcp/5432'])], ''],
    ['nothing by default', [], ''],
    [
      'nobody else',
      [rule('r', 'other', 'db', ['tcp/1']), rule('s', 'web', 'other', ['tcp/2'])],
      '',
    ],
    [
      'rules add up',
      [webToDb, rule('s', ['other', 'web'], ['other', 'db'], ['tcp/5433', 'udp/53'])],
      'tcp/5432-5433 udp/53',
    ],
    ['on its last day', [{ ...webToDb, expires: '2026-11-23' }], 'tcp/5432'],
    ['on the day after', [{ ...webToDb, expires: '2026-11-22' }], ''],
  ])('%s', (_, rules, expected) => {
    expect(told({ rules })).toEqual({ ipv4: expected });
  });

  test('a withheld segment counts for nothing, and a muted one for no rule', () => {
    expect(told({ rules: [webToDb] }, { ...web, withheld: ['web'] })).toEqual({ ipv4: '' });
    expect(told({ rules: [webToDb] }, { ...web, muted: ['web'] })).toEqual({ ipv4: '' });
    const other = { withheld: ['db'], muted: ['db'] };
    expect(told({ rules: [webToDb] }, { ...web, ...other })).toEqual({ ipv4: 'tcp/5432' });
  });

  test('only shared families are answered', () => {
    const six = host('web', '2001:db8::1');
    expect(told({ rules: [webToDb] }, six)).toEqual({});
    const both = host('db', '10.0.0.2', '2001:db8::2');
    expect(told({ rules: [webToDb] }, six, both)).toEqual({ ipv6: 'tcp/5432' });
  });

  test('that allow are named once, in the order of the policy', () => {
    const parts = {
      segments: [tagged('api'), tagged('db'), tagged('web')],
      rules: [
        rule('z', ['web', 'web', 'api'], 'db', ['tcp/1']),
        rule('a', 'api', 'db', ['tcp/2']),
        rule('none', 'db', 'db', ['tcp/3']),
      ],
      baseline: [baselineEntry('b', { from: 'office' }, ['tcp/4'])],
      networks: [network('office', { cidrs: ['10.0.0.1/32'] })],
    };
    const [from, to] = [
      host('api web', '10.0.0.1', '2001:db8::1'),
      { ...host('db', '10.0.0.2', '2001:db8::2'), baseline: true },
    ];
    const answer = ask(parts, from, to);
    expect(answer.allowedBy.toSorted()).toEqual(['a', 'b', 'z']);
    expect(told(parts, from, to)).toEqual({ ipv4: 'tcp/1-2 tcp/4', ipv6: 'tcp/1-2' });
    expect(answer.forbidden).toEqual([]);
  });

  test('let a probe through in any family that both ends have', () => {
    const both = host('web', '10.0.0.1', '2001:db8::1');
    const networks = [network('office', { cidrs: ['2001:db8::1/128'] })];
    const rules = [rule('r', 'office', 'db', ['tcp/5432'])];
    const answer = ask({ rules, networks }, both, host('db', '10.0.0.2', '2001:db8::2'));
    expect(permits(answer, { protocol: 6, port: 5432 })).toBe(true);
    expect(permits(answer, { protocol: 6, port: 5433 })).toBe(false);
    expect(permits(answer, { protocol: 17, port: 5432 })).toBe(false);
    expect(permits(ask({ rules: [webToDb] }), { protocol: 6, port: 5432 })).toBe(true);
    const apart = ask({ rules: [webToDb] }, host('web', '2001:db8::1'));
    expect(permits(apart, { protocol: 6, port: 5432 })).toBe(false);
  });
});

describe('networks', () => {
  const rules = [rule('r', 'net', 'db', ['tcp/443'])];
  const from = (
    address: string,
    more: Partial<Network>,
    { groups = [] as string[], options = {} } = {},
  ): string => {
    const ends = [{ ...at(address), groups }, host('db', '10.0.0.2', '2001:db8::2')] as const;
    const answer = told({ rules, networks: [network('net', more)] }, ...ends, options);
    return Object.values(answer).join();
  };
  const CIDRS = { cidrs: ['192.0.2.8/30', '2001:db8::8/125'] };

  test.each([
    ['192.0.2.8', 'tcp/443'],
    ['192.0.2.11', 'tcp/443'],
    ['192.0.2.7', ''],
    ['192.0.2.12', ''],
    ['2001:db8::8', 'tcp/443'],
    ['2001:db8::7', ''],
  ])('hold the addresses between their ends: %s', (address, expected) => {
    expect(from(address, CIDRS)).toBe(expected);
  });

  test('hold no address of the other family, nor an exception', () => {
    expect(from('10.0.0.1', { cidrs: ['::/0'] })).toBe('');
    expect(from('192.0.2.9', { ...CIDRS, except: ['192.0.2.10/31'] })).toBe('tcp/443');
    expect(from('192.0.2.9', { ...CIDRS, except: ['192.0.2.8/31', '192.0.2.99/32'] })).toBe('');
  });

  const prefixLists = (['pl-1', 'pl-2'] as const).map((id, nth) => ({
    ...{ id, name: nth === 0 ? 'com.amazonaws.eu-west-1.s3' : 'mine', family: 'ipv4' as const },
    ...{ maxEntries: 2, owner: 'AWS', tags: {} },
    cidrs: nth === 0 ? ['198.51.100.0/24', '192.0.2.0/24'] : ['203.0.113.0/24'],
  }));
  test.each([
    ['an id', 'pl-1', '192.0.2.9', 'tcp/443'],
    ['a name', 'mine', '203.0.113.9', 'tcp/443'],
    ['a glob', 'com.amazonaws.*.s3', '198.51.100.9', 'tcp/443'],
    ['a glob of another', 'com.amazonaws.*.s3', '203.0.113.9', ''],
    ['an id of another', 'pl-2', '192.0.2.9', ''],
    ['nothing that is known', 'pl-9', '192.0.2.9', ''],
  ])('by prefix list, said by %s', (_, prefixList, address, expected) => {
    expect(from(address, { prefixList }, { options: { prefixLists } })).toBe(expected);
    expect(from(address, { prefixList })).toBe('');
  });

  const groups = [
    group('sg-1', 'vpc-1', { tags: { role: 'edge' } }),
    group('sg-2', 'vpc-1', { tags: { role: 'core' } }),
  ];
  test.each([
    ['an id', { ids: ['sg-1'], tags: {} }, ['sg-0', 'sg-1'], 'tcp/443'],
    ['another id', { ids: ['sg-1'], tags: {} }, ['sg-2'], ''],
    ['a tag', { ids: [], tags: { role: ['edge'] } }, ['sg-1', 'sg-9'], 'tcp/443'],
    ['another tag', { ids: [], tags: { role: ['edge'] } }, ['sg-2'], ''],
    ['either', { ids: ['sg-9'], tags: { role: ['core'] } }, ['sg-2'], 'tcp/443'],
    ['no group', { ids: ['sg-1'], tags: { role: ['edge'] } }, [], ''],
  ])('by the groups that an end carries, said by %s', (_, securityGroups, carried, expected) => {
    const more = { securityGroups, cidrs: ['192.0.2.0/24'] };
    expect(from('192.0.2.9', more, { groups: carried, options: { groups } })).toBe(expected);
  });

  test('by groups, where none were read or an end has none', () => {
    const securityGroups = { ids: ['sg-1'], tags: { role: ['edge'] } };
    const networks = [network('net', { securityGroups })];
    const carrying = { ...at('192.0.2.9'), groups: ['sg-1'] };
    expect(told({ rules, networks }, carrying)).toEqual({ ipv4: 'tcp/443' });
    expect(told({ rules, networks }, at('192.0.2.9'))).toEqual({ ipv4: '' });
  });

  test('are asked of each address, and family by family', () => {
    const networks = [network('net', { cidrs: ['10.0.0.1/32'] })];
    const to = host('db', '10.0.0.2', '2001:db8::2');
    const two = at('10.0.0.9', '10.0.0.1', '2001:db8::1');
    expect(told({ rules, networks }, two, to)).toEqual({ ipv4: 'tcp/443', ipv6: '' });
    const muted = { ...two, muted: ['net'] };
    expect(told({ rules, networks }, muted, to)).toEqual({ ipv4: '', ipv6: '' });
  });

  test('are joined with segments and never with each other', () => {
    const networks = [
      network('net', { cidrs: ['192.0.2.0/24'] }),
      network('other', { cidrs: ['198.51.100.0/24'] }),
    ];
    const both = { networks, rules: [rule('r', ['net', 'web'], 'other', ['tcp/443'])] };
    expect(told(both, at('192.0.2.9'), at('198.51.100.9'))).toEqual({ ipv4: '' });
    expect(told(both, web, at('198.51.100.9'))).toEqual({ ipv4: 'tcp/443' });
  });
});

describe('the baseline', () => {
  const networks = [
    network('mirror', { cidrs: ['192.0.2.0/24'] }),
    network('monitor', { cidrs: ['198.51.100.0/24'] }),
  ];
  const baseline = [
    baselineEntry('updates', { to: 'mirror' }, ['tcp/443']),
    baselineEntry('probes', { from: 'monitor' }, ['tcp/9100']),
  ];
  const served = { ...web, baseline: true };
  const [mirror, monitor] = [at('192.0.2.9'), at('198.51.100.9')];

  test.each([
    ['serves who is staged or enforced', served, mirror, 'tcp/443'],
    ['and nobody else', web, mirror, ''],
    ['nor who says that he is not', { ...web, baseline: false }, mirror, ''],
    ['nor anybody but the network', served, monitor, ''],
    ['lets in what it names', monitor, served, 'tcp/9100'],
    ['to nobody else', monitor, web, ''],
    ['and nobody but the network', mirror, served, ''],
    ['joins no two of those whom it serves', served, { ...db, baseline: true }, ''],
  ])('%s', (_, from, to, expected) => {
    expect(told({ networks, baseline }, from, to)).toEqual({ ipv4: expected });
  });

  test('adds to the rules', () => {
    const parts = { networks, baseline, rules: [rule('r', 'web', 'mirror', ['tcp/80'])] };
    expect(told(parts, served, mirror)).toEqual({ ipv4: 'tcp/80 tcp/443' });
    expect(ask(parts, served, mirror).allowedBy).toEqual(['r', 'updates']);
  });

  test('and rules in force are told by the names that they join', () => {
    const expired = rule('old', 'web', 'db', ['tcp/1'], { expires: '2026-11-22' });
    const parts = { networks, baseline, rules: [webToDb, expired] };
    expect(policyTraffic(policy(parts), { now: NOW }).joins()).toEqual([
      { from: ['web'], to: ['db'] },
      { from: 'served', to: ['mirror'] },
      { from: ['monitor'], to: 'served' },
    ]);
  });
});

describe('what an end is to the policy', () => {
  const said = policyTraffic(
    policy({
      segments: [tagged('db', { zone: 'pci' }), tagged('plain'), tagged('card', { zone: 'pci' })],
      networks: [
        network('office', { cidrs: ['10.0.0.0/24'], zone: 'corporate' }),
        network('six', { cidrs: ['2001:db8::/64'] }),
        network('far', { cidrs: ['10.9.0.0/24'], zone: 'far' }),
      ],
    }),
    { now: NOW },
  );
  const end = host('plain card db', '10.0.0.1', '2001:db8::1');

  test('segments and networks in the order of the policy, and each zone once', () => {
    expect(said.standing(end)).toEqual({
      segments: ['db', 'plain', 'card'],
      networks: ['office', 'six'],
      zones: ['corporate', 'pci'],
    });
    expect(said.standing(at('10.9.0.1'))).toEqual({
      ...{ segments: [], networks: ['far'], zones: ['far'] },
    });
    expect(said.standing({ ...end, withheld: ['db', 'card'] })).toEqual({
      ...{ segments: ['plain'], networks: ['office', 'six'], zones: ['corporate'] },
    });
  });

  test('rules count through those that are not muted', () => {
    expect(said.heardNames(end)).toEqual(['db', 'plain', 'card', 'office', 'six']);
    expect(said.heardNames({ ...end, muted: ['card', 'office'] })).toEqual(['db', 'plain', 'six']);
  });
});

describe('sets', () => {
  const set = (...texts: string[]) => uniteRanges(texts.flatMap((text) => allowance(text).ranges));
  test.each([
    [['tcp/1-5'], ['tcp/3'], 'tcp/1-2 tcp/4-5'],
    [['tcp/1-5'], ['udp/1-5'], 'tcp/1-5'],
    [['tcp'], ['all'], ''],
    [['tcp/1-2', 'tcp/3-4'], [], 'tcp/1-4'],
    [['icmp/8'], ['icmp/0'], 'icmp/8'],
    [['tcp', '7'], ['7'], 'tcp'],
  ])('%o without %o is %s', (more, less, expected) => {
    expect(trafficTexts(subtractSets(set(...more), set(...less))).join(' ')).toBe(expected);
  });
});
