/**
 * `node --max-old-space-size=256 test/fuzz/heavy.ts [name...]`: reads the heavy inputs one after the
 * other, telling when it starts and ends each. That it ends, and within its memory, is the test;
 * limits.test.ts runs it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliFailure } from '../../cli/failure.ts';
import { readDescribeFolder } from '../../cli/read-describe.ts';
import { assess } from '../../core/assess/assess.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { readEvent } from '../../functions/read-event.ts';
import { ApiWorld, DANA } from '../functions/api-world.ts';
import { HEAVY_CASES, type Reader } from './heavy-cases.ts';

const NOW = '2026-11-23T12:00:00Z';

/** Largest answer of a synchronous invocation (page "Lambda quotas"). */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024;

const READERS: Readonly<Record<Reader, (input: string) => unknown>> = {
  policy: (text) => parsePolicy([{ file: 'root.yaml', text }], { now: NOW }),
  policies: (text) => parsePolicy(JSON.parse(text), { now: NOW }),
  event: (text) => readEvent(text),
  request: publish,
  describe: readFolder,
  estate: (text) =>
    assess({ inventory: inventoryFromDescribe(JSON.parse(text), { takenAt: NOW }) }),
};

async function publish(body: string): Promise<void> {
  const http = { method: 'POST', path: '/v1/policies' };
  const { statusCode, body: answer } = await new ApiWorld().answer({
    ...{ rawPath: http.path, body, headers: { 'if-none-match': '*' } },
    requestContext: { http, authorizer: { iam: { userArn: DANA } } },
  });
  if (statusCode >= 500) throw new Error(`answered with ${statusCode}`);
  const bytes = Buffer.byteLength(answer);
  if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has ${bytes} bytes`);
}

/** A refusal is an answer; anything else that is thrown is not. */
async function readFolder(text: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-heavy-'));
  try {
    for (const kind of ['Vpcs', 'Subnets']) {
      writeFileSync(join(folder, `${kind}.json`), text.replace('Vpcs', kind));
    }
    for (const kind of ['NetworkInterfaces', 'SecurityGroups']) {
      writeFileSync(join(folder, `${kind}.json`), '[]');
    }
    await readDescribeFolder(folder, '.');
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const wanted = new Set(process.argv.slice(2));
for (const { name, reader, input } of HEAVY_CASES) {
  if (wanted.size > 0 && !wanted.has(name)) continue;
  console.log(`start ${name}`);
  const startedAt = performance.now();
  await READERS[reader](input());
  console.log(`end ${name} ${Math.round(performance.now() - startedAt)} ms`);
}
console.log('all read');
