/**
 * Stands for `vitest` where tests run without it (in-process-runner.ts): the same expectations, and
 * `describe`, `test` and `test.each`, which is all that the tests of core use. Anything else is
 * undefined and fails at once.
 */
import { collected, suites } from './collected.ts';

export { expect } from 'vitest';

type Body = (...values: unknown[]) => unknown;

export function describe(name: string, body: () => void): void {
  suites.push(name);
  body();
  suites.pop();
}

export function test(name: string, ...more: readonly unknown[]): void {
  const body = more.find((one): one is Body => typeof one === 'function');
  if (body === undefined) throw new Error(`test \`${name}\` has no body`);
  collected.push({ name: [...suites, name].join(' > '), run: () => body() });
}

test.each = (rows: readonly unknown[]) => (name: string, body: Body) => {
  for (const [at, row] of rows.entries()) {
    const values = Array.isArray(row) ? row : [row];
    test(`${name} (row ${at + 1})`, () => body(...values));
  }
};
