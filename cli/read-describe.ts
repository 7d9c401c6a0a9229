import { promises as fs } from 'node:fs';
import path from 'node:path';
import { type DescribeDocuments, inventoryFromDescribe } from '../core/inventory/from-describe.ts';
import type { Inventory, InventoryGap } from '../core/model/inventory.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';

/** Kinds without which nothing can be said about who reaches whom. */
const NEEDED = ['NetworkInterfaces', 'SecurityGroups', 'Vpcs'] as const;

/** Kinds that change answers where they exist; without them the inventory has a gap. */
const WANTED = ['Reservations', 'Subnets', 'NetworkAcls', 'RouteTables'] as const;

const OTHERS = ['VpcPeeringConnections', 'PrefixLists', 'Tasks', 'Quotas'] as const;

const KINDS: ReadonlySet<string> = new Set([...NEEDED, ...WANTED, ...OTHERS]);

/** `aws ec2 describe-instances` prints Reservations; files may be called either way. */
const BY_FILE: Readonly<Record<string, string>> = {
  Instances: 'Reservations',
  ManagedPrefixLists: 'PrefixLists',
  ServiceQuotas: 'Quotas',
};

/**
 * Raw output of the AWS CLI as an inventory: one JSON file a kind, each with the list of that name as
 * `aws ec2 describe-*` prints it, in the folder or in one folder a Region below it.
 */
export async function readDescribeFolder(cwd: string, folder: string): Promise<Inventory> {
  const root = path.resolve(cwd, folder);
  const files = await jsonFiles(root);
  const lists = new Map<string, unknown[]>();
  const entries: Record<string, unknown[]> = {};
  for (const file of files) await readFile(root, file, { lists, entries });
  const absent = NEEDED.filter((kind) => !lists.has(kind));
  if (absent.length > 0) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'not-an-estate',
      message: `\`${folder}\` lacks ${absent.map((kind) => `${kind}.json`).join(', ')}; seen: ${files.slice(0, 10).join(', ') || 'no JSON file'}`,
      hint: 'write one file a kind, e.g. `aws ec2 describe-network-interfaces > NetworkInterfaces.json`',
    });
  }
  const gaps: InventoryGap[] = WANTED.filter((kind) => !lists.has(kind)).map((kind) => ({
    kind,
    reason: `there is no ${kind}.json`,
  }));
  const regions = new Set(files.map((file) => path.dirname(file)).filter((name) => name !== '.'));
  return inventoryFromDescribe(
    { ...(Object.fromEntries(lists) as DescribeDocuments), PrefixListEntries: entries },
    {
      takenAt: new Date((await fs.stat(root)).mtimeMs).toISOString(),
      region: regions.size === 1 ? ([...regions][0] ?? '') : '',
      gaps,
    },
  );
}

/** Names of the JSON files in the folder and in its folders, sorted. */
async function jsonFiles(root: string): Promise<readonly string[]> {
  const found = await fs.readdir(root, { withFileTypes: true });
  const below = await Promise.all(
    found
      .filter((entry) => entry.isDirectory())
      .map(async (entry) => {
        const inner = await fs.readdir(path.join(root, entry.name));
        return inner.map((name) => path.join(entry.name, name));
      }),
  );
  return [...found.filter((entry) => entry.isFile()).map((entry) => entry.name), ...below.flat()]
    .filter((name) => name.endsWith('.json'))
    .sort();
}

interface Found {
  readonly lists: Map<string, unknown[]>;
  readonly entries: Record<string, unknown[]>;
}

/** A list that two Regions both have (a peering of the two) counts once. */
async function readFile(root: string, file: string, { lists, entries }: Found): Promise<void> {
  const name = path.basename(file, '.json');
  const kind = BY_FILE[name] ?? name;
  const prefixList = /^PrefixListEntries[-_.](pl-[0-9a-z]+)$/.exec(name)?.[1];
  if (!KINDS.has(kind) && prefixList === undefined) return;
  const document = parse(file, await fs.readFile(path.join(root, file), 'utf8'));
  if (prefixList !== undefined) {
    entries[prefixList] = [...(listIn(document, 'Entries') ?? [])];
    return;
  }
  const list = listIn(document, kind);
  if (list === undefined) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'not-describe-output',
      message: `\`${file}\` has no list \`${kind}\``,
      hint: `it should be what the AWS CLI prints: { "${kind}": [ ... ] }`,
    });
  }
  const known = lists.get(kind) ?? [];
  const seen = new Set(known.map((one) => keyOf(file, one)));
  lists.set(kind, [...known, ...list.filter((one) => !seen.has(keyOf(file, one)))]);
}

/** JSON is written by recursion, so that what JSON.parse reads may nest too deep for it. */
function keyOf(file: string, entry: unknown): string {
  try {
    return JSON.stringify(entry);
  } catch (cause) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'not-describe-output',
      message: `an entry of \`${file}\` nests too deep`,
      hint: 'write it again with the AWS CLI',
      cause,
    });
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliFailure({
      exitCode: EXIT.badInput,
      code: 'bad-json',
      message: `\`${file}\` is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'write it again, with `--output json`',
      cause,
    });
  }
}

/** The list of that name, or the document itself where it is a list. */
function listIn(document: unknown, kind: string): readonly unknown[] | undefined {
  if (Array.isArray(document)) return document;
  if (typeof document !== 'object' || document === null) return undefined;
  const list = new Map<string, unknown>(Object.entries(document)).get(kind);
  return Array.isArray(list) ? list : undefined;
}
