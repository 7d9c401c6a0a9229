import { describe, expect, test } from 'vitest';
import { candidatePairs } from '../../../core/check/candidates.ts';
import type { End } from '../../../core/check/ends.ts';
import { policyTraffic } from '../../../core/check/policy-traffic.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { baselineEntry, NOW, network, policy, rule } from '../../properties/builders.ts';
import { type EstateText, estate } from '../reach/estate.ts';
import { tagged } from './check-ends.ts';

/** Ends of hosts a to d, each in the segment of its name; what more is known of them is given. */
const HOSTS: EstateText['hosts'] = {
  a: { at: '10.0.0.1', groups: ['sg-a'], tags: { a: 'yes' } },
  b: { at: ['10.0.0.2', '2001:db8::2'], groups: ['sg-b'], tags: { b: 'yes' } },
  c: { at: '10.9.0.3', groups: ['sg-b', 'sg-c'], tags: { c: 'yes' } },
  d: { at: '2001:db8::4', groups: ['sg-none'], tags: { d: 'yes' } },
};

interface Known extends Pick<Partial<End>, 'ingressEnforced' | 'egressEnforced' | 'attached'> {
  readonly baseline?: boolean;
  readonly muted?: readonly string[];
}

function pairs(
  known: Readonly<Record<string, Known>>,
  { text = {}, parts = {} }: { text?: Partial<EstateText>; parts?: Partial<Policy> } = {},
): string {
  const inventory = estate({ hosts: HOSTS, ...text });
  const names = Object.keys(HOSTS);
  const ends = inventory.interfaces.map((nic, nth): End => {
    const name = names[nth] ?? '';
    const { baseline = false, muted = [], ...more } = known[name] ?? {};
    const { identity } = inventory.workloads[nth] ?? {};
    const { ipv4, ipv6, groups } = nic;
    const check = { ...(identity && { identity }), ipv4, ipv6, groups, baseline };
    return {
      ...{ nic, name, check, owed: { ...check, muted }, class: name, excuse: undefined },
      ...{ attached: false, ingressEnforced: false, egressEnforced: false, ...more },
    };
  });
  const said = policyTraffic(policy({ segments: names.map((one) => tagged(one)), ...parts }), {
    now: NOW,
  });
  return candidatePairs({ ends, inventory, said })
    .map(([from, to]) => `${ends[from]?.name}>${ends[to]?.name}`)
    .sort()
    .join(' ');
}

describe('pairs on which there could be a hole', () => {
  const groups = {
    'sg-a': { in: ['tcp sg-b'], out: ['tcp sg-c'] },
    'sg-b': { in: ['tcp 10.0.0.0/24'], out: ['tcp 2001:db8::/64'] },
    'sg-c': { in: ['tcp pl-1', 'tcp pl-9', 'tcp sg-9', 'udp pl-1'] },
  };
  const prefixLists = {
    'pl-1': { name: 'p', cidrs: ['10.0.0.1/32', '10.9.0.0/16', '10.0.0.1/32'] },
  };
  const text = { groups, prefixLists };

  test('are none where nothing is enforced', () => {
    expect(pairs({}, { text })).toBe('');
  });

  test.each<[string, Readonly<Record<string, Known>>, string]>([
    ['ingress by group', { a: { ingressEnforced: true } }, 'b>a c>a'],
    ['egress by group', { a: { egressEnforced: true } }, 'a>c'],
    ['both', { a: { ingressEnforced: true, egressEnforced: true } }, 'a>c b>a c>a'],
    ['ingress by block, of one of its addresses', { b: { ingressEnforced: true } }, 'a>b b>b'],
    ['egress by block', { b: { egressEnforced: true } }, 'b>b b>d'],
    ['ingress of two groups, by block and list', { c: { ingressEnforced: true } }, 'a>c b>c c>c'],
    ['a group that is not known', { d: { ingressEnforced: true } }, ''],
    ['two ends', { a: { egressEnforced: true }, c: { ingressEnforced: true } }, 'a>c b>c c>c'],
  ])('are those that the rules of a closed end name: %s', (_, known, expected) => {
    expect(pairs(known, { text })).toBe(expected);
  });
});

describe('pairs on which there could be a cut', () => {
  const rules = [rule('r', 'a', ['b', 'c'], ['tcp/1']), rule('s', ['b', 'd'], 'a', ['tcp/2'])];
  const parts = { rules };
  const all = { a: { attached: true }, b: { attached: true }, c: { attached: true } };

  test('are those that a rule joins, of ends that carry their groups', () => {
    expect(pairs(all, { parts })).toBe('a>b a>c b>a');
    expect(pairs({ ...all, b: {} }, { parts })).toBe('a>c');
    expect(pairs({}, { parts })).toBe('');
  });

  test('not by names whose rules are not written on an end', () => {
    expect(pairs({ ...all, a: { attached: true, muted: ['a'] } }, { parts })).toBe('');
    expect(pairs({ ...all, a: { attached: true, muted: ['b'] } }, { parts })).toBe('a>b a>c b>a');
  });

  test('by networks too', () => {
    const networks = [network('near', { cidrs: ['10.0.0.0/24'] })];
    const to = { networks, rules: [rule('r', 'near', 'c', ['tcp/1'])] };
    expect(pairs(all, { parts: to })).toBe('a>c b>c');
  });

  test('and by the baseline, of ends that it serves', () => {
    const networks = [network('near', { cidrs: ['10.9.0.0/16'] })];
    const baseline = [
      baselineEntry('to', { to: 'near' }, ['tcp/1']),
      baselineEntry('from', { from: 'near' }, ['tcp/2']),
    ];
    const served = { ...all, a: { attached: true, baseline: true } };
    expect(pairs(served, { parts: { networks, baseline } })).toBe('a>c c>a');
    expect(pairs(all, { parts: { networks, baseline } })).toBe('');
    const unattached = { ...all, a: { baseline: true } };
    expect(pairs(unattached, { parts: { networks, baseline } })).toBe('');
  });

  test('named once, whatever names them', () => {
    const twice = { rules: [...rules, rule('t', ['a', 'a'], 'b', ['tcp/3'])] };
    const known = { ...all, a: { attached: true, egressEnforced: true } };
    const text = { groups: { 'sg-a': { out: ['tcp sg-b', 'udp sg-b'] } } };
    expect(pairs(known, { text, parts: twice })).toBe('a>b a>c b>a');
  });
});
