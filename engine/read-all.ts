import type { Page } from './ports.ts';

/** Every item of a list that comes in pages. */
export async function readAll<T>(
  list: (cursor?: string) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}
