import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Python that the pinned emulators run on. */
const PYTHON_MINOR_MIN = 10;

/** The machine lacks something that the sandbox needs; the message says what to do. */
export class SandboxPrerequisite extends Error {
  override readonly name = 'SandboxPrerequisite';
}

/**
 * Makes the virtual environment with the pinned emulators, once per content of requirements.txt.
 * Gives the path of its Python. Throws SandboxPrerequisite.
 */
export async function prepareVenv(
  folder: string,
  requirements: string,
  onProgress: (text: string) => void,
): Promise<string> {
  const venv = join(folder, 'venv');
  const python = join(venv, 'bin', 'python');
  const stamp = join(venv, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && existsSync(python) && readFileSync(stamp, 'utf8') === wanted) {
    return python;
  }
  const base = findPython();
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  onProgress('making a Python virtual environment (once)');
  await run(base, ['-m', 'venv', venv]);
  onProgress('installing the pinned emulators, MiniStack and moto (once, about a minute)');
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

function findPython(): string {
  const tried: string[] = [];
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const answer = spawnSync(name, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (answer.status !== 0) continue;
    const [major = 0, minor = 0] = answer.stdout.trim().split(' ').map(Number);
    if (major === 3 && minor >= PYTHON_MINOR_MIN) return name;
    tried.push(`${name} is ${major}.${minor}`);
  }
  const seen = tried.length === 0 ? 'none was found on PATH' : tried.join(', ');
  throw new SandboxPrerequisite(
    `the sandbox needs Python >= 3.${PYTHON_MINOR_MIN} with venv and pip; ${seen}`,
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
