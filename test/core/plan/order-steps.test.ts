import { expect, test } from 'vitest';
import type { DesiredRule } from '../../../core/model/desired-state.ts';
import type { PlanStep } from '../../../core/model/plan.ts';
import { orderSteps } from '../../../core/plan/order-steps.ts';

const V = 'vpc-1';
/** Groups that exist; `segment:new@vpc-1` is made by the plan. */
const KEYS = new Map(['db', 'old', 'web'].map((name) => [`sg-${name}`, `segment:${name}@${V}`]));

const inGroup = (name: string) => ({ after: [], group: `segment:${name}@${V}` });
const RULE = { protocol: 6, fromPort: 1, toPort: 1 };
const byId = (name: string) => ({ ...RULE, peer: { kind: 'group' as const, id: `sg-${name}` } });
const byKey = (name: string): DesiredRule => ({
  ...{ ...RULE, because: ['r'] },
  peer: { kind: 'owned', key: `segment:${name}@${V}` },
});

function moves(nic: string, kind: 'attach' | 'detach', from: string, to: string): PlanStep {
  const ids = (names: string): string[] => names.split(' ').filter((name) => name !== '');
  return {
    ...{ id: `${kind}:${nic}`, kind, phase: kind, after: [], interface: nic, workload: `i-${nic}` },
    ...{ from: ids(from), to: ids(to) },
  };
}

/** `old` is renamed to `new`, which speaks with `db`; `db` gives up a rule, and `web` two. */
const STEPS: readonly PlanStep[] = [
  {
    ...{ ...inGroup('new'), id: 'create:new', kind: 'create-group', phase: 'create' },
    ...{ vpc: V, name: 'new', description: '' },
  },
  {
    ...{ ...inGroup('new'), id: 'revoke-default:new', kind: 'revoke', phase: 'create' },
    ...{ direction: 'egress', rules: [], after: ['create:new'] },
  },
  {
    ...{ ...inGroup('db'), id: 'revoke-early:db', kind: 'revoke', phase: 'create' },
    ...{ direction: 'ingress', rules: [byId('web')] },
  },
  {
    ...{ ...inGroup('db'), id: 'authorize:db', kind: 'authorize', phase: 'create' },
    ...{ direction: 'ingress', rules: [byKey('new')], after: ['revoke-early:db', 'create:new'] },
  },
  {
    ...{ ...inGroup('new'), id: 'authorize:new', kind: 'authorize', phase: 'create' },
    ...{ direction: 'egress', rules: [byKey('db'), byKey('new')], after: ['create:new'] },
  },
  moves('eni-a', 'attach', 'sg-flat sg-old', `segment:new@${V} sg-flat sg-old`),
  moves('eni-b', 'attach', 'sg-flat', 'sg-flat sg-web'),
  moves('eni-a', 'detach', `segment:new@${V} sg-flat sg-old`, `segment:new@${V}`),
  // Too few slots to attach first.
  moves('eni-c', 'detach', 'sg-flat sg-old', 'sg-db'),
  {
    ...{ ...inGroup('db'), id: 'revoke:db', kind: 'revoke', phase: 'revoke' },
    ...{ direction: 'ingress', rules: [byId('old'), byId('foreign')] },
  },
  {
    ...{ ...inGroup('idle'), id: 'revoke:idle', kind: 'revoke', phase: 'revoke' },
    ...{ direction: 'ingress', rules: [] },
  },
  {
    ...{ ...inGroup('idle'), id: 'delete:idle', kind: 'delete-group', phase: 'delete' },
    groupId: 'sg-idle',
  },
  {
    ...{ ...inGroup('old'), id: 'delete:old', kind: 'delete-group', phase: 'delete' },
    groupId: 'sg-old',
  },
  {
    ...{ ...inGroup('unused'), id: 'delete:unused', kind: 'delete-group', phase: 'delete' },
    groupId: 'sg-unused',
  },
];

const AFTER: Readonly<Record<string, readonly string[]>> = {
  'create:new': [],
  'revoke-early:db': [],
  'revoke-default:new': ['create:new'],
  'authorize:db': ['create:new', 'revoke-early:db'],
  'authorize:new': ['create:new'],
  'attach:eni-a': ['authorize:db', 'authorize:new', 'create:new', 'revoke-default:new'],
  // It gains a group that a rule of phase create is about.
  'attach:eni-b': ['revoke-early:db'],
  'detach:eni-a': [
    ...['attach:eni-a', 'authorize:db', 'authorize:new', 'create:new', 'revoke-default:new'],
  ],
  'detach:eni-c': ['authorize:db', 'authorize:new', 'revoke-early:db'],
  'revoke:db': ['attach:eni-a', 'detach:eni-a', 'detach:eni-c'],
  'revoke:idle': [],
  'delete:idle': ['revoke:idle'],
  'delete:old': ['attach:eni-a', 'detach:eni-a', 'detach:eni-c', 'revoke:db'],
  'delete:unused': [],
};

test('steps come by phase, kind and name, each with all that it waits for', () => {
  const ordered = STEPS.map((step) => ({ ...step, after: AFTER[step.id] }));
  expect(orderSteps(STEPS, KEYS)).toEqual(ordered);
});

test('in whatever order they were planned', () => {
  const ordered = orderSteps(STEPS, KEYS);
  expect(orderSteps([...STEPS].reverse(), KEYS)).toEqual(ordered);
  const byName = [...STEPS].sort((a, b) => (a.id.slice(-3) < b.id.slice(-3) ? -1 : 1));
  expect(orderSteps(byName, KEYS)).toEqual(ordered);
});
