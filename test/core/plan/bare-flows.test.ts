import { describe, expect, test } from 'vitest';
import { decideMembership } from '../../../core/compile/decide-membership.ts';
import { indexPolicy } from '../../../core/compile/index-policy.ts';
import { GROUP_TAG, OWNER_TAG } from '../../../core/compile/owned-groups.ts';
import type { GroupRule, PrefixList, RulePeer } from '../../../core/model/inventory.ts';
import type { Direction } from '../../../core/model/plan.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { BareFlows } from '../../../core/plan/bare-flows.ts';
import {
  group,
  guardrail,
  inventory,
  NOW,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';

const WEB = 'sg-segment:web@vpc-1';
const POLICY = policy({
  segments: [segment('app', { mode: 'observe' }), segment('db'), segment('web')],
  rules: [rule('in', ['app', 'web'], 'db', ['tcp/100-200']), rule('out', 'db', 'app', ['udp/53'])],
});
const LISTS = [
  { id: 'pl-app', cidrs: ['10.1.0.0/16'] },
  { id: 'pl-aws', cidrs: [] },
] as unknown as readonly PrefixList[];

const ours = (key: string) =>
  group(`sg-${key}`, 'vpc-1', { tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: key } });

/** `a` is in an observed segment; `w` carries its group, and `v`, of the same segment, does not. */
function flows(of = POLICY): BareFlows {
  const estate = inventory(
    [
      { name: 'a', app: 'app', ipv4: '10.1.0.10', groups: ['sg-flat', 'sg-legacy'] },
      { name: 'w', app: 'web', groups: [WEB] },
      { name: 'v', app: 'web', groups: ['sg-flat', 'sg-v'] },
      { name: 'd', app: 'db', groups: ['sg-segment:db@vpc-1'] },
      { name: 'x', groups: ['sg-x'] },
    ],
    { groups: [ours('segment:web@vpc-1'), ours('segment:db@vpc-1')], prefixLists: LISTS },
  );
  const index = indexPolicy(of, { now: NOW });
  const identities = new Map(estate.workloads.map((w) => [w.identity.workload, w.identity]));
  return new BareFlows({
    ...{ index, inventory: estate, owner: OWNER },
    segmentsOf: (workload) => {
      const identity = identities.get(workload);
      return identity === undefined ? [] : decideMembership(index, identity).segments;
    },
  });
}

interface Case {
  readonly name: string;
  readonly peer: RulePeer;
  readonly may: boolean;
  readonly ports?: readonly [number, number];
  readonly direction?: Direction;
  readonly group?: string;
}

describe('BareFlows', () => {
  const sg = (id: string): RulePeer => ({ kind: 'group', id });
  test.each<Case>([
    { name: 'a group of a peer that is not ready', peer: sg('sg-legacy'), may: true },
    { name: 'a group of a member without its own', peer: sg('sg-v'), may: true },
    { name: 'its address', peer: { kind: 'ipv4', cidr: '10.1.0.0/16' }, may: true },
    { name: 'another address', peer: { kind: 'ipv4', cidr: '10.9.0.0/16' }, may: false },
    { name: 'a list that holds it', peer: { kind: 'prefixList', id: 'pl-app' }, may: true },
    { name: 'a list without entries', peer: { kind: 'prefixList', id: 'pl-aws' }, may: true },
    { name: 'a list nobody knows', peer: { kind: 'prefixList', id: 'pl-gone' }, may: true },
    { name: 'a group of who has what the rules name', peer: sg(WEB), may: false },
    { name: 'a group of who is no peer', peer: sg('sg-x'), may: false },
    { name: 'ports that no rule allows', peer: sg('sg-legacy'), ports: [201, 300], may: false },
    { name: 'ports of which one is allowed', peer: sg('sg-legacy'), ports: [200, 300], may: true },
    { name: 'the other way round', peer: sg('sg-legacy'), direction: 'egress', may: false },
    { name: 'a group of no segment', peer: sg('sg-x'), group: 'baseline@vpc-1', may: true },
    {
      name: 'a segment without rules',
      peer: sg('sg-legacy'),
      group: 'segment:b@vpc-1',
      may: false,
    },
  ])('$name: $may', (one) => {
    const [fromPort, toPort] = one.ports ?? [150, 150];
    const old: GroupRule = { protocol: 6, fromPort, toPort, peer: one.peer };
    const { group: key = 'segment:db@vpc-1', direction = 'ingress' } = one;
    expect(flows().mayRestOn(key, direction, old)).toBe(one.may);
  });

  test('lets nobody live on what a guardrail forbids, or a rule that has expired', () => {
    const old: GroupRule = { protocol: 6, fromPort: 150, toPort: 150, peer: sg('sg-legacy') };
    const mayRest = (more: Partial<Policy>) =>
      flows({ ...POLICY, ...more }).mayRestOn('segment:db@vpc-1', 'ingress', old);
    const deny = { from: { segment: 'app' }, to: { segment: 'db' } };
    expect(mayRest({ guardrails: [guardrail('apart', deny)] })).toBe(false);
    expect(mayRest({ guardrails: [guardrail('apart', deny, ['in'])] })).toBe(true);
    const expired = POLICY.rules.map((one) => ({ ...one, expires: '2020-01-01' }));
    expect(mayRest({ rules: expired })).toBe(false);
  });
});
