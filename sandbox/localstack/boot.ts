import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertPortFree, type SandboxProcess, startProcess, untilReady } from '../processes.ts';
import { prepareVenv } from '../venv.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Its sources import `warnings.deprecated`, whatever its package says. */
const PYTHON_MINOR_MIN = 13;

/** Loading LocalStack takes a while on a slow disk; this is a limit on liveness. */
const READY_MS_MAX = 120_000;

export interface LocalStackOptions {
  readonly port: number;
  readonly onProgress: (text: string) => void;
}

export interface LocalStack {
  readonly endpoint: string;
  /** Rejects when it ends by itself. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Brings up LocalStack's last open release as a process of its own, without a container engine, in a
 * virtual environment of its own. Throws SandboxPrerequisite, PortTaken, ProcessDied.
 */
export async function startLocalStack({
  port,
  onProgress,
}: LocalStackOptions): Promise<LocalStack> {
  await assertPortFree('127.0.0.1', port);
  const folder = join(root, '.sandbox');
  const python = await prepareVenv({
    purpose: 'LocalStack',
    folder: join(folder, 'localstack-venv'),
    requirements: join(root, 'sandbox', 'emulators', 'localstack-requirements.txt'),
    minorMin: PYTHON_MINOR_MIN,
    onProgress,
  });
  const runs = join(folder, 'runs');
  mkdirSync(runs, { recursive: true });
  const run = mkdtempSync(join(runs, `localstack-${port}-`));
  onProgress('starting LocalStack');
  const child = launch({ python, port, run, log: join(folder, 'logs', String(port)) });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(run, { recursive: true, force: true });
  };
  try {
    const isUp = async () => (await fetch(`${endpoint}/_localstack/health`)).ok;
    await untilReady(child, isUp, READY_MS_MAX);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, died: child.died, stop };
}

interface Place {
  readonly python: string;
  readonly port: number;
  readonly run: string;
  readonly log: string;
}

function launch({ python, port, run, log }: Place): SandboxProcess {
  return startProcess({
    name: 'LocalStack',
    command: python,
    args: ['-m', 'localstack.runtime.main'],
    environment: {
      HOME: process.env.HOME ?? '/tmp',
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
      TMPDIR: run,
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      FILESYSTEM_ROOT: join(run, 'filesystem'),
      // It is to reach nothing outside: no certificate, no tools, no usage reports.
      SKIP_SSL_CERT_DOWNLOAD: '1',
      SKIP_INFRA_DOWNLOADS: '1',
      DISABLE_EVENTS: '1',
    },
    folder: run,
    logFile: join(log, 'localstack.log'),
  });
}
