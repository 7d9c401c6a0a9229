import { describe, expect, test } from 'vitest';
import {
  DEPTH_MAX,
  NODES_MAX,
  SYNTAX_ERRORS_MAX,
  TOKENS_MAX,
} from '../../../core/policy/limits.ts';
import { check, expectFound, lint, ofRule, ofSelect, policyOf, ROOT } from './lint.ts';

describe('what a text stands for', () => {
  test.each([
    ['012345678901', '012345678901'],
    ['1e3', '1e3'],
    ['0x1F', '0x1F'],
    ['2026-11-23', '2026-11-23'],
    ['true', 'true'],
    ['false', 'false'],
    ['"true"', 'true'],
    ['True', 'True'],
    ['yes', 'yes'],
    ['"~"', '~'],
    ["'null'", 'null'],
    ['Null', 'Null'],
    ['""', ''],
    ['!!str 5', '5'],
  ])('%s as a tag', (written, text) => {
    const [segment] = policyOf(ROOT + ofSelect(`{ tags: { app: ${written} } }`)).segments;
    expect(segment?.select).toEqual({ tags: { app: [text] } });
  });

  check(
    ['~', 'null', ''].map((written) => ({
      name: `\`${written}\` is nothing`,
      text: ofSelect(`{ tags: { app: ${written} } }`),
      found: [`3:${written === '' ? 32 : 31} wrong-type`],
    })),
  );

  test.each([
    ['true', true],
    ['false', false],
  ])('crownJewel: %s', (written, expected) => {
    const text = `${ROOT}segments:\n  a: { select: { kind: task }, crownJewel: ${written} }\n`;
    expect(policyOf(text).segments[0]?.crownJewel).toBe(expected);
  });

  test('lines of prose become one', () => {
    const text = `${ROOT}segments:\n  a:\n    select: { kind: task }\n    why: |\n      one\n\n      two\n`;
    expect(policyOf(text).segments[0]?.why).toBe('one two');
  });
});

describe('anchors', () => {
  const tagsOf = (text: string) =>
    policyOf(ROOT + text).zones.map(({ name, subnetTags }) => [name, subnetTags]);

  test('on a key, for a value', () => {
    expect(tagsOf('zones:\n  &z a: { subnets: { tags: { zone: *z } } }\n')).toEqual([
      ['a', { zone: ['a'] }],
    ]);
  });

  test('on a value, for a key', () => {
    expect(tagsOf('zones:\n  a: { subnets: { tags: { &k zone: &v x, *v : y } } }\n')).toEqual([
      ['a', { zone: ['x'], x: ['y'] }],
    ]);
  });

  test('on a list', () => {
    expect(tagsOf('zones:\n  a: { subnets: { tags: { zone: &l [x, y], other: *l } } }\n')).toEqual([
      ['a', { zone: ['x', 'y'], other: ['x', 'y'] }],
    ]);
  });

  test('a merge gives what the map does not say itself, the first of several first', () => {
    const bases =
      'zones:\n  a: { subnets: { tags: &a { k: a, l: a } } }\n  b: { subnets: { tags: &b { l: b, m: b } } }\n';
    expect(
      tagsOf(
        `${bases}  c: { subnets: { tags: { <<: [*a, *b], n: c } } }\n  d: { subnets: { tags: { k: d, <<: *a } } }\n`,
      ).slice(2),
    ).toEqual([
      ['c', { k: ['a'], l: ['a'], m: ['b'], n: ['c'] }],
      ['d', { k: ['d'], l: ['a'] }],
    ]);
  });

  test('a quoted merge is a key like any other', () => {
    expect(tagsOf('zones:\n  a: { subnets: { tags: { "<<": x } } }\n')).toEqual([
      ['a', { '<<': ['x'] }],
    ]);
  });

  check([
    {
      name: 'a name of nothing',
      text: 'zones:\n  a: { subnets: { tags: { zone: *none } } }\n',
      found: [
        '3:33 alias-unknown: alias `*none` has no anchor before it; mark the value with `&none` first',
        '3:33 wrong-type',
      ],
    },
    {
      name: 'a name inside itself',
      text: 'zones:\n  a: { subnets: { tags: &t { zone: *t } } }\n',
      found: [
        '3:36 alias-recursive: alias `*t` stands inside its own anchor; write the value out',
        '3:36 wrong-type',
      ],
    },
    {
      name: 'merges of what is no map',
      text: 'zones:\n  a: { <<: [{ why: x }, x, [y]] }\n',
      found: [
        '3:25 bad-merge: `<<` merges a scalar here; name a map or a list of maps',
        '3:28 bad-merge: `<<` merges a list here; name a map or a list of maps',
      ],
    },
    {
      name: 'a map as a key, written out and by its name',
      text: 'zones:\n  a: &m { why: x }\n  ? *m\n  : {}\n  ? { b: c }\n  : {}\n',
      found: [
        '4:5 wrong-type: a key here is no text; write a plain key',
        '6:5 wrong-type: a key here is no text; write a plain key',
      ],
    },
    {
      name: 'a key without a value',
      text: 'zones: { a }\n',
      found: ['2:10 wrong-type: nothing stands here, expected a map; write a map'],
    },
    {
      name: 'a key that JavaScript would take for its own',
      text: 'zones:\n  __proto__: {}\n',
      found: ['3:3 wrong-type: key `__proto__` is refused; write a plain key'],
    },
    {
      name: 'a line break in a key',
      text: ofSelect('{ tags: { "a\\tb": x } }'),
      found: [
        '3:26 control-character: `a\ufffdb` holds control or invisible characters; remove them',
      ],
    },
    {
      name: 'a line break in prose',
      text: ofRule('from: a, to: b, allow: tcp, ticket: "a\\n\\tb"'),
      found: [],
    },
  ]);
});

describe('text that is no YAML', () => {
  test.each([
    {
      name: 'a bracket that is not closed',
      text: 'zones: { a: {}\n',
      found:
        '3:1 yaml-syntax: Flow map in block collection must be sufficiently indented and end with a }; check indentation, quotes and brackets at this place',
    },
    {
      name: 'a second document',
      text: 'zones: {}\n---\nzones: {}\n---\n',
      found: '3:1 yaml-syntax: a second document starts here; keep one document a file',
    },
    {
      name: 'a tab that indents',
      text: 'zones:\n\ta: {}\n',
      found:
        '3:1 yaml-syntax: Tabs are not allowed as indentation; check indentation, quotes and brackets at this place',
    },
  ])('$name', ({ text, found }) => {
    const told = lint(ROOT + text).diagnostics.filter(({ code }) => code === 'yaml-syntax');
    expectFound(told.slice(0, 1), [found]);
  });

  test('what the library quotes cannot end our own quotes', () => {
    const { diagnostics } = lint(`${ROOT}zones: !<\`x> {}\nsegments: @x\n`);
    const told = diagnostics.filter(({ code }) => code === 'yaml-syntax');
    expect(told.map(({ message }) => message)).toEqual([
      "Unresolved tag: 'x",
      'Plain value cannot start with reserved character @',
    ]);
  });
});

describe('files that are too much', () => {
  const hint = 'write it flatter and split it by team';

  test('nesting at its limit is read, one level more is not', () => {
    // The segments, their map and the selector's own are the first levels.
    const nested = (levels: number): string =>
      ofSelect(`${'{ not: '.repeat(levels)}{ kind: task }${' }'.repeat(levels)}`);
    expect(lint(ROOT + nested(DEPTH_MAX - 4)).diagnostics).toEqual([]);
    expectFound(lint(ROOT + nested(DEPTH_MAX - 3)).diagnostics, [
      `3:${16 + 7 * (DEPTH_MAX - 3) + 8} too-complex: the nesting is deeper than \`${DEPTH_MAX}\`; ${hint}`,
    ]);
  });

  test('more errors than anybody would read', () => {
    const { diagnostics } = lint(`${ROOT}${'@ : 1\n'.repeat(SYNTAX_ERRORS_MAX * 2)}`);
    expectFound(diagnostics, [
      `${SYNTAX_ERRORS_MAX + 2}:1 too-complex: there are more than \`${SYNTAX_ERRORS_MAX}\` errors; ${hint}`,
    ]);
  });

  test('more tokens than a policy has', () => {
    const { diagnostics } = lint(`${ROOT}zones: [${'a,'.repeat(TOKENS_MAX / 2)}]\n`);
    expect(diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      `too-complex: the file has more than \`${TOKENS_MAX}\` tokens`,
    ]);
  });

  test('more nodes than a file may hold, through names for lists', () => {
    const list = (item: string, count: number): string => Array(count).fill(item).join(', ');
    const file = (count: number): string =>
      `${ROOT}a: &a [${list('x', 500)}]\nb: &b [${list('*a', 50)}]\nc: [${list('*b', count)}]\n`;
    const codes = (count: number) => lint(file(count)).diagnostics.map(({ code }) => code);
    const each = 50 * 501 + 1;
    expect(codes(Math.floor(NODES_MAX / each) - 1)).toEqual(Array(3).fill('unknown-key'));
    expectFound(lint(file(Math.ceil(NODES_MAX / each))).diagnostics, [
      `4:4 too-complex: the file has more than \`${NODES_MAX}\` nodes, with aliases; ${hint}`,
    ]);
  });

  test('more merged keys than a file may hold', () => {
    const keys = Array.from({ length: 2_500 }, (_, i) => `k${i}: 1`).join(', ');
    const file = (merges: number): string =>
      `${ROOT}a: &a { ${keys} }\nb:\n${'  - { <<: *a }\n'.repeat(merges)}`;
    expectFound(lint(file(NODES_MAX / 2_500 + 1)).diagnostics, [
      `1:1 too-complex: \`<<\` repeats more than \`${NODES_MAX}\` keys; ${hint}`,
    ]);
    expect(lint(file(10)).diagnostics.map(({ code }) => code)).toEqual(
      Array(2).fill('unknown-key'),
    );
  });
});
