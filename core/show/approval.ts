import type { Crossing, GuardFinding } from '../model/plan.ts';
import { printable } from './printable.ts';

/** How many workloads a line names before it only counts. */
const NAMED_MAX = 5;

interface Reasons {
  readonly guard: readonly GuardFinding[];
  readonly crossings?: readonly Crossing[] | undefined;
}

/**
 * Why a plan waits for somebody else than its author, a line a reason: what exceeds the change guard, and
 * guardrails that may be crossed for a moment. Empty where it does not wait.
 */
export function approvalReasons({ guard, crossings = [] }: Reasons): readonly string[] {
  return [
    ...guard.filter((finding) => finding.exceeded).map(shareText),
    ...crossings.map(crossingText),
  ];
}

function shareText({ segment, changed, members, share, limit }: GuardFinding): string {
  const who = segment === '*' ? 'the estate' : printable(segment, 100);
  return `${who}: ${changed} of ${members} running members change (${percent(share)}, guard ${percent(limit)})`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function crossingText({ guardrail, group, workloads }: Crossing): string {
  const named = workloads.slice(0, NAMED_MAX).map((id) => printable(id, 100));
  const more = workloads.length - named.length;
  const who = `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `guardrail \`${printable(guardrail, 100)}\`: until the plan is done it may let through what group ${group} gives ${who}; publish in steps to avoid it`;
}
