import type { PlanSummary } from '../../core/api/plan-answer.ts';
import type { PlanRecord } from '../../core/model/record.ts';

/** The record without what only the machinery needs: the task token is a secret. */
export function toPlanSummary(record: PlanRecord): PlanSummary {
  return {
    id: record.id,
    generation: record.generation,
    kind: record.kind,
    policyVersion: record.policyVersion,
    state: record.state,
    phase: record.phase,
    author: record.author,
    ...(record.decidedBy === undefined ? {} : { decidedBy: record.decidedBy }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    createdAt: record.createdAt,
    changedAt: record.changedAt,
    counts: { ...record.counts },
  };
}
