import { describe, expect, test } from 'vitest';
import { indexPolicy } from '../../../core/compile/index-policy.ts';
import { segmentPairs } from '../../../core/compile/segment-pairs.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { guardrail, NOW, network, policy, rule, segment } from '../../properties/builders.ts';

const SEGMENTS = [segment('api'), segment('db', { zone: 'prod' }), segment('web', { zone: 'dev' })];

function pairsOf(more: Partial<Policy>): readonly string[] {
  const index = indexPolicy(policy({ segments: SEGMENTS, ...more }), { now: NOW });
  return segmentPairs(index).map(
    ({ from, to, allow }) => `${from.name} ${to.name} ${allow.map(({ text }) => text).join()}`,
  );
}

describe('segmentPairs', () => {
  test('is every pair of each rule, in its direction', () => {
    const rules = [rule('r1', ['web', 'api'], ['api', 'db'], ['tcp/443', 'udp/53'])];
    expect(pairsOf({ rules })).toEqual([
      'api api tcp/443,udp/53',
      'api db tcp/443,udp/53',
      'web api tcp/443,udp/53',
      'web db tcp/443,udp/53',
    ]);
  });

  test('leaves networks out, and rules that have expired', () => {
    const networks = [network('office', { cidrs: ['198.51.100.0/24'] })];
    const rules = [
      rule('r1', ['office', 'web'], ['api', 'office'], ['tcp/443']),
      rule('r2', 'web', 'db', ['tcp/1'], { expires: '2020-01-01' }),
    ];
    expect(pairsOf({ networks, rules })).toEqual(['web api tcp/443']);
  });

  test('leaves out what a guardrail forbids, by zone or by segment, unless it excepts the rule', () => {
    const rules = [rule('r1', 'web', 'db', ['tcp/1']), rule('r2', 'web', 'db', ['tcp/2'])];
    const between = (...guardrails: Policy['guardrails']) => pairsOf({ rules, guardrails });
    const zones = { from: { zone: 'dev' }, to: { zone: 'prod' } };
    expect(between(guardrail('g', zones))).toEqual([]);
    expect(between(guardrail('g', zones, ['r2']))).toEqual(['web db tcp/2']);
    expect(between(guardrail('g', { from: zones.to, to: zones.from }))).toHaveLength(2);
    expect(between(guardrail('g', { from: { segment: 'web' }, to: { segment: 'db' } }))).toEqual(
      [],
    );
  });
});
