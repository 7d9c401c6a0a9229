import { describe } from 'vitest';
import { check, ofRule } from './lint.ts';

describe('sense', () => {
  check([
    {
      name: 'a rule past its last day',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-11-22'),
      found: [
        '6:51 expired-rule: rule `r` held until `2026-11-22`, `1` days ago; remove it, or renew its date',
      ],
    },
    {
      name: 'a rule on its last day still holds, with a warning',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-11-23'),
      found: [
        '6:51 expiring-rule: rule `r` holds until `2026-11-23`, for `0` more days; renew or replace it in time',
      ],
    },
    {
      name: 'thirty days left are warned about',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-12-23'),
      found: ['6:51 expiring-rule'],
    },
    {
      name: 'thirty-one days left are not',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-12-24'),
      found: [],
    },
    {
      name: 'a rule between networks',
      text: 'networks:\n  n: { cidrs: 10.0.0.0/8 }\n  m: { cidrs: 11.0.0.0/8 }\nrules:\n  - { id: r, from: n, to: m, allow: tcp, why: w }\n',
      found: [
        '6:11 rule-without-segment: rule `r` joins networks only; name a segment at one end: there is no group to write the rule to',
      ],
    },
    {
      name: 'a rule of which one pair is between networks',
      text: `networks:\n  n: { cidrs: 10.0.0.0/8 }\n${ofRule('from: [a, n], to: [b, n], allow: tcp')}`,
      found: [
        '8:11 rule-pair-without-segment: rule `r` joins, among others, networks `n` and `n`; that pair has no effect; split the rule',
      ],
    },
    {
      name: 'a rule across a guardrail',
      text: `zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { not: { zone: z } }, to: { zone: z } }, why: w }\n${ofRule('from: a, to: b, allow: tcp').replace('app: b } }', 'app: b } }, zone: z')}`,
      found: [
        '9:11 rule-crosses-guardrail: rule `r` joins `a` to `b`, which guardrail `g` forbids; the rule has no effect there: change it, or have the guardrail except it',
      ],
    },
    {
      name: 'an assertion that a rule breaks',
      text: `${ofRule('from: a, to: b, allow: tcp/400-500')}assert:\n  - { id: t, from: a, to: b, port: tcp/443, expect: deny }\n`,
      found: [
        '8:11 assertion-failed: `a` to `b` on `tcp/443` is allowed by `r`; change what is named, or the assertion',
      ],
    },
    {
      name: 'an assertion that the rules cover in part only',
      text: `${ofRule('from: a, to: b, allow: [tcp/1-5, tcp/7-9]')}assert:\n  - { id: t, from: a, to: b, port: tcp/1-9, expect: allow }\n`,
      found: [
        '8:11 assertion-failed: `a` to `b` on `tcp/1-9` is not allowed by any rule; add a rule, or change the assertion',
      ],
    },
    {
      name: 'an assertion that several entries cover together',
      text: `${ofRule('from: a, to: b, allow: [tcp/1-5, tcp/6-9]')}assert:\n  - { id: t, from: a, to: b, port: tcp/1-9, expect: allow }\n`,
      found: [],
    },
  ]);
});
