import type { Allowance, Segment } from '../model/policy.ts';
import { forbiddenBy, viewOfSegment } from './guardrail-views.ts';
import type { PolicyIndex } from './index-policy.ts';

/** Two segments that a rule joins, in its direction. They may be one and the same. */
export interface SegmentPair {
  readonly from: Segment;
  readonly to: Segment;
  readonly allow: readonly Allowance[];
}

/** Every pair of segments that an unexpired rule joins and no guardrail forbids. */
export function segmentPairs({ policy, rules, segments }: PolicyIndex): readonly SegmentPair[] {
  const named = (names: readonly string[]) => names.flatMap((name) => segments.get(name) ?? []);
  return rules.flatMap((rule) =>
    named(rule.from).flatMap((from) =>
      named(rule.to)
        .filter((to) => {
          const [a, b] = [viewOfSegment(from), viewOfSegment(to)];
          return forbiddenBy(policy.guardrails, a, b, rule.id) === undefined;
        })
        .map((to) => ({ from, to, allow: rule.allow })),
    ),
  );
}
