import type { Guardrail, Network, Segment, ZoneMatcher } from '../model/policy.ts';

/** What a guardrail sees of one end: its zone, and the segments that it is in. */
export interface GuardView {
  readonly zone?: string | undefined;
  readonly segments: readonly string[];
}

export function viewOfSegment(segment: Segment): GuardView {
  return { zone: segment.zone, segments: [segment.name] };
}

/** A network without a zone counts as outside every zone. */
export function viewOfNetwork(network: Network): GuardView {
  return { zone: network.zone, segments: [] };
}

export function matchesZone(matcher: ZoneMatcher, view: GuardView): boolean {
  if ('zone' in matcher) return view.zone === matcher.zone;
  if ('segment' in matcher) return view.segments.includes(matcher.segment);
  return !matchesZone(matcher.not, view);
}

/** The first guardrail that forbids `from` to reach `to` by this rule. */
export function forbiddenBy(
  guardrails: readonly Guardrail[],
  from: GuardView,
  to: GuardView,
  rule: string,
): Guardrail | undefined {
  return guardrails.find(
    (guardrail) =>
      matchesZone(guardrail.deny.from, from) &&
      matchesZone(guardrail.deny.to, to) &&
      !guardrail.except.includes(rule),
  );
}
