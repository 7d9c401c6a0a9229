import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/** A process of the sandbox, in a group of its own so that its children go with it. */
export interface SandboxProcess {
  readonly name: string;
  readonly logFile: string;
  /** Rejects with ProcessDied when it ends before stop() is called. Never resolves. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All that it sees of the environment: functions would inherit more. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly logFile: string;
}

/** A process ended by itself; the message has the end of its log. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

const STOP_GRACE_MS = 3_000;

export function startProcess(options: ProcessOptions): SandboxProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile);
  const child = spawn(options.command, options.args, {
    cwd: options.folder,
    env: options.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const died = ended.then((how) => {
    if (stopping) return new Promise<never>(() => {});
    const tail = readTail(options.logFile);
    throw new ProcessDied(`${options.name} ended by itself (${how}); the end of its log:\n${tail}`);
  });
  died.catch(() => {});
  return {
    name: options.name,
    logFile: options.logFile,
    died,
    async stop() {
      stopping = true;
      await stopGroup(child, ended);
      log.end();
    },
  };
}

/** SIGTERM to the whole group, SIGKILL after a grace: nothing is left, its workers neither. */
async function stopGroup(child: ChildProcess, ended: Promise<string>): Promise<void> {
  signalGroup(child, 'SIGTERM');
  const grace = new Promise<void>((resolve) => {
    setTimeout(resolve, STOP_GRACE_MS).unref();
  });
  await Promise.race([ended, grace]);
  signalGroup(child, 'SIGKILL');
  await ended;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group is gone already; anything else is a fault of ours.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function readTail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  } catch {
    return '(no log)';
  }
}

/** A port that the sandbox needs is taken. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** Throws PortTaken when something listens there. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  if (!(await isListening(host, port))) return;
  throw new PortTaken(
    `port ${port} on ${host} is in use by another process; stop it, or take another: --port ${port + 1}`,
  );
}

export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Waits until `probe` is true, or a process dies, or the limit is over. */
export async function untilReady(
  child: SandboxProcess,
  probe: () => Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  const poll = async (): Promise<void> => {
    while (!(await probe().catch(() => false))) {
      if (performance.now() > deadline) {
        const tail = readTail(child.logFile);
        throw new ProcessDied(`${child.name} did not answer within ${limitMs / 1000} s:\n${tail}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await Promise.race([poll(), child.died]);
}
