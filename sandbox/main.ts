/**
 * `npm start`: a local AWS, the real deploy, an estate, and policy that follows it. See
 * sandbox/demo/story.ts for what is shown and held.
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { runDemo } from './demo/story.ts';

const program = new Command('npm start --')
  .description('bring up a local AWS, deploy Bulkhead into it, and see an estate being segmented')
  .option('--exit', 'uninstall at the end and exit: 0 only if every step held')
  .option('--port <port>', 'port of the local AWS on 127.0.0.1', parsePort, 4566)
  .option('--folder <folder>', 'where report.json and policy/ go (default: .sandbox)')
  .option('--iam-record <file>', 'at the end, write down what the deployed roles asked of IAM')
  .showHelpAfterError('(see npm start -- --help)');

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= 65_535) return port;
  throw new InvalidArgumentError('write a port from 1024 to 65535');
}

program.parse();
const options = program.opts<{
  exit?: boolean;
  port: number;
  folder?: string;
  iamRecord?: string;
}>();
const code = await runDemo({
  exit: options.exit === true,
  port: options.port,
  ...(options.folder === undefined ? {} : { folder: resolve(options.folder) }),
  ...(options.iamRecord === undefined ? {} : { iamRecord: resolve(options.iamRecord) }),
});
// An interrupted story may still wait for answers that never come.
process.exit(code);
