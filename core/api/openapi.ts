import * as z from 'zod';
import { COMMON_PROBLEMS, CONTRACT, type OperationContract } from './contract.ts';
import { diagnosticSchema } from './diagnostic.ts';
import { ANSWER_EXAMPLES, BODY_EXAMPLES } from './examples.ts';
import { explainAnswerSchema } from './explain-answer.ts';
import {
  acceptedPlanSchema,
  decisionRequestSchema,
  differenceSchema,
  planAnswerSchema,
  planPageSchema,
  planSchema,
  planStepSchema,
  planSummarySchema,
} from './plan-answer.ts';
import {
  policyAnswerSchema,
  policySourceSchema,
  publishAnswerSchema,
  publishRequestSchema,
  sweepAnswerSchema,
} from './policy-answer.ts';
import {
  PROBLEM_MEDIA_TYPE,
  PROBLEMS,
  type ProblemCode,
  problemDocument,
  problemSchema,
} from './problem.ts';
import { ROUTES, type Route } from './routes.ts';
import { segmentAnswerSchema, segmentListSchema, segmentSummarySchema } from './segment-answer.ts';
import { statusSchema } from './status-answer.ts';
import { VERSION } from './version.ts';
import {
  workloadAnswerSchema,
  workloadPageSchema,
  workloadSummarySchema,
} from './workload-answer.ts';

type Json = Record<string, unknown>;

/** The names under which schemas stand in `components`. */
const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  AcceptedPlan: acceptedPlanSchema,
  Decision: decisionRequestSchema,
  Diagnostic: diagnosticSchema,
  Difference: differenceSchema,
  Explanation: explainAnswerSchema,
  Plan: planSchema,
  PlanAnswer: planAnswerSchema,
  PlanPage: planPageSchema,
  PlanStep: planStepSchema,
  PlanSummary: planSummarySchema,
  Policy: policyAnswerSchema,
  PolicySource: policySourceSchema,
  Problem: problemSchema,
  Published: publishAnswerSchema,
  PublishRequest: publishRequestSchema,
  Segment: segmentAnswerSchema,
  SegmentList: segmentListSchema,
  SegmentSummary: segmentSummarySchema,
  Status: statusSchema,
  Sweep: sweepAnswerSchema,
  Workload: workloadAnswerSchema,
  WorkloadPage: workloadPageSchema,
  WorkloadSummary: workloadSummarySchema,
};

const PARAMETER_TEXTS: Readonly<Record<string, { description: string; example: string }>> = {
  '/v1/segments/{name}': { description: 'name of the segment', example: 'shop-web' },
  '/v1/workloads/{id}': {
    description: 'id of the workload: `i-...`, `ecs:<cluster>:<taskId>`, `eni-...`',
    example: 'i-0123456789abcdef0',
  },
  '/v1/plans/{id}': { description: 'id of the plan', example: 'plan-7' },
};

/**
 * The status API as OpenAPI 3.1, made of the zod schemas that the handler itself reads with.
 * `server` is the address under which the caller reached the API, where it is known.
 */
export function openApiDocument(options: { readonly server?: string } = {}): Json {
  const paths: Record<string, Json> = {};
  for (const route of ROUTES) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operationObject(route, CONTRACT[route.operation]);
    paths[route.path] = methods;
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bulkhead status API',
      version: VERSION,
      summary: 'What is segmented, what is not, and why',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(options.server === undefined ? {} : { servers: [{ url: options.server }] }),
    security: [{ sigv4: [] }],
    tags: ['read', 'publish', 'approve', 'operate'].map((name) => ({ name })),
    paths,
    components: { schemas: componentSchemas(), securitySchemes: SECURITY_SCHEMES },
  };
}

const SECURITY_SCHEMES = {
  sigv4: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'AWS Signature Version 4, service `execute-api`; permission execute-api:Invoke',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
};

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _dialect, $id: _address, ...rest } = schema as Json;
      return [id, rest];
    }),
  );
}

function reference(schema: z.ZodType): Json {
  const found = Object.entries(COMPONENTS).find(([, candidate]) => candidate === schema);
  if (found === undefined) throw new Error('a schema of the contract has no name in COMPONENTS');
  return { $ref: `#/components/schemas/${found[0]}` };
}

function operationObject(route: Route, contract: OperationContract): Json {
  const parameters = [
    ...pathParameters(route.path),
    ...queryParameters(contract.query),
    ...headerParameters(contract.headers),
  ];
  return {
    operationId: route.operation,
    summary: route.summary,
    tags: [route.scope],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(contract.body === undefined ? {} : { requestBody: requestBody(route, contract.body) }),
    responses: responses(route, contract),
  };
}

function pathParameters(path: string): Json[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  if (name === undefined) return [];
  const texts = Object.entries(PARAMETER_TEXTS).find(([prefix]) => path.startsWith(prefix))?.[1];
  return [{ name, in: 'path', required: true, schema: { type: 'string' }, ...texts }];
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (query === undefined) return [];
  const schema = z.toJSONSchema(query);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

function headerParameters(headers: Readonly<Record<string, string>> = {}): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function requestBody(route: Route, body: z.ZodType): Json {
  const example = BODY_EXAMPLES[route.operation];
  return {
    required: route.operation === 'publishPolicy',
    content: { 'application/json': { schema: reference(body), example } },
  };
}

function responses(route: Route, contract: OperationContract): Json {
  const answers: Json = { [contract.status]: answerObject(route, contract) };
  const codes: readonly ProblemCode[] = [...contract.problems, ...COMMON_PROBLEMS];
  for (const status of [...new Set(codes.map((code) => PROBLEMS[code].status))]) {
    const matching = codes.filter((code) => PROBLEMS[code].status === status);
    answers[status] = {
      description: matching.map((code) => `${code}: ${PROBLEMS[code].title}`).join('; '),
      content: {
        [PROBLEM_MEDIA_TYPE]: {
          schema: reference(problemSchema),
          examples: Object.fromEntries(matching.map((code) => [code, { value: example(code) }])),
        },
      },
    };
  }
  return answers;
}

function answerObject(route: Route, contract: OperationContract): Json {
  const headers = Object.entries(contract.answerHeaders ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  const content =
    contract.answer === undefined
      ? { schema: { type: 'object' } }
      : { schema: reference(contract.answer), example: ANSWER_EXAMPLES[route.operation] };
  return {
    description: route.summary,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    content: { 'application/json': content },
  };
}

function example(code: ProblemCode): Json {
  const detail = `${PROBLEMS[code].title}; the detail says what was seen and what to do`;
  return { ...problemDocument({ code, detail, requestId: 'JKJaXmPLvHcESHA=' }) };
}
