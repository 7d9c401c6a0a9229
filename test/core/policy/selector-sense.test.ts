import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesSelector } from '../../../core/identity/match.ts';
import type { Identity } from '../../../core/model/identity.ts';
import type { Selector } from '../../../core/model/policy.ts';
import { findContradiction, SENSE_BUDGET } from '../../../core/policy/selector-sense.ts';
import { identity } from '../../properties/builders.ts';

const tag = (key: string, ...values: string[]): Selector => ({ tags: { [key]: values } });
const field = (name: 'name' | 'subnet', ...values: string[]): Selector => ({
  field: name,
  values,
});
const all = (...parts: Selector[]): Selector => ({ all: parts });
const any = (...parts: Selector[]): Selector => ({ any: parts });
const not = (part: Selector): Selector => ({ not: part });

const X = tag('app', 'x');
const Y = tag('app', 'y');
const OTHER = tag('tier', 'y');
const ANY_APP = tag('app', '*');

const found = (selector: Selector, left = SENSE_BUDGET): Selector | undefined =>
  findContradiction(selector, { left });

describe('what no workload can match', () => {
  test.each([
    { name: 'two values of a tag', selector: all(X, Y) },
    { name: 'two values of a tag, one of them deeper', selector: all(all(X), all(OTHER, Y)) },
    { name: 'a third value', selector: all(X, OTHER, X, Y) },
    { name: 'two names', selector: all(field('name', 'x'), field('name', 'y')) },
    {
      name: 'patterns of which none meet',
      selector: all(tag('app', 'x*', 'y'), tag('app', 'z?', 'w')),
    },
    { name: 'a glob and a text that it does not cover', selector: all(tag('app', 'x*'), Y) },
    {
      name: 'both tags of one condition',
      selector: all({ tags: { app: ['x'], tier: ['y'] } }, tag('tier', 'z')),
    },
    { name: 'what is not itself', selector: all(X, not(X)) },
    { name: 'what is not not another', selector: all(X, not(not(Y))) },
    { name: 'what is not among several', selector: all(X, not(tag('app', 'w', 'x'))) },
    { name: 'what a glob excludes', selector: all(tag('app', 'x1', 'x2'), not(tag('app', 'x*'))) },
    {
      name: 'a glob that its own text excludes',
      selector: all(tag('app', 'x*'), not(tag('app', 'x*', 'z'))),
    },
    {
      name: 'a glob that `*` excludes',
      selector: all(tag('app', 'x*'), not(tag('app', 'z', '*'))),
    },
    { name: 'neither of two', selector: all(X, not(any(Y, X))) },
    { name: 'not both of what holds', selector: all(X, OTHER, not(all(OTHER, X))) },
    { name: 'not without what is excluded', selector: all(X, not(not(not(X)))) },
    { name: 'not what excludes another', selector: all(X, not(all(not(Y)))) },
    { name: 'not an alternative that excludes another', selector: all(X, not(any(OTHER, not(Y)))) },
    { name: 'alternatives that are all excluded', selector: all(tag('app', 'z'), any(X, Y)) },
    {
      name: 'alternatives that are excluded further down',
      selector: all(tag('app', 'z'), any(all(OTHER, X), any(Y))),
    },
    { name: 'no alternative', selector: any() },
  ])('$name', ({ selector }) => {
    expect(found(selector)).toBe(selector);
  });

  test('an alternative beside one that can match', () => {
    const bad = all(X, Y);
    expect(found(any(X, bad))).toBe(bad);
    expect(found(all(OTHER, any(X, all(OTHER, bad))))).toEqual(all(OTHER, bad));
    expect(found(all(OTHER, any(X, any(OTHER, bad))))).toBe(bad);
  });
});

describe('what some workload can match', () => {
  test.each([
    { name: 'a tag', selector: X },
    { name: 'one tag twice', selector: all(X, X) },
    { name: 'values of two tags', selector: all(X, OTHER) },
    { name: 'a tag and a field of one name', selector: all(tag('name', 'x'), field('name', 'y')) },
    {
      name: 'patterns of which two meet',
      selector: all(tag('app', 'w', 'x*'), tag('app', 'v', '*y')),
    },
    {
      name: 'two subnets, since a workload may have more interfaces',
      selector: all(field('subnet', 'x'), field('subnet', 'y')),
    },
    { name: 'something, and not another', selector: all(X, not(Y)) },
    {
      name: 'a glob, and not one of its texts',
      selector: all(tag('app', 'x*'), not(tag('app', 'x1'))),
    },
    {
      name: 'a glob, and not a longer one',
      selector: all(tag('app', 'x*'), not(tag('app', 'x1*'))),
    },
    { name: 'one of two, and not the other', selector: all(tag('app', 'x', 'y'), not(X)) },
    { name: 'not both, if one is open', selector: all(X, not(all(X, OTHER))) },
    { name: 'neither of two others', selector: all(X, not(any(Y, OTHER))) },
    { name: 'not what is absent', selector: all(X, not(tag('gone', '*'))) },
    { name: 'not what is not so', selector: all(X, not(not(X))) },
    { name: 'nothing but exclusions', selector: all(not(X), not(Y)) },
    { name: 'not what cannot be', selector: all(X, not(all(X, Y))) },
    { name: 'alternatives of which one fits', selector: all(X, any(Y, ANY_APP)) },
    { name: 'alternatives that leave one out', selector: all(any(X, Y), not(X)) },
    { name: 'no condition at all', selector: all() },
  ])('$name', ({ selector }) => {
    expect(found(selector)).toBeUndefined();
  });
});

/** Every workload that differs in what the selectors below ask for. */
const WORKLOADS: readonly Identity[] = [undefined, 'x', 'y', 'xy', 'z'].flatMap((app) =>
  [undefined, 'x', 'y'].flatMap((tier) =>
    [['x'], ['x', 'y']].map((subnets) =>
      identity('i-1', {
        tags: { ...(app && { app }), ...(tier && { tier }) },
        ...{ name: app ?? 'x', subnets },
      }),
    ),
  ),
);

const values = fc.uniqueArray(fc.constantFrom('x', 'y', 'z', 'x*', '*y', '?', '*'), {
  ...{ minLength: 1, maxLength: 3 },
});
const { selector: selectors } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.tuple(fc.constantFrom('app', 'tier'), values).map(([key, v]) => tag(key, ...v)),
    fc.tuple(fc.constantFrom('name', 'subnet'), values).map(([f, v]) => field(f, ...v)),
    fc.array(tie('selector'), { minLength: 1, maxLength: 3 }).map((parts) => all(...parts)),
    fc.array(tie('selector'), { minLength: 1, maxLength: 3 }).map((parts) => any(...parts)),
    tie('selector').map(not),
  ),
}));

test('nobody matches what is called a contradiction', () => {
  let accused = 0;
  fc.assert(
    fc.property(fc.array(selectors, { minLength: 2, maxLength: 4 }), (parts) => {
      const part = found(all(...parts));
      if (part === undefined) return;
      accused += 1;
      expect(WORKLOADS.filter((workload) => matchesSelector(part, workload))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
  expect(accused).toBeGreaterThan(100);
});

describe('a budget of comparisons', () => {
  test.each([
    { name: 'texts cost one', selector: all(X, Y), cost: 1 },
    {
      name: 'each pair of texts',
      selector: all(tag('app', 'x', 'y'), tag('app', 'u', 'v', 'w')),
      cost: 6,
    },
    {
      name: 'a glob costs the product of both',
      selector: all(tag('app', 'x*'), tag('app', 'yyy')),
      cost: 7,
    },
    { name: 'on either side', selector: all(tag('app', 'yyy'), tag('app', 'x*')), cost: 7 },
    {
      name: 'an exclusion costs its patterns for each text',
      selector: all(tag('app', 'xx'), not(tag('app', 'xx', 'y'))),
      cost: 1 + 2 * 3,
    },
  ])('$name', ({ selector, cost }) => {
    const budget = { left: 1_000 };
    expect(findContradiction(selector, budget)).toBe(selector);
    expect(budget.left).toBe(1_000 - cost);
    expect(found(selector, cost)).toBe(selector);
    expect(found(selector, cost - 1)).toBeUndefined();
  });
});
