import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { StepFailed } from './steps.ts';

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody with credentials of their own who types `bulkhead` commands, in a process of its own. */
export interface Operator {
  readonly name: string;
  /** Runs `bulkhead <args>`; `onOutput` gets each line of either stream as it comes. */
  run(args: readonly string[], onOutput?: (line: string) => void): Promise<CommandResult>;
  /** Runs `bulkhead <args> --json` and gives what it printed; throws StepFailed on another code. */
  json<T>(args: readonly string[]): Promise<T>;
}

export interface OperatorCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function createOperator(
  name: string,
  credentials: OperatorCredentials,
  endpoint: string,
): Operator {
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
    NO_COLOR: '1',
  };
  const run: Operator['run'] = (args, onOutput) => runCommand(args, environment, onOutput);
  return {
    name,
    run,
    async json<T>(args: readonly string[]): Promise<T> {
      const result = await run([...args, '--json']);
      if (result.code === 0) return JSON.parse(result.stdout) as T;
      const said = (result.stderr || result.stdout).trim().slice(-600);
      throw new StepFailed(`\`bulkhead ${args.join(' ')}\` ended with ${result.code}: ${said}`);
    },
  };
}

function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  onOutput: ((line: string) => void) | undefined,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const streams = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        streams[stream] += text;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        if (onOutput !== undefined) for (const line of lines) onOutput(line);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, ...streams }));
  });
}
