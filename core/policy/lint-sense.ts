import { subtractSets } from '../check/traffic-union.ts';
import {
  forbiddenBy,
  type GuardView,
  viewOfNetwork,
  viewOfSegment,
} from '../compile/guardrail-views.ts';
import type { Allowance, Assertion, Guardrail, Rule } from '../model/policy.ts';
import type { TrafficRange } from '../model/traffic.ts';
import { listed, quote } from './diagnostics.ts';
import { EXPIRY_WARNING_DAYS } from './limits.ts';
import type { Draft } from './read-files.ts';
import { readDay } from './read-values.ts';
import type { Reading } from './reading.ts';
import { childOf } from './source-tree.ts';

/** What allows one end to reach another: a rule, or a baseline entry. */
interface Allower {
  readonly id: string;
  readonly allow: readonly Allowance[];
}

/**
 * Rules past their day; rules that a guardrail makes void; assertions that the rules do not give.
 * All of it by the texts alone: what overlapping selectors do to single workloads is found by
 * lintAgainstInventory and at compile.
 */
export function lintSense(draft: Draft, now: string, reading: Reading): void {
  const today = readDay(now.slice(0, 'YYYY-MM-DD'.length));
  for (const { value, node } of draft.rules) {
    const at = childOf(node, 'expires')?.at ?? value.location;
    if (today !== undefined) lintExpiry(value, at, today, reading);
  }
  const views = viewsOf(draft);
  const guardrails = draft.guardrails.map(({ value }) => value);
  if (guardrails.length > 0) lintGuardrails(draft, guardrails, views, reading);
  for (const { value } of draft.assertions) {
    lintAssertion(value, draft, guardrails, views, reading);
  }
}

function lintExpiry(rule: Rule, at: Rule['location'], today: number, reading: Reading): void {
  const last = readDay(rule.expires);
  if (last === undefined) return;
  const left = last - today;
  if (left < 0) {
    reading.findings.add(
      'expired-rule',
      at,
      `rule ${quote(rule.id)} held until \`${rule.expires}\`, \`${-left}\` days ago`,
      'remove it, or renew its date',
    );
  } else if (left <= EXPIRY_WARNING_DAYS) {
    reading.findings.add(
      'expiring-rule',
      at,
      `rule ${quote(rule.id)} holds until \`${rule.expires}\`, for \`${left}\` more days`,
      'renew or replace it in time',
    );
  }
}

type Views = ReadonlyMap<string, GuardView>;

function viewsOf(draft: Draft): Views {
  return new Map([
    ...draft.networks.map(({ value }) => [value.name, viewOfNetwork(value)] as const),
    ...draft.segments.map(({ value }) => [value.name, viewOfSegment(value)] as const),
  ]);
}

function lintGuardrails(
  draft: Draft,
  guardrails: readonly Guardrail[],
  views: Views,
  reading: Reading,
): void {
  for (const { value: rule } of draft.rules) {
    const crossing = firstCrossing(rule, guardrails, views);
    if (crossing === undefined) continue;
    const { from, to, guardrail } = crossing;
    reading.findings.add(
      'rule-crosses-guardrail',
      rule.location,
      `rule ${quote(rule.id)} joins ${quote(from)} to ${quote(to)}, which guardrail ` +
        `${quote(guardrail.id)} forbids`,
      'the rule has no effect there: change it, or have the guardrail except it',
    );
  }
}

function firstCrossing(rule: Rule, guardrails: readonly Guardrail[], views: Views) {
  for (const from of rule.from) {
    for (const to of rule.to) {
      const [a, b] = [views.get(from), views.get(to)];
      if (a === undefined || b === undefined) continue;
      const guardrail = forbiddenBy(guardrails, a, b, rule.id);
      if (guardrail !== undefined) return { from, to, guardrail };
    }
  }
  return undefined;
}

function lintAssertion(
  assertion: Assertion,
  draft: Draft,
  guardrails: readonly Guardrail[],
  views: Views,
  reading: Reading,
): void {
  const { from, to, port, expect } = assertion;
  const [a, b] = [views.get(from), views.get(to)];
  if (a === undefined || b === undefined) return;
  const joining = allowersOf(draft, from, to);
  const free = joining.filter(({ id }) => forbiddenBy(guardrails, a, b, id) === undefined);
  const ends = `${quote(from)} to ${quote(to)} on ${quote(port.text)}`;
  const add = (message: string, hint: string): void =>
    reading.findings.add('assertion-failed', assertion.location, message, hint);
  if (expect === 'deny') {
    const culprits = free.filter(({ allow }) => overlaps(port.ranges, rangesOf(allow)));
    if (culprits.length === 0) return;
    const ids = listed(culprits.map(({ id }) => id));
    add(`${ends} is allowed by ${ids}`, 'change what is named, or the assertion');
    return;
  }
  const allowed = free.flatMap(({ allow }) => rangesOf(allow));
  if (subtractSets(port.ranges, allowed).length === 0) return;
  const forbidden = joining.filter((allower) => !free.includes(allower));
  const because =
    forbidden.length === 0 ? '' : `; a guardrail forbids ${listed(forbidden.map(({ id }) => id))}`;
  add(`${ends} is not allowed by any rule${because}`, 'add a rule, or change the assertion');
}

function allowersOf(draft: Draft, from: string, to: string): Allower[] {
  const rules = draft.rules
    .map(({ value }) => value)
    .filter((rule) => rule.from.includes(from) && rule.to.includes(to));
  const baseline = draft.baseline
    .map(({ value }) => value)
    .filter((entry) => entry.to === to || entry.from === from);
  return [...rules, ...baseline];
}

const rangesOf = (allow: readonly Allowance[]): readonly TrafficRange[] =>
  allow.flatMap(({ ranges }) => ranges);

function meets(a: TrafficRange, b: TrafficRange): boolean {
  return (
    a.protocolFrom <= b.protocolTo &&
    b.protocolFrom <= a.protocolTo &&
    a.from <= b.to &&
    b.from <= a.to
  );
}

function overlaps(a: readonly TrafficRange[], b: readonly TrafficRange[]): boolean {
  return a.some((one) => b.some((other) => meets(one, other)));
}
