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

/** How many executions of one plan a sweep looks through for the last one. */
const EXECUTIONS_MAX = 50;

/**
 * Starts another execution for each open plan whose execution died. The steps look at what exists
 * first, so starting over is how a publish resumes. Gives the names of what was started.
 *
 * The plan's record names the last execution that came to write itself down. One that died before
 * holds its name all the same, so that the search goes on behind it.
 */
export async function resumePlans(
  dependencies: ResumeDependencies,
  plans: readonly PlanRecord[],
): Promise<readonly string[]> {
  const started: string[] = [];
  for (const plan of plans) {
    if (!OPEN.has(plan.state) || plan.execution === undefined) continue;
    const name = await resume(dependencies, plan.id, plan.execution);
    if (name !== undefined) started.push(name);
  }
  return started;
}

/** Undefined when an execution of the plan lives, has ended, or was started by somebody else. */
async function resume(
  { describe, start, signal }: ResumeDependencies,
  plan: string,
  recorded: string,
): Promise<string | undefined> {
  let execution = await describe(recorded);
  for (let count = 0; count < EXECUTIONS_MAX && execution.state === 'dead'; count += 1) {
    const name = nextName(plan, execution.name);
    if (await start(name, execution.input)) {
      signal.event('plan-resumed', { plan, died: execution.name, name });
      return name;
    }
    execution = await describe(sibling(recorded, name));
  }
  return undefined;
}

/** ARN of another execution of the same state machine: it differs in the last part alone. */
function sibling(execution: string, name: string): string {
  return [...execution.split(':').slice(0, -1), name].join(':');
}

/**
 * The name is counted up from the execution that died, not drawn: two sweeps that find the same dead
 * one choose the same name, and Step Functions starts it once.
 */
function nextName(plan: string, died: string): string {
  const count = /-resume-(\d+)$/.exec(died)?.[1];
  return `${plan}-resume-${Number(count ?? 0) + 1}`;
}
