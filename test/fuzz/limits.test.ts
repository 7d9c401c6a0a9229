import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HEAVY_CASES } from './heavy-cases.ts';

/** What the issue allows anything that comes from outside to take. */
const HEAP_MEGABYTES_MAX = 256;
const CASE_MS_MAX = 60_000;

/** Those that once broke something, and one of each kind; FUZZ_HEAVY=all runs all of them. */
const USUAL = [
  ...['zones of quotes', 'policy of tags', 'policy of brackets', 'selectors of hard globs'],
  ...['event that nests', 'body of unknown keys', 'body of one unknown key'],
  ...['body of faulty files', 'an entry that nests', 'a group of very many rules'],
];
const wanted =
  process.env.FUZZ_HEAVY === 'all'
    ? HEAVY_CASES
    : HEAVY_CASES.filter(({ name }) => USUAL.includes(name));

/** The names of the cases that were read to their end, and what the process said last. */
async function readInChild(names: readonly string[]) {
  const program = fileURLToPath(new URL('heavy.ts', import.meta.url));
  const memory = `--max-old-space-size=${HEAP_MEGABYTES_MAX}`;
  const child = spawn(process.execPath, [memory, program, ...names]);
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  const stillAlive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), CASE_MS_MAX);
  };
  stillAlive();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      stillAlive();
    });
  }
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const done = new Set([...output.matchAll(/^end (.*) \d+ ms$/gm)].map(([, name = '']) => name));
  return { done, said: output.split('\n').slice(-40).join('\n') };
}

/** Where a person finds the input that was too much; the folder is not in git. */
function save(name: string): string {
  const folder = fileURLToPath(new URL('../../reports/fuzz/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}${name.replaceAll(' ', '-')}.txt`;
  writeFileSync(file, HEAVY_CASES.find((one) => one.name === name)?.input() ?? '');
  return file;
}

test(`inputs made to be too much are read within ${HEAP_MEGABYTES_MAX} MiB, and to an end`, {
  timeout: wanted.length * CASE_MS_MAX,
}, async () => {
  expect(wanted.length).toBeGreaterThanOrEqual(USUAL.length);
  const names = wanted.map(({ name }) => name);
  const { done, said } = await readInChild(names);
  const failed = names.find((name) => !done.has(name));
  expect(failed, failed && `input saved in ${save(failed)}; ${said}`).toBeUndefined();
});
