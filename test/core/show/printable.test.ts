import { expect, test } from 'vitest';
import { printable } from '../../../core/show/printable.ts';

test.each([
  ['a colour', '\u001b[31mred', '·[31mred'],
  ['a line', 'a\nb\u2028c', 'a·b·c'],
  ['a turn of direction', 'a\u202eb\u2066c\u061cd', 'a·b·c·d'],
  ['what cannot be seen', 'a\u200bb\u00adc\u{e0041}d', 'a·b·c·d'],
])('%s in a name does not get to a terminal', (_, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('text is cut by characters', () => {
  expect(printable('😀😀😀😀', 3)).toBe('😀😀…');
  expect(printable('x'.repeat(121))).toBe(`${'x'.repeat(119)}…`);
  expect(printable('abc', 3)).toBe('abc');
});
