import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The machine lacks something that the sandbox needs; the message says what to do. */
export class SandboxPrerequisite extends Error {
  override readonly name = 'SandboxPrerequisite';
}

export interface VenvOptions {
  /** What it is made for, in messages: `the sandbox`. */
  readonly purpose: string;
  readonly folder: string;
  /** Path of the list of packages; the environment is made anew when its content changes. */
  readonly requirements: string;
  /** The least minor version of Python 3. */
  readonly minorMin: number;
  readonly onProgress: (text: string) => void;
}

/**
 * Makes a virtual environment, once per content of its requirements. Gives the path of its Python.
 * Throws SandboxPrerequisite.
 */
export async function prepareVenv(options: VenvOptions): Promise<string> {
  const { purpose, folder: venv, requirements, onProgress } = options;
  const python = join(venv, 'bin', 'python');
  const stamp = join(venv, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && existsSync(python) && readFileSync(stamp, 'utf8') === wanted) {
    return python;
  }
  const base = findPython(options);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(dirname(venv), { recursive: true });
  onProgress(`making a Python virtual environment for ${purpose} (once)`);
  await run(base, ['-m', 'venv', venv]);
  onProgress(`installing the packages of ${purpose} (once, about a minute)`);
  await run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ]);
  writeFileSync(stamp, wanted);
  return python;
}

const PYTHONS = [14, 13, 12, 11, 10].map((minor) => `python3.${minor}`);

function findPython({ purpose, minorMin }: VenvOptions): string {
  const tried: string[] = [];
  for (const name of ['python3', ...PYTHONS]) {
    const answer = spawnSync(name, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (answer.status !== 0) continue;
    const [major = 0, minor = 0] = answer.stdout.trim().split(' ').map(Number);
    if (major === 3 && minor >= minorMin) return name;
    tried.push(`${name} is ${major}.${minor}`);
  }
  const seen = tried.length === 0 ? 'none was found on PATH' : tried.join(', ');
  throw new SandboxPrerequisite(
    `${purpose} needs Python >= 3.${minorMin} with venv and pip; ${seen}; install a newer one ` +
      `beside it (as \`python3.${Math.max(minorMin, 13)}\` on PATH) and run the command again`,
  );
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += String(data);
  });
  child.stderr.on('data', (data) => {
    output += String(data);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  if (code !== 0) {
    const tail = output.trim().split('\n').slice(-8).join('\n');
    throw new SandboxPrerequisite(`\`${command} ${args.join(' ')}\` ended with ${code}:\n${tail}`);
  }
}
