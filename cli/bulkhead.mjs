#!/usr/bin/env node
// Starts cli/main.ts with a Node that can run it. The machine's Node may be as old as 20; the one
// that this project brings (npm package `node`) strips types by itself.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (process.features.typescript) {
  await import('./main.ts');
} else if (existsSync(own)) {
  const run = spawnSync(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} else {
  process.stderr.write(
    `error old-node: Node ${process.version} cannot run TypeScript, and ${own} does not exist\n` +
      '  run `npm ci` in the folder of the project, or use Node 24\n',
  );
  process.exitCode = 1;
}
