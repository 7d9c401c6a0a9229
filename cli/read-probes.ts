import { promises as fs } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { type Probe, probeSchema } from '../core/api/probe.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';

/** Either a list of probes, or an object that has one under `probes`. */
const fileSchema = z.union([
  z.array(probeSchema),
  z.object({ probes: z.array(probeSchema) }).transform(({ probes }) => probes),
]);

export async function readProbes(cwd: string, file: string): Promise<readonly Probe[]> {
  let text: string;
  try {
    text = await fs.readFile(path.resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new CliFailure({
      exitCode: EXIT.unknown,
      code: 'no-probes',
      message: `probes \`${file}\` cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      cause,
    });
  }
  const parsed = fileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CliFailure({
    exitCode: EXIT.badInput,
    code: 'bad-probes',
    message: `\`${file}\` is no list of probes: ${firstIssue(parsed.error)}`,
    hint: 'write [{"from": "10.0.0.1", "to": "i-0123456789abcdef0", "protocol": "tcp", "port": 443}]',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of the two shapes a file may have, what is wrong with the list. */
function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  const inner = issue?.code === 'invalid_union' ? issue.errors[0]?.[0] : issue;
  if (inner === undefined) return 'it is not JSON';
  const place = inner.path.map(String).join('.');
  return place === '' ? inner.message : `at ${place}: ${inner.message}`;
}
