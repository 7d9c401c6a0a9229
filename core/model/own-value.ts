/**
 * What somebody put under the key, and never what every object has: a tag, a segment or a service
 * may be called `constructor`.
 */
export function ownValue<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
