import type { Identity } from '../model/identity.ts';
import { ownValue } from '../model/own-value.ts';
import type { Pattern, Selector } from '../model/policy.ts';
import { matchesPattern, matchesSelector, valuesOf } from './match.ts';

/** Why a selector does or does not match, down to the clause that decided. */
export interface MatchExplanation {
  readonly matches: boolean;
  /** Where in the selector, e.g. `all[1].not.tags.lifecycle`; empty for the selector itself. */
  readonly clause: string;
  /** One sentence without a full stop, e.g. "tag `tier` is `api`, not `web`". */
  readonly because: string;
}

const QUOTE_LENGTH_MAX = 80;

/**
 * Names the clause that decides: the first that fails, or what made it hold. Agrees with
 * matchesSelector always.
 */
export function explainMatch(selector: Selector, identity: Identity): MatchExplanation {
  return explain(selector, identity, '');
}

function explain(selector: Selector, identity: Identity, at: string): MatchExplanation {
  if ('tags' in selector) return explainTags(selector.tags, identity, at);
  if ('field' in selector) {
    const seen = valuesOf(identity, selector.field);
    const matches = seen.some((value) => matchesPattern(selector.values, value));
    const because = sentence(`${selector.field}`, seen, selector.values, matches);
    return { matches, clause: join(at, selector.field), because };
  }
  if ('all' in selector) return explainAll(selector.all, identity, at);
  if ('any' in selector) return explainAny(selector.any, identity, at);
  const inner = explain(selector.not, identity, join(at, 'not'));
  return { ...inner, matches: !inner.matches };
}

function explainTags(
  tags: Readonly<Record<string, Pattern>>,
  identity: Identity,
  at: string,
): MatchExplanation {
  const clauses = Object.entries(tags).map(([key, pattern]) => {
    const value = ownValue(identity.tags, key);
    const seen = value === undefined ? [] : [value];
    const matches = value !== undefined && matchesPattern(pattern, value);
    const because = sentence(`tag ${quote(key)}`, seen, pattern, matches);
    return { matches, clause: join(join(at, 'tags'), key), because };
  });
  const failing = clauses.find((clause) => !clause.matches);
  if (failing !== undefined) return failing;
  const only = clauses.length === 1 ? clauses[0] : undefined;
  return only ?? { matches: true, clause: join(at, 'tags'), because: joined(clauses) };
}

function explainAll(parts: readonly Selector[], identity: Identity, at: string): MatchExplanation {
  const index = parts.findIndex((part) => !matchesSelector(part, identity));
  const failing = parts[index];
  if (failing !== undefined) return explain(failing, identity, join(at, `all[${index}]`));
  const clauses = parts.map((part) => explain(part, identity, at));
  return { matches: true, clause: join(at, 'all'), because: joined(clauses) };
}

function explainAny(parts: readonly Selector[], identity: Identity, at: string): MatchExplanation {
  const index = parts.findIndex((part) => matchesSelector(part, identity));
  const holding = parts[index];
  if (holding !== undefined) return explain(holding, identity, join(at, `any[${index}]`));
  const clauses = parts.map((part) => explain(part, identity, at));
  const because = clauses.length === 0 ? 'it lists no alternative' : joined(clauses);
  return { matches: false, clause: join(at, 'any'), because };
}

function joined(clauses: readonly MatchExplanation[]): string {
  return clauses.length === 0
    ? 'it asks for nothing'
    : clauses.map((clause) => clause.because).join(', and ');
}

function sentence(
  subject: string,
  seen: readonly string[],
  wanted: Pattern,
  matches: boolean,
): string {
  const asked = wanted.length === 0 ? 'nothing' : wanted.map(quote).join(' or ');
  if (seen.length === 0) return `${subject} is absent, not ${asked}`;
  const found = seen.map(quote).join(', ');
  if (!matches) return `${subject} is ${found}, not ${asked}`;
  const same = wanted.length === 1 && seen.length === 1 && wanted[0] === seen[0];
  return same ? `${subject} is ${found}` : `${subject} is ${found}, which fits ${asked}`;
}

function join(at: string, step: string): string {
  return at === '' ? step : `${at}.${step}`;
}

/** Tag values are untrusted: short, in one line and without control characters. */
function quote(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}`]/gu, '\u{fffd}');
  return clean.length <= QUOTE_LENGTH_MAX
    ? `\`${clean}\``
    : `\`${clean.slice(0, QUOTE_LENGTH_MAX)}...\``;
}
