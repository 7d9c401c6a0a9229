/**
 * `npm run sandbox:localstack`: LocalStack's last open release on this machine, until Ctrl-C. Code 2
 * when the machine lacks what it needs. What it lacks: sandbox/README.md.
 */
import { Command } from 'commander';
import { startLocalStack } from './localstack/boot.ts';
import { SandboxPrerequisite } from './venv.ts';

const program = new Command('npm run sandbox:localstack --')
  .description('bring up LocalStack and keep it up until Ctrl-C')
  .option('--port <port>', 'port on 127.0.0.1', Number, 4566);
program.parse();
const { port } = program.opts<{ port: number }>();

try {
  const onProgress = (text: string): void => console.log(`  ${text}`);
  const localstack = await startLocalStack({ port, onProgress });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    console.log(`\nLocalStack is up:\n
  export AWS_ENDPOINT_URL=${localstack.endpoint} AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
\nCtrl-C stops it.`);
    await Promise.race([stopped, localstack.died]);
  } finally {
    await localstack.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof SandboxPrerequisite ? 2 : 1;
}
