import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import { type CheckEnd, permits, policyTraffic } from '../../../core/check/policy-traffic.ts';
import { subtractSets, uniteRanges } from '../../../core/check/traffic-union.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  allowance,
  baselineEntry,
  guardrail,
  identity,
  NOW,
  network,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';

const host = (app: string, ...addresses: string[]): CheckEnd => ({
  identity: identity(`i-${app}`, { tags: { app } }),
  ipv4: addresses.filter((one) => !one.includes(':')),
  ipv6: addresses.filter((one) => one.includes(':')),
});
const web = host('web', '10.0.0.1');
const db = host('db', '10.0.0.2');
const outside: CheckEnd = { ipv4: ['192.0.2.9'], ipv6: [] };

function told(parts: Partial<Policy>, from = web, to = db) {
  const segments = parts.segments ?? [segment('db'), segment('web')];
  const { traffic } = policyTraffic(policy({ ...parts, segments }), { now: NOW }).between(from, to);
  return Object.fromEntries(
    Object.entries(traffic).map(([family, set]) => [family, trafficTexts(set).join(' ')]),
  );
}
const webToDb = rule('r', 'web', 'db', ['tcp/5432']);

describe('rules', () => {
  test.each([
    ['one way alone', [webToDb], 'tcp/5432'],
    ['not the other way', [rule('r', 'db', 'web', ['tcp/5432'])], ''],
    ['nothing by default', [], ''],
    [
      'rules add up',
      [webToDb, rule('s', 'web', 'db', ['tcp/5433', 'udp/53'])],
      'tcp/5432-5433 udp/53',
    ],
    ['on its last day', [{ ...webToDb, expires: '2026-11-23' }], 'tcp/5432'],
    ['on the day after', [{ ...webToDb, expires: '2026-11-22' }], ''],
  ])('%s', (_, rules, expected) => {
    expect(told({ rules })).toEqual({ ipv4: expected });
  });

  test('a withheld segment counts for nothing', () => {
    expect(told({ rules: [webToDb] }, { ...web, withheld: ['web'] })).toEqual({ ipv4: '' });
  });

  test('only shared families are answered', () => {
    const six = host('web', '2001:db8::1');
    expect(told({ rules: [webToDb] }, six)).toEqual({});
    const both = host('db', '10.0.0.2', '2001:db8::2');
    expect(told({ rules: [webToDb] }, six, both)).toEqual({ ipv6: 'tcp/5432' });
  });
});

describe('networks', () => {
  const rules = [rule('r', 'net', 'db', ['tcp/443'])];
  const from = (address: string, more: Partial<Parameters<typeof network>[1]> = {}) =>
    told(
      { rules, networks: [network('net', { cidrs: ['192.0.2.0/24'], ...more })] },
      {
        ipv4: [address],
        ipv6: [],
      },
    ).ipv4;

  test('an address is inside, and not in an exception', () => {
    expect(from('192.0.2.9')).toBe('tcp/443');
    expect(from('192.0.3.9')).toBe('');
    expect(from('192.0.2.9', { except: ['192.0.2.8/31'] })).toBe('');
  });
});

describe('baseline and guardrails', () => {
  const networks = [network('mirror', { cidrs: ['192.0.2.0/24'] })];
  const baseline = [baselineEntry('b', { to: 'mirror' }, ['tcp/443'])];

  test('the baseline serves staged and enforced workloads alone', () => {
    expect(told({ networks, baseline }, { ...web, baseline: true }, outside).ipv4).toBe('tcp/443');
    expect(told({ networks, baseline }, web, outside).ipv4).toBe('');
  });

  const segments = [segment('db', { zone: 'pci' }), segment('web')];
  const inbound = { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } };
  test('a guardrail forbids, except where it says so', () => {
    expect(told({ segments, rules: [webToDb], guardrails: [guardrail('g', inbound)] }).ipv4).toBe(
      '',
    );
    const free = guardrail('g', inbound, ['r']);
    expect(told({ segments, rules: [webToDb], guardrails: [free] }).ipv4).toBe('tcp/5432');
  });

  test('what allows and what forbids are named', () => {
    const guardrails = [guardrail('g', inbound)];
    const rules = [webToDb];
    const said = policyTraffic(policy({ segments, rules, guardrails }), { now: NOW });
    const answer = said.between(web, db);
    expect(answer).toMatchObject({ allowedBy: [], forbidden: [{ rule: 'r', guardrail: 'g' }] });
    expect(permits(answer, { protocol: 6, port: 5432 })).toBe(false);
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
