import { describe } from 'vitest';
import { check, ofRule, SEGMENTS } from './lint.ts';

describe('names', () => {
  check([
    {
      name: 'a segment that does not exist, with the one that was meant',
      text: ofRule('from: a, to: shop-bw, allow: tcp').replace('  b:', '  shop-wb:'),
      found: [
        '6:27 unknown-segment: segment or network `shop-bw` does not exist; did you mean `shop-wb`?',
      ],
    },
    {
      name: 'a zone',
      text: 'networks:\n  n: { zone: x, cidrs: 10.0.0.0/8 }\n',
      found: ['3:14 unknown-zone: zone `x` does not exist; define it, or correct the name'],
    },
    {
      name: 'a service',
      text: ofRule('from: a, to: b, allow: [postgres]'),
      found: [
        '6:38 unknown-service: service `postgres` does not exist; define it, or correct the name',
      ],
    },
    {
      name: 'a rule that a guardrail excepts',
      text: 'zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { zone: z }, to: { zone: z } }, except: r, why: w }\n',
      found: ['4:68 unknown-rule: rule `r` does not exist; define it, or correct the name'],
    },
    {
      name: 'a zone of a guardrail',
      text: 'guardrails:\n  - { id: g, deny: { from: { not: { zone: z } }, to: { segment: s } }, why: w }\n',
      found: [
        '3:43 unknown-zone',
        '3:65 unknown-segment: segment `s` does not exist; define it, or correct the name',
      ],
    },
    {
      name: 'the ends of an assertion',
      text: 'assert:\n  - { id: t, from: x, to: y, port: tcp/1, expect: deny }\n',
      found: [
        '3:20 unknown-segment: segment or network `x` does not exist; define it, or correct the name',
        '3:27 unknown-segment',
      ],
    },
    {
      name: 'the peer of a baseline entry',
      text: 'baseline:\n  - { id: t, to: x, allow: tcp, why: w }\n',
      found: ['3:18 unknown-segment'],
    },
    {
      name: 'one key twice',
      text: 'zones:\n  z: {}\n  z: {}\n',
      found: [
        '4:3 duplicate-key: key `z` stands here and at root.yaml:3:3; remove or rename one of them',
      ],
    },
    {
      name: 'a network called like a segment',
      text: `networks:\n  a: { cidrs: 10.0.0.0/8 }\n${SEGMENTS}`,
      found: [
        '5:3 duplicate-name: segment `a` has the name of the network at root.yaml:3:3; rename one of them',
      ],
    },
    {
      name: 'a rule called like an assertion',
      text: `${ofRule('from: a, to: b, allow: tcp')}assert:\n  - { id: r, from: a, to: b, port: tcp, expect: allow }\n`,
      found: [
        '6:11 duplicate-name: rule `r` has the name of the assertion at root.yaml:8:11; rename one of them',
      ],
    },
    {
      name: 'a zone and a segment may share a name',
      text: `zones: { a: {} }\n${SEGMENTS}`,
      found: [],
    },
  ]);

  const grammar =
    'is not 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter';
  check(
    [
      ['9lives', 'for example `lives`'],
      ['-Web--Tier-', 'for example `web-tier`'],
      ['1-2-a.,b', 'for example `a-b`'],
      ['_42', 'choose such a name'],
      [`${'z'.repeat(62)}--zz`, `for example \`${'z'.repeat(62)}\``],
      ['z'.repeat(70), `for example \`${'z'.repeat(63)}\``],
      ['a-', 'for example `a`'],
    ].map(([name = '', hint]) => ({
      name: `${name.slice(0, 20)} is no name`,
      text: `zones: { "${name}": {} }\n`,
      found: [`2:10 bad-name: zone name \`${name}\` ${grammar}; ${hint}`],
    })),
  );

  check([
    {
      name: 'the kinds of things that are named',
      text: `networks: { A: { cidrs: 10.0.0.0/8 } }\nservices: { B: tcp/1 }\nsegments: { C: { select: { kind: task } } }\nbaseline: [{ id: D, to: C, allow: tcp, why: w }]\nguardrails: [{ id: E, deny: { from: { not: { segment: C } }, to: { segment: C } }, why: w }]\nassert: [{ id: F, from: C, to: C, port: tcp/2, expect: allow }]\nrules: [{ id: G, from: C, to: C, allow: B, why: w }]\n`,
      found: [
        ['2:13', 'network', 'A'],
        ['3:13', 'service', 'B'],
        ['4:13', 'segment', 'C'],
        ['5:18', 'baseline entry', 'D'],
        ['6:20', 'guardrail', 'E'],
        ['7:16', 'assertion', 'F'],
        ['8:15', 'rule', 'G'],
      ].map(
        ([at, what, name = '']) =>
          `${at} bad-name: ${what} name \`${name}\` ${grammar}; for example \`${name.toLowerCase()}\``,
      ),
    },
    {
      name: 'each end of a baseline entry',
      text: 'baseline:\n  - { id: s, from: x, allow: tcp, why: w }\n  - { id: t, to: y, allow: tcp, why: w }\n',
      found: ['3:20 unknown-segment', '4:18 unknown-segment'],
    },
    {
      name: 'the zone of a segment',
      text: 'segments:\n  a: { select: { kind: task }, zone: x }\n',
      found: ['3:38 unknown-zone'],
    },
    {
      name: 'a network where a guardrail names a segment',
      text: 'networks: { n: { cidrs: 10.0.0.0/8 } }\nguardrails: [{ id: g, deny: { from: { segment: n }, to: { segment: n } }, why: w }]\n',
      found: [
        '3:48 unknown-segment: network `n` is no segment; name a segment',
        '3:68 unknown-segment',
      ],
    },
    {
      name: 'rules and baseline entries, which a guardrail may except, and an assertion, which it may not',
      text: `${ofRule('from: a, to: b, allow: tcp')}baseline: [{ id: s, to: a, allow: tcp, why: w }]\nassert: [{ id: t, from: a, to: b, port: tcp, expect: allow }]\nguardrails: [{ id: g, deny: { from: { segment: a }, to: { segment: b } }, except: [r, s, t], why: w }]\n`,
      found: ['9:90 unknown-rule: assertion `t` is no rule; name a rule'],
    },
  ]);
});
