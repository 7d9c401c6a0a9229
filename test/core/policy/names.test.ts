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
});
