import { describe, expect, test } from 'vitest';
import { decodeSource } from '../../../core/policy/decode.ts';
import { FILE_BYTES_MAX, POLICY_BYTES_MAX } from '../../../core/policy/limits.ts';
import { expectFound, lint, places, ROOT } from './lint.ts';

type File = [name: string, text: string];
const team = (text: string): string => `${ROOT}${text}\n`;

/** With the name of the file before each finding. */
function toldOf(files: readonly File[]): string[] {
  return lint(...files).diagnostics.map(
    ({ file, line, column, code, message, hint }) =>
      `${file}:${line}:${column} ${code}: ${message}; ${hint}`,
  );
}

describe('names of files', () => {
  const noRoot =
    'root.yaml:1:1 no-root: no file is called `root.yaml`; add root.yaml with settings, zones, networks and guardrails';
  const second = (file: string, first: string): string =>
    `${file}:1:1 two-roots: this is a second root file, beside ${first}:1:1; keep one of them`;
  const cases: { name: string; files: File[]; found: string[] }[] = [
    { name: 'none', files: [], found: [noRoot] },
    {
      name: 'names that end or begin like root.yaml',
      files: ['root.yaml.bak', 'myroot.yaml', 'root.yamls', 'rootxyaml'].map((file) => [
        file,
        team('team: a'),
      ]),
      found: [noRoot],
    },
    {
      name: 'two roots',
      files: [
        ['root.yml', ROOT],
        ['root.yaml', ROOT],
      ],
      found: [second('root.yml', 'root.yaml')],
    },
    {
      name: 'three roots, in folders',
      files: [
        ['b/root.yaml', ROOT],
        ['a/root.yaml', ROOT],
        ['c\\root.yml', ROOT],
      ],
      found: [second('b/root.yaml', 'a/root.yaml'), second('c\\root.yml', 'a/root.yaml')],
    },
    {
      name: 'one file twice',
      files: [
        ['root.yaml', ROOT],
        ['root.yaml', ROOT],
      ],
      found: [
        'root.yaml:1:1 file-twice: file `root.yaml` is given twice; give each file its own name',
      ],
    },
  ];

  test.each(cases)('$name', ({ files, found }) => {
    expect(toldOf(files)).toEqual(found);
    expect(toldOf(files.toReversed())).toEqual(found);
  });

  test.each(['root.yaml', 'root.yml', 'policies/root.yaml', 'C:\\policies\\root.yml'])(
    '%s is a root file',
    (file) => {
      expect(toldOf([[file, `${ROOT}settings: {}\n`]])).toEqual([]);
    },
  );
});

describe("a team's file", () => {
  const found = (text: string): string[] =>
    toldOf([
      ['root.yaml', ROOT],
      ['a.yaml', text],
    ]);

  test.each([
    {
      name: 'without its team',
      text: ROOT,
      told: "a.yaml:1:1 missing-key: key `team` is missing here; add `team:` with the owner's name",
    },
    {
      name: 'with a team of nothing',
      text: team('team:'),
      told: 'a.yaml:2:6 wrong-type: nothing stands here, expected a text; write a text',
    },
    {
      name: 'with a list of teams',
      text: team('team: [a, b]'),
      told: 'a.yaml:2:7 wrong-type: a list stands here, expected a text; write a text',
    },
    {
      name: 'with a team of a bad name',
      text: team('team: The A'),
      told: 'a.yaml:2:7 bad-name: team name `The A` is not 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter; for example `the-a`',
    },
    {
      name: 'with a section of the root',
      text: team('team: a\nassert: []'),
      told: "a.yaml:3:1 root-only: section `assert` stands in a team's file; move it to root.yaml",
    },
    {
      name: 'that is a list',
      text: '- a\n',
      told: 'a.yaml:1:1 wrong-type: a list stands here, expected a map; start with `apiVersion: bulkhead/v1`',
    },
    {
      name: 'that is empty',
      text: '# nothing\n',
      told: 'a.yaml:1:1 wrong-type: the file is empty; start it with `apiVersion: bulkhead/v1`',
    },
  ])('$name', ({ text, told }) => {
    expect(found(text)).toEqual([told]);
  });
});

describe('how much a policy may be', () => {
  const comment = (bytes: number): string => `#${'x'.repeat(bytes - 1)}`;
  const rooted = (bytes: number): string => ROOT + comment(bytes - ROOT.length);

  test('a file at the limit is read, one byte more is not', () => {
    expect(places(lint(rooted(FILE_BYTES_MAX)).diagnostics)).toEqual([]);
    const text = rooted(FILE_BYTES_MAX + 1);
    const told = [
      '1:1 file-too-large: the file has `1048577` bytes; at most 1048576 are read; split it by team',
    ];
    expectFound(lint(text).diagnostics, told);
    expectFound(decodeSource('root.yaml', Buffer.from(text)).diagnostics, told);
    const fitting = Buffer.from(rooted(FILE_BYTES_MAX));
    expect(decodeSource('root.yaml', fitting).diagnostics).toEqual([]);
  });

  test('a thousand files are read, one more is not', () => {
    const files = Array.from({ length: 999 }, (_, i): File => [`${i}.yaml`, team('team: a')]);
    expect(toldOf([['root.yaml', ROOT], ...files])).toEqual([]);
    expect(toldOf([['root.yaml', ROOT], ['a.yaml', team('team: a')], ...files])).toEqual([
      'root.yaml:1:1 too-many-files: the policy has `1001` files; at most 1000 are read; use one file a team',
    ]);
  });

  test('files together at the limit are read, one byte more is not', () => {
    const quarter = (name: string): File => [name, comment(POLICY_BYTES_MAX / 4)];
    const files = [quarter('a.yaml'), quarter('b.yaml'), quarter('c.yaml')];
    const empty = files.map(([file]) => `${file}:1:1 wrong-type`);
    const all = (root: string) => lint(['root.yaml', root], ...files).diagnostics;
    expect(places(all(rooted(POLICY_BYTES_MAX / 4)))).toEqual(empty);
    const over = [...files, ['d.yaml', '#'] satisfies File];
    expect(toldOf([['root.yaml', rooted(POLICY_BYTES_MAX / 4)], ...over])).toEqual([
      'root.yaml:1:1 policy-too-large: the files have `4194305` bytes together; at most 4194304 are read; use globs and lists instead of repeating rules',
    ]);
  });

  test('2,500 segments are read, one more is not', () => {
    const segments = (count: number): string =>
      `${ROOT}segments:\n${Array.from({ length: count }, (_, i) => `  s${i}: { select: { kind: task } }\n`).join('')}`;
    expect(places(lint(segments(2_500)).diagnostics)).toEqual([]);
    expectFound(lint(segments(2_501)).diagnostics, [
      '2503:3 too-many: the policy has `2501` segments; at most 2500 are possible; merge some of them',
    ]);
  });
});

describe('bytes that are no UTF-8', () => {
  const bytes = (before: string, ...behind: number[]): Buffer =>
    Buffer.concat([Buffer.from(before), Buffer.from(behind)]);

  test.each([
    {
      name: 'Latin-1',
      bytes: bytes('why: caf', 0xe9, 0x0a),
      told: '1:9 not-utf-8: byte `0xe9` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'a byte of one digit, in half a character',
      bytes: bytes('', 0xc3, 0x0a),
      told: '1:1 not-utf-8: byte `0xc3` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'behind characters of two, three and four bytes',
      bytes: bytes('\u0080é\u07ff\u0800€\uffff\u{10000}\u{10ffff}', 0x80),
      told: '1:11 not-utf-8: byte `0x80` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'behind lines',
      bytes: bytes('a: é\n\nb: 1', 0xff),
      told: '3:5 not-utf-8: byte `0xff` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'UTF-16, little end first',
      bytes: bytes('', 0xff, 0xfe, 0x61, 0x00),
      told: '1:1 not-utf-8: byte `0xff` is not UTF-8; the file looks like UTF-16; save it as UTF-8',
    },
    {
      name: 'UTF-16, big end first',
      bytes: bytes('', 0xfe, 0xff, 0x00, 0x61),
      told: '1:1 not-utf-8: byte `0xfe` is not UTF-8; the file looks like UTF-16; save it as UTF-8',
    },
    {
      name: 'half a mark of UTF-16',
      bytes: bytes('', 0xff, 0x61),
      told: '1:1 not-utf-8: byte `0xff` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'the other half of a mark',
      bytes: bytes('', 0xfe, 0x61),
      told: '1:1 not-utf-8: byte `0xfe` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'a mark of two first halves',
      bytes: bytes('', 0xff, 0xff),
      told: '1:1 not-utf-8: byte `0xff` is not UTF-8; save the file as UTF-8',
    },
    {
      name: 'a second half alone',
      bytes: bytes('a', 0xfe),
      told: '1:2 not-utf-8: byte `0xfe` is not UTF-8; save the file as UTF-8',
    },
  ])('$name', ({ bytes, told }) => {
    const { source, diagnostics } = decodeSource('a.yaml', bytes);
    expect(source).toBeUndefined();
    expectFound(diagnostics, [told]);
  });

  test('text that is UTF-8 has no finding', () => {
    expect(decodeSource('a.yaml', Buffer.from('é'))).toEqual({
      source: { file: 'a.yaml', text: 'é' },
      diagnostics: [],
    });
  });
});
