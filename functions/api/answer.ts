import { PROBLEM_MEDIA_TYPE, problemDocument } from '../../core/api/problem.ts';
import type { ApiFault } from './fault.ts';

/** What a handler gives back; the door serialises it. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The result of a Lambda behind an HTTP API, payload format 2.0. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers change from one second to the next and name hosts: nobody keeps them. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function renderAnswer(answer: ApiAnswer, requestId: string): HttpResult {
  return {
    statusCode: answer.status,
    headers: {
      'content-type': 'application/json',
      ...HEADERS,
      'x-request-id': requestId,
      ...answer.headers,
    },
    body: JSON.stringify(answer.body),
  };
}

export function renderFault(fault: ApiFault, requestId: string): HttpResult {
  const document = problemDocument({
    code: fault.code,
    detail: fault.message,
    requestId,
    ...(fault.diagnostics === undefined ? {} : { diagnostics: fault.diagnostics }),
  });
  return {
    statusCode: fault.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...HEADERS,
      'x-request-id': requestId,
      ...fault.headers,
    },
    body: JSON.stringify(document),
  };
}
