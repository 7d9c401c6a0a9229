import type { IncomingMessage } from 'node:http';

/** Who a request is for and what it asks, as far as the front door must know. */
export interface AwsRequest {
  /** Service of the SigV4 credential scope, e.g. `ec2`; empty for an unsigned request. */
  readonly service: string;
  readonly accessKeyId: string;
  readonly sessionToken: string;
  /** API action, e.g. `ModifyNetworkInterfaceAttribute`; empty where it cannot be told. */
  readonly action: string;
  /** Parameters of the query protocol, or the JSON body's top level as text. */
  readonly parameters: URLSearchParams;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Reads the signature's scope from the Authorization header or a presigned query. */
export function readScope(request: Pick<IncomingMessage, 'headers' | 'url'>): {
  readonly service: string;
  readonly accessKeyId: string;
  readonly sessionToken: string;
} {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const authorization = request.headers.authorization ?? '';
  const credential =
    /Credential=([^,\s]+)/.exec(authorization)?.[1] ?? query.get('X-Amz-Credential') ?? '';
  const [accessKeyId = '', , , service = ''] = credential.split('/');
  const token = request.headers['x-amz-security-token'] ?? query.get('X-Amz-Security-Token') ?? '';
  return { service, accessKeyId, sessionToken: Array.isArray(token) ? (token[0] ?? '') : token };
}

/** `body` is the whole request body. */
export function readAwsRequest(
  request: Pick<IncomingMessage, 'headers' | 'url'>,
  body: Buffer,
): AwsRequest {
  const scope = readScope(request);
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return {
      ...scope,
      action: target.split('.').at(-1) ?? '',
      parameters: new URLSearchParams(),
      json: parseObject(body.toString('utf8')),
    };
  }
  const form = new URLSearchParams(body.toString('utf8'));
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const parameters = form.has('Action') ? form : query;
  return { ...scope, action: parameters.get('Action') ?? '', parameters, json: {} };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** All values of a list parameter of the query protocol: `SecurityGroupId.1`, `.2`, ... */
export function listOf(parameters: URLSearchParams, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 1; ; index += 1) {
    const value = parameters.get(`${name}.${index}`) ?? parameters.get(`${name}.member.${index}`);
    if (value === null) return values;
    values.push(value);
  }
}
