import { describe } from 'vitest';
import { check, ofRule, SEGMENTS } from './lint.ts';

const NETWORKS = 'networks:\n  n: { cidrs: 10.0.0.0/8 }\n  m: { cidrs: 11.0.0.0/8 }\n';
const ZONES =
  'zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { not: { zone: z } }, to: { zone: z } }, EXCEPT why: w }\n';
/** Nobody may enter the zone of `b`. */
const guarded = (text: string, except = ''): string =>
  ZONES.replace('EXCEPT', except) + text.replace('app: b } }', 'app: b } }, zone: z');

describe('rules', () => {
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
      text: `${NETWORKS}rules:\n  - { id: r, from: n, to: m, allow: tcp, why: w }\n`,
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
      text: guarded(ofRule('from: a, to: b, allow: tcp')),
      found: [
        '9:11 rule-crosses-guardrail: rule `r` joins `a` to `b`, which guardrail `g` forbids; the rule has no effect there: change it, or have the guardrail except it',
      ],
    },
    {
      name: 'a rule that names the network of the pair second',
      text: NETWORKS + ofRule('from: [n, a], to: [b, m], allow: tcp'),
      found: [
        '9:11 rule-pair-without-segment: rule `r` joins, among others, networks `n` and `m`; that pair has no effect; split the rule',
      ],
    },
    {
      name: 'networks at one end, also among segments',
      text: `${NETWORKS + ofRule('from: [n, a], to: b, allow: tcp')}  - { id: s, from: n, to: [a, b], allow: tcp, why: w }\n  - { id: t, from: a, to: m, allow: tcp, why: w }\n`,
      found: [],
    },
    {
      name: 'networks at one end, and one of them among segments at the other',
      text: NETWORKS + ofRule('from: n, to: [m, a], allow: tcp'),
      found: ['9:11 rule-pair-without-segment'],
    },
    {
      name: 'an end that is empty is that and no more',
      text: `${NETWORKS + ofRule('from: [], to: n, allow: tcp')}  - { id: s, from: n, to: [], allow: tcp, why: w }\n`,
      found: ['9:20 empty-list', '10:27 empty-list'],
    },
    {
      name: 'a rule of which the last pair crosses a guardrail',
      text: guarded(`${ofRule('from: [b, a], to: [a, b], allow: tcp')}`),
      found: [
        '9:11 rule-crosses-guardrail: rule `r` joins `a` to `b`, which guardrail `g` forbids; the rule has no effect there: change it, or have the guardrail except it',
      ],
    },
    {
      name: 'a rule that the guardrail excepts',
      text: guarded(ofRule('from: a, to: b, allow: tcp'), 'except: r,'),
      found: [],
    },
    {
      name: 'a rule away from the guardrail',
      text: guarded(ofRule('from: b, to: a, allow: tcp')),
      found: [],
    },
    {
      name: 'names that do not exist cross nothing, and those beside them do',
      text: guarded(ofRule('from: [none, a], to: [nobody, b], allow: tcp')),
      found: ['9:21 unknown-segment', '9:36 unknown-segment', '9:11 rule-crosses-guardrail'],
    },
  ]);
});

describe('assertions', () => {
  const asserted = (rule: string, expect: string): string =>
    `${ofRule(rule)}assert:\n  - { id: t, from: a, to: b, ${expect} }\n`;
  const baseline = (entry: string, expect: string): string =>
    `${SEGMENTS}baseline: [{ id: e, ${entry}, why: w }]\nassert: [{ id: t, from: a, to: b, ${expect} }]\n`;
  const broken = (message: string): string[] => [
    `6:16 assertion-failed: \`a\` to \`b\` on ${message}`,
  ];
  check([
    {
      name: 'an assertion that a rule breaks',
      text: asserted('from: a, to: b, allow: tcp/400-500', 'port: tcp/443, expect: deny'),
      found: [
        '8:11 assertion-failed: `a` to `b` on `tcp/443` is allowed by `r`; change what is named, or the assertion',
      ],
    },
    {
      name: 'an assertion that the rules cover in part only',
      text: asserted('from: a, to: b, allow: [tcp/1-5, tcp/7-9]', 'port: tcp/1-9, expect: allow'),
      found: [
        '8:11 assertion-failed: `a` to `b` on `tcp/1-9` is not allowed by any rule; add a rule, or change the assertion',
      ],
    },
    {
      name: 'an assertion that several entries cover together',
      text: asserted('from: a, to: b, allow: [tcp/1-5, tcp/6-9]', 'port: tcp/1-9, expect: allow'),
      found: [],
    },
    {
      name: 'an assertion that several rules break, each of which is named',
      text: asserted('from: [b, a], to: [a, b], allow: all', 'port: udp/53, expect: deny').replace(
        'assert:',
        '  - { id: s, from: a, to: b, allow: [tcp/53, udp/50-60], why: w }\n  - { id: q, from: b, to: a, allow: all, why: w }\nassert:',
      ),
      found: [
        '10:11 assertion-failed: `a` to `b` on `udp/53` is allowed by `r`, `s`; change what is named, or the assertion',
      ],
    },
    ...[
      ['tcp/442', 'another port, below'],
      ['tcp/444', 'another port, above'],
      ['udp/443', 'another protocol'],
      ['[icmp, "47"]', 'other protocols'],
    ].map(([allow, name]) => ({
      name: `an assertion that ${name} does not break`,
      text: asserted(`from: a, to: b, allow: ${allow}`, 'port: tcp/443, expect: deny'),
      found: [],
    })),
    ...['tcp/443', 'tcp/400-443', 'tcp/443-500', 'tcp', 'all', '[udp, tcp/1-9, tcp/443]'].map(
      (allow) => ({
        name: `an assertion that ${allow} breaks`,
        text: asserted(`from: a, to: b, allow: ${allow}`, 'port: tcp/443, expect: deny'),
        found: ['8:11 assertion-failed'],
      }),
    ),
    ...['udp/443', 'tcp/80-442', 'tcp/444', '[tcp/1-442, udp, icmp]'].map((allow) => ({
      name: `an assertion that ${allow} does not give`,
      text: asserted(`from: a, to: b, allow: ${allow}`, 'port: tcp/443, expect: allow'),
      found: ['8:11 assertion-failed'],
    })),
    {
      name: 'an assertion that a rule gives, but not that way round',
      text: asserted('from: b, to: a, allow: all', 'port: tcp/443, expect: allow'),
      found: ['8:11 assertion-failed'],
    },
    {
      name: 'an assertion that a guardrail holds',
      text: guarded(asserted('from: a, to: b, allow: all', 'port: tcp/443, expect: deny')),
      found: ['9:11 rule-crosses-guardrail'],
    },
    {
      name: 'an assertion that a guardrail breaks',
      text: guarded(
        asserted('from: a, to: b, allow: all', 'port: tcp/443, expect: allow').replace(
          'assert:',
          '  - { id: s, from: a, to: b, allow: udp, why: w }\n  - { id: q, from: a, to: b, allow: tcp/1-9, why: w }\nassert:',
        ),
        'except: q,',
      ),
      found: [
        '13:11 assertion-failed: `a` to `b` on `tcp/443` is not allowed by any rule; a guardrail forbids `r`, `s`; add a rule, or change the assertion',
        '9:11 rule-crosses-guardrail',
        '10:11 rule-crosses-guardrail',
      ],
    },
    {
      name: 'an assertion that the baseline breaks, by its end',
      text: baseline('to: b, allow: tcp', 'port: tcp/443, expect: deny'),
      found: broken('`tcp/443` is allowed by `e`; change what is named, or the assertion'),
    },
    {
      name: 'an assertion that the baseline breaks, by its start',
      text: baseline('from: a, allow: tcp', 'port: tcp/443, expect: deny'),
      found: broken('`tcp/443` is allowed by `e`; change what is named, or the assertion'),
    },
    {
      name: 'an assertion that the baseline gives',
      text: baseline('from: a, allow: tcp', 'port: tcp/443, expect: allow'),
      found: [],
    },
    {
      name: 'an assertion that the baseline of others does not give',
      text: baseline('to: a, allow: tcp', 'port: tcp/443, expect: allow'),
      found: broken('`tcp/443` is not allowed by any rule; add a rule, or change the assertion'),
    },
    {
      name: 'assertions about names that do not exist',
      text: `${SEGMENTS}assert:\n  - { id: s, from: x, to: b, port: tcp, expect: allow }\n  - { id: t, from: a, to: y, port: tcp, expect: allow }\n`,
      found: ['6:20 unknown-segment', '7:27 unknown-segment'],
    },
    {
      name: 'an assertion about a port that is none',
      text: `${SEGMENTS}assert:\n  - { id: s, from: a, to: b, port: tcp/x, expect: allow }\n`,
      found: ['6:36 bad-port'],
    },
  ]);
});
