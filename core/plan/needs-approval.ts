import type { Plan } from '../model/plan.ts';

/**
 * Whether somebody else than its author has to approve the plan: it changes more than the change guard
 * allows, or may let workloads across a guardrail for a moment.
 */
export function needsApproval({
  guard,
  crossings = [],
}: Pick<Plan, 'guard' | 'crossings'>): boolean {
  return crossings.length > 0 || guard.some((finding) => finding.exceeded);
}
