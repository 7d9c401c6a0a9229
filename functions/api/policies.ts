import {
  type PolicyAnswer,
  type PublishAnswer,
  publishRequestSchema,
} from '../../core/api/policy-answer.ts';
import type { PolicyRecord } from '../../core/model/record.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { ApiAnswer } from './answer.ts';
import { type ApiContext, isoNow } from './context.ts';
import { ApiFault } from './fault.ts';
import { startPlan } from './plans.ts';
import { type ApiRequest, readJson } from './request.ts';

export async function readPolicy(context: ApiContext): Promise<ApiAnswer> {
  const { store, archive } = context.ports;
  const record = await store.readCurrentPolicy();
  if (record === undefined) {
    throw new ApiFault(
      'no-policy',
      'no policy is in force; publish one with the header If-None-Match: *',
    );
  }
  const sources = await archive.getPolicy(record.version);
  if (sources === undefined) throw new Error(`the archive lacks policy ${record.version}`);
  const body: PolicyAnswer = {
    version: record.version,
    author: record.author,
    publishedAt: record.publishedAt,
    ...(record.generation === undefined ? {} : { generation: record.generation }),
    sources: sources.map(({ file, text }) => ({ file, text })),
  };
  return { status: 200, body, headers: { etag: `"${record.version}"` } };
}

/**
 * Lints, keeps the sources and starts the plan. Nothing that is in force changes here: a policy with
 * errors, a stale precondition or a crash at any line leaves at most an unused document behind.
 */
export async function publishPolicy(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const precondition = readPrecondition(request);
  const { sources } = readJson(request, publishRequestSchema);
  const current = await context.ports.store.readCurrentPolicy();
  holdPrecondition(precondition, current);
  const { policy, diagnostics } = parsePolicy(sources, { now: isoNow(context) });
  if (policy === undefined) {
    const errors = diagnostics.filter((found) => found.severity === 'error').length;
    throw new ApiFault(
      'bad-policy',
      `the policy has ${errors} errors, listed in diagnostics; the policy in force stays in force`,
      { diagnostics },
    );
  }
  await context.ports.archive.putPolicy(policy.version, sources);
  const accepted = await startPlan(context, {
    kind: 'publish',
    policyVersion: policy.version,
    author: request.caller,
    expectedVersion: current?.version ?? null,
  });
  const body: PublishAnswer = {
    ...accepted,
    policyVersion: policy.version,
    warnings: diagnostics.filter((found) => found.severity === 'warning'),
  };
  return { status: 202, body, headers: { location: `/v1/plans/${accepted.plan}` } };
}

/** The versions of which one must be in force, or `none`. */
type Precondition = 'none' | readonly string[];

function readPrecondition(request: ApiRequest): Precondition {
  const match = request.headers['if-match'];
  const noneMatch = request.headers['if-none-match'];
  if (match !== undefined && noneMatch === undefined) {
    const versions = [...match.matchAll(/(?:^|,)\s*"([^"]*)"\s*(?=,|$)/g)].map(
      ([, version = '']) => version,
    );
    if (versions.length > 0) return versions;
  }
  if (match === undefined && noneMatch?.trim() === '*') return 'none';
  throw new ApiFault(
    'precondition-required',
    "send If-Match with the ETag of GET /v1/policies in double quotes, so that nobody else's " +
      'publish is lost; for the first publish send If-None-Match: * instead',
  );
}

function holdPrecondition(precondition: Precondition, current: PolicyRecord | undefined): void {
  const seen = current === undefined ? 'none' : `\`${current.version}\` by ${current.author}`;
  const fits =
    precondition === 'none'
      ? current === undefined
      : current !== undefined && precondition.includes(current.version);
  if (fits) return;
  throw new ApiFault(
    'stale-policy',
    `the policy in force is ${seen}, not the one that this publish names; ` +
      'read it, merge, and publish over that version',
  );
}
