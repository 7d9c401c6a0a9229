import type { StepReport } from '../../core/model/plan.ts';
import type { Diagnostic } from '../../core/model/policy.ts';

/** Another generation is in force than the one that the plan replaces. Nothing mends that. */
export class StalePlan extends Error {
  override readonly name = 'StalePlan';
}

/** The policy or the plan must not be carried out; what is in force stays in force. */
export class RefusedPlan extends Error {
  override readonly name = 'RefusedPlan';
  readonly diagnostics: readonly Diagnostic[];

  constructor(message: string, diagnostics: readonly Diagnostic[] = []) {
    super(message);
    this.diagnostics = diagnostics;
  }
}

/**
 * A part of the estate could not be read that decides who is managed and which groups there are.
 * Nothing was planned. Worth trying again.
 */
export class EstateUnread extends Error {
  override readonly name = 'EstateUnread';
}

/** Another plan is in a phase that cannot be overtaken. Worth trying again. */
export class PlanUnderWay extends Error {
  override readonly name = 'PlanUnderWay';
}

/** Some steps of a phase failed, and the phase must not end like that. Worth trying again. */
export class StepsFailed extends Error {
  override readonly name = 'StepsFailed';
}

/** A step that a phase must not leave open has failed by being open. */
export function openAsFailed(report: StepReport): StepReport {
  const { outcome } = report;
  if (outcome.kind !== 'waiting') return report;
  return { ...report, outcome: { kind: 'failed', error: outcome.reason, code: 'StillOpen' } };
}

export function throwIfFailed(id: string, reports: readonly StepReport[]): void {
  const failed = reports.filter(({ outcome }) => outcome.kind === 'failed');
  const [first] = failed;
  if (first?.outcome.kind !== 'failed') return;
  const { error, code } = first.outcome;
  throw new StepsFailed(
    `${failed.length} steps of ${id} failed, first ${first.step}: ${code} ${error}`,
  );
}
