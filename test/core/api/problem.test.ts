import { expect, test } from 'vitest';
import { problemDocument, problemSchema } from '../../../core/api/problem.ts';

test('a refusal is a problem document of RFC 9457, with what lint found where it did', () => {
  const input = {
    code: 'bad-policy',
    detail: 'the policy has 1 error',
    requestId: 'abc=',
  } as const;
  const expected = {
    type: 'urn:bulkhead:problem:bad-policy',
    title: 'the policy has errors',
    status: 422,
    detail: 'the policy has 1 error',
    instance: 'urn:bulkhead:request:abc=',
    code: 'bad-policy',
  };
  expect(problemDocument(input)).toStrictEqual(expected);
  const found = { severity: 'error', code: 'unknown-key', message: 'seen', hint: 'to do' } as const;
  const diagnostics = [{ ...found, file: 'root.yaml', line: 3, column: 1 }];
  const document = problemDocument({ ...input, diagnostics });
  expect(document).toStrictEqual({ ...expected, diagnostics });
  expect(problemSchema.parse(document)).toEqual(document);
});
