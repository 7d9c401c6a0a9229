import { describe, test } from 'vitest';
import {
  check,
  expectFound,
  lint,
  ofNetwork,
  ofRule,
  ofSelect,
  ofSettings,
  SEGMENTS,
} from './lint.ts';

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
      name: 'a value that is like none of those possible',
      text: `${ofSelect('{ kind: task }').replace(' } }', ' }, egress: wide }')}`,
      found: ['3:40 bad-value: `wide` is not one of `open`, `closed`; write `open`, `closed`'],
    },
    {
      name: 'a map where one of several values belongs',
      text: ofSettings('onLeave: {}'),
      found: [
        '2:22 bad-value: a map is not one of `hold`, `isolate`, `restore`; write `hold`, `isolate`, `restore`',
      ],
    },
    {
      name: 'a list where a map belongs, deep inside',
      text: ofSelect('{ not: [] }'),
      found: ['3:23 wrong-type: a list stands here, expected a map; write a map'],
    },
    {
      name: 'a text where a list of maps belongs',
      text: ofSelect('{ any: x }'),
      found: ['3:23 wrong-type: `x` stands here, expected a list; write a list'],
    },
    {
      name: 'a text where a map of tags belongs',
      text: ofSelect('{ tags: x }'),
      found: ['3:24 wrong-type: `x` stands here, expected a map; write a map'],
    },
    {
      name: 'a map where a text or a list of texts belongs',
      text: ofRule('from: {}, to: [a, ~, {}], allow: ~'),
      found: [
        '6:20 wrong-type: a map stands here, expected a text or a list of texts; write a text or a list of texts',
        '6:32 wrong-type: nothing stands here, expected a text; write a text',
        '6:35 wrong-type: a map stands here, expected a text; write a text',
        '6:47 wrong-type: nothing stands here, expected a text or a list of texts; write a text or a list of texts',
      ],
    },
    {
      name: 'entries without what they need',
      text: `${SEGMENTS}rules:\n  - { id: r }\n  - x\nbaseline: [{}]\nguardrails: [{ id: g, deny: {} }]\nassert: [{}]\n`,
      found: [
        ...['from', 'to', 'allow', 'why']
          .map((key) => `6:5 missing-key: key \`${key}\` is missing here; add \`${key}:\``)
          .sort(),
        '7:5 wrong-type: `x` stands here, expected a map; write a map',
        ...['allow', 'id', 'why'].map(
          (key) => `8:12 missing-key: key \`${key}\` is missing here; add \`${key}:\``,
        ),
        '9:14 missing-key: key `why` is missing here; add `why:`',
        '9:29 missing-key: key `from` is missing here; add `from:`',
        '9:29 missing-key: key `to` is missing here; add `to:`',
        ...['expect', 'from', 'id', 'port', 'to'].map(
          (key) => `10:10 missing-key: key \`${key}\` is missing here; add \`${key}:\``,
        ),
      ],
    },
    {
      name: 'lists where maps of names belong, and the reverse',
      text: 'zones: [z]\nnetworks: n\nbaseline: {}\nguardrails: g\nassert: ~\n',
      found: [
        '2:8 wrong-type: a list stands here, expected a map; write `name: { ... }` below `zones`',
        '3:11 wrong-type: `n` stands here, expected a map; write `name: { ... }` below `networks`',
        '4:11 wrong-type: a map stands here, expected a list; write `- { id: ... }` below `baseline`',
        '5:13 wrong-type: `g` stands here, expected a list; write `- { id: ... }` below `guardrails`',
        '6:9 wrong-type: nothing stands here, expected a list; write `- { id: ... }` below `assert`',
      ],
    },
    {
      name: 'settings, a zone and a network that are no maps',
      text: 'settings: []\nzones: { z: x }\nnetworks: { n: ~ }\n',
      found: [
        '2:11 wrong-type: a list stands here, expected a map; write a map',
        '3:13 wrong-type: `x` stands here, expected a map; write a map',
        '4:16 wrong-type: nothing stands here, expected a map; write a map',
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
      name: 'a network of security groups that names none',
      text: ofNetwork('securityGroups: {}'),
      found: ['3:24 missing-key: none of `ids`, `tags` is here; add one of them'],
    },
    {
      name: 'a network of security groups with an empty list',
      text: ofNetwork('securityGroups: { ids: [] }'),
      found: ['3:31 empty-list'],
    },
    {
      name: 'a baseline entry for both directions',
      text: `${SEGMENTS}baseline: [{ id: x, from: a, to: b, allow: tcp, why: w }]\n`,
      found: ['5:21 bad-value: `to` and `from` exclude each other; keep one of them'],
    },
    {
      name: 'a guardrail with an end that names nothing',
      text: 'zones: { z: {} }\nguardrails: [{ id: g, deny: { from: { not: {} }, to: { zone: z } }, why: w }]\n',
      found: [
        '3:44 missing-key: none of `zone`, `segment`, `not` is here; add exactly one of them',
      ],
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
    expectFound(lint('{}').diagnostics, [
      '1:1 missing-key: key `apiVersion` is missing here; add `apiVersion: bulkhead/v1`',
    ]);
    expectFound(lint('apiVersion: bulkhead/v2\n').diagnostics, [
      '1:13 bad-value: `bulkhead/v2` is not one of `bulkhead/v1`; write `bulkhead/v1`',
    ]);
    expectFound(lint('apiVersion: [bulkhead/v1]\n').diagnostics, [
      '1:13 bad-value: a list is not one of `bulkhead/v1`; write `bulkhead/v1`',
    ]);
  });
});
