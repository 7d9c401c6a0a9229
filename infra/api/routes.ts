/** One route of the status API, as API Gateway writes it. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What a caller is given when routes are granted together (docs/runbook.md, "Who may do what"). */
  readonly scope: 'read' | 'publish' | 'approve' | 'operate';
}

/**
 * The routes that the gateway serves. The handler has its own list in core/api/routes.ts, which
 * infra may not import; test/infra/api.test.ts compares the two.
 */
export const API_ROUTES: readonly ApiRoute[] = [
  { method: 'GET', path: '/v1/status', scope: 'read' },
  { method: 'GET', path: '/v1/segments', scope: 'read' },
  { method: 'GET', path: '/v1/segments/{name}', scope: 'read' },
  { method: 'GET', path: '/v1/workloads', scope: 'read' },
  { method: 'GET', path: '/v1/workloads/{id}', scope: 'read' },
  { method: 'GET', path: '/v1/explain', scope: 'read' },
  { method: 'GET', path: '/v1/policies', scope: 'read' },
  { method: 'POST', path: '/v1/policies', scope: 'publish' },
  { method: 'GET', path: '/v1/plans', scope: 'read' },
  { method: 'GET', path: '/v1/plans/{id}', scope: 'read' },
  { method: 'POST', path: '/v1/plans/{id}/approve', scope: 'approve' },
  { method: 'POST', path: '/v1/plans/{id}/reject', scope: 'approve' },
  { method: 'POST', path: '/v1/sweeps', scope: 'operate' },
  { method: 'POST', path: '/v1/uninstall', scope: 'operate' },
  { method: 'GET', path: '/v1/openapi.json', scope: 'read' },
];
