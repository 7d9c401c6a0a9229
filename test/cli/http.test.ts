import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiWorld, workloadRecord } from '../functions/api-world.ts';

/** The command as users start it, over HTTP, against the real handler. */
const MAIN = path.join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

let server: Server;
let world: ApiWorld;
let seen: IncomingHttpHeaders[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      seen.push(request.headers);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const body = Buffer.concat(chunks).toString('utf8');
      const result = await world.request(request.method ?? '', request.url ?? '', {
        headers,
        ...(body === '' ? {} : { body }),
      });
      response.writeHead(result.statusCode, result.headers).end(result.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  world = new ApiWorld();
  seen = [];
});

function endpoint(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      BULKHEAD_API_URL: endpoint(),
      ...env,
    },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

describe('the command over HTTP', () => {
  test('signs every request for execute-api in the caller’s Region', async () => {
    const { code, out } = await run(['status', '--json']);
    expect([code, JSON.parse(out).stack]).toEqual([0, 'Bulkhead']);
    expect(seen[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
    );
  });

  test('an id with colons arrives as it was typed', async () => {
    world.workloads = [workloadRecord('ecs:main:0123')];
    const { code, out } = await run(['workloads', 'ecs:main:0123', '--json']);
    expect([code, JSON.parse(out).id]).toEqual([0, 'ecs:main:0123']);
  });

  test('nobody listens: which address was tried, and how to set another', async () => {
    const { code, err } = await run(['status', '--endpoint', 'http://127.0.0.1:9']);
    expect(code).toBe(4);
    expect(err).toContain('no answer from http://127.0.0.1:9 (address from --endpoint)');
    expect(err).toContain('BULKHEAD_API_URL');
  });

  test('without credentials it says so', async () => {
    const { code, err } = await run(['status'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    });
    expect(code).toBe(4);
    expect(err).toContain('error no-credentials');
  });

  test('a closed pipe is no crash', async () => {
    world.workloads = Array.from({ length: 100 }, (_, index) => workloadRecord(`i-${index}`));
    const child = spawn('sh', ['-c', `"${process.execPath}" "${MAIN}" exit-codes | true`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(err).toBe('');
  });
});
