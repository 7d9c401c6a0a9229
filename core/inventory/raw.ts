/**
 * Careful reading of documents that came from outside: nothing here throws, and a value of another
 * shape than expected reads as absent.
 */
export type Raw = Readonly<Record<string, unknown>>;

export function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

/** The entries of a list that are objects. */
export function records(value: unknown): readonly Raw[] {
  return list(value).filter((entry) => Object.keys(record(entry)).length > 0) as Raw[];
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * The entries of a list that must be read in full: one that is no object, and a list that is none,
 * stand as an empty entry, from which nothing can be read.
 */
export function parts(value: unknown): readonly Raw[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map(record) : [{}];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `''` where there is no text. */
export function textOf(value: unknown): string {
  return text(value) ?? '';
}

/** Numbers come as such, or as text in some outputs. */
export function number(value: unknown): number | undefined {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return Number.isFinite(found) ? (found as number) : undefined;
}

/** EC2 has `Tags: [{Key, Value}]`, interfaces `TagSet`, ECS `tags: [{key, value}]`. */
export function tagsOf(raw: Raw): Readonly<Record<string, string>> {
  const entries = records(raw.Tags ?? raw.TagSet ?? raw.tags).flatMap((tag) => {
    const key = text(tag.Key) ?? text(tag.key);
    return key === undefined ? [] : [[key, text(tag.Value) ?? text(tag.value) ?? ''] as const];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function sortedById<T extends { readonly id: string }>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
}
