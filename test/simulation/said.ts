/** What the control plane has said to the store, with the time. */
export interface Said<T> {
  readonly at: number;
  readonly what: T;
}

/** The last one before that time, and all since. */
export function inPlay<T>(said: readonly Said<T>[], since: number): readonly T[] {
  const last = said.findLastIndex(({ at }) => at <= since);
  return said.slice(Math.max(0, last)).map(({ what }) => what);
}

export function push<T>(map: Map<string, Said<T>[]>, key: string, said: Said<T>): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [said]);
  else list.push(said);
}
