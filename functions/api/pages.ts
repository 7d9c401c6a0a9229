import type { Page } from '../../engine/ports.ts';

/** Walks a list page by page, up to `itemsMax`; `complete` is false when there was more. */
export async function walkPages<T>(
  itemsMax: number,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  visit: (item: T) => void,
): Promise<{ readonly complete: boolean }> {
  let seen = 0;
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    for (const item of page.items) visit(item);
    seen += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && seen < itemsMax);
  return { complete: cursor === undefined };
}
