import { acceptedPlanSchema } from '../../core/api/plan-answer.ts';
import { policyAnswerSchema, publishAnswerSchema } from '../../core/api/policy-answer.ts';
import type { ApiClient } from '../client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { expectDone, followPlan } from '../follow-plan.ts';
import { renderDiagnostic } from '../render-diagnostics.ts';
import { renderPlanAnswer } from '../render-plan.ts';
import type { Session } from '../session.ts';
import { lintFolder } from './lint.ts';

export interface PublishOptions {
  readonly wait: boolean;
  readonly ifMatch?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

export async function publish(
  session: Session,
  client: ApiClient,
  folder: string,
  options: PublishOptions,
): Promise<ExitCode> {
  const { policy, sources, diagnostics } = await lintFolder(session, folder);
  if (policy === undefined) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'bad-policy',
      message: `the policy in \`${folder}\` has errors; nothing was sent`,
      diagnostics,
    });
  }
  for (const found of diagnostics) {
    session.note(renderDiagnostic(session.colours, found, folder).trimEnd());
  }
  const replaces = options.ifMatch ?? (await readVersion(client));
  session.note(
    replaces === undefined
      ? `publishing ${policy.version}, the first policy`
      : `publishing ${policy.version} over ${replaces}`,
  );
  const { value } = await client.call({
    method: 'POST',
    path: '/v1/policies',
    headers:
      replaces === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${unquote(replaces)}"` },
    body: { sources },
    answer: publishAnswerSchema,
  });
  if (!options.wait) {
    session.result(
      value,
      `${value.plan} accepted\nfollow it with: bulkhead plans ${value.plan} --wait\n`,
    );
    return EXIT.ok;
  }
  return await finishPlan(session, client, value.plan, options.timeoutMs);
}

/** Follows the plan to its end, shows the end, and turns an end other than `done` into a failure. */
export async function finishPlan(
  session: Session,
  client: ApiClient,
  plan: string,
  timeoutMs: number | undefined,
): Promise<ExitCode> {
  const answer = await followPlan(session, client, { plan, timeoutMs });
  if (!session.json || answer.state === 'done') {
    session.result(answer, renderPlanAnswer(session, answer));
  }
  expectDone(answer);
  return EXIT.ok;
}

async function readVersion(client: ApiClient): Promise<string | undefined> {
  try {
    const path = '/v1/policies';
    return (await client.call({ method: 'GET', path, answer: policyAnswerSchema })).value.version;
  } catch (error) {
    if (error instanceof CliFailure && error.code === 'no-policy') return undefined;
    throw error;
  }
}

function unquote(version: string): string {
  return version.replace(/^"(.*)"$/, '$1');
}

export interface DecideOptions {
  readonly why?: string | undefined;
  readonly wait: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Approves or rejects a plan that waits. */
export async function decide(
  session: Session,
  client: ApiClient,
  verb: 'approve' | 'reject',
  plan: string,
  options: DecideOptions,
): Promise<ExitCode> {
  const { value } = await client.call({
    method: 'POST',
    path: `/v1/plans/${encodeURIComponent(plan)}/${verb}`,
    body: options.why === undefined ? {} : { why: options.why },
    answer: acceptedPlanSchema,
  });
  if (options.wait && verb === 'approve') {
    return await finishPlan(session, client, plan, options.timeoutMs);
  }
  session.result(value, `${value.plan} ${verb === 'approve' ? 'approved' : 'rejected'}\n`);
  return EXIT.ok;
}
