import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ENVIRONMENT } from '../../functions/env.ts';
import { buildEntry } from '../../infra/function/bundle.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bulkhead-bundle-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ENTRIES = ['route', 'workload', 'sweep', 'publish', 'api', 'first-publish'];
const SIZE_MAX = 4 * 1024 * 1024;

/** What Lambda gives, and nothing of this machine: the bundle finds no node_modules. */
const environment = {
  PATH: process.env.PATH,
  AWS_REGION: 'eu-north-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  ...Object.fromEntries(
    Object.values(ENVIRONMENT).map((name) => [name, `https://queue.example/${name}`]),
  ),
};

describe.each(ENTRIES)('bundle of %s', (entry) => {
  const folder = join(scratch, entry);
  buildEntry(entry, folder);
  const file = join(folder, 'index.mjs');

  test('imports nothing but Node, so that the pinned SDK is inside', () => {
    const code = readFileSync(file, 'utf8');
    const imported = [...code.matchAll(/^import\b[^'"\n]*?from\s*["']([^"']+)["']/gm)].map(
      ([, name = '']) => name,
    );
    expect(imported.filter((name) => !isBuiltin(name))).toEqual([]);
  });

  test('starts by itself and exports a handler that takes no callback', () => {
    const script = `const { handler } = await import(${JSON.stringify(file)});
      process.stdout.write('\\n' + typeof handler + handler.length); process.exit(0)`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
    });
    // Node 24 on Lambda refuses handlers with a third parameter.
    expect(output.trimEnd()).toMatch(/\nfunction[0-2]$/);
    expect(output).toContain(process.version);
  });

  test('is small enough to start fast', () => {
    expect(statSync(file).size).toBeLessThan(SIZE_MAX);
  });
});
