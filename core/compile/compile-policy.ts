import type { DesiredPeer, DesiredState } from '../model/desired-state.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Diagnostic, Policy } from '../model/policy.ts';
import { attachGroups } from './attach-groups.ts';
import { checkLimits } from './check-limits.ts';
import type { Family } from './draft-groups.ts';
import { draftRules } from './draft-rules.ts';
import { indexPolicy } from './index-policy.ts';
import { linkEnds } from './link-ends.ts';
import { groupsByKey, KEEP_TAG } from './owned-groups.ts';
import { placeGroups } from './place-groups.ts';
import { listWeights } from './rule-weight.ts';
import { spreadRules } from './spread-rules.ts';
import { surveyEstate } from './survey-estate.ts';

export interface CompileInput {
  readonly policy: Policy;
  readonly inventory: Inventory;
  /** ISO 8601, UTC; decides which rules have expired. */
  readonly now: string;
  /** Value of the tag `bulkhead:owner`: the name of the stack. */
  readonly owner: string;
  /** Foreign groups by interface that came off and may come back; guardrails reckon with them. */
  readonly ledger?: Readonly<Record<string, readonly string[]>>;
}

export interface CompileResult {
  readonly desired: DesiredState;
  /** Sorted. An error means that AWS would refuse the state: it must not be planned. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Turns a policy and what exists into every group, rule and attachment that should exist. Total;
 * the result does not depend on the order of anything in the input.
 *
 * - Allowed flows are written on both sides: egress on the source's group, ingress on the
 *   destination's; workloads inside a network of a rule get theirs too.
 * - A guardrail's pair is left out; a pair that no group can name is reported, never allowed.
 * - Rules of one group are merged without changing their meaning, and those that one group has no
 *   room for go into further groups of the segment.
 */
export function compilePolicy(input: CompileInput): CompileResult {
  const { policy, inventory, now, owner, ledger = {} } = input;
  const estate = { ...surveyEstate(indexPolicy(policy, { now }), inventory, owner), ledger };
  const { links, diagnostics: forbidden } = linkEnds(estate);
  const places = placeGroups(estate, links);
  const { drafts, diagnostics: unjoined } = draftRules(estate, links, places);
  const groups = spreadRules(drafts.finish(owner, familyOf(inventory)), {
    limit: inventory.quotas.rulesPerGroup,
    lists: listWeights(estate),
    owner,
    existing: groupsByKey(inventory, owner),
  });
  const attached = attachGroups(estate, links, groups);
  const { attachments, blockedSegments, diagnostics: crowded } = attached;
  return {
    desired: {
      groups,
      memberships: estate.residents.map((one) => one.membership),
      attachments,
      blockedSegments,
    },
    diagnostics: sorted([
      ...forbidden,
      ...unjoined,
      ...crowded,
      ...checkLimits(estate, groups, attachments),
      ...untaggedKeeps(policy, inventory),
    ]),
  };
}

function familyOf(inventory: Inventory): (peer: DesiredPeer) => Family | undefined {
  const familyById = new Map(inventory.prefixLists.map((list) => [list.id, list.family]));
  return (peer) => {
    if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return peer.kind;
    return peer.kind === 'prefixList' ? familyById.get(peer.id) : undefined;
  };
}

/** IAM lets a kept group into an enforced set only by its tag. */
function untaggedKeeps(policy: Policy, inventory: Inventory): readonly Diagnostic[] {
  const keep = policy.settings.keepSecurityGroups;
  return inventory.groups
    .filter((group) => keep.includes(group.id) && !(KEEP_TAG in group.tags))
    .map((group) => ({
      file: 'root.yaml',
      line: 1,
      column: 1,
      severity: 'warning' as const,
      code: 'kept-group-not-tagged',
      message: `group ${group.id} is kept by the settings but lacks the tag \`${KEEP_TAG}\``,
      hint: 'tag it, else IAM refuses every write that enforces a workload which carries it',
    }));
}

function sorted(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const key = (d: Diagnostic): string =>
    [
      d.file,
      String(d.line).padStart(6, '0'),
      String(d.column).padStart(4, '0'),
      d.code,
      d.message,
    ].join(' ');
  const byKey = new Map(diagnostics.map((diagnostic) => [key(diagnostic), diagnostic]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, diagnostic]) => diagnostic);
}
