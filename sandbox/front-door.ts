import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { iamCalls, namedResources, type ResourceFacts } from './ec2-authorization.ts';
import { EventDelivery, type EventEntry, type EventFilter } from './event-delivery.ts';
import { type AwsRequest, readAwsRequest, readScope } from './request.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Services that moto answers; MiniStack answers everything else. */
const MOTO_SERVICES: ReadonlySet<string> = new Set([
  'ec2',
  'ecs',
  'autoscaling',
  'elasticloadbalancing',
  'servicequotas',
]);

export interface FrontDoorOptions {
  readonly port: number;
  readonly ministack: { readonly host: string; readonly port: number };
  readonly moto: { readonly host: string; readonly port: number };
  readonly token: string;
  readonly region: string;
  readonly account: string;
}

/** One call of EC2 or another service of moto, as it was answered. */
export interface EmulatedCall {
  readonly service: string;
  readonly action: string;
  /** ARN of the caller; `root` for the sandbox's own. */
  readonly principal: string;
  /** Name of the Lambda function behind the call, or `-`. */
  readonly caller: string;
  readonly status: number;
  readonly error?: string;
  readonly ms: number;
}

/** A deviation of an emulator from AWS that its launcher mends, listed in sandbox/README.md. */
export interface Mend {
  readonly name: string;
  readonly about: string;
  /** Whether it is in place. */
  readonly ok: boolean;
}

/** Awaited after each successful EC2 write, before the caller gets its answer. */
export type WriteHook = (write: {
  readonly action: string;
  readonly parameters: URLSearchParams;
  readonly principal: string;
}) => Promise<void>;

/** One question to IAM about a role of this account, with the context that EC2 or another gave. */
export interface RecordedCall {
  /** Name of the role, without path and session. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  /** By condition key in lower case. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  /** Of the role's own policies. */
  readonly decision: 'Allow' | 'Deny' | 'ImplicitDeny';
  /** How often exactly this was asked. */
  readonly count: number;
}

interface Authorization {
  readonly principalArn: string;
  readonly root: boolean;
  readonly functionName?: string;
  readonly decisions: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/**
 * One endpoint for every AWS API: routes by the service in the signature, asks IAM about calls that
 * moto would let through, keeps EC2's token buckets, counts, and passes events on.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #server: http.Server;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  /** A launch of the sandbox's own estate is no subject of ours. */
  readonly #buckets = new TokenBuckets({ exempt: ['RunInstances', 'StartInstances'] });
  readonly #events: EventDelivery;
  readonly #throttled = new Map<string, number>();
  #calls: EmulatedCall[] = [];
  #hook: WriteHook | undefined;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#events = new EventDelivery(`http://127.0.0.1:${options.port}`, options.region);
    this.#server = http.createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
        response.end(`front door: ${String(error)}`);
      });
    });
    this.#server.keepAliveTimeout = 65_000;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    await this.#events.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  /** What the launchers say of their mends: one that is not in place would make AWS of it another AWS. */
  async selfCheck(): Promise<readonly Mend[]> {
    const { ministack, moto } = this.#options;
    const answers = await Promise.all(
      [moto, ministack].map((host) => this.#ask(host, 'GET', '/_bulkhead/checks')),
    );
    return answers.flatMap((answer) => JSON.parse(answer.toString('utf8')) as readonly Mend[]);
  }

  /** Calls since the last reset. */
  get calls(): readonly EmulatedCall[] {
    return this.#calls;
  }

  resetCalls(): void {
    this.#calls = [];
  }

  /** What roles asked of IAM, each question once; none unless the sandbox keeps them. */
  async recordedCalls(): Promise<readonly RecordedCall[]> {
    const body = await this.#ask(this.#options.ministack, 'GET', '/_bulkhead/iam-record');
    return JSON.parse(body.toString('utf8')) as RecordedCall[];
  }

  /** Writes are served one after the other while a hook is set. */
  onWrite(hook: WriteHook | undefined): void {
    this.#hook = hook;
  }

  /** The next `times` calls of the action are refused with RequestLimitExceeded. */
  throttleNext(action: string, times: number): void {
    this.#throttled.set(action, times);
  }

  /** The next event that the filter accepts is never delivered; resolves once it was dropped. */
  dropNextEvent(filter: EventFilter): Promise<EventEntry> {
    return this.#events.dropNext(filter);
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url?.startsWith('/_bulkhead/') === true)
      return await this.#admin(request, response);
    const { service } = readScope(request);
    if (MOTO_SERVICES.has(service)) return await this.#emulated(request, response);
    this.#pass(request, response);
  }

  /** To MiniStack as it comes, body and headers byte for byte. */
  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { host, port } = this.#options.ministack;
    const upstream = http.request({
      host,
      port,
      method: request.method,
      path: request.url,
      // The bootstrap bucket's policy refuses plain http; the header is not signed.
      headers: { ...request.headers, 'x-forwarded-proto': 'https' },
      agent: this.#agent,
      setHost: false,
    });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      answer.pipe(response);
    });
    upstream.on('error', (error) => {
      if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(`front door: ${error.message}`);
    });
    request.on('aborted', () => upstream.destroy());
    request.pipe(upstream);
  }

  async #emulated(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const body = await readBody(request);
    const aws = readAwsRequest(request, body);
    const authorization = await this.#authorize(aws);
    const refusal = this.#refusal(aws, authorization);
    const answer = refusal ?? (await this.#serve(aws, request, body, authorization));
    const error = answer.status >= 400 ? errorOf(answer.body) : undefined;
    this.#calls.push({
      service: aws.service,
      action: aws.action,
      principal: authorization.root ? 'root' : authorization.principalArn,
      caller: authorization.functionName ?? callerOf(authorization),
      status: answer.status,
      ...(error === undefined ? {} : { error }),
      ms: performance.now() - startedAt,
    });
    response.writeHead(answer.status, [...answer.rawHeaders]);
    response.end(answer.body);
  }

  async #serve(
    aws: AwsRequest,
    request: http.IncomingMessage,
    body: Buffer,
    authorization: Authorization,
  ): Promise<Answer> {
    const isWrite = aws.service === 'ec2' && !/^(Describe|Get|List|Search)/.test(aws.action);
    const hook = this.#hook;
    if (!isWrite || hook === undefined) return await this.#forward(request, body);
    const turn = this.#writes.then(async () => {
      const answer = await this.#forward(request, body);
      const { action, parameters } = aws;
      const write = { action, parameters, principal: authorization.principalArn };
      if (answer.status < 400) await hook(write);
      return answer;
    });
    this.#writes = turn.catch(() => {});
    return await turn;
  }

  #forward(request: http.IncomingMessage, body: Buffer): Promise<Answer> {
    const { host, port } = this.#options.moto;
    const { method, url, headers } = request;
    return send(
      { host, port, method, path: url, headers, agent: this.#agent, setHost: false },
      body,
    );
  }

  #refusal(aws: AwsRequest, authorization: Authorization): Answer | undefined {
    const { decisions, principalArn } = authorization;
    if (decisions.some((decision) => decision !== 'Allow')) {
      const who = principalArn === '' ? 'The caller' : `User: ${principalArn}`;
      const text = `${who} is not authorized to perform: ${aws.service}:${aws.action}`;
      return errorAnswer(aws, 403, 'UnauthorizedOperation', text);
    }
    if (aws.service !== 'ec2') return undefined;
    const left = this.#throttled.get(aws.action) ?? 0;
    if (left > 0) this.#throttled.set(aws.action, left - 1);
    const filtered = [...aws.parameters.keys()].some((key) =>
      /^(Filter|MaxResults|.*Id)\b/.test(key),
    );
    // The sandbox's own hands (estate, demo) do not draw from the account's budget.
    const empty =
      !authorization.root && !this.#buckets.take(aws.action, filtered, performance.now());
    if (left === 0 && !empty) return undefined;
    return errorAnswer(aws, 503, 'RequestLimitExceeded', 'Request limit exceeded.');
  }

  async #authorize(aws: AwsRequest): Promise<Authorization> {
    const { accessKeyId, sessionToken } = aws;
    if (isRootKey(accessKeyId)) return { principalArn: 'root', root: true, decisions: ['Allow'] };
    const facts = aws.service === 'ec2' ? await this.#facts(namedResources(aws)) : new Map();
    const calls =
      aws.service === 'ec2'
        ? iamCalls(aws, facts, this.#options)
        : [{ action: `${aws.service}:${aws.action}`, resource: '*', context: {} }];
    const question = JSON.stringify({ accessKeyId, sessionToken, calls });
    const answer = await this.#ask(
      this.#options.ministack,
      'POST',
      '/_bulkhead/authorize',
      question,
    );
    return JSON.parse(answer.toString('utf8')) as Authorization;
  }

  async #facts(ids: readonly string[]): Promise<ReadonlyMap<string, ResourceFacts>> {
    if (ids.length === 0) return new Map();
    const path = `/_bulkhead/resource?ids=${ids.map(encodeURIComponent).join(',')}`;
    const body = await this.#ask(this.#options.moto, 'GET', path);
    const facts = JSON.parse(body.toString('utf8')) as Record<string, ResourceFacts>;
    const first = new Map(Object.entries(facts));
    const around = [...first.values()].flatMap((one) => [one.instance ?? [], one.subnet ?? []]);
    const unknown = [...new Set(around.flat())].filter((id) => !first.has(id));
    if (unknown.length === 0) return first;
    return new Map([...first, ...(await this.#facts(unknown))]);
  }

  async #ask(
    to: { readonly host: string; readonly port: number },
    method: 'GET' | 'POST',
    path: string,
    body = '',
  ): Promise<Buffer> {
    const headers = {
      host: `${to.host}:${to.port}`,
      'x-bulkhead-token': this.#options.token,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const answer = await send(
      { ...to, method, path, headers, agent: this.#agent },
      Buffer.from(body),
    );
    if (answer.status === 200) return answer.body;
    throw new Error(`${path.split('?')[0]} answered ${answer.status}: ${answer.body.toString()}`);
  }

  /** Routes of the sandbox itself: events from moto, counts for whoever measures. */
  async #admin(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (request.headers['x-bulkhead-token'] !== this.#options.token) {
      response.writeHead(403).end();
      return;
    }
    if (request.method === 'POST' && request.url === '/_bulkhead/events') {
      const { entries } = JSON.parse(body.toString('utf8')) as { entries: EventEntry[] };
      this.#events.deliver(entries);
      response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    response.writeHead(404).end();
  }
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(options: http.RequestOptions, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const upstream = http.request(options, (answer) => {
      readBody(answer).then(
        (read) =>
          resolve({ status: answer.statusCode ?? 502, rawHeaders: answer.rawHeaders, body: read }),
        reject,
      );
    });
    upstream.on('error', reject);
    upstream.end(body);
  });
}

/** As MiniStack has it: `test` and any account id are the account's root. */
function isRootKey(accessKeyId: string): boolean {
  return accessKeyId === 'test' || /^\d{12}$/.test(accessKeyId);
}

/** `assumed-role/<role>/<session>` without a function's name: the session tells who it is. */
function callerOf({ root, principalArn }: Authorization): string {
  if (root) return '-';
  return principalArn.split('/').at(-1) ?? '-';
}

function errorOf(body: Buffer): string {
  const text = body.toString('utf8');
  return /<Code>([^<]+)/.exec(text)?.[1] ?? /"__type":\s*"([^"]+)/.exec(text)?.[1] ?? 'unknown';
}

/** In the shape of the protocol that the service speaks, so that SDKs read code and message. */
function errorAnswer(aws: AwsRequest, status: number, code: string, message: string): Answer {
  if (aws.service === 'ec2') {
    const body =
      '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>' +
      `<Code>${code}</Code><Message>${message}</Message></Error></Errors>` +
      `<RequestID>${randomUUID()}</RequestID></Response>`;
    return answerOf(status, 'text/xml', body);
  }
  if (Object.keys(aws.json).length > 0) {
    const body = JSON.stringify({ __type: 'AccessDeniedException', message });
    return answerOf(400, 'application/x-amz-json-1.1', body);
  }
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
  return answerOf(403, 'text/xml', body);
}

function answerOf(status: number, type: string, text: string): Answer {
  const body = Buffer.from(text);
  return {
    status,
    rawHeaders: ['content-type', type, 'content-length', String(body.length)],
    body,
  };
}
