import * as z from 'zod';
import { BODY_BYTES_MAX } from '../../core/api/limits.ts';
import { ApiFault } from './fault.ts';

/**
 * The event of an HTTP API with payload format 2.0 and the IAM authorizer, as far as we read it
 * (AWS page "Create AWS Lambda proxy integrations for HTTP APIs"). Further fields are ignored.
 */
export const httpEventSchema = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    requestId: z.string().default('unknown'),
    stage: z.string().default('$default'),
    domainName: z.string().optional(),
    http: z.object({ method: z.string() }),
    authorizer: z
      .object({ iam: z.object({ userArn: z.string() }).nullish() })
      .nullish()
      .catch(undefined),
  }),
});
export type HttpEvent = z.infer<typeof httpEventSchema>;

export interface ApiRequest {
  readonly method: string;
  /** Without the stage. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** ARN of whoever signed the request, as the gateway resolved it. */
  readonly caller: string;
  readonly requestId: string;
  readonly server?: string;
}

/** Throws ApiFault. */
export function readRequest(event: HttpEvent): ApiRequest {
  const { requestContext } = event;
  const caller = requestContext.authorizer?.iam?.userArn;
  if (caller === undefined || caller === '') {
    throw new ApiFault(
      'no-caller',
      'the gateway passed no IAM identity on; sign the request with AWS Signature Version 4',
    );
  }
  const prefix = `/${requestContext.stage}`;
  const path = event.rawPath.startsWith(`${prefix}/`)
    ? event.rawPath.slice(prefix.length)
    : event.rawPath;
  const server = requestContext.domainName;
  return {
    method: requestContext.http.method,
    path,
    query: readQuery(event.rawQueryString),
    headers: Object.fromEntries(
      Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: readBody(event),
    caller,
    requestId: requestContext.requestId,
    ...(server === undefined ? {} : { server: `https://${server}` }),
  };
}

function readQuery(raw: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(raw)) {
    if (Object.hasOwn(query, name)) {
      throw new ApiFault('bad-request', `query parameter \`${name}\` is given twice; give it once`);
    }
    query[name] = value;
  }
  return query;
}

function readBody(event: HttpEvent): Uint8Array {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > BODY_BYTES_MAX) {
    throw new ApiFault(
      'body-too-large',
      `the body has ${bytes.length} bytes, at most ${BODY_BYTES_MAX} are taken`,
    );
  }
  return bytes;
}

/** The body as JSON, held against a schema. An empty body reads as `{}`. Throws ApiFault. */
export function readJson<T extends z.ZodType>(request: ApiRequest, schema: T): z.output<T> {
  return hold(schema, parseJson(request), 'body');
}

export function readQueryAs<T extends z.ZodType>(request: ApiRequest, schema: T): z.output<T> {
  return hold(schema, request.query, 'query');
}

function parseJson(request: ApiRequest): unknown {
  if (request.body.length === 0) return {};
  const type = request.headers['content-type'] ?? 'application/json';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiFault(
      'wrong-media-type',
      `content-type is \`${type.slice(0, 80)}\`; send application/json`,
    );
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
  } catch {
    throw new ApiFault('bad-json', 'the body is not JSON in UTF-8; nothing was changed');
  }
}

function hold<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const findings = result.error.issues
    .slice(0, 20)
    .map((issue) => `${[place, ...issue.path].join('.')}: ${issue.message}`);
  throw new ApiFault('bad-request', findings.join('; '));
}
