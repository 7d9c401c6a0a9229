import { promises as fs } from 'node:fs';
import path from 'node:path';
import type * as z from 'zod';
import { inventorySchema } from '../core/inventory/schema.ts';
import type { Inventory } from '../core/model/inventory.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { readDescribeFolder } from './read-describe.ts';

/** A folder is raw output of the AWS CLI; a file is an inventory as JSON. */
export async function readInventoryAt(cwd: string, place: string): Promise<Inventory> {
  const found = await fs.stat(path.resolve(cwd, place)).catch(() => undefined);
  if (found?.isDirectory() === true) return await readDescribeFolder(cwd, place);
  return await readInventoryFile(cwd, place);
}

/** An inventory that was written to a file as JSON, e.g. by `bulkhead plan --json`. */
export async function readInventoryFile(cwd: string, file: string): Promise<Inventory> {
  let text: string;
  try {
    text = await fs.readFile(path.resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new CliFailure({
      exitCode: EXIT.unknown,
      code: 'no-inventory',
      message: `inventory \`${file}\` cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      cause,
    });
  }
  const document = parseJson(text);
  const { error } = inventorySchema.safeParse(document);
  // As it was written, since zod would drop a tag called `__proto__`.
  if (error === undefined) return document as Inventory;
  throw new CliFailure({
    exitCode: EXIT.badInput,
    code: 'bad-inventory',
    message: `\`${file}\` is not an inventory: ${firstIssue(error)}`,
    hint: 'leave --inventory out to read AWS with your own credentials',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  return place === '' ? 'it holds no JSON object' : `at \`${place}\`: ${issue?.message}`;
}
