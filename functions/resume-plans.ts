import type { PlanRecord, PlanState } from '../core/model/record.ts';
import type { Signal } from '../engine/ports.ts';

/** An execution as aws/executions.ts describes it. */
export interface ExecutionView {
  readonly name: string;
  readonly state: 'running' | 'ended' | 'dead' | 'unknown';
  readonly input: string;
}

export interface ResumeDependencies {
  readonly describe: (execution: string) => Promise<ExecutionView>;
  /** False when an execution of that name was started before. */
  readonly start: (name: string, input: string) => Promise<boolean>;
  readonly signal: Signal;
}

/** States in which somebody should be working on the plan, or waiting with it. */
const OPEN: ReadonlySet<PlanState> = new Set(['planned', 'waiting-for-approval', 'applying']);

/**
 * Starts another execution for each open plan whose execution died. The steps look at what exists
 * first, so starting over is how a publish resumes. Gives the names of what was started.
 */
export async function resumePlans(
  dependencies: ResumeDependencies,
  plans: readonly PlanRecord[],
): Promise<readonly string[]> {
  const started: string[] = [];
  for (const plan of plans) {
    if (!OPEN.has(plan.state) || plan.execution === undefined) continue;
    const execution = await dependencies.describe(plan.execution);
    if (execution.state !== 'dead') continue;
    const name = nextName(plan.id, execution.name);
    if (!(await dependencies.start(name, execution.input))) continue;
    started.push(name);
    dependencies.signal.event('plan-resumed', { plan: plan.id, died: execution.name, name });
  }
  return started;
}

/**
 * The name is counted up from the execution that died, not drawn: two sweeps that find the same dead
 * one choose the same name, and Step Functions starts it once.
 */
function nextName(plan: string, died: string): string {
  const count = /-resume-(\d+)$/.exec(died)?.[1];
  return `${plan}-resume-${Number(count ?? 0) + 1}`;
}
