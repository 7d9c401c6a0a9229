import { describe, expect, test } from 'vitest';
import { check, lint, ofNetwork, ofRule, ofSelect, ofSettings, places, SEGMENTS } from './lint.ts';

describe('shape', () => {
  check([
    {
      name: 'an unknown key, with the one that was meant',
      text: 'settigns: {}\n',
      found: ['2:1 unknown-key: key `settigns` is unknown here; did you mean `settings`?'],
    },
    {
      name: 'an unknown key deep inside',
      text: ofSelect('{ any: [{ tag: { app: a } }] }'),
      found: ['3:26 unknown-key: key `tag` is unknown here; did you mean `tags`?'],
    },
    {
      name: 'an unknown key that is like none lists those that exist',
      text: ofSettings('frobnicate: 1'),
      found: [
        '2:13 unknown-key: key `frobnicate` is unknown here; possible are `vpcs`, `unclassified`, `settleWindow`, `keepSecurityGroups`, `changeGuard`, `onLeave`, `leaveGuard`',
      ],
    },
    {
      name: 'unknown keys that are names of JavaScript',
      text: 'toString: {}\nconstructor: {}\n',
      found: [
        '2:1 unknown-key: key `toString` is unknown here; possible are `apiVersion`, `team`, `settings`, `zones`, `networks`, `services`, `baseline`, `guardrails`, `assert`, `segments`, `rules`',
        '3:1 unknown-key',
      ],
    },
    {
      name: 'a missing key',
      text: 'segments:\n  a: { mode: stage }\n',
      found: ['3:6 missing-key: key `select` is missing here; add `select:`'],
    },
    {
      name: 'a value that is none of those possible',
      text: 'segments:\n  a: { select: { tags: { app: a } }, mode: enforc }\n',
      found: [
        '3:44 bad-value: `enforc` is not one of `observe`, `stage`, `enforce`; did you mean `enforce`?',
      ],
    },
    {
      name: 'a list where a map belongs',
      text: 'segments: [a]\n',
      found: [
        '2:11 wrong-type: a list stands here, expected a map; write `name: { ... }` below `segments`',
      ],
    },
    {
      name: 'a map where a list belongs',
      text: 'rules: {}\n',
      found: [
        '2:8 wrong-type: a map stands here, expected a list; write `- { id: ... }` below `rules`',
      ],
    },
    {
      name: 'a map inside a list of texts',
      text: ofSelect('{ tags: { app: [x, { y: z }] } }'),
      found: ['3:35 wrong-type: a map stands here, expected a text; write a text'],
    },
    {
      name: 'a list inside a list of texts',
      text: ofSelect('{ tags: { app: [[x]] } }'),
      found: ['3:32 wrong-type: a list stands here, expected a text; write a text'],
    },
    {
      name: 'a list as the share of the settings, which would else be as if not written',
      text: ofSettings('changeGuard: { share: [20%] }'),
      found: ['2:35 wrong-type'],
    },
    {
      name: 'a list as the ticket of a rule',
      text: ofRule('from: a, to: b, allow: tcp, ticket: [x]'),
      found: ['6:50 wrong-type'],
    },
    {
      name: 'a list as the port of an assertion',
      text: `${SEGMENTS}assert:\n  - { id: t, from: a, to: b, port: [tcp/1], expect: deny }\n`,
      found: ['6:36 wrong-type'],
    },
    {
      name: 'a list inside the list of a service',
      text: 'services: { x: [tcp/1, [tcp/2]] }\n',
      found: ['2:24 wrong-type'],
    },
    {
      name: 'nothing where a map belongs',
      text: 'zones:\n  pci:\n',
      found: ['3:7 wrong-type: nothing stands here, expected a map; write a map'],
    },
    {
      name: 'a text where a boolean belongs',
      text: 'segments:\n  a: { select: { tags: { app: a } }, crownJewel: "true" }\n',
      found: [
        '3:50 wrong-type: `true` stands here, expected `true` or `false`; write `true` or `false`',
      ],
    },
    {
      name: 'an empty list of ends',
      text: ofRule('from: [], to: a, allow: tcp'),
      found: ['6:20 empty-list: the list is empty; add an entry'],
    },
    {
      name: 'an empty list of ports',
      text: ofRule('from: a, to: b, allow: []'),
      found: ['6:37 empty-list'],
    },
    {
      name: 'a network of two kinds',
      text: ofNetwork('cidrs: [10.0.0.0/8], prefixList: x'),
      found: ['3:29 bad-value: `cidrs` and `prefixList` exclude each other; keep one of them'],
    },
    {
      name: 'a network of no kind',
      text: ofNetwork(''),
      found: [
        '3:3 missing-key: none of `cidrs`, `prefixList`, `securityGroups` is here; add exactly one of them',
      ],
    },
    {
      name: 'a guardrail that names two things at one end',
      text: 'zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { zone: z, not: { zone: z } }, to: { zone: z } }, why: w }\n',
      found: ['4:39 bad-value'],
    },
    {
      name: 'a wrong version of the language',
      text: 'team: x\napiVersion: bulkhead/v2\n',
      found: [
        '3:1 duplicate-key: key `apiVersion` stands here and at root.yaml:1:1; remove or rename one of them',
      ],
    },
  ]);

  test('apiVersion is needed, and only one is known', () => {
    expect(places(lint('{}').diagnostics)).toEqual(['root.yaml:1:1 missing-key']);
    const { diagnostics } = lint('apiVersion: bulkhead/v2\n');
    expect(places(diagnostics)).toEqual(['root.yaml:1:13 bad-value']);
  });
});
