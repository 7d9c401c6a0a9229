/**
 * `npm run sandbox`: a local AWS that stays up until Ctrl-C. `-- --deploy` deploys the stack too.
 */
import { Command } from 'commander';
import { startSandbox } from './boot.ts';

const program = new Command('npm run sandbox --')
  .description('bring up a local AWS and keep it up until Ctrl-C')
  .option('--port <port>', 'port on 127.0.0.1', Number, 4566)
  .option('--deploy', 'also run cdk bootstrap and cdk deploy');
program.parse();
const options = program.opts<{ port: number; deploy?: boolean }>();

const say = (text: string): void => console.log(`  ${text}`);
try {
  const sandbox = await startSandbox({ port: options.port, onProgress: say });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    if (options.deploy === true) console.log(await sandbox.deploy(say));
    console.log(`\nA local AWS is up. Point any AWS tool at it:\n
  export AWS_ENDPOINT_URL=${sandbox.endpoint} AWS_REGION=${sandbox.region}
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test   # root of account ${sandbox.accountId}
\nCtrl-C stops it.`);
    await Promise.race([stopped, sandbox.died]);
  } finally {
    await sandbox.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
