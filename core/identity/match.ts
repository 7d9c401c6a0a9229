import type { Identity } from '../model/identity.ts';
import { ownValue } from '../model/own-value.ts';
import type { Pattern, Selector, SelectorField } from '../model/policy.ts';
import { isGlob, matchesGlob } from './glob.ts';

/**
 * Whether the identity is what the selector asks for.
 *
 * - A condition on something that the identity lacks does not hold, so that `not: { tags: ... }`
 *   also matches where the tag is absent.
 * - `subnet` holds when one of the workload's subnets fits.
 * - `all` of nothing holds, `any` of nothing does not; parsePolicy refuses to let either through.
 *
 * @example matchesSelector({ tags: { app: ['shop'], tier: ['web', 'api'] } }, identity)
 */
export function matchesSelector(selector: Selector, identity: Identity): boolean {
  if ('tags' in selector) return matchesTags(selector.tags, identity.tags);
  if ('field' in selector) {
    return valuesOf(identity, selector.field).some((value) =>
      matchesPattern(selector.values, value),
    );
  }
  if ('all' in selector) return selector.all.every((part) => matchesSelector(part, identity));
  if ('any' in selector) return selector.any.some((part) => matchesSelector(part, identity));
  return !matchesSelector(selector.not, identity);
}

/** Whether one of the texts or globs covers the whole text. */
export function matchesPattern(pattern: Pattern | string, text: string): boolean {
  if (typeof pattern === 'string') return matchesOne(pattern, text);
  for (const one of pattern) if (matchesOne(one, text)) return true;
  return false;
}

function matchesOne(pattern: string, text: string): boolean {
  return pattern === text || (isGlob(pattern) && matchesGlob(pattern, text));
}

/** Whether every named tag is there and fits; a map without keys asks for nothing. */
export function matchesTags(
  tags: Readonly<Record<string, Pattern>>,
  actual: Readonly<Record<string, string>>,
): boolean {
  for (const key of Object.keys(tags)) {
    const value = ownValue(actual, key);
    if (value === undefined || !matchesPattern(tags[key] ?? [], value)) return false;
  }
  return true;
}

/** What an identity has under a selector's field; empty where nothing is known. */
export function valuesOf(identity: Identity, field: SelectorField): readonly string[] {
  if (field === 'subnet') return identity.subnets;
  const value = identity[field];
  return value === undefined ? [] : [value];
}
