import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainMatch } from '../../../core/identity/explain-match.ts';
import { matchesPattern, matchesSelector } from '../../../core/identity/match.ts';
import type { Selector } from '../../../core/model/policy.ts';
import { identity } from '../../properties/builders.ts';

const SUBJECT = identity('i-1', {
  tags: { app: 'shop', tier: 'web', empty: '' },
  iamRole: 'arn:aws:iam::000000000000:role/payments-api',
  subnets: ['subnet-1', 'subnet-2'],
});
const tag = (key: string, ...values: string[]): Selector => ({ tags: { [key]: values } });
const yes = tag('app', 'shop');
const no = tag('app', 'other');

interface Case {
  readonly name: string;
  readonly selector: Selector;
  readonly matches: boolean;
  readonly clause: string;
  readonly because: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a tag',
    selector: yes,
    matches: true,
    clause: 'tags.app',
    because: 'tag `app` is `shop`',
  },
  {
    name: 'a tag of another value',
    selector: no,
    matches: false,
    clause: 'tags.app',
    because: 'tag `app` is `shop`, not `other`',
  },
  {
    name: 'one of several values',
    selector: tag('app', 'other', 'sh*'),
    matches: true,
    clause: 'tags.app',
    because: 'tag `app` is `shop`, which fits `other` or `sh*`',
  },
  {
    name: 'one of several values, word for word',
    selector: tag('app', 'other', 'shop'),
    matches: true,
    clause: 'tags.app',
    because: 'tag `app` is `shop`, which fits `other` or `shop`',
  },
  {
    name: 'a glob that does not fit',
    selector: tag('app', 'sho?p*'),
    matches: false,
    clause: 'tags.app',
    because: 'tag `app` is `shop`, not `sho?p*`',
  },
  {
    name: 'several tags that all fit',
    selector: { all: [{ tags: { app: ['shop'], tier: ['w*'] } }] },
    matches: true,
    clause: 'all',
    because: 'tag `app` is `shop`, and tag `tier` is `web`, which fits `w*`',
  },
  {
    name: 'several tags inside another selector',
    selector: { not: { tags: { app: ['shop'], tier: ['web'] } } },
    matches: false,
    clause: 'not.tags',
    because: 'tag `app` is `shop`, and tag `tier` is `web`',
  },
  {
    name: 'a tag of no value at all',
    selector: tag('app'),
    matches: false,
    clause: 'tags.app',
    because: 'tag `app` is `shop`, not nothing',
  },
  {
    name: 'a tag that is absent',
    selector: tag('owner', '*'),
    matches: false,
    clause: 'tags.owner',
    because: 'tag `owner` is absent, not `*`',
  },
  {
    name: 'the absence of a tag',
    selector: { not: tag('owner', '*') },
    matches: true,
    clause: 'not.tags.owner',
    because: 'tag `owner` is absent, not `*`',
  },
  {
    name: 'a tag without a value',
    selector: tag('empty', '*'),
    matches: true,
    clause: 'tags.empty',
    because: 'tag `empty` is ``, which fits `*`',
  },
  {
    name: 'a tag called like what every object has',
    selector: tag('constructor', '*'),
    matches: false,
    clause: 'tags.constructor',
    because: 'tag `constructor` is absent, not `*`',
  },
  {
    name: 'the first tag that fails',
    selector: { tags: { app: ['shop'], tier: ['api'] } },
    matches: false,
    clause: 'tags.tier',
    because: 'tag `tier` is `web`, not `api`',
  },
  {
    name: 'a role',
    selector: { field: 'iamRole', values: ['arn:aws:iam::*:role/payments-*'] },
    matches: true,
    clause: 'iamRole',
    because:
      'iamRole is `arn:aws:iam::000000000000:role/payments-api`, which fits `arn:aws:iam::*:role/payments-*`',
  },
  {
    name: 'a field that is not known',
    selector: { field: 'cluster', values: ['*'] },
    matches: false,
    clause: 'cluster',
    because: 'cluster is absent, not `*`',
  },
  {
    name: 'any of the subnets',
    selector: { field: 'subnet', values: ['subnet-2'] },
    matches: true,
    clause: 'subnet',
    because: 'subnet is `subnet-1`, `subnet-2`, which fits `subnet-2`',
  },
  {
    name: 'the first of the subnets',
    selector: { field: 'subnet', values: ['subnet-1'] },
    matches: true,
    clause: 'subnet',
    because: 'subnet is `subnet-1`, `subnet-2`, which fits `subnet-1`',
  },
  {
    name: 'all, by the part that fails',
    selector: { all: [yes, { not: tag('tier', 'web') }] },
    matches: false,
    clause: 'all[1].not.tags.tier',
    because: 'tag `tier` is `web`',
  },
  {
    name: 'any, by the part that holds',
    selector: { any: [no, { all: [yes] }] },
    matches: true,
    clause: 'any[1].all',
    because: 'tag `app` is `shop`',
  },
  {
    name: 'any of which none holds',
    selector: { any: [no, tag('owner', 'x')] },
    matches: false,
    clause: 'any',
    because: 'tag `app` is `shop`, not `other`, and tag `owner` is absent, not `x`',
  },
  {
    name: 'all of nothing',
    selector: { all: [] },
    matches: true,
    clause: 'all',
    because: 'it asks for nothing',
  },
  {
    name: 'any of nothing',
    selector: { any: [] },
    matches: false,
    clause: 'any',
    because: 'it lists no alternative',
  },
];

describe('a selector matches and says why', () => {
  test.each(CASES)('$name', ({ selector, matches, clause, because }) => {
    expect(matchesSelector(selector, SUBJECT)).toBe(matches);
    expect(explainMatch(selector, SUBJECT)).toEqual({ matches, clause, because });
  });

  test('a value of the cloud reaches the sentence in one line, short and without signs', () => {
    const hostile = identity('i-1', { tags: { app: `\u001b[2J\n\`${'x'.repeat(500)}` } });
    const { because } = explainMatch(yes, hostile);
    expect(because).toBe(
      `tag \`app\` is \`\ufffd[2J\ufffd\ufffd${'x'.repeat(74)}...\`, not \`shop\``,
    );
    const longest = 'x'.repeat(80);
    const fits = identity('i-1', { tags: { app: longest } });
    expect(explainMatch(yes, fits).because).toBe(`tag \`app\` is \`${longest}\`, not \`shop\``);
  });
});

describe('for every selector', () => {
  const value = fc.constantFrom('a', 'b', 'ab', 'a*', '?', '*');
  const values = fc.array(value, { maxLength: 2 });
  const { selector } = fc.letrec<{ selector: Selector }>((tie) => ({
    selector: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.dictionary(fc.constantFrom('app', 'tier'), values).map((tags) => ({ tags })),
      values.map((of) => ({ field: 'name' as const, values: of })),
      values.map((of) => ({ field: 'subnet' as const, values: of })),
      fc.array(tie('selector'), { maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('selector'), { maxLength: 3 }).map((any) => ({ any })),
      tie('selector').map((not) => ({ not })),
    ),
  }));
  const text = fc.constantFrom('a', 'b', 'ab', '');
  const subject = fc
    .record({
      tags: fc.dictionary(fc.constantFrom('app', 'tier'), text),
      subnets: fc.array(text, { maxLength: 2 }),
      name: fc.option(text, { nil: undefined }),
    })
    .map(({ name, ...rest }) =>
      identity('i-1', { ...rest, ...(name === undefined ? {} : { name }) }),
    );
  const holds = (law: (s: Selector, who: ReturnType<typeof identity>) => boolean) =>
    fc.assert(fc.property(selector, subject, law), { numRuns: 1_000 });

  test('the explanation agrees with the match', () => {
    holds((s, who) => explainMatch(s, who).matches === matchesSelector(s, who));
  });

  test('`not` is the opposite, and De Morgan holds', () => {
    holds((s, who) => matchesSelector({ not: s }, who) === !matchesSelector(s, who));
    holds(
      (s, who) =>
        matchesSelector({ not: { any: [s, yes] } }, who) ===
        matchesSelector({ all: [{ not: s }, { not: yes }] }, who),
    );
  });
});

test.each([
  ['web', 'web', true],
  ['web', 'WEB', false],
  [['api', 'w?b'], 'web', true],
  [['a*', 'w?'], 'web', false],
  ['w*', 'api', false],
  [[], 'web', false],
  ['*', '*', true],
])('pattern %j on %j: %j', (pattern, text, fits) => {
  expect(matchesPattern(pattern, text)).toBe(fits);
});
