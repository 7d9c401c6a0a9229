import type * as z from 'zod';
import { problemSchema } from '../core/api/problem.ts';
import type { Address } from './connect.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { HttpReply, Io } from './io.ts';

export interface ApiReply<T> {
  readonly value: T;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiCall<T extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** With leading slash; parameters already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answer: T;
}

/** Attempts for a GET that got no answer or a 503; a POST is sent once. */
const ATTEMPTS_MAX = 3;
const RETRY_DELAY_MS = 500;

/** The status API, as a command sees it: an answer that fits its schema, or a CliFailure. */
export class ApiClient {
  readonly #io: Io;
  readonly #address: Address;

  constructor(io: Io, address: Address) {
    this.#io = io;
    this.#address = address;
  }

  async call<T extends z.ZodType>(call: ApiCall<T>): Promise<ApiReply<z.output<T>>> {
    const reply = await this.#send(call);
    if (reply.status >= 400) throw toFailure(reply, this.#address);
    const answer = call.answer.safeParse(parseJson(reply.text));
    if (answer.success) return { value: answer.data, headers: reply.headers };
    const issue = answer.error.issues[0];
    throw new CliFailure({
      exitCode: EXIT.failed,
      code: 'bad-answer',
      message:
        `${this.#address.url} answered ${call.method} ${call.path} with something else than ` +
        `expected (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
      hint: 'is this the address of a Bulkhead API, and of the same version as this command?',
    });
  }

  async #send(call: ApiCall<z.ZodType>): Promise<HttpReply> {
    const query = new URLSearchParams(
      Object.entries(call.query ?? {}).filter((pair): pair is [string, string] => {
        return pair[1] !== undefined;
      }),
    ).toString();
    const url = `${this.#address.url}${call.path}${query === '' ? '' : `?${query}`}`;
    const attemptsMax = call.method === 'GET' ? ATTEMPTS_MAX : 1;
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt >= attemptsMax;
      try {
        const reply = await this.#io.send({
          method: call.method,
          url,
          headers: {
            accept: 'application/json',
            ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
            ...call.headers,
          },
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        });
        if (reply.status !== 503 || last) return reply;
      } catch (cause) {
        if (last) throw unreachable(this.#address, cause);
      }
      await this.#io.sleep(RETRY_DELAY_MS * attempt);
    }
  }
}

function unreachable(address: Address, cause: unknown): CliFailure {
  if (cause instanceof CliFailure) return cause;
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'CredentialsProviderError') {
    return new CliFailure({
      exitCode: EXIT.unreachable,
      code: 'no-credentials',
      message: 'no AWS credentials were found, and every request is signed',
      hint: 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`',
      cause,
    });
  }
  return new CliFailure({
    exitCode: EXIT.unreachable,
    code: 'unreachable',
    message: `no answer from ${address.url} (address from ${address.source}): ${reasonOf(cause)}`,
    hint: 'check the network, or set another address with --endpoint or BULKHEAD_API_URL',
    cause,
  });
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  if (cause instanceof Error) return reasonOf(cause);
  return error.message;
}

const EXIT_BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.badInput,
  403: EXIT.refused,
  404: EXIT.unknown,
  409: EXIT.refused,
  412: EXIT.refused,
  413: EXIT.badInput,
  415: EXIT.badInput,
  422: EXIT.badInput,
  428: EXIT.badInput,
};

function toFailure(reply: HttpReply, address: Address): CliFailure {
  const exitCode = EXIT_BY_STATUS[reply.status] ?? EXIT.failed;
  const problem = problemSchema.safeParse(parseJson(reply.text));
  if (problem.success) {
    const { code, title, detail, diagnostics, instance } = problem.data;
    return new CliFailure({
      exitCode,
      code,
      message: detail === '' ? title : detail,
      ...(reply.status >= 500 ? { hint: `the request was ${instance}` } : {}),
      ...(diagnostics === undefined ? {} : { diagnostics }),
    });
  }
  if (reply.status === 403) {
    return new CliFailure({
      exitCode,
      code: 'forbidden',
      message: `${address.url} refused the request (403): these AWS credentials may not call it`,
      hint: 'who am I: aws sts get-caller-identity; needed: execute-api:Invoke on the route',
    });
  }
  return new CliFailure({
    exitCode,
    code: `http-${reply.status}`,
    message: `${address.url} (from ${address.source}) answered ${reply.status} without saying why`,
    hint: 'is this the address of a Bulkhead API?',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
