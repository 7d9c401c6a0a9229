import type { Identity } from '../model/identity.ts';
import { decideMembership } from './decide-membership.ts';
import type { PolicyIndex } from './index-policy.ts';
import { segmentStem } from './owned-groups.ts';

/** What a held workload joins although it leaves nothing. */
export interface Joins {
  /** Stems of the groups to add, sorted. */
  readonly stems: readonly string[];
  /** Why it does not join what its identity asks for. */
  readonly conflicts: readonly string[];
}

/**
 * Which groups a workload gets beside those that it keeps. It is judged as a member of all of them
 * at once: where that would carry one that it keeps across a guardrail, it joins nothing, since
 * nothing that it keeps may come off. Never open egress, which would open more than the segment.
 */
export function decideJoins(
  index: PolicyIndex,
  identity: Identity,
  keeps: readonly string[],
): Joins {
  const { segments, withheld, conflicts } = decideMembership(index, identity, keeps);
  if (withheld.some(({ segment }) => keeps.includes(segment))) return { stems: [], conflicts };
  const joined = segments.filter(
    (name) => !keeps.includes(name) && index.segments.get(name)?.mode !== 'observe',
  );
  return { stems: joined.map(segmentStem), conflicts };
}
