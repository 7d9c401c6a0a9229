import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { Io } from './io.ts';

export const DEFAULT_STACK = 'Bulkhead';
const OUTPUT = 'ApiUrl';

export interface ConnectOptions {
  readonly endpoint?: string | undefined;
  readonly stack?: string | undefined;
}

export interface Address {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where it comes from, for messages. */
  readonly source: string;
}

const HOW_TO_SET = `set it with --endpoint or BULKHEAD_API_URL, or name the stack with --stack`;

/** Where the API is: --endpoint, then BULKHEAD_API_URL, then the stack's output. */
export async function findAddress(io: Io, options: ConnectOptions): Promise<Address> {
  if (options.endpoint !== undefined) return toAddress(options.endpoint, '--endpoint');
  const fromEnvironment = io.env.BULKHEAD_API_URL;
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    return toAddress(fromEnvironment, 'BULKHEAD_API_URL');
  }
  const stack = options.stack ?? DEFAULT_STACK;
  const source = `output \`${OUTPUT}\` of stack \`${stack}\``;
  const outputs = await readOutputs(io, stack);
  if (outputs === undefined) {
    throw new CliFailure({
      exitCode: EXIT.unreachable,
      code: 'no-stack',
      message: `there is no stack \`${stack}\` in ${where(io)}, so the API's address is not known`,
      hint: `deploy it (npx cdk deploy), or ${HOW_TO_SET}`,
    });
  }
  const url = outputs[OUTPUT];
  if (url === undefined) {
    throw new CliFailure({
      exitCode: EXIT.unreachable,
      code: 'no-address',
      message: `stack \`${stack}\` has no output \`${OUTPUT}\``,
      hint: HOW_TO_SET,
    });
  }
  return toAddress(url, source);
}

function toAddress(url: string, source: string): Address {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'bad-address',
      message: `\`${url}\` from ${source} is not an http(s) address`,
      hint: HOW_TO_SET,
    });
  }
  return { url: url.replace(/\/+$/, ''), source };
}

async function readOutputs(io: Io, stack: string) {
  try {
    return await io.stackOutputs(stack);
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new CliFailure({
      exitCode: EXIT.unreachable,
      code: 'stack-unreadable',
      message: `stack \`${stack}\` could not be read in ${where(io)}: ${reason}`,
      hint: `check your AWS credentials and AWS_REGION, or ${HOW_TO_SET}`,
      cause,
    });
  }
}

function where(io: Io): string {
  const region = io.env.AWS_REGION ?? io.env.AWS_DEFAULT_REGION ?? 'the configured Region';
  const endpoint = io.env.AWS_ENDPOINT_URL;
  return endpoint === undefined ? region : `${region} at ${endpoint}`;
}
