import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/boot.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 4775;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ port: PORT, onProgress: () => {} });
});

afterAll(async () => {
  await sandbox?.stop();
});

describe('the emulators, as boto3 sees them', () => {
  test('every mend is in place, and sandbox/README.md says what it is', () => {
    const readme = readFileSync(join(root, 'sandbox', 'README.md'), 'utf8');
    expect(sandbox.mends.length).toBeGreaterThan(20);
    for (const { name, about } of sandbox.mends) {
      expect(readme).toContain(`| ${name} | ${about} |`);
    }
  });

  test('groups, rules, limits, launches, events and IAM answer as AWS documents', async () => {
    const { code, output } = await runCases();
    expect(code, output).toBe(0);
    expect(output.trim().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);
  });
});

/** The Python cases; they run in the virtual environment that the emulators were installed into. */
async function runCases(): Promise<{ readonly code: number | null; readonly output: string }> {
  const script = join(root, 'test', 'sandbox', 'ec2_behaviour_test.py');
  const child = spawn(sandbox.python, [script], {
    env: {
      PATH: process.env.PATH ?? '',
      AWS_ENDPOINT_URL: sandbox.endpoint,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => chunks.push(data));
  child.stdout.on('data', (data: Buffer) => chunks.push(data));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}
