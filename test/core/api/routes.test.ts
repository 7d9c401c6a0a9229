import { describe, expect, test } from 'vitest';
import { matchRoute } from '../../../core/api/routes.ts';

function operationOf(method: string, path: string): string {
  const match = matchRoute(method, path);
  return match.kind === 'found' ? match.route.operation : match.kind;
}

describe('matchRoute', () => {
  test.each([
    ['GET', '/v1/status', 'readStatus'],
    ['GET', '/v1/workloads', 'listWorkloads'],
    ['GET', '/v1/workloads/i-1', 'readWorkload'],
    ['POST', '/v1/plans/plan-1/approve', 'approvePlan'],
    ['GET', '/v1/plans/plan-1/approve', 'wrong-method'],
    ['DELETE', '/v1/policies', 'wrong-method'],
    ['GET', '/v1/workloads/', 'unknown-path'],
    ['GET', '/v1/status/', 'unknown-path'],
    ['GET', '/v2/status', 'unknown-path'],
    ['GET', '/v1/plans/%zz', 'unknown-path'],
    ['GET', '/v1/plans/a/b', 'unknown-path'],
  ])('%s %s is %s', (method, path, expected) => {
    expect(operationOf(method, path)).toBe(expected);
  });

  test.each(['ecs:main:abc', 'ecs%3Amain%3Aabc'])('reads the id of %s', (id) => {
    expect(matchRoute('GET', `/v1/workloads/${id}`)).toMatchObject({
      parameters: { id: 'ecs:main:abc' },
    });
  });

  test('says which methods a path takes', () => {
    expect(matchRoute('PUT', '/v1/policies')).toEqual({
      kind: 'wrong-method',
      allowed: ['GET', 'POST'],
    });
  });
});
