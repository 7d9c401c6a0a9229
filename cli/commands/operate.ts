import * as z from 'zod';
import { openApiDocument } from '../../core/api/openapi.ts';
import { acceptedPlanSchema } from '../../core/api/plan-answer.ts';
import { sweepAnswerSchema } from '../../core/api/policy-answer.ts';
import { statusSchema } from '../../core/api/status-answer.ts';
import type { ApiClient } from '../client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { expectDone, followPlan } from '../follow-plan.ts';
import { renderPlanAnswer } from '../render-plan.ts';
import { renderSweep } from '../render-status.ts';
import type { Session } from '../session.ts';

const SWEEP_POLL_MS = 1_000;

export interface WaitOptions {
  readonly wait: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Starts a sweep; with --wait, until a younger one than the last is recorded. */
export async function sweep(
  session: Session,
  client: ApiClient,
  options: WaitOptions,
): Promise<ExitCode> {
  const before = await lastSweep(client);
  const started = await client.call({
    method: 'POST',
    path: '/v1/sweeps',
    answer: sweepAnswerSchema,
  });
  if (!options.wait) {
    session.result(started.value, 'sweep started; its result appears in: bulkhead status\n');
    return EXIT.ok;
  }
  const startedAt = session.io.now();
  const progress = session.progress('sweep: comparing everything with AWS');
  try {
    for (;;) {
      const last = await lastSweep(client);
      if (last !== undefined && last.finishedAt !== before?.finishedAt) {
        progress.done('sweep: done');
        session.result(last, renderSweep(last));
        return EXIT.ok;
      }
      if (options.timeoutMs !== undefined && session.io.now() - startedAt >= options.timeoutMs) {
        throw new CliFailure({
          exitCode: EXIT.notFinished,
          code: 'not-finished',
          message: 'the sweep did not finish in the time given; it goes on without this command',
          hint: 'look again with: bulkhead status',
        });
      }
      await session.io.sleep(SWEEP_POLL_MS);
    }
  } finally {
    progress.stop();
  }
}

async function lastSweep(client: ApiClient) {
  return (await client.call({ method: 'GET', path: '/v1/status', answer: statusSchema })).value
    .sweep;
}

export interface UninstallOptions {
  readonly yes: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Puts every interface back, waits, and says what comes next. Asks first unless --yes. */
export async function uninstall(
  session: Session,
  client: ApiClient,
  options: UninstallOptions,
): Promise<ExitCode> {
  if (!options.yes) await confirm(session, client);
  const plan = await startUninstall(session, client);
  if (plan === undefined) return EXIT.ok;
  const answer = await followPlan(session, client, { plan, timeoutMs: options.timeoutMs });
  const next = 'the deployment itself is still there; remove it with: npx cdk destroy\n';
  if (!session.json || answer.state === 'done') {
    const text = renderPlanAnswer(session, answer);
    session.result(answer, answer.state === 'done' ? `${text}\n${next}` : text);
  }
  expectDone(answer);
  return EXIT.ok;
}

async function confirm(session: Session, client: ApiClient): Promise<void> {
  const { value } = await client.call({
    method: 'GET',
    path: '/v1/status',
    answer: statusSchema,
  });
  const { staged = 0, enforced = 0, blocked = 0, held = 0 } = value.workloads.byStatus;
  session.note(
    `uninstall puts back the security groups of ${staged + enforced + blocked + held} workloads ` +
      `as they were before stack \`${value.stack}\` changed them, and deletes its own groups`,
  );
  if (!session.io.inIsTerminal) {
    throw new CliFailure({
      exitCode: EXIT.refused,
      code: 'not-confirmed',
      message: 'uninstall asks for confirmation, and there is no terminal to ask at',
      hint: 'pass --yes',
    });
  }
  const answer = await session.io.ask(`type the name of the stack (${value.stack}) to go on: `);
  if (answer?.trim() === value.stack) return;
  throw new CliFailure({
    exitCode: EXIT.refused,
    code: 'not-confirmed',
    message: 'not confirmed; nothing was changed',
  });
}

/** Undefined when nothing was ever published: then there is nothing to put back. */
async function startUninstall(session: Session, client: ApiClient): Promise<string | undefined> {
  try {
    const { value } = await client.call({
      method: 'POST',
      path: '/v1/uninstall',
      answer: acceptedPlanSchema,
    });
    return value.plan;
  } catch (error) {
    if (!(error instanceof CliFailure) || error.code !== 'nothing-in-force') throw error;
    session.result(
      { state: 'nothing-in-force' },
      'nothing was ever published, so there is nothing to put back\n' +
        'remove the deployment with: npx cdk destroy\n',
    );
    return undefined;
  }
}

/** The document that the API serves; --local makes it of this version's own schemas. */
export async function openapi(session: Session, client: ApiClient | undefined): Promise<ExitCode> {
  const document =
    client === undefined
      ? openApiDocument()
      : (
          await client.call({
            method: 'GET',
            path: '/v1/openapi.json',
            answer: z.record(z.string(), z.unknown()),
          })
        ).value;
  session.io.out(`${JSON.stringify(document, undefined, 2)}\n`);
  return EXIT.ok;
}
