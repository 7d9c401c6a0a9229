/**
 * What a caller needs to be allowed: scopes are separate routes, so that IAM alone can grant
 * `execute-api:Invoke` on a subset of them (design section 8).
 */
export type Scope = 'read' | 'publish' | 'approve' | 'operate';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** As API Gateway writes it: `/v1/plans/{id}`. */
  readonly path: string;
  readonly scope: Scope;
  /** operationId of the OpenAPI document. */
  readonly operation: Operation;
  readonly summary: string;
}

export type Operation =
  | 'readStatus'
  | 'listSegments'
  | 'readSegment'
  | 'listWorkloads'
  | 'readWorkload'
  | 'explain'
  | 'readPolicy'
  | 'publishPolicy'
  | 'listPlans'
  | 'readPlan'
  | 'approvePlan'
  | 'rejectPlan'
  | 'sweepNow'
  | 'uninstall'
  | 'readOpenApi';

/** Every route of the status API. The gateway, the handler and the OpenAPI document agree on it. */
export const ROUTES: readonly Route[] = [
  route('GET', '/v1/status', 'read', 'readStatus', 'How the control plane and the estate stand'),
  route('GET', '/v1/segments', 'read', 'listSegments', 'All segments of the policy in force'),
  route(
    'GET',
    '/v1/segments/{name}',
    'read',
    'readSegment',
    'One segment with its rules and groups',
  ),
  route('GET', '/v1/workloads', 'read', 'listWorkloads', 'Workloads, page by page'),
  route('GET', '/v1/workloads/{id}', 'read', 'readWorkload', 'One workload with its interfaces'),
  route('GET', '/v1/explain', 'read', 'explain', 'May one end reach another, and why'),
  route('GET', '/v1/policies', 'read', 'readPolicy', 'The policy in force, with its ETag'),
  route(
    'POST',
    '/v1/policies',
    'publish',
    'publishPolicy',
    'Publish a policy over a named version',
  ),
  route('GET', '/v1/plans', 'read', 'listPlans', 'Plans, youngest first'),
  route('GET', '/v1/plans/{id}', 'read', 'readPlan', 'One plan: state, steps, report, difference'),
  route('POST', '/v1/plans/{id}/approve', 'approve', 'approvePlan', 'Let a waiting plan go on'),
  route('POST', '/v1/plans/{id}/reject', 'approve', 'rejectPlan', 'Stop a waiting plan for good'),
  route('POST', '/v1/sweeps', 'operate', 'sweepNow', 'Compare everything with AWS now'),
  route('POST', '/v1/uninstall', 'operate', 'uninstall', 'Put every interface back as it was'),
  route('GET', '/v1/openapi.json', 'read', 'readOpenApi', 'This interface as OpenAPI 3.1'),
];

function route(
  method: Route['method'],
  path: string,
  scope: Scope,
  operation: Operation,
  summary: string,
): Route {
  return { method, path, scope, operation, summary };
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: Route; readonly parameters: Record<string, string> }
  | { readonly kind: 'unknown-path' }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

/**
 * Finds the route of a request. `path` may be percent-encoded or already decoded, since gateways
 * differ; no identifier of ours holds a percent sign.
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const parts = path.split('/');
  const allowed: string[] = [];
  for (const candidate of ROUTES) {
    const parameters = matchPath(candidate.path.split('/'), parts);
    if (parameters === undefined) continue;
    if (candidate.method === method) return { kind: 'found', route: candidate, parameters };
    allowed.push(candidate.method);
  }
  return allowed.length > 0 ? { kind: 'wrong-method', allowed } : { kind: 'unknown-path' };
}

function matchPath(
  template: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of template.entries()) {
    const actual = parts[index] ?? '';
    if (!expected.startsWith('{')) {
      if (expected !== actual) return undefined;
      continue;
    }
    const decoded = decodePart(actual);
    if (decoded === undefined || decoded === '') return undefined;
    parameters[expected.slice(1, -1)] = decoded;
  }
  return parameters;
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
