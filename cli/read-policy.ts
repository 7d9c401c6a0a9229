import { type Dirent, promises as fs } from 'node:fs';
import path from 'node:path';
import type { Diagnostic, PolicySource } from '../core/model/policy.ts';
import { decodeSource } from '../core/policy/decode.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';

/** Files of a policy at most, and levels of folders; more is a wrong folder, not a policy. */
const FILES_MAX = 1_000;
const DEPTH_MAX = 10;

export interface PolicyFolder {
  readonly sources: readonly PolicySource[];
  /** Of reading: size, encoding. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads every *.yaml and *.yml under the folder, in the order of their names. Names are relative to
 * the folder, with `/`. Symbolic links are not followed: a policy is what its folder holds.
 */
export async function readPolicyFolder(cwd: string, folder: string): Promise<PolicyFolder> {
  const root = path.resolve(cwd, folder);
  const files: string[] = [];
  await findFiles({ root, folder, below: '', depth: 0, files });
  if (files.length === 0) {
    throw new CliFailure({
      exitCode: EXIT.unknown,
      code: 'no-policy-files',
      message: `folder \`${folder}\` holds no *.yaml or *.yml file`,
      hint: 'name the folder of the policy, e.g. `bulkhead lint policies`',
    });
  }
  const sources: PolicySource[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const file of files.toSorted()) {
    const decoded = decodeSource(file, await fs.readFile(path.join(root, file)));
    if (decoded.source !== undefined) sources.push(decoded.source);
    diagnostics.push(...decoded.diagnostics);
  }
  return { sources, diagnostics };
}

interface Search {
  readonly root: string;
  readonly folder: string;
  readonly below: string;
  readonly depth: number;
  readonly files: string[];
}

async function findFiles(search: Search): Promise<void> {
  const { root, below, depth, files } = search;
  for (const entry of await readFolder(search)) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && !entry.name.startsWith('.') && depth < DEPTH_MAX) {
      await findFiles({ ...search, root, below: name, depth: depth + 1 });
    }
    if (entry.isFile() && /\.ya?ml$/i.test(entry.name)) files.push(name);
    if (files.length > FILES_MAX) {
      throw new CliFailure({
        exitCode: EXIT.badInput,
        code: 'too-many-files',
        message: `folder \`${search.folder}\` holds more than ${FILES_MAX} policy files`,
        hint: 'is this the folder of the policy?',
      });
    }
  }
}

async function readFolder(search: Search): Promise<Dirent[]> {
  try {
    return await fs.readdir(path.join(search.root, search.below), { withFileTypes: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const seen = code === 'ENOTDIR' ? 'is not a folder' : `cannot be read (${code})`;
    throw new CliFailure({
      exitCode: EXIT.unknown,
      code: 'no-folder',
      message: `\`${search.folder}\` ${code === 'ENOENT' ? 'does not exist' : seen}`,
      hint: 'name the folder of the policy, e.g. `bulkhead lint policies`',
      cause,
    });
  }
}
