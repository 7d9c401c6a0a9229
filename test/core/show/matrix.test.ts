import { describe, expect, test } from 'vitest';
import { reachMatrix, renderMatrix, renderPaths } from '../../../core/show/matrix.ts';
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

  test('everything means more than some ports of each pair', () => {
    expect(cell(matrixOf(['tcp sg-web']), 'web', 'db')?.everything).toBe(false);
  });

  test('everything is not had by a pair that shares no family', () => {
    const open = ['all 0.0.0.0/0', 'all ::/0'];
    const host = (at: string) => ({ at, groups: ['sg-open'] });
    const hosts = { 'web-1': host('10.0.0.1'), 'web-2': host('2001:db8::2') };
    const inventory = estate({ groups: { 'sg-open': { in: open, out: open } }, hosts });
    const apart = cell(reachMatrix(inventory, rowOf), 'web', 'web');
    expect(apart).toMatchObject({ pairs: 2, open: 0, everything: false });
    const both = { ...hosts, 'web-3': { ...host('10.0.0.3'), at: ['10.0.0.3', '2001:db8::3'] } };
    const more = estate({ groups: { 'sg-open': { in: open, out: open } }, hosts: both });
    expect(cell(reachMatrix(more, rowOf), 'web', 'web')).toMatchObject({
      ...{ pairs: 6, open: 4, traffic: ['all'], everything: false },
    });
  });

  test('is drawn, with what passes below', () => {
    const matrix = matrixOf(['tcp/5432 10.0.0.1/32']);
    expect(renderMatrix(matrix)).toBe(
      [
        '          1  2   (to)',
        'db     1     ·',
        'web    2 ▒▒  ·',
        '',
        '██ everything   ▒▒ some ports or pairs   · nothing',
      ].join('\n'),
    );
    expect(renderPaths(matrix)).toBe('web -> db: tcp/5432  (1 of 2 pairs)');
    expect(renderPaths(matrixOf(['all sg-web']))).toBe('');
    expect(renderMatrix(matrixOf(['all sg-web']))).toContain('\nweb    2 ██  ·\n');
  });

  test('has room for long names, which are cut', () => {
    const names = ['short', 'a-name-that-is-far-too-long', 'longer-name'];
    const cells = names.flatMap((from) =>
      names.map((to) => ({
        ...{ from, to, pairs: 1, open: 1, traffic: ['tcp/1', 'tcp/2'], everything: false },
      })),
    );
    const lines = renderMatrix({ names, cells }).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      `${' '.repeat(29)} 1  2  3   (to)`,
      `short${' '.repeat(19)}   1 ▒▒ ▒▒ ▒▒`,
      'a-name-that-is-far-too-…   2 ▒▒ ▒▒ ▒▒',
    ]);
    expect(renderPaths({ names, cells: cells.slice(0, 2) })).toBe(
      ['short -> short: tcp/1 | tcp/2', 'short -> a-name-that-is-far-too-…: tcp/1 | tcp/2'].join(
        '\n',
      ),
    );
    expect(renderMatrix({ names: ['alone'], cells: [] }).split('\n')[1]).toBe('alone   1   ');
  });
});
