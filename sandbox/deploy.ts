import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface DeployOptions {
  readonly root: string;
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  /** Folder of the cloud assembly; a folder of its own per run. */
  readonly output: string;
  readonly onProgress: (text: string) => void;
  /** Ends `cdk` when the sandbox stops under it. */
  readonly signal?: AbortSignal;
}

/** `cdk` ended with an error; the message has the end of what it said. */
export class DeployFailed extends Error {
  override readonly name = 'DeployFailed';
}

/** The real `cdk bootstrap` and `cdk deploy`, of the app that goes to AWS, unchanged. */
export async function deployStack(options: DeployOptions): Promise<void> {
  const { account, region, onProgress } = options;
  onProgress('cdk bootstrap');
  await runCdk(options, ['bootstrap', `aws://${account}/${region}`]);
  onProgress('cdk deploy');
  await runCdk(options, ['deploy', '--all', '--require-approval', 'never', '--progress', 'events']);
}

export async function destroyStack(options: DeployOptions): Promise<void> {
  options.onProgress('cdk destroy');
  await runCdk(options, ['destroy', '--all', '--force', '--progress', 'events']);
}

async function runCdk(options: DeployOptions, args: readonly string[]): Promise<void> {
  const { root, endpoint, region, account, output, onProgress } = options;
  const cdk = join(root, 'node_modules', '.bin', 'cdk');
  const child = spawn(cdk, [...args, '--output', output, '--no-notices', '--ci'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    env: {
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
      HOME: process.env.HOME ?? '/tmp',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      CDK_DEFAULT_ACCOUNT: account,
      CDK_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      CDK_DISABLE_LEGACY_EXPORT_WARNING: '1',
    },
  });
  let said = '';
  let completed = 0;
  const listen = (text: string): void => {
    said += text;
    const done = said.match(/(CREATE|UPDATE|DELETE)_COMPLETE/g)?.length ?? 0;
    if (done >= completed + 20) {
      completed = done;
      onProgress(`${args[0]}: ${done} resources`);
    }
  };
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  if (code === 0) return;
  const tail = said.trim().split('\n').slice(-25).join('\n');
  throw new DeployFailed(`\`cdk ${args.join(' ')}\` ended with ${code}:\n${tail}`);
}
