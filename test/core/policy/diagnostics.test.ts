import { describe, expect, test } from 'vitest';
import { lint, places, ROOT } from './lint.ts';

/** Text below `apiVersion`, so that it starts on line 2; what has to be found, in order. */
interface Case {
  readonly name: string;
  readonly text: string;
  readonly found: readonly string[];
  /** In the message or hint of the first finding. */
  readonly says?: readonly string[];
}

function check(cases: readonly Case[]): void {
  test.each(cases)('$name', ({ text, found, says = [] }) => {
    const { policy, diagnostics } = lint(ROOT + text);
    expect(places(diagnostics)).toEqual(found.map((place) => `root.yaml:${place}`));
    const [first] = diagnostics;
    for (const words of says) expect(`${first?.message} / ${first?.hint}`).toContain(words);
    const refused = diagnostics.some((d) => d.severity === 'error');
    expect(policy === undefined).toBe(refused);
  });
}

const SEGMENTS =
  'segments:\n  a: { select: { tags: { app: a } } }\n  b: { select: { tags: { app: b } } }\n';
const ofRule = (rest: string): string => `${SEGMENTS}rules:\n  - { id: r, ${rest}, why: w }\n`;
const ofSelect = (select: string): string => `segments:\n  a: { select: ${select} }\n`;
const ofNetwork = (body: string): string => `networks:\n  n: { ${body} }\n`;
const ofSettings = (body: string): string => `settings: { ${body} }\n`;

describe('shape', () => {
  check([
    {
      name: 'an unknown key, with the one that was meant',
      text: 'settigns: {}\n',
      found: ['2:1 unknown-key'],
      says: ['`settigns`', 'did you mean `settings`?'],
    },
    {
      name: 'an unknown key deep inside',
      text: ofSelect('{ any: [{ tag: { app: a } }] }'),
      found: ['3:26 unknown-key'],
      says: ['`tag`', '`tags`'],
    },
    {
      name: 'an unknown key that is like none lists those that exist',
      text: ofSettings('frobnicate: 1'),
      found: ['2:13 unknown-key'],
      says: ['`settleWindow`'],
    },
    {
      name: 'unknown keys that are names of JavaScript',
      text: 'toString: {}\nconstructor: {}\n',
      found: ['2:1 unknown-key', '3:1 unknown-key'],
    },
    {
      name: 'a missing key',
      text: 'segments:\n  a: { mode: stage }\n',
      found: ['3:6 missing-key'],
      says: ['`select`'],
    },
    {
      name: 'a value that is none of those possible',
      text: 'segments:\n  a: { select: { tags: { app: a } }, mode: enforc }\n',
      found: ['3:44 bad-value'],
      says: ['`enforc`', 'did you mean `enforce`?'],
    },
    {
      name: 'a list where a map belongs',
      text: 'segments: [a]\n',
      found: ['2:11 wrong-type'],
      says: ['a list', 'a map'],
    },
    { name: 'a map where a list belongs', text: 'rules: {}\n', found: ['2:8 wrong-type'] },
    {
      name: 'a map inside a list of texts',
      text: ofSelect('{ tags: { app: [x, { y: z }] } }'),
      found: ['3:35 wrong-type'],
    },
    {
      name: 'a list inside a list of texts',
      text: ofSelect('{ tags: { app: [[x]] } }'),
      found: ['3:32 wrong-type'],
    },
    {
      name: 'a list as the share of the settings, which would else be as if not written',
      text: ofSettings('changeGuard: { share: [20%] }'),
      found: ['2:35 wrong-type'],
      says: ['a list stands here, expected a text'],
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
      found: ['3:7 wrong-type'],
      says: ['nothing'],
    },
    {
      name: 'a text where a boolean belongs',
      text: 'segments:\n  a: { select: { tags: { app: a } }, crownJewel: "true" }\n',
      found: ['3:50 wrong-type'],
    },
    {
      name: 'an empty list of ends',
      text: ofRule('from: [], to: a, allow: tcp'),
      found: ['6:20 empty-list'],
    },
    {
      name: 'an empty list of ports',
      text: ofRule('from: a, to: b, allow: []'),
      found: ['6:37 empty-list'],
    },
    {
      name: 'a network of two kinds',
      text: ofNetwork('cidrs: [10.0.0.0/8], prefixList: x'),
      found: ['3:29 bad-value'],
    },
    { name: 'a network of no kind', text: ofNetwork(''), found: ['3:3 missing-key'] },
    {
      name: 'a guardrail that names two things at one end',
      text: 'zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { zone: z, not: { zone: z } }, to: { zone: z } }, why: w }\n',
      found: ['4:39 bad-value'],
    },
    {
      name: 'a wrong version of the language',
      text: 'team: x\napiVersion: bulkhead/v2\n',
      found: ['3:1 duplicate-key'],
      says: ['root.yaml:1:1'],
    },
  ]);

  test('apiVersion is needed, and only one is known', () => {
    expect(places(lint('{}').diagnostics)).toEqual(['root.yaml:1:1 missing-key']);
    const { diagnostics } = lint('apiVersion: bulkhead/v2\n');
    expect(places(diagnostics)).toEqual(['root.yaml:1:13 bad-value']);
  });
});

describe('values', () => {
  check([
    {
      name: 'a CIDR of three numbers',
      text: ofNetwork('cidrs: [10.0.0/8]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'a prefix of IPv4 above 32',
      text: ofNetwork('cidrs: 10.0.0.0/33'),
      found: ['3:15 bad-cidr'],
    },
    { name: 'leading zeros', text: ofNetwork('cidrs: 010.0.0.0/8'), found: ['3:15 bad-cidr'] },
    { name: 'a bad IPv6', text: ofNetwork('cidrs: ["2001:db8::g/32"]'), found: ['3:16 bad-cidr'] },
    {
      name: 'an IPv6 zone',
      text: ofNetwork('cidrs: ["fe80::1%eth0/64"]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'an IPv4-mapped range',
      text: ofNetwork('cidrs: ["::ffff:1.2.3.4/128"]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'a prefix of IPv6 above 128',
      text: ofNetwork('cidrs: ["::/129"]'),
      found: ['3:16 bad-cidr'],
    },
    {
      name: 'host bits',
      text: ofNetwork('cidrs: [10.0.0.5/24]'),
      found: ['3:16 cidr-host-bits'],
      says: ['`10.0.0.0/24`'],
    },
    {
      name: 'IPv6 in capitals',
      text: ofNetwork('cidrs: ["2001:DB8:0::/48"]'),
      found: ['3:16 cidr-not-canonical'],
      says: ['`2001:db8::/48`'],
    },
    {
      name: 'a bare address',
      text: ofNetwork('cidrs: [10.0.0.5]'),
      found: ['3:16 cidr-not-canonical'],
    },
    {
      name: 'an exception outside',
      text: ofNetwork('cidrs: [10.0.0.0/16], except: [10.1.0.0/24]'),
      found: ['3:39 except-outside'],
    },
    {
      name: 'exceptions that leave nothing',
      text: ofNetwork('cidrs: [10.0.0.0/16], except: [10.0.0.0/17, 10.0.128.0/17]'),
      found: ['3:38 network-empty'],
    },
    {
      name: 'a port above 65535',
      text: ofRule('from: a, to: b, allow: [tcp/65536]'),
      found: ['6:38 bad-port'],
    },
    {
      name: 'a range that ends before it starts',
      text: ofRule('from: a, to: b, allow: [tcp/90-80]'),
      found: ['6:38 bad-port'],
      says: ['`80-90`'],
    },
    {
      name: 'a bare port',
      text: ofRule('from: a, to: b, allow: 443'),
      found: ['6:37 bad-port'],
      says: ['`tcp/443`'],
    },
    {
      name: 'an ICMP type above 255',
      text: ofRule('from: a, to: b, allow: icmp/256'),
      found: ['6:37 bad-port'],
    },
    {
      name: 'a protocol in capitals',
      text: ofRule('from: a, to: b, allow: TCP/443'),
      found: ['6:37 bad-port'],
      says: ['`tcp/443`'],
    },
    {
      name: 'a date that no calendar has',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2027-02-29'),
      found: ['6:51 bad-date'],
    },
    {
      name: 'a duration',
      text: ofSettings('settleWindow: 2 minutes'),
      found: ['2:27 bad-duration'],
    },
    {
      name: 'a window above a day',
      text: ofSettings('settleWindow: 2d'),
      found: ['2:27 bad-duration'],
    },
    {
      name: 'a share',
      text: ofSettings('changeGuard: { share: 120% }'),
      found: ['2:35 bad-share'],
    },
    {
      name: 'a share that events may take',
      text: ofSettings('leaveGuard: { share: much }'),
      found: ['2:34 bad-share'],
    },
    {
      name: 'a window of events below ten seconds',
      text: ofSettings('leaveGuard: { window: 9s }'),
      found: ['2:35 bad-duration'],
    },
    {
      name: 'moves beyond what a record keeps',
      text: ofSettings('leaveGuard: { window: 1h, moves: 101 }'),
      found: ['2:46 bad-count'],
    },
    {
      name: 'moves that are no number',
      text: ofSettings('leaveGuard: { moves: 0 }'),
      found: ['2:34 bad-count'],
    },
    {
      name: 'an id that is none',
      text: ofSettings('keepSecurityGroups: [sg-xyz]'),
      found: ['2:34 bad-id'],
    },
    {
      name: 'a name in capitals',
      text: 'zones:\n  Card_Data: {}\n',
      found: ['3:3 bad-name'],
      says: ['`Card_Data`', '`card-data`'],
    },
    {
      name: 'a name of 64 characters',
      text: `zones:\n  ${'z'.repeat(64)}: {}\n`,
      found: ['3:3 bad-name'],
    },
    {
      name: 'a service called like a protocol',
      text: 'services: { udp: tcp/53 }\n',
      found: ['2:13 reserved-name'],
    },
    {
      name: 'a service that names a service',
      text: 'services: { x: tcp/1, y: [x] }\n',
      found: ['2:27 bad-port'],
    },
    {
      name: 'control characters, which must not reach the message',
      text: ofRule('from: a, to: b, allow: tcp, ticket: "x\\u001b[2J"'),
      found: ['6:50 control-character'],
    },
    {
      name: 'text that changes its direction',
      text: ofSelect('{ tags: { app: "a\\u202eb" } }'),
      found: ['3:31 control-character'],
    },
    {
      name: 'a text that is too long',
      text: ofRule(`from: a, to: b, allow: tcp, ticket: ${'x'.repeat(501)}`),
      found: ['6:50 text-too-long'],
    },
    {
      name: 'a tag key that is too long',
      text: ofSelect(`{ tags: { ${'k'.repeat(129)}: x } }`),
      found: ['3:26 bad-tag-key'],
    },
  ]);
});

describe('names', () => {
  check([
    {
      name: 'a segment that does not exist, with the one that was meant',
      text: ofRule('from: a, to: shop-bw, allow: tcp').replace('  b:', '  shop-wb:'),
      found: ['6:27 unknown-segment'],
      says: ['`shop-bw`', '`shop-wb`'],
    },
    {
      name: 'a zone',
      text: 'networks:\n  n: { zone: x, cidrs: 10.0.0.0/8 }\n',
      found: ['3:14 unknown-zone'],
    },
    {
      name: 'a service',
      text: ofRule('from: a, to: b, allow: [postgres]'),
      found: ['6:38 unknown-service'],
    },
    {
      name: 'a rule that a guardrail excepts',
      text: 'zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { zone: z }, to: { zone: z } }, except: r, why: w }\n',
      found: ['4:68 unknown-rule'],
    },
    {
      name: 'a zone of a guardrail',
      text: 'guardrails:\n  - { id: g, deny: { from: { not: { zone: z } }, to: { segment: s } }, why: w }\n',
      found: ['3:43 unknown-zone', '3:65 unknown-segment'],
    },
    {
      name: 'the ends of an assertion',
      text: 'assert:\n  - { id: t, from: x, to: y, port: tcp/1, expect: deny }\n',
      found: ['3:20 unknown-segment', '3:27 unknown-segment'],
    },
    {
      name: 'the peer of a baseline entry',
      text: 'baseline:\n  - { id: t, to: x, allow: tcp, why: w }\n',
      found: ['3:18 unknown-segment'],
    },
    {
      name: 'one key twice',
      text: 'zones:\n  z: {}\n  z: {}\n',
      found: ['4:3 duplicate-key'],
      says: ['root.yaml:3:3'],
    },
    {
      name: 'a network called like a segment',
      text: `networks:\n  a: { cidrs: 10.0.0.0/8 }\n${SEGMENTS}`,
      found: ['5:3 duplicate-name'],
      says: ['network', 'root.yaml:3:3'],
    },
    {
      name: 'a rule called like an assertion',
      text: `${ofRule('from: a, to: b, allow: tcp')}assert:\n  - { id: r, from: a, to: b, port: tcp, expect: allow }\n`,
      found: ['6:11 duplicate-name'],
    },
    {
      name: 'a zone and a segment may share a name',
      text: `zones: { a: {} }\n${SEGMENTS}`,
      found: [],
    },
  ]);
});

describe('sense', () => {
  check([
    {
      name: 'a rule past its last day',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-11-22'),
      found: ['6:51 expired-rule'],
      says: ['`r`', '2026-11-22'],
    },
    {
      name: 'a rule on its last day still holds, with a warning',
      text: ofRule('from: a, to: b, allow: tcp, expires: 2026-11-23'),
      found: ['6:51 expiring-rule'],
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
      found: ['6:11 rule-without-segment'],
    },
    {
      name: 'a rule of which one pair is between networks',
      text: `networks:\n  n: { cidrs: 10.0.0.0/8 }\n${ofRule('from: [a, n], to: [b, n], allow: tcp')}`,
      found: ['8:11 rule-pair-without-segment'],
    },
    {
      name: 'a rule across a guardrail',
      text: `zones: { z: {} }\nguardrails:\n  - { id: g, deny: { from: { not: { zone: z } }, to: { zone: z } }, why: w }\n${ofRule('from: a, to: b, allow: tcp').replace('app: b } }', 'app: b } }, zone: z')}`,
      found: ['9:11 rule-crosses-guardrail'],
      says: ['`a` to `b`', '`g`'],
    },
    {
      name: 'an assertion that a rule breaks',
      text: `${ofRule('from: a, to: b, allow: tcp/400-500')}assert:\n  - { id: t, from: a, to: b, port: tcp/443, expect: deny }\n`,
      found: ['8:11 assertion-failed'],
      says: ['allowed by `r`'],
    },
    {
      name: 'an assertion that the rules cover in part only',
      text: `${ofRule('from: a, to: b, allow: [tcp/1-5, tcp/7-9]')}assert:\n  - { id: t, from: a, to: b, port: tcp/1-9, expect: allow }\n`,
      found: ['8:11 assertion-failed'],
    },
    {
      name: 'an assertion that several entries cover together',
      text: `${ofRule('from: a, to: b, allow: [tcp/1-5, tcp/6-9]')}assert:\n  - { id: t, from: a, to: b, port: tcp/1-9, expect: allow }\n`,
      found: [],
    },
  ]);
});

describe('selectors that cannot match', () => {
  check([
    {
      name: 'an empty list',
      text: ofSelect('{ tags: { app: [] } }'),
      found: ['3:31 selector-matches-nothing'],
    },
    {
      name: 'an empty any',
      text: ofSelect('{ any: [] }'),
      found: ['3:23 selector-matches-nothing'],
    },
    { name: 'an empty all', text: ofSelect('{ all: [] }'), found: ['3:23 selector-matches-all'] },
    { name: 'an empty map', text: ofSelect('{}'), found: ['3:16 selector-matches-all'] },
    { name: 'no tags', text: ofSelect('{ tags: {} }'), found: ['3:24 selector-matches-all'] },
    {
      name: 'one tag with two values',
      text: ofSelect('{ all: [{ tags: { app: x } }, { tags: { app: y } }] }'),
      found: ['3:16 selector-matches-nothing'],
    },
    {
      name: 'globs that share no text',
      text: ofSelect('{ all: [{ tags: { app: "x*" } }, { tags: { app: "y*" } }] }'),
      found: ['3:16 selector-matches-nothing'],
    },
    {
      name: 'globs that share a text',
      text: ofSelect('{ all: [{ tags: { app: "x*" } }, { tags: { app: "*y" } }] }'),
      found: [],
    },
    {
      name: 'something and not that',
      text: ofSelect('{ tags: { app: x }, not: { tags: { app: [x, y] } } }'),
      found: ['3:16 selector-matches-nothing'],
    },
    {
      name: 'something and not a part of it',
      text: ofSelect('{ tags: { app: [x, z] }, not: { tags: { app: [x, y] } } }'),
      found: [],
    },
    {
      name: 'an alternative that contradicts itself',
      text: ofSelect(
        '{ any: [{ tags: { app: x } }, { tags: { app: x }, not: { tags: { app: "*" } } }] }',
      ),
      found: ['3:46 selector-matches-nothing'],
    },
    {
      name: 'two subnets, in which a workload may stand at once',
      text: ofSelect('{ all: [{ subnet: subnet-1 }, { subnet: subnet-2 }] }'),
      found: [],
    },
    {
      name: 'a role by its name alone',
      text: ofSelect('{ iamRole: payments-* }'),
      found: ['3:27 selector-matches-nothing'],
      says: ['`arn:aws:iam::*:role/payments-*`'],
    },
    {
      name: 'a kind that is none',
      text: ofSelect('{ kind: lambda }'),
      found: ['3:24 selector-matches-nothing'],
    },
    {
      name: 'an account of nine digits',
      text: ofSelect('{ account: 123456789 }'),
      found: ['3:27 selector-matches-nothing'],
    },
    {
      name: 'an account with a leading zero',
      text: ofSelect('{ account: 012345678901 }'),
      found: [],
    },
    {
      name: 'a VPC by its name',
      text: ofSelect('{ vpc: shop }'),
      found: ['3:23 selector-matches-nothing'],
    },
  ]);
});
