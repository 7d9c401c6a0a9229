import { describe, expect, test } from 'vitest';
import type { Plan, PlanStep } from '../../../core/model/plan.ts';
import { portText, renderPlan } from '../../../core/show/plan.ts';

const EMPTY: Plan = {
  ...{ id: 'plan-1', generation: 1, base: 0, policyVersion: 'sha256:test' },
  ...{ createdAt: '2026-11-23T12:00:00Z', kind: 'publish', addOnly: false },
  ...{ steps: [], guard: [], warnings: [] },
};

const HTTPS = { protocol: 6, fromPort: 443, toPort: 443 };
const base = { after: [], direction: 'ingress' as const, group: 'segment:web@vpc-1' };
const nic = { after: [], interface: 'eni-1', workload: 'i-1' };

/** One step of each kind, not in the order of their phases. */
const STEPS: readonly PlanStep[] = [
  {
    ...{ id: 'd', after: [], kind: 'delete-group', phase: 'delete' },
    ...{ group: 'segment:old@vpc-1', groupId: 'sg-old' },
  },
  {
    ...{ ...base, id: 'r', kind: 'revoke', phase: 'revoke' },
    rules: [{ ...HTTPS, peer: { kind: 'prefixList', id: 'pl-1' } }],
  },
  { ...nic, id: 'x', kind: 'detach', phase: 'detach', from: ['sg-1', 'sg-2'], to: ['sg-1'] },
  {
    ...nic,
    id: 'a',
    kind: 'attach',
    phase: 'attach',
    from: ['sg-2'],
    to: ['sg-1', 'sg-2', 'sg-3'],
  },
  {
    ...{ id: 'c', after: [], kind: 'create-group', phase: 'create', group: 'segment:web@vpc-1' },
    ...{ vpc: 'vpc-1', name: 'web', description: 'members of web' },
  },
  {
    ...{ ...base, id: 'z', kind: 'authorize', phase: 'create' },
    rules: [
      { ...HTTPS, peer: { kind: 'owned', key: 'segment:api@vpc-1' }, because: ['one', 'two'] },
      { ...HTTPS, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' }, because: [] },
      { ...HTTPS, peer: { kind: 'group', id: 'sg-9' }, because: ['three'] },
    ],
  },
];

describe('renderPlan', () => {
  test('reads by phase, each step in a line', () => {
    expect(renderPlan({ ...EMPTY, steps: STEPS })).toBe(
      `1. create groups and authorise rules (nothing is taken away)
  + group segment:web@vpc-1
  + segment:web@vpc-1 ingress tcp/443 segment:api@vpc-1  (one, two)
  + segment:web@vpc-1 ingress tcp/443 10.0.0.0/8
  + segment:web@vpc-1 ingress tcp/443 sg-9  (three)
2. attach groups beside the existing ones
  ~ i-1 eni-1 +sg-1 +sg-3
3. take groups off that are no longer wanted
  ~ i-1 eni-1 -sg-2
4. revoke rules that nobody wants
  - segment:web@vpc-1 ingress tcp/443 pl-1
5. delete groups that nobody carries
  - group segment:old@vpc-1 (sg-old)
`,
    );
  });

  test('says what is blocked and what to do, and that it waits for approval', () => {
    const blocked = {
      reason: 'slots',
      message: 'no slot on\u202e eni-1',
      hint: 'free one',
    } as const;
    const finding = { changed: 3, members: 8, share: 0.375, limit: 0.2, exceeded: true };
    const plan: Plan = {
      ...EMPTY,
      steps: [
        { ...nic, id: 'a', kind: 'attach', phase: 'attach', from: ['sg-1'], to: ['sg-1'], blocked },
      ],
      guard: [
        { ...finding, segment: '*' },
        { ...finding, segment: 'calm', exceeded: false },
        { ...finding, segment: 'we\u001bb', share: 0.33333 },
      ],
      crossings: [
        { guardrail: 'apart', group: 'segment:shared@vpc-1', workloads: ['i-1'] },
        {
          guardrail: 'g\u001b',
          group: 'segment:s',
          workloads: ['1', '2', '3', '4', '5', '6', '7'],
        },
      ],
    };
    expect(renderPlan(plan)).toBe(
      `2. attach groups beside the existing ones
  ~ i-1 eni-1
      blocked (slots): no slot on· eni-1
      free one
this waits for approval:
  the estate: 3 of 8 running members change (37.5 %, guard 20 %)
  we·b: 3 of 8 running members change (33.3 %, guard 20 %)
  guardrail \`apart\`: until the plan is done it may let through what group segment:shared@vpc-1 gives i-1; publish in steps to avoid it
  guardrail \`g·\`: until the plan is done it may let through what group segment:s gives 1, 2, 3, 4, 5 and 2 more; publish in steps to avoid it
`,
    );
  });

  test('says what was missing and what to know, also with nothing to change', () => {
    const warnings = ['one\n', 'x'.repeat(401)];
    expect(renderPlan({ ...EMPTY, addOnly: true, warnings })).toBe(
      `the inventory has gaps: this plan adds and never removes
warning: one·
warning: ${'x'.repeat(399)}…
nothing to change
`,
    );
    const [remove] = STEPS;
    if (remove === undefined) throw new Error('no step');
    expect(renderPlan({ ...EMPTY, warnings: ['one'], steps: [remove] })).toBe(
      `warning: one
5. delete groups that nobody carries
  - group segment:old@vpc-1 (sg-old)
`,
    );
  });
});

test.each([
  [{ protocol: -1, fromPort: -1, toPort: -1 }, 'all'],
  [{ protocol: 6, fromPort: 0, toPort: 65_535 }, 'tcp'],
  [{ protocol: 6, fromPort: 443, toPort: 443 }, 'tcp/443'],
  [{ protocol: 6, fromPort: 0, toPort: 0 }, 'tcp/0'],
  [{ protocol: 6, fromPort: 1_024, toPort: 65_535 }, 'tcp/1024-65535'],
  [{ protocol: 17, fromPort: 1, toPort: 9 }, 'udp/1-9'],
  [{ protocol: 1, fromPort: 8, toPort: -1 }, 'icmp/8'],
  [{ protocol: 1, fromPort: 3, toPort: 4 }, 'icmp/3/4'],
  [{ protocol: 1, fromPort: 3, toPort: 3 }, 'icmp/3/3'],
  [{ protocol: 58, fromPort: 128, toPort: 0 }, 'icmpv6/128/0'],
  [{ protocol: 58, fromPort: -1, toPort: -1 }, 'icmpv6'],
  [{ protocol: 47, fromPort: -1, toPort: -1 }, '47'],
])('%o reads %s', (rule, expected) => {
  expect(portText(rule)).toBe(expected);
});
