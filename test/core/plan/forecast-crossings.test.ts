import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../core/model/policy.ts';
import { guardrail, network, rule } from '../../properties/builders.ts';
import { type Change, PEERS_JOIN, RULES_COME, RULES_GO } from '../../properties/crossing-world.ts';
import { fresh, planFor, publish } from './plan-for.ts';

function crossings({ inventory, before, after }: Change, more: Partial<Policy> = {}) {
  const { crossings: found } = planFor({ ...after, ...more }, publish(before, fresh(inventory)));
  return found;
}

describe('forecastCrossings', () => {
  test.each([
    ['leaves a group while rules come to it', RULES_COME, 'segment:shared@vpc-1'],
    ['leaves a group while peers join another', PEERS_JOIN, 'segment:shared@vpc-1'],
    ['joins a group while rules go', RULES_GO, 'segment:shared@vpc-1'],
  ])('names the guardrail that a workload may be let across who %s', (_who, change, group) => {
    expect(crossings(change)).toEqual([{ guardrail: 'apart', group, workloads: ['i-x'] }]);
  });

  test.each([
    ['without a guardrail', []],
    [
      'by one the other way round',
      [guardrail('g', { from: { zone: 'prod' }, to: { zone: 'dev' } })],
    ],
    ['by one for others', [guardrail('g', { from: { zone: 'dev' }, to: { segment: 'shared' } })]],
  ])('says nothing %s', (_how, guardrails) => {
    for (const change of [RULES_COME, PEERS_JOIN, RULES_GO]) {
      expect(crossings(change, { guardrails })).toBeUndefined();
    }
  });

  test('a rule that the guardrail excepts may cross it', () => {
    const deny = { from: { zone: 'dev' }, to: { zone: 'prod' } };
    expect(crossings(RULES_COME, { guardrails: [guardrail('g', deny, ['shared-prod'])] })).toBe(
      undefined,
    );
    const other = [guardrail('g', deny, ['other'])];
    expect(crossings(RULES_COME, { guardrails: other })).toHaveLength(1);
  });

  test('no crossing where nothing is open for a moment', () => {
    const { inventory, after } = RULES_COME;
    expect(crossings({ inventory, before: after, after })).toBeUndefined();
  });

  test('an uninstall crosses none', () => {
    const { inventory, before, after } = RULES_COME;
    const estate = publish(before, fresh(inventory));
    expect(planFor(after, estate, { kind: 'uninstall' }).crossings).toBeUndefined();
  });
});

describe('rules about addresses', () => {
  const intoDev = guardrail('into-dev', { from: { not: { zone: 'dev' } }, to: { zone: 'dev' } });
  /** `x` goes from `shared` to `dev` while `shared` lets a network in. */
  function withNetwork(more: Parameters<typeof network>[1]): Partial<Policy> {
    return {
      guardrails: [intoDev],
      networks: [network('net', more)],
      rules: [rule('net-shared', 'net', 'shared', ['tcp/443'])],
    };
  }

  test('come from the zone of their network', () => {
    const cidrs = ['198.51.100.0/24'];
    expect(crossings(RULES_COME, withNetwork({ cidrs }))).toHaveLength(1);
    // An address of a network may be anybody's; it counts as in no zone, too.
    expect(crossings(RULES_COME, withNetwork({ cidrs, zone: 'prod' }))).toHaveLength(1);
    const inDev = {
      ...withNetwork({ cidrs, zone: 'dev' }),
      guardrails: [{ ...intoDev, ...PROD_TO_DEV }],
    };
    expect(crossings(RULES_COME, inDev)).toBeUndefined();
    const inProd = { ...inDev, networks: [network('net', { cidrs, zone: 'prod' })] };
    expect(crossings(RULES_COME, inProd)).toHaveLength(1);
  });

  test('come from the workloads that have such addresses', () => {
    const inside = withNetwork({ cidrs: ['10.0.0.0/8'], includesWorkloads: true });
    const guarded = { ...inside, guardrails: [{ ...intoDev, ...PROD_TO_DEV }] };
    expect(crossings(RULES_COME, guarded)).toHaveLength(1);
    const elsewhere = { ...guarded, networks: [network('net', { cidrs: ['192.168.0.0/16'] })] };
    expect(crossings(RULES_COME, elsewhere)).toBeUndefined();
  });
});

const PROD_TO_DEV = { deny: { from: { zone: 'prod' }, to: { zone: 'dev' } } };
