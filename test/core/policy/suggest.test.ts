import { describe, expect, test } from 'vitest';
import { suggestName } from '../../../core/policy/suggest.ts';
import { expectFound, lint, ROOT } from './lint.ts';

describe('the name that was meant', () => {
  test.each([
    { name: 'a letter too few', seen: 'shp', known: ['shop'], meant: 'shop' },
    { name: 'a letter too many', seen: 'shoop', known: ['shop'], meant: 'shop' },
    { name: 'another letter', seen: 'shap', known: ['shop'], meant: 'shop' },
    { name: 'letters swapped', seen: 'hsop', known: ['shop'], meant: 'shop' },
    { name: 'letters swapped twice', seen: 'hspo', known: ['shop'], meant: 'shop' },
    { name: 'one edit is all that three letters are worth', seen: 'bda', known: ['abd'] },
    { name: 'a swap counts as one edit', seen: 'bac', known: ['abc'], meant: 'abc' },
    { name: 'a swap at the end', seen: 'acb', known: ['abc'], meant: 'abc' },
    { name: 'the same letters apart are no swap', seen: 'axbya', known: ['bxayb'] },
    { name: 'two edits', seen: 'wweb1', known: ['web'], meant: 'web' },
    { name: 'two edits, both letters at the front', seen: 'xyweb', known: ['web'], meant: 'web' },
    { name: 'two letters missing', seen: 'segment', known: ['segments-'], meant: 'segments-' },
    { name: 'three edits are a guess', seen: 'database', known: ['dataxyze', 'datab'] },
    { name: 'three letters too few', seen: 'segme', known: ['segments'] },
    { name: 'a name of one letter is like no other', seen: 'a', known: ['b', 'ab'] },
    { name: 'a name of two letters is worth one edit', seen: 'ab', known: ['abcd', 'cd'] },
    { name: 'capitals', seen: 'SettleWindow', known: ['settleWindow'], meant: 'settleWindow' },
    {
      name: 'capitals of the other',
      seen: 'settlewindow',
      known: ['SettleWindow'],
      meant: 'SettleWindow',
    },
    { name: 'nothing is known', seen: 'shop', known: [] },
    { name: 'the nearest, first', seen: 'shop', known: ['shpo', 'shxx'], meant: 'shpo' },
    { name: 'the nearest, last', seen: 'shop', known: ['shxx', 'shpo'], meant: 'shpo' },
    {
      name: 'the first by name of two as near',
      seen: 'web-x',
      known: ['web-b', 'web-a'],
      meant: 'web-a',
    },
    { name: 'whatever their order', seen: 'web-x', known: ['web-a', 'web-b'], meant: 'web-a' },
  ])('$name', ({ seen, known, meant }) => {
    expect(suggestName(seen, known)).toBe(meant);
  });
});

test('the first hundred unknown names of a policy get a suggestion', () => {
  const letters = [...'acdfghijklm'];
  const names = letters.flatMap((a) => letters.slice(0, 10).map((b) => `shop-${a}${b}`));
  const zones = names.map((name, i) => `  n${i}: { cidrs: 10.0.0.0/8, zone: ${name} }\n`).join('');
  const { diagnostics } = lint(`${ROOT}zones: { shop-we: {} }\nnetworks:\n${zones}`);
  const hints = diagnostics.map(({ hint }) => hint);
  expect(new Set(hints.slice(0, 100))).toEqual(new Set(['did you mean `shop-we`?']));
  expect(hints.slice(100)).toEqual(Array(10).fill('define it, or correct the name'));
});

test('names that a hint quotes are cut and cleaned', () => {
  expectFound(lint(`${ROOT}zones: { "x\`y": {} }\n`).diagnostics, [
    "2:10 bad-name: zone name `x'y` is not 1 to 63 lower-case letters, digits and inner hyphens, starting with a letter; for example `x-y`",
  ]);
});
