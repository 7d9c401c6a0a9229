import type { Logger } from '@aws-lambda-powertools/logger';
import { type HttpResult, renderAnswer, renderFault } from './answer.ts';
import type { ApiContext } from './context.ts';
import { ApiFault } from './fault.ts';
import { handleRequest } from './handle.ts';
import { type HttpEvent, httpEventSchema, readRequest } from './request.ts';

type DoorLog = Pick<Logger, 'info' | 'error'>;

/** Error names by which AWS asks us to slow down. */
const THROTTLING: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'SlowDown',
]);

/**
 * Turns an event of the gateway into an answer, and whatever goes wrong into a problem document.
 * What is not an ApiFault is a fault of ours: logged in full, told to the caller as a number only.
 */
export async function answerEvent(
  context: ApiContext,
  log: DoorLog,
  event: unknown,
): Promise<HttpResult> {
  const parsed = httpEventSchema.safeParse(event);
  if (!parsed.success) {
    log.error('event is not one of an HTTP API', { issues: parsed.error.issues.slice(0, 5) });
    const fault = new ApiFault('bad-request', 'the event is not a request of an HTTP API');
    return renderFault(fault, 'unknown');
  }
  const { requestId } = parsed.data.requestContext;
  const result = await answerRequest(context, log, parsed.data, requestId);
  log.info('answered', {
    method: parsed.data.requestContext.http.method,
    path: parsed.data.rawPath.slice(0, 200),
    status: result.statusCode,
    caller: parsed.data.requestContext.authorizer?.iam?.userArn,
    requestId,
  });
  return result;
}

async function answerRequest(
  context: ApiContext,
  log: DoorLog,
  event: HttpEvent,
  requestId: string,
): Promise<HttpResult> {
  try {
    return renderAnswer(await handleRequest(context, readRequest(event)), requestId);
  } catch (error) {
    if (error instanceof ApiFault) return renderFault(error, requestId);
    const cause = error instanceof Error ? error : new Error(String(error));
    log.error('request failed', cause);
    return renderFault(toFault(cause, requestId), requestId);
  }
}

function toFault(error: Error, requestId: string): ApiFault {
  if (THROTTLING.has(error.name)) {
    return new ApiFault('throttled', 'AWS asks for fewer calls; nothing was lost, try again soon', {
      headers: { 'retry-after': '5' },
    });
  }
  return new ApiFault(
    'internal',
    `the request could not be answered; the logs say why under request ${requestId}`,
  );
}
