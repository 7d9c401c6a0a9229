import { describe, expect, test } from 'vitest';
import { printable } from '../../cli/printable.ts';
import { renderTable } from '../../cli/table.ts';

describe('printable', () => {
  test.each([
    ['an escape sequence', 'a\u001b[31mred', 'a·[31mred'],
    ['a line break', 'one\ntwo\r', 'one·two·'],
    ['a C1 control', 'a\u009b2Jb', 'a·2Jb'],
    ['a bidirectional override', 'gro\u202eup', 'gro·up'],
    ['a zero-width space', 'ad\u200bmin', 'ad·min'],
    ['plain text in any script', 'Zürich 東京 🚢', 'Zürich 東京 🚢'],
  ])('%s', (_case, text, expected) => expect(printable(text)).toBe(expected));

  test('is cut to length, by characters and not in the middle of one', () => {
    expect(printable('🚢🚢🚢🚢', 3)).toBe('🚢🚢…');
    expect(printable('abc', 3)).toBe('abc');
  });
});

describe('renderTable', () => {
  test('aligns columns and leaves no trailing blanks', () => {
    const text = renderTable(
      ['a', 'bb'],
      [
        ['one', 'x'],
        ['2', ''],
      ],
    );
    expect(text).toBe('a    bb\none  x\n2\n');
  });

  test('a cell cannot break out of its line', () => {
    const text = renderTable(['name'], [['web\nroot\u001b[2J']]);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('\u001b');
  });
});
