import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Golden scripts: each test/scripts/*.txt is a recorded session. A line `$ command` is run by sh in
 * test/scripts/, with `bulkhead` being the command of this tree; what follows is what it writes
 * (standard output, then standard error) and `[exit N]` where N is not 0. Lines before the first
 * command are a comment. UPDATE_GOLDEN=1 records anew.
 */
const FOLDER = path.join(import.meta.dirname, 'scripts');
const MAIN = path.join(import.meta.dirname, '..', 'cli', 'main.ts');

interface Recorded {
  readonly command: string;
  readonly output: string;
}

const scripts = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'));

describe('golden scripts', () => {
  test('there are some', () => expect(scripts.length).toBeGreaterThan(0));

  test.each(scripts)('%s', (file) => {
    const recordedText = readFileSync(path.join(FOLDER, file), 'utf8');
    const { preamble, steps } = parseScript(recordedText);
    expect(steps.length).toBeGreaterThan(0);
    const actual = preamble + steps.map((step) => render(step.command, run(step.command))).join('');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path.join(FOLDER, file), actual);
    else expect(actual).toBe(recordedText);
  });
});

function parseScript(text: string): { preamble: string; steps: readonly Recorded[] } {
  const [preamble = '', ...parts] = text.split(/^\$ /m);
  const steps = parts.map((part) => {
    const end = part.indexOf('\n');
    return { command: part.slice(0, end), output: part.slice(end + 1) };
  });
  return { preamble, steps };
}

function render(command: string, output: string): string {
  return `$ ${command}\n${output}`;
}

function run(command: string): string {
  const result = spawnSync(
    'sh',
    ['-c', `bulkhead() { "${process.execPath}" "${MAIN}" "$@"; }\n${command}`],
    {
      cwd: FOLDER,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
    },
  );
  const exit = result.status === 0 ? '' : `[exit ${result.status ?? result.signal}]\n`;
  return `${result.stdout}${result.stderr}${exit}`;
}
