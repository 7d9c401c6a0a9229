import { indexPolicy } from '../../core/compile/index-policy.ts';
import { type SegmentPair, segmentPairs } from '../../core/compile/segment-pairs.ts';
import type { Blocked } from '../../core/model/desired-state.ts';
import type { LateComer } from '../../core/model/record.ts';
import type { PlanContext } from './plan-context.ts';

export type BlockedSegments = Readonly<Record<string, Blocked>>;

/** One that came too late for the plan, and could not be attached either. */
export interface FailedLate extends LateComer {
  readonly segments: readonly string[];
}

/**
 * Segments whose members must not lose their foreign groups yet: those that compile found blocked,
 * and the rule peers of interfaces that could not be attached. Uninstalling asks nobody whether he is
 * ready to enforce.
 */
export function blockedSegments(
  context: Pick<PlanContext, 'desired' | 'policy' | 'plan'>,
  failed: ReadonlySet<string>,
  late: readonly FailedLate[] = [],
): BlockedSegments {
  const { desired, policy, plan } = context;
  const segmentsOf = new Map(desired.memberships.map((m) => [m.workload, m.segments]));
  const unready = plan.kind === 'uninstall' ? {} : desired.blockedSegments;
  const blocked = new Map<string, Blocked>(Object.entries(unready));
  // Indexed only where somebody has failed, which is seldom.
  let pairs: readonly SegmentPair[] | undefined;
  const blockPeers = (segments: readonly string[], because: Blocked): void => {
    pairs ??= segmentPairs(indexPolicy(policy, { now: plan.createdAt }));
    for (const peer of rulePeers(pairs, segments)) {
      if (!blocked.has(peer)) blocked.set(peer, because);
    }
  };
  for (const attachment of desired.attachments) {
    if (!failed.has(attachment.interface)) continue;
    blockPeers(segmentsOf.get(attachment.workload) ?? [], attachFailed(attachment));
  }
  for (const one of late) blockPeers(one.segments, attachFailed(one));
  return Object.fromEntries([...blocked].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Segments at the other end of a rule of one of these segments. */
function rulePeers(pairs: readonly SegmentPair[], segments: readonly string[]): readonly string[] {
  const peers = new Set<string>();
  for (const { from, to } of pairs) {
    if (segments.includes(from.name)) peers.add(to.name);
    if (segments.includes(to.name)) peers.add(from.name);
  }
  return [...peers].sort();
}

function attachFailed({ interface: nic, workload }: LateComer): Blocked {
  return {
    reason: 'attach failed',
    message: `${workload} (${nic}), a peer in the rules, does not carry its groups`,
    hint: `see why with \`bulkhead workloads ${workload}\`, mend that, and publish again`,
  };
}
