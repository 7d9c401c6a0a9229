import { describe, expect, test } from 'vitest';
import { decodeSource } from '../../../core/policy/decode.ts';
import { FILE_BYTES_MAX } from '../../../core/policy/limits.ts';
import { expectFound, lint, places, ROOT } from './lint.ts';

/** Stands before the place that a finding has to point at. */
const HERE = '^^';

interface Case {
  readonly name: string;
  /** Files by name; each HERE is a place. */
  readonly files: Readonly<Record<string, string>>;
  /** Codes, in the order of the places. */
  readonly codes: readonly string[];
  /** In the hint or message of the first finding. */
  readonly says?: string;
}

/** The files without the marks, and where each mark stood. */
function unmarked(files: Case['files']) {
  const marks: string[] = [];
  const sources = Object.entries(files).map(([file, marked]): [string, string] => {
    const [first = '', ...rest] = marked.split(HERE);
    let text = first;
    for (const part of rest) {
      const lines = text.split('\n');
      marks.push(`${file}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`);
      text += part;
    }
    return [file, text];
  });
  return { sources, marks };
}

function check(cases: readonly Case[]): void {
  test.each(cases)('$name', ({ files, codes, says = '' }) => {
    const { sources, marks } = unmarked(files);
    expect(marks).toHaveLength(codes.length);
    const { diagnostics } = lint(...sources);
    expect(places(diagnostics)).toEqual(marks.map((mark, i) => `${mark} ${codes[i]}`));
    expect(`${diagnostics[0]?.message} / ${diagnostics[0]?.hint}`).toContain(says);
  });
}

const one = (text: string): Case['files'] => ({ 'root.yaml': ROOT + text });
const team = (name: string, text: string): string => `${ROOT}team: ${name}\n${text}`;
const network = (cidr: string): Case['files'] => one(`networks:\n  n: { cidrs: [^^"${cidr}"] }\n`);
const SEGMENTS =
  'segments:\n  web: { select: { tags: { app: web } } }\n  db: { select: { tags: { app: db } } }\n';

describe('mistakes', () => {
  check([
    {
      name: 'an unknown key',
      files: one('segments:\n  web: { select: { tags: { app: a } }, ^^moed: stage }\n'),
      codes: ['unknown-key'],
      says: 'did you mean `mode`?',
    },
    {
      name: 'a selector that can never match',
      files: one(
        'segments:\n  web:\n    select: ^^{ tags: { app: a }, not: { tags: { app: a* } } }\n',
      ),
      codes: ['selector-matches-nothing'],
    },
    {
      name: 'a rule to an unknown segment',
      files: one(`${SEGMENTS}rules:\n  - { id: r, from: web, to: ^^dbb, allow: tcp, why: w }\n`),
      codes: ['unknown-segment'],
      says: 'did you mean `db`?',
    },
    {
      name: 'a rule to a segment that is like none',
      files: one(
        `${SEGMENTS}rules:\n  - { id: r, from: [web, ^^mars], to: db, allow: tcp, why: w }\n`,
      ),
      codes: ['unknown-segment'],
      says: 'define it, or correct the name',
    },
    {
      name: 'an expired rule',
      files: one(
        `${SEGMENTS}rules:\n  - id: r\n    from: web\n    to: db\n    allow: tcp\n    why: w\n    expires: ^^2026-11-22\n`,
      ),
      codes: ['expired-rule'],
      says: 'renew its date',
    },
    {
      name: 'a name used twice in one file',
      files: one(
        `${SEGMENTS}rules:\n  - { id: r, from: web, to: db, allow: tcp, why: w }\n` +
          '  - { id: ^^r, from: db, to: web, allow: tcp, why: w }\n',
      ),
      codes: ['duplicate-name'],
      says: 'root.yaml:6:11',
    },
    {
      name: 'a segment of one team called like that of another',
      files: {
        'root.yaml': ROOT,
        'a.yaml': team('a', 'segments:\n  web: { select: { tags: { app: a } } }\n'),
        'b.yaml': team('b', 'segments:\n  ^^web: { select: { tags: { app: b } } }\n'),
      },
      codes: ['duplicate-name'],
      says: 'a.yaml:4:3',
    },
  ]);
});

describe('address ranges', () => {
  check(
    [
      '300.1.1.1/8',
      '10.0.0.0/33',
      '10.0.0/8',
      '0x0a.0.0.0/8',
      '010.0.0.0/8',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      'localhost',
      '2001:db8::g/32',
      '1:2:3/64',
      '1:2:3:4:5:6:7:8:9/64',
      '1:2:3:4:5:6:7::8/64',
      '::1::/64',
      ':::/0',
      '12345::/16',
      '::/129',
      'fe80::1%eth0/64',
      '::ffff:10.0.0.1/128',
      '::ffff:a00:1/128',
    ].map((cidr) => ({ name: cidr, files: network(cidr), codes: ['bad-cidr'], says: cidr })),
  );
  check(
    [
      { cidr: '10.1.2.3/8', code: 'cidr-host-bits', says: '`10.0.0.0/8`' },
      { cidr: '2001:db8::1/32', code: 'cidr-host-bits', says: '`2001:db8::/32`' },
      { cidr: '2001:DB8:0:0::/32', code: 'cidr-not-canonical', says: '`2001:db8::/32`' },
      { cidr: '::1', code: 'cidr-not-canonical', says: '`::1/128`' },
      { cidr: '10.0.0.0/08', code: 'cidr-not-canonical', says: '`10.0.0.0/8`' },
    ].map(({ cidr, code, says }) => ({ name: cidr, files: network(cidr), codes: [code], says })),
  );
});

describe('several mistakes are told at once', () => {
  check([
    {
      name: 'of several files, by place, warnings last',
      files: {
        'a.yaml': team(
          'a',
          'segments:\n  ^^Web: { select: { tags: { app: ^^[] } } }\nrules:\n  - { id: r, from: Web, to: ^^db, allow: ^^tcp/0-70000, why: w }\n',
        ),
        'b.yaml': team('b', '^^zones: {}\nsegments: ^^[]\n'),
        'root.yaml': `${ROOT}^^sgements: {}\nnetworks:\n  n: { cidrs: [^^10.0.0.1/8] }\n`,
      },
      codes: [
        'bad-name',
        'selector-matches-nothing',
        'unknown-segment',
        'bad-port',
        'root-only',
        'wrong-type',
        'unknown-key',
        'cidr-host-bits',
      ],
    },
    {
      name: 'beside a mistake of syntax',
      files: one('zones:\n  ^^Pci: {}\nservices: { x: tcp/1\n^^'),
      codes: ['bad-name', 'yaml-syntax'],
    },
  ]);

  test('and those beyond a thousand are counted', () => {
    const keys = Array.from({ length: 1_500 }, (_, i) => `unknown-${i}: 1\n`).join('');
    const { diagnostics } = lint(ROOT + keys);
    expect(diagnostics).toHaveLength(1_001);
    expectFound(diagnostics.slice(-1), [
      '1:1 too-many-diagnostics: `500` more findings are not listed; mend those above and lint again',
    ]);
  });
});

describe('files that are too much', () => {
  const COMMENT = `${'# '.repeat(FILE_BYTES_MAX / 2)}\n`;

  test('five megabytes, as text and as bytes', () => {
    const text = ROOT + '#'.repeat(5 * 1024 * 1024);
    const told = ['root.yaml:1:1 file-too-large'];
    expect(places(lint(text).diagnostics)).toEqual(told);
    const decoded = decodeSource('root.yaml', Buffer.from(text));
    expect(decoded.source).toBeUndefined();
    expect(places(decoded.diagnostics)).toEqual(told);
  });

  test('characters count as their bytes', () => {
    expect(places(lint(`${ROOT}#${'€'.repeat(FILE_BYTES_MAX / 2)}`).diagnostics)).toEqual([
      'root.yaml:1:1 file-too-large',
    ]);
  });

  test('a file that is too large does not hide the mistakes of another', () => {
    const { diagnostics } = lint(['a.yaml', COMMENT], ['root.yaml', `${ROOT}zone: {}\n`]);
    expect(places(diagnostics)).toEqual(['a.yaml:1:1 file-too-large', 'root.yaml:2:1 unknown-key']);
  });

  test.each([
    { name: 'flow lists', text: `zones: ${'['.repeat(50_000)}` },
    { name: 'flow maps', text: `zones: ${'{ a: '.repeat(50_000)}` },
    { name: 'block lists', text: `zones:\n  ${'- '.repeat(50_000)}` },
    { name: 'selectors', text: `segments: { a: { select: ${'{ not: '.repeat(40)}{}` },
  ])('nesting without end: $name', ({ text }) => {
    const [first] = lint(ROOT + text).diagnostics;
    expect(first).toMatchObject({ file: 'root.yaml', line: expect.any(Number) });
    expect(`${first?.code}: ${first?.message}`).toBe(
      'too-complex: the nesting is deeper than `32`',
    );
  });
});

describe('aliases', () => {
  /** 10^40 nodes were they written out, which nothing could hold or walk: that it ends is the test. */
  const levels = Array.from({ length: 40 }, (_, i) => i);
  const times = (item: string): string => Array.from({ length: 10 }, () => item).join(', ');
  const bombs = [
    {
      name: 'lists of lists',
      text: `l: &a0 [x]\n${levels.map((i) => `l${i}: &a${i + 1} [${times(`*a${i}`)}]\n`).join('')}`,
    },
    {
      name: 'maps of maps',
      text: `m: &a0 { x: y }\n${levels
        .map((i) => `m${i}: &a${i + 1} { p: *a${i}, q: *a${i}, r: *a${i} }\n`)
        .join('')}`,
    },
    {
      name: 'merges of maps of maps',
      text: `m: &a0 { x: y }\n${levels
        .map((i) => `m${i}: &a${i + 1} { <<: *a${i}, p: *a${i}, q: *a${i} }\n`)
        .join('')}`,
    },
    {
      name: 'merges that repeat a wide map',
      text: `m: &a { ${Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join(', ')} }\nn:\n${'  - { <<: *a }\n'.repeat(5_000)}`,
    },
  ];

  test.each(bombs)('a bomb of $name is refused unread', ({ text }) => {
    const { policy, diagnostics } = lint(ROOT + text);
    expect(policy).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(['too-complex']);
  });

  test('an honest alias is read where it stands', () => {
    const text = 'zones:\n  a: { subnets: &s { tags: { zone: a } } }\n  b: { subnets: *s }\n';
    const { policy, diagnostics } = lint(ROOT + text);
    expect(diagnostics).toEqual([]);
    expect(policy?.zones.map(({ subnetTags }) => subnetTags)).toEqual([
      { zone: ['a'] },
      { zone: ['a'] },
    ]);
  });
});

test.each([
  { name: 'nothing', text: '', found: 'root.yaml:1:1 wrong-type' },
  { name: 'a comment', text: '# nothing\n', found: 'root.yaml:1:1 wrong-type' },
  { name: 'a list', text: '- a\n', found: 'root.yaml:1:1 wrong-type' },
  { name: 'a text', text: 'hello\n', found: 'root.yaml:1:1 wrong-type' },
  { name: 'a second document', text: `${ROOT}---\n${ROOT}`, found: 'root.yaml:2:1 yaml-syntax' },
  { name: 'a prototype', text: `${ROOT}__proto__: {}\n`, found: 'root.yaml:2:1 wrong-type' },
])('a file that holds $name is refused', ({ text, found }) => {
  expect(places(lint(text).diagnostics)).toEqual([found]);
});

test.each([
  { name: 'an alias', text: 'zones:\n  a: *x\u0000y\n' },
  {
    name: 'a name that a wrong one is like',
    text: 'zones: { "p\\u202eci": {} }\nnetworks: { n: { zone: pci } }\n',
  },
  { name: 'what the YAML library quotes', text: 'zones: |\u0007\n' },
])('findings hold nothing that a terminal obeys: $name', ({ text }) => {
  const { diagnostics } = lint(ROOT + text);
  expect(diagnostics).not.toEqual([]);
  const told = diagnostics.map(({ message, hint }) => message + hint).join('');
  expect(told).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
});

test('a long alias is cut where it is named, in the hint too', () => {
  const { diagnostics } = lint(`${ROOT}zones: { a: *${'x'.repeat(9_000)} }\n`);
  const longest = Math.max(...diagnostics.map(({ message, hint }) => message.length + hint.length));
  expect(longest).toBeLessThan(400);
});
