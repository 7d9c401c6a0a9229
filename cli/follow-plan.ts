import { type PlanAnswer, planAnswerSchema } from '../core/api/plan-answer.ts';
import { approvalReasons } from '../core/show/approval.ts';
import type { ApiClient } from './client.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { printable } from './printable.ts';
import type { Session } from './session.ts';

const POLL_MS = 1_000;

/** A plan that was just accepted may not be recorded yet; after this it is lost. */
const APPEAR_MS_MAX = 60_000;

export interface FollowOptions {
  readonly plan: string;
  /** Undefined: as long as it takes. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Follows a plan through its states and phases until it ends, and says on the way what it waits for.
 * Throws CliFailure `not-finished` when the time runs out; the plan goes on.
 */
export async function followPlan(
  session: Session,
  client: ApiClient,
  options: FollowOptions,
): Promise<PlanAnswer> {
  const { io } = session;
  const startedAt = io.now();
  const progress = session.progress(`${options.plan}: accepted`);
  let waitingTold = false;
  try {
    for (;;) {
      const elapsedMs = io.now() - startedAt;
      const answer = await readPlan(client, options.plan, elapsedMs < APPEAR_MS_MAX);
      if (answer !== undefined) {
        if (hasEnded(answer)) {
          tellEnd(progress, answer);
          return answer;
        }
        progress.update(describe(answer));
        if (answer.state === 'waiting-for-approval' && !waitingTold) {
          waitingTold = true;
          session.note(approvalText(answer));
        }
      }
      if (options.timeoutMs !== undefined && elapsedMs >= options.timeoutMs) {
        throw notFinished(options.plan, answer);
      }
      await io.sleep(POLL_MS);
    }
  } finally {
    progress.stop();
  }
}

async function readPlan(
  client: ApiClient,
  id: string,
  mayBeAbsent: boolean,
): Promise<PlanAnswer | undefined> {
  try {
    const path = `/v1/plans/${encodeURIComponent(id)}`;
    return (await client.call({ method: 'GET', path, answer: planAnswerSchema })).value;
  } catch (error) {
    const absent = error instanceof CliFailure && error.code === 'unknown-plan';
    if (absent && mayBeAbsent) return undefined;
    throw error;
  }
}

function hasEnded({ state }: PlanAnswer): boolean {
  return state === 'done' || state === 'rejected' || state === 'stale' || state === 'failed';
}

function describe(answer: PlanAnswer): string {
  switch (answer.state) {
    case 'planned':
      return `${answer.id}: planning`;
    case 'waiting-for-approval':
      return `${answer.id}: waiting for approval`;
    default:
      return `${answer.id}: applying, phase ${answer.phase}`;
  }
}

function tellEnd(progress: ReturnType<Session['progress']>, answer: PlanAnswer): void {
  const text = `${answer.id}: ${answer.state}`;
  if (answer.state === 'done') progress.done(text);
  else progress.fail(text);
}

/** Why it waits, and the command of whoever may let it go on. */
export function approvalText(answer: PlanAnswer): string {
  const reasons = approvalReasons(answer.plan ?? { guard: [] });
  return [
    `${answer.id} waits for approval:`,
    ...reasons.map((reason) => `  ${reason}`),
    'somebody else than its author runs:',
    `  bulkhead approve ${answer.id}`,
    `  bulkhead reject ${answer.id} --why "..."`,
  ].join('\n');
}

function notFinished(plan: string, answer: PlanAnswer | undefined): CliFailure {
  const state = answer === undefined ? 'not recorded yet' : describe(answer).split(': ')[1];
  return new CliFailure({
    exitCode: EXIT.notFinished,
    code: 'not-finished',
    message: `${plan} did not finish in the time given (${state}); it goes on without this command`,
    hint: `look again with: bulkhead plans ${plan}`,
  });
}

/** Throws CliFailure unless the plan is done. */
export function expectDone(answer: PlanAnswer): void {
  if (answer.state === 'done') return;
  const by = answer.decidedBy === undefined ? '' : ` by ${answer.decidedBy}`;
  const reason = answer.reason === undefined ? '' : `: ${printable(answer.reason, 500)}`;
  const { message, hint } = ENDS[answer.state === 'failed' ? 'failed' : toRefusal(answer)];
  throw new CliFailure({
    exitCode: answer.state === 'failed' ? EXIT.failed : EXIT.refused,
    code: `plan-${answer.state}`,
    message: `${answer.id} ${message}${answer.state === 'rejected' ? by : ''}${reason}`,
    hint,
  });
}

const ENDS = {
  failed: {
    message: 'failed',
    hint: 'nothing is half open: what was attached stays; publish again to resume from here',
  },
  rejected: { message: 'was rejected', hint: 'the policy before it stays in force' },
  stale: {
    message: 'is stale: it gave way to another plan',
    hint: 'read the policy in force; if it lacks what you wanted, merge and publish again',
  },
} as const;

function toRefusal(answer: PlanAnswer): 'rejected' | 'stale' {
  return answer.state === 'rejected' ? 'rejected' : 'stale';
}
