import { openApiDocument } from '../../core/api/openapi.ts';
import { matchRoute, type Operation } from '../../core/api/routes.ts';
import type { ApiAnswer } from './answer.ts';
import type { ApiContext } from './context.ts';
import { explain } from './explain.ts';
import { ApiFault } from './fault.ts';
import { sweepNow, uninstall } from './operations.ts';
import { approvePlan, listPlans, readPlan, rejectPlan } from './plans.ts';
import { publishPolicy, readPolicy } from './policies.ts';
import type { ApiRequest } from './request.ts';
import { listSegments, readSegment } from './segments.ts';
import { readStatus } from './status.ts';
import { listWorkloads, readWorkload } from './workloads.ts';

/** `parameter` is the only path parameter that any route has; '' where the route has none. */
type Handle = (context: ApiContext, request: ApiRequest, parameter: string) => Promise<ApiAnswer>;

const HANDLERS: Readonly<Record<Operation, Handle>> = {
  readStatus: (context) => readStatus(context),
  listSegments: (context) => listSegments(context),
  readSegment: (context, _request, name) => readSegment(context, name),
  listWorkloads: (context, request) => listWorkloads(context, request),
  readWorkload: (context, _request, id) => readWorkload(context, id),
  explain: (context, request) => explain(context, request),
  readPolicy: (context) => readPolicy(context),
  publishPolicy: (context, request) => publishPolicy(context, request),
  listPlans: (context, request) => listPlans(context, request),
  readPlan: (context, _request, id) => readPlan(context, id),
  approvePlan: (context, request, id) => approvePlan(context, request, id),
  rejectPlan: (context, request, id) => rejectPlan(context, request, id),
  sweepNow: (context) => sweepNow(context),
  uninstall: (context, request) => uninstall(context, request),
  readOpenApi: async (_context, request) => ({ status: 200, body: openApiDocument(request) }),
};

/** Dispatches one request. Throws ApiFault for whatever is refused. */
export async function handleRequest(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const match = matchRoute(request.method, request.path);
  if (match.kind === 'unknown-path') {
    throw new ApiFault(
      'unknown-path',
      `there is no \`${request.path.slice(0, 200)}\`; GET /v1/openapi.json lists what there is`,
    );
  }
  if (match.kind === 'wrong-method') {
    const allow = match.allowed.join(', ');
    throw new ApiFault('wrong-method', `the path takes ${allow}, not ${request.method}`, {
      headers: { allow },
    });
  }
  const parameter = Object.values(match.parameters)[0] ?? '';
  return await HANDLERS[match.route.operation](context, request, parameter);
}
