import { Sha256 } from '@aws-crypto/sha256-js';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface SignedCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SignedReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface SignOptions {
  /** Used when the address does not say one. */
  readonly region: string;
  /** AWS_ENDPOINT_URL, where set: an AWS elsewhere, e.g. the sandbox. */
  readonly endpoint?: string | undefined;
  readonly timeoutMs?: number;
  readonly credentials?: ReturnType<typeof fromNodeProviderChain>;
}

/** An HTTP API answers within 30 s (AWS page "Quotas for configuring an HTTP API"). */
const TIMEOUT_MS = 35_000;

/** `https://<api id>.execute-api.<region>.amazonaws.com`, also in other partitions. */
const API_HOST = /^([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** As MiniStack and LocalStack name their HTTP APIs. */
const EMULATOR_HOST = /^([a-z0-9]+)\.execute-api\.localhost(?:\.localstack\.cloud)?$/;

/** One for the process: it remembers what it found, e.g. a session of IAM Identity Center. */
const credentialChain = fromNodeProviderChain();

/**
 * Sends a request that is signed for execute-api with AWS Signature Version 4, by the caller's
 * ordinary credentials. Throws what the credential chain and fetch throw.
 */
export async function signedFetch(call: SignedCall, options: SignOptions): Promise<SignedReply> {
  const target = routeCall(call.url, options);
  const signer = new SignatureV4({
    service: 'execute-api',
    region: target.region,
    credentials: options.credentials ?? credentialChain,
    sha256: Sha256,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: call.method,
      protocol: target.url.protocol,
      hostname: target.url.hostname,
      ...(target.url.port === '' ? {} : { port: Number(target.url.port) }),
      path: target.url.pathname,
      query: Object.fromEntries(target.url.searchParams),
      headers: { ...call.headers, host: target.url.host },
      ...(call.body === undefined ? {} : { body: call.body }),
    }),
  );
  const { host: _host, ...headers } = signed.headers;
  const response = await fetch(target.url, {
    method: call.method,
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    ...(call.body === undefined ? {} : { body: call.body }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

/**
 * Where the request goes. The name that AWS gives to an API leads to AWS, so with AWS_ENDPOINT_URL
 * the API is asked there instead. Emulators name their APIs below `localhost`, which resolvers need
 * not know; both are reached by the path that emulators have for APIs.
 */
function routeCall(
  address: string,
  options: SignOptions,
): { readonly url: URL; readonly region: string } {
  const url = new URL(address);
  const [, atAws, region = options.region] = API_HOST.exec(url.hostname) ?? [];
  const [, atEmulator] = EMULATOR_HOST.exec(url.hostname) ?? [];
  const api = atAws ?? atEmulator;
  const endpoint = options.endpoint || (atEmulator && `${url.protocol}//127.0.0.1:${url.port}`);
  if (api === undefined || !endpoint) return { url, region };
  const path = `/_aws/execute-api/${api}/$default${url.pathname}${url.search}`;
  return { url: new URL(`${endpoint.replace(/\/+$/, '')}${path}`), region };
}
