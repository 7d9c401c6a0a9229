import { globsMeet, isGlob } from '../identity/glob.ts';
import { matchesPattern } from '../identity/match.ts';
import type { Pattern, Selector } from '../model/policy.ts';

/** A condition that every match meets: one of the patterns fits the attribute, which is there. */
interface Want {
  readonly attribute: string;
  readonly pattern: Pattern;
}

/** Character comparisons that may still be made; shared by all selectors of a policy. */
export interface SenseBudget {
  left: number;
}

/** About half a second. Beyond it, a selector counts as sensible. */
export const SENSE_BUDGET = 50_000_000;

/**
 * The part of a selector that no workload can ever match, or undefined. It finds texts that exclude
 * each other, and conditions that something is and is not the same; it never accuses a selector that
 * some identity matches, but a deeper contradiction may escape it.
 */
export function findContradiction(selector: Selector, budget: SenseBudget): Selector | undefined {
  if (isNever(selector, [], budget)) return selector;
  // An alternative that can never match is a mistake too, even if others can.
  const parts = 'all' in selector ? selector.all : 'any' in selector ? selector.any : [];
  for (const part of parts) {
    const found = findContradiction(part, budget);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isNever(selector: Selector, context: readonly Want[], budget: SenseBudget): boolean {
  const conjuncts = conjunctsOf(selector);
  const own = conjuncts.flatMap(wantsOf);
  const wants = [...context, ...own];
  const clash = own.some((want, i) =>
    wants.slice(0, context.length + i).some((other) => areDisjoint(want, other, budget)),
  );
  if (clash) return true;
  return conjuncts.some((part) => {
    if ('any' in part) return part.any.every((branch) => isNever(branch, wants, budget));
    return 'not' in part && holds(part.not, wants, budget) === 'yes';
  });
}

/** The parts that all have to hold, without nested `all` and double `not`. */
function conjunctsOf(selector: Selector): readonly Selector[] {
  if ('all' in selector) return selector.all.flatMap(conjunctsOf);
  if ('not' in selector && 'not' in selector.not) return conjunctsOf(selector.not.not);
  return [selector];
}

function wantsOf(part: Selector): readonly Want[] {
  if ('tags' in part) {
    return Object.entries(part.tags).map(([key, pattern]) => ({
      attribute: `tag:${key}`,
      pattern,
    }));
  }
  return 'field' in part ? [{ attribute: `field:${part.field}`, pattern: part.values }] : [];
}

/** A workload may stand in several subnets, so that two different ones are no contradiction. */
function areDisjoint(a: Want, b: Want, budget: SenseBudget): boolean {
  if (a.attribute !== b.attribute || a.attribute === 'field:subnet') return false;
  return !a.pattern.some((one) => b.pattern.some((other) => canMeet(one, other, budget)));
}

function canMeet(one: string, other: string, budget: SenseBudget): boolean {
  budget.left -= isGlob(one) || isGlob(other) ? one.length * other.length + 1 : 1;
  if (budget.left < 0) return true;
  if (one === other) return true;
  return (isGlob(one) || isGlob(other)) && globsMeet(one, other);
}

type Verdict = 'yes' | 'no' | 'maybe';

/** What the wants say about a selector. */
function holds(selector: Selector, wants: readonly Want[], budget: SenseBudget): Verdict {
  if ('not' in selector) {
    const inner = holds(selector.not, wants, budget);
    return inner === 'maybe' ? 'maybe' : inner === 'yes' ? 'no' : 'yes';
  }
  if ('all' in selector) {
    return allOf(selector.all.map((part) => holds(part, wants, budget)));
  }
  if ('any' in selector) {
    const parts = selector.any.map((part) => holds(part, wants, budget));
    return parts.includes('yes') ? 'yes' : parts.every((p) => p === 'no') ? 'no' : 'maybe';
  }
  return allOf(wantsOf(selector).map((asked) => wantHolds(asked, wants, budget)));
}

function allOf(parts: readonly Verdict[]): Verdict {
  return parts.includes('no') ? 'no' : parts.every((part) => part === 'yes') ? 'yes' : 'maybe';
}

function wantHolds(asked: Want, wants: readonly Want[], budget: SenseBudget): Verdict {
  const same = wants.filter((want) => want.attribute === asked.attribute);
  if (same.some((want) => areDisjoint(asked, want, budget))) return 'no';
  const implied = same.some((want) =>
    want.pattern.every((known) => {
      budget.left -= asked.pattern.length * (known.length + 1);
      if (budget.left < 0) return false;
      return isGlob(known)
        ? asked.pattern.some((pattern) => pattern === known || pattern === '*')
        : matchesPattern(asked.pattern, known);
    }),
  );
  return implied ? 'yes' : 'maybe';
}
