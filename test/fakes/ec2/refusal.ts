import { EC2ServiceException } from '@aws-sdk/client-ec2';

/** EC2's answers to what is wrong on its own side; everything else is the caller's fault. */
const SERVER_CODES: ReadonlySet<string> = new Set([
  'InternalError',
  'InternalFailure',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'Unavailable',
]);

/** An error as the SDK throws it: EC2's code is its `name` (EC2 API reference, "Error codes"). */
export function refusal(code: string, message = code): EC2ServiceException {
  const server = SERVER_CODES.has(code);
  return new EC2ServiceException({
    name: code,
    message,
    $fault: server ? 'server' : 'client',
    $metadata: { httpStatusCode: server ? 503 : 400, attempts: 1 },
  });
}

export function notFound(code: string, what: string, id: string): EC2ServiceException {
  return refusal(code, `The ${what} '${id}' does not exist`);
}

export function missing(parameter: string): EC2ServiceException {
  return refusal('MissingParameter', `The request must contain the parameter ${parameter}`);
}

export function invalidValue(message: string): EC2ServiceException {
  return refusal('InvalidParameterValue', message);
}
