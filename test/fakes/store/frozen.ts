/**
 * A copy as JSON keeps it, and frozen all the way down: what is stored can be handed out again and
 * again, and a caller that changes it fails at once, as it would change nothing in a real table.
 */
export function frozenCopy<T>(value: T): T {
  return freeze(JSON.parse(JSON.stringify(value)) as T);
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
