import { printable } from './printable.ts';

/**
 * Columns as wide as their widest cell, two spaces between, no frame: reads in a terminal, a log and
 * a pipe alike. Cells are made printable here, so that no caller forgets.
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  style: (heading: string) => string = (heading) => heading,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell, 80)));
  const widths = header.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => [...(row[column] ?? '')].length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map(
        (cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length)),
      )
      .join('  ')
      .trimEnd();
  return [style(line(header)), ...cells.map(line)].map((text) => `${text}\n`).join('');
}
