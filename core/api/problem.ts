import * as z from 'zod';
import { diagnosticSchema } from './diagnostic.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** Every way in which the API says no. The code is stable; texts may be improved. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'the request is not understood' },
  'bad-json': { status: 400, title: 'the body is not JSON' },
  'bad-cursor': { status: 400, title: 'the cursor is not one of ours' },
  'no-caller': { status: 403, title: 'the request carries no identity' },
  'author-may-not-approve': { status: 403, title: 'the author of a plan does not approve it' },
  'unknown-path': { status: 404, title: 'there is no such path' },
  'unknown-segment': { status: 404, title: 'there is no such segment' },
  'unknown-workload': { status: 404, title: 'there is no such workload' },
  'unknown-plan': { status: 404, title: 'there is no such plan' },
  'unknown-end': { status: 404, title: 'that end of the path is not known' },
  'no-policy': { status: 404, title: 'nothing was published yet' },
  'wrong-method': { status: 405, title: 'the path does not take that method' },
  'plan-not-waiting': { status: 409, title: 'the plan does not wait for a decision' },
  'nothing-in-force': { status: 409, title: 'nothing is in force' },
  'stale-policy': { status: 412, title: 'the policy in force is another one' },
  'body-too-large': { status: 413, title: 'the body is too large' },
  'wrong-media-type': { status: 415, title: 'the body is not application/json' },
  'bad-policy': { status: 422, title: 'the policy has errors' },
  'precondition-required': { status: 428, title: 'a publish names the version that it replaces' },
  throttled: { status: 503, title: 'AWS is slowing us down' },
  internal: { status: 500, title: 'the control plane failed' },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A problem document (RFC 9457), media type `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string().meta({ description: 'URN, stable for the code' }),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().meta({ description: 'what was seen and what to do' }),
  instance: z.string().meta({ description: 'URN of this request; also in the logs' }),
  code: z.string(),
  diagnostics: z.array(diagnosticSchema).readonly().optional(),
});

export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Builds the document. `requestId` is what the caller quotes to whoever reads the logs. */
export function problemDocument(input: {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly requestId: string;
  readonly diagnostics?: Problem['diagnostics'];
}): Problem {
  const kind = PROBLEMS[input.code];
  return {
    type: `urn:bulkhead:problem:${input.code}`,
    title: kind.title,
    status: kind.status,
    detail: input.detail,
    instance: `urn:bulkhead:request:${input.requestId}`,
    code: input.code,
    ...(input.diagnostics === undefined ? {} : { diagnostics: input.diagnostics }),
  };
}
