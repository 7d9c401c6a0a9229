import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { Inventory } from '../core/model/inventory.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { readDescribeFolder } from './read-describe.ts';

/** Lists that every inventory has; a document without them is something else. */
const LISTS = [
  'gaps',
  'vpcs',
  'subnets',
  'interfaces',
  'workloads',
  'groups',
  'prefixLists',
  'networkAcls',
  'routeTables',
  'peerings',
] as const;

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
  if (isInventory(document)) return document;
  throw new CliFailure({
    exitCode: EXIT.badInput,
    code: 'bad-inventory',
    message: `\`${file}\` is not an inventory: a JSON object with ${LISTS.join(', ')}`,
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

function isInventory(document: unknown): document is Inventory {
  if (typeof document !== 'object' || document === null) return false;
  const fields = new Map<string, unknown>(Object.entries(document));
  return (
    typeof fields.get('takenAt') === 'string' &&
    typeof fields.get('quotas') === 'object' &&
    LISTS.every((list) => Array.isArray(fields.get(list)))
  );
}
