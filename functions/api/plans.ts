import { STEPS_SHOWN_MAX } from '../../core/api/limits.ts';
import {
  type AcceptedPlan,
  decisionRequestSchema,
  type PlanAnswer,
  type PlanPage,
} from '../../core/api/plan-answer.ts';
import { isSamePrincipal } from '../../core/api/principal.ts';
import { planQuerySchema } from '../../core/api/workload-answer.ts';
import type { StepReport } from '../../core/model/plan.ts';
import type { PlanRecord } from '../../core/model/record.ts';
import type { ApiAnswer } from './answer.ts';
import type { ApiContext } from './context.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { ApiFault } from './fault.ts';
import type { Decision, PublishInput } from './machine.ts';
import { differenceOf } from './plan-difference.ts';
import { toPlanSummary } from './plan-view.ts';
import { type ApiRequest, readJson, readQueryAs } from './request.ts';

/** Reserves the number of the plan, so that its address is known, and starts the machine. */
export async function startPlan(
  context: ApiContext,
  input: Omit<PublishInput, 'plan' | 'generation'>,
): Promise<AcceptedPlan> {
  const generation = await context.ports.store.nextGeneration();
  const plan = `plan-${generation}`;
  await context.machine.start({ ...input, plan, generation });
  return { plan, generation, state: 'planned' };
}

export async function listPlans(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const query = readQueryAs(request, planQuerySchema);
  const cursor = query.cursor === undefined ? undefined : openCursor('plans', query.cursor);
  const page = await context.ports.store.listPlans(cursor);
  const body: PlanPage = {
    items: page.items.map(toPlanSummary),
    ...(page.cursor === undefined ? {} : { cursor: sealCursor('plans', page.cursor) }),
  };
  return { status: 200, body };
}

export async function readPlan(context: ApiContext, id: string): Promise<ApiAnswer> {
  const { archive } = context.ports;
  const record = await findPlan(context, id);
  const [plan, report] = await Promise.all([archive.getPlan(id), archive.getReport(id)]);
  const difference = plan === undefined ? undefined : await differenceOf(context, plan);
  const steps = report?.steps ?? [];
  const body: PlanAnswer = {
    ...toPlanSummary(record),
    ...(plan === undefined
      ? {}
      : { plan: { ...plan, steps: plan.steps.slice(0, STEPS_SHOWN_MAX) } }),
    ...(difference === undefined ? {} : { difference }),
    ...(report === undefined ? {} : { outcomes: countOutcomes(steps), report: showFirst(steps) }),
    truncated: (plan?.steps.length ?? 0) > STEPS_SHOWN_MAX || steps.length > STEPS_SHOWN_MAX,
  };
  return { status: 200, body };
}

function countOutcomes(steps: readonly StepReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of steps) counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1;
  return counts;
}

/** All of a small report; of a large one what did not go well, since that is what is asked for. */
function showFirst(steps: readonly StepReport[]): readonly StepReport[] {
  if (steps.length <= STEPS_SHOWN_MAX) return steps;
  const undone = steps.filter(({ outcome }) => 'reason' in outcome || outcome.kind === 'failed');
  return undone.slice(0, STEPS_SHOWN_MAX);
}

export async function approvePlan(
  context: ApiContext,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const { why } = readJson(request, decisionRequestSchema);
  const record = await findPlan(context, id);
  if (isSamePrincipal(record.author, request.caller)) {
    throw new ApiFault(
      'author-may-not-approve',
      `${id} was published by ${record.author}, which is you as far as IAM can tell; ` +
        'somebody else approves it',
    );
  }
  return await decide(context, record, request.caller, why, 'approve');
}

/** Anybody with the scope may reject, the author too: stopping is always safe. */
export async function rejectPlan(
  context: ApiContext,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const { why } = readJson(request, decisionRequestSchema);
  return await decide(context, await findPlan(context, id), request.caller, why, 'reject');
}

/**
 * Hands the decision to the execution that waits; its next step records who decided. The first
 * decision wins, since a task token is used once.
 */
async function decide(
  context: ApiContext,
  record: PlanRecord,
  caller: string,
  why: string | undefined,
  verb: 'approve' | 'reject',
): Promise<ApiAnswer> {
  const token = record.taskToken;
  if (record.state !== 'waiting-for-approval' || token === undefined) throw notWaiting(record);
  const decision: Decision = { by: caller, ...(why === undefined ? {} : { why }) };
  try {
    await context.machine[verb](token, decision);
  } catch (error) {
    if (error instanceof Error && error.name === 'DecisionTooLate') throw notWaiting(record);
    throw error;
  }
  const body: AcceptedPlan = {
    plan: record.id,
    generation: record.generation,
    state: record.state,
  };
  return { status: 202, body, headers: { location: `/v1/plans/${record.id}` } };
}

function notWaiting(record: PlanRecord): ApiFault {
  return new ApiFault(
    'plan-not-waiting',
    `${record.id} is \`${record.state}\` and takes no decision (any more); ` +
      `GET /v1/plans/${record.id} says how it stands`,
  );
}

async function findPlan(context: ApiContext, id: string): Promise<PlanRecord> {
  const record = await context.ports.store.readPlan(id);
  if (record !== undefined) return record;
  throw new ApiFault(
    'unknown-plan',
    `no plan \`${id.slice(0, 100)}\` is known; one that was just published appears within seconds`,
  );
}
