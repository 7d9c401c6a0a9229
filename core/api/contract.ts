import type * as z from 'zod';
import { explainAnswerSchema, explainQuerySchema } from './explain-answer.ts';
import {
  acceptedPlanSchema,
  decisionRequestSchema,
  planAnswerSchema,
  planPageSchema,
} from './plan-answer.ts';
import {
  policyAnswerSchema,
  publishAnswerSchema,
  publishRequestSchema,
  sweepAnswerSchema,
} from './policy-answer.ts';
import type { ProblemCode } from './problem.ts';
import type { Operation } from './routes.ts';
import { segmentAnswerSchema, segmentListSchema } from './segment-answer.ts';
import { statusSchema } from './status-answer.ts';
import {
  planQuerySchema,
  workloadAnswerSchema,
  workloadPageSchema,
  workloadQuerySchema,
} from './workload-answer.ts';

/** What goes in and out of one operation; the OpenAPI document is made of this. */
export interface OperationContract {
  readonly query?: z.ZodObject;
  /** Request headers by name, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly status: 200 | 202;
  /** Absent: any JSON object (the OpenAPI document itself). */
  readonly answer?: z.ZodType;
  /** Headers of the answer by name, with what they mean. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Beyond those that every operation may give. */
  readonly problems: readonly ProblemCode[];
}

/** Problems that any operation may give. */
export const COMMON_PROBLEMS: readonly ProblemCode[] = ['no-caller', 'throttled', 'internal'];

const LOCATION = { Location: 'path of the plan' };
const BODY_PROBLEMS = ['bad-request', 'bad-json', 'body-too-large', 'wrong-media-type'] as const;

export const CONTRACT: Readonly<Record<Operation, OperationContract>> = {
  readStatus: { status: 200, answer: statusSchema, problems: [] },
  listSegments: { status: 200, answer: segmentListSchema, problems: [] },
  readSegment: { status: 200, answer: segmentAnswerSchema, problems: ['unknown-segment'] },
  listWorkloads: {
    query: workloadQuerySchema,
    status: 200,
    answer: workloadPageSchema,
    problems: ['bad-request', 'bad-cursor', 'unknown-segment'],
  },
  readWorkload: { status: 200, answer: workloadAnswerSchema, problems: ['unknown-workload'] },
  explain: {
    query: explainQuerySchema,
    status: 200,
    answer: explainAnswerSchema,
    problems: ['bad-request', 'unknown-end'],
  },
  readPolicy: {
    status: 200,
    answer: policyAnswerSchema,
    answerHeaders: { ETag: 'version of the policy, for If-Match' },
    problems: ['no-policy'],
  },
  publishPolicy: {
    headers: {
      'If-Match': 'ETag of the policy that this one replaces',
      'If-None-Match': '`*` instead of If-Match, for the first publish',
    },
    body: publishRequestSchema,
    status: 202,
    answer: publishAnswerSchema,
    answerHeaders: LOCATION,
    problems: [...BODY_PROBLEMS, 'precondition-required', 'stale-policy', 'bad-policy'],
  },
  listPlans: {
    query: planQuerySchema,
    status: 200,
    answer: planPageSchema,
    problems: ['bad-request', 'bad-cursor'],
  },
  readPlan: { status: 200, answer: planAnswerSchema, problems: ['unknown-plan'] },
  approvePlan: {
    body: decisionRequestSchema,
    status: 202,
    answer: acceptedPlanSchema,
    answerHeaders: LOCATION,
    problems: [...BODY_PROBLEMS, 'unknown-plan', 'author-may-not-approve', 'plan-not-waiting'],
  },
  rejectPlan: {
    body: decisionRequestSchema,
    status: 202,
    answer: acceptedPlanSchema,
    answerHeaders: LOCATION,
    problems: [...BODY_PROBLEMS, 'unknown-plan', 'plan-not-waiting'],
  },
  sweepNow: { status: 202, answer: sweepAnswerSchema, problems: [] },
  uninstall: {
    status: 202,
    answer: acceptedPlanSchema,
    answerHeaders: LOCATION,
    problems: ['nothing-in-force'],
  },
  readOpenApi: { status: 200, problems: [] },
};
