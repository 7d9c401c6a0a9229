import { z } from 'zod';
import type { WritePhase } from '../core/model/plan.ts';
import type { Ports } from '../engine/ports.ts';
import { proveNow } from '../engine/prove.ts';
import {
  applyCreate,
  applyDelete,
  applyRevoke,
  approvePublish,
  awaitApproval,
  checkBarrier,
  failPublish,
  finishPublish,
  preparePublish,
  rejectPublish,
  setPhase,
} from '../engine/publish.ts';
import { type Barrier, barrierSchema, isStalled, lookedAt, openBarrier } from './barrier.ts';

/** How Step Functions hands an error on (`$.error` after a Catch). */
const errorSchema = z.object({
  Error: z.string().default('Unknown'),
  Cause: z.string().default(''),
});
type CaughtError = z.infer<typeof errorSchema>;

const decisionSchema = z.object({ by: z.string(), why: z.string().optional() });

/** Every step has these; infra/publishing/publish-states.ts writes them. */
const base = {
  execution: z.string(),
  publish: z.object({
    plan: z.string(),
    generation: z.number().int().positive(),
    policyVersion: z.string(),
    kind: z.enum(['publish', 'uninstall']),
    author: z.string(),
    expectedVersion: z.string().nullable(),
  }),
};
const plain = <Name extends string>(step: Name) => z.object({ ...base, step: z.literal(step) });

/** One call of the function, told apart by `step`. */
export const publishStepSchema = z.discriminatedUnion('step', [
  plain('Prepare'),
  z.object({ ...base, step: z.literal('Ask'), token: z.string().min(1) }),
  z.object({ ...base, step: z.literal('Approve'), decision: decisionSchema }),
  z.object({ ...base, step: z.literal('Reject'), error: errorSchema }),
  plain('Create'),
  plain('Attach'),
  z.object({ ...base, step: z.literal('CheckAttach'), barrier: barrierSchema }),
  plain('Steady'),
  z.object({ ...base, step: z.literal('CheckSteady'), barrier: barrierSchema }),
  plain('Revoke'),
  plain('Delete'),
  plain('Finish'),
  z.object({ ...base, step: z.literal('Fail'), error: errorSchema }),
]);
export type PublishStep = z.infer<typeof publishStepSchema>;

/** What a step answers; the state machine reads `verdict`, `passed` and `waitSeconds`. */
export type StepAnswer = Readonly<Record<string, unknown>>;

/** Carries out one step. Which one comes next is the state machine's business. */
export async function runPublishStep(ports: Ports, input: PublishStep): Promise<StepAnswer> {
  const id = input.publish.plan;
  switch (input.step) {
    case 'Prepare': {
      const { verdict, steps } = await preparePublish(ports, input.publish, input.execution);
      return { verdict, steps };
    }
    case 'Ask':
      await awaitApproval(ports, id, input.token);
      return {};
    case 'Approve':
      await approvePublish(ports, id, input.decision);
      return {};
    case 'Reject':
      await rejectPublish(ports, id, decisionIn(input.error));
      return {};
    case 'Create':
      return { steps: (await applyCreate(ports, id)).length };
    case 'Attach':
      return await enter(ports, id, 'attach');
    case 'CheckAttach':
      return await look(ports, id, 'attach', input.barrier);
    case 'Steady':
      return await enter(ports, id, 'steady');
    case 'CheckSteady':
      return await look(ports, id, 'steady', input.barrier);
    case 'Revoke':
      return { steps: (await applyRevoke(ports, id)).length };
    case 'Delete':
      return { steps: (await applyDelete(ports, id)).length };
    case 'Finish':
      await finishPublish(ports, id);
      return await proveAfter(ports);
    case 'Fail':
      await failPublish(ports, id, errorIn(input.error));
      return {};
  }
}

/** The plan is done whatever the comparison comes to; that it failed is told. */
async function proveAfter(ports: Ports): Promise<StepAnswer> {
  try {
    const proof = await proveNow(ports);
    return proof === undefined ? {} : { holes: proof.holes, cuts: proof.cuts };
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    ports.signal.event('proof-failed', { reason });
    return {};
  }
}

async function enter(ports: Ports, id: string, phase: WritePhase): Promise<Barrier> {
  await setPhase(ports, id, phase);
  return openBarrier(ports.clock.now());
}

async function look(
  ports: Ports,
  id: string,
  phase: WritePhase,
  barrier: Barrier,
): Promise<Barrier> {
  const giveUp = isStalled(barrier, ports.clock.now());
  const report = await checkBarrier(ports, id, phase, { giveUp });
  const found = { pending: report.pending.length, parked: report.parked.length };
  const next = lookedAt(barrier, found, ports.clock.now());
  return { ...next, passed: report.passed };
}

/** Who rejected and why stands in the cause that the API sends; a time-out has neither. */
function decisionIn(error: CaughtError): { by?: string; why?: string } {
  const decision = decisionSchema.safeParse(parseJson(error.Cause));
  if (!decision.success) return {};
  const { by, why } = decision.data;
  return why === undefined ? { by } : { by, why };
}

/** A function's error arrives as JSON in the cause; one of Step Functions' own as a text. */
function errorIn(error: CaughtError): { readonly name: string; readonly message: string } {
  const thrown = z.object({ errorMessage: z.string() }).safeParse(parseJson(error.Cause));
  const message = thrown.success ? thrown.data.errorMessage : error.Cause;
  return { name: error.Error, message: `${error.Error}: ${message}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
