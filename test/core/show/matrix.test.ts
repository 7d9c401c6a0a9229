import { describe, expect, test } from 'vitest';
import { reachMatrix, renderMatrix, renderPaths } from '../../../core/show/matrix.ts';
import { portText } from '../../../core/show/plan.ts';
import { printable } from '../../../core/show/printable.ts';
import { estate, type GroupText } from '../reach/estate.ts';

const rowOf = (workload: string) => /^i-(\w+)-/.exec(workload)?.[1];

function matrixOf(into: GroupText['in'], more: readonly string[] = []) {
  const out = ['all 0.0.0.0/0', 'all ::/0'];
  const host = (at: number, groups: string[]) => ({
    at: [`10.0.0.${at}`, ...more.map((prefix) => `${prefix}${at}`)],
    groups,
  });
  return reachMatrix(
    estate({
      groups: { 'sg-web': { out }, 'sg-db': { out: [], in: into ?? [] } },
      hosts: {
        'web-1': host(1, ['sg-web']),
        'web-2': host(2, ['sg-web']),
        'db-1': host(3, ['sg-db']),
        other: host(4, ['sg-web', 'sg-db']),
      },
    }),
    rowOf,
  );
}
const cell = (matrix: ReturnType<typeof matrixOf>, from: string, to: string) =>
  matrix.cells.find((one) => one.from === from && one.to === to);

describe('the matrix', () => {
  test('counts ordered pairs, and leaves out what has no row', () => {
    const matrix = matrixOf(['tcp/5432 sg-web', 'tcp/80 10.0.0.1/32']);
    expect(matrix.names).toEqual(['db', 'web']);
    const traffic = ['tcp/5432', 'tcp/80 tcp/5432'];
    expect(cell(matrix, 'web', 'db')).toMatchObject({ pairs: 2, open: 2, traffic });
    expect(cell(matrix, 'web', 'web')).toMatchObject({ pairs: 2, open: 0, everything: false });
    expect(cell(matrix, 'db', 'db')).toMatchObject({ pairs: 0, everything: false });
  });

  test('everything means every pair', () => {
    expect(cell(matrixOf(['all sg-web']), 'web', 'db')?.everything).toBe(true);
    expect(cell(matrixOf(['all 10.0.0.1/32']), 'web', 'db')?.everything).toBe(false);
  });

  test('everything means every shared family', () => {
    expect(cell(matrixOf(['all 0.0.0.0/0'], ['2001:db8::']), 'web', 'db')?.everything).toBe(false);
    expect(cell(matrixOf(['all sg-web'], ['2001:db8::']), 'web', 'db')?.everything).toBe(true);
  });

  test('is drawn, with what passes below', () => {
    const matrix = matrixOf(['tcp/5432 10.0.0.1/32']);
    expect(renderMatrix(matrix).split('\n').slice(0, 3)).toEqual([
      '          1  2   (to)',
      'db     1     ·',
      'web    2 ▒▒  ·',
    ]);
    expect(renderPaths(matrix)).toBe('web -> db: tcp/5432  (1 of 2 pairs)');
    expect(renderPaths(matrixOf(['all sg-web']))).toBe('');
  });
});

test.each([
  [{ protocol: -1, fromPort: -1, toPort: -1 }, 'all'],
  [{ protocol: 6, fromPort: 0, toPort: 65_535 }, 'tcp'],
  [{ protocol: 6, fromPort: 443, toPort: 443 }, 'tcp/443'],
  [{ protocol: 17, fromPort: 1, toPort: 9 }, 'udp/1-9'],
  [{ protocol: 1, fromPort: 8, toPort: -1 }, 'icmp/8'],
  [{ protocol: 1, fromPort: 3, toPort: 4 }, 'icmp/3/4'],
  [{ protocol: 47, fromPort: -1, toPort: -1 }, '47'],
])('%o reads %s', (rule, expected) => {
  expect(portText(rule)).toBe(expected);
});

test.each([
  ['a colour', '\u001b[31mred', '·[31mred'],
  ['a line', 'a\nb\u2028c', 'a·b·c'],
  ['a turn of direction', 'a\u202eb\u2066c\u061cd', 'a·b·c·d'],
  ['what cannot be seen', 'a\u200bb\u00adc\u{e0041}d', 'a·b·c·d'],
])('%s in a name does not get to a terminal', (_, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('text is cut by characters', () => {
  expect(printable('😀😀😀', 2)).toBe('😀…');
  expect(printable('abc', 3)).toBe('abc');
});
