import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { RECORDS } from '../iam/records.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 4795;
const folders: string[] = [];
const started: Running[] = [];

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly ended: Promise<Ended>;
  /** Resolves once the output has this text. */
  said(text: string): Promise<void>;
  output(): string;
}

/** `npm start -- <args>`, on a port and with a folder of its own. */
function start(...args: string[]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-demo-'));
  folders.push(folder);
  const child = spawn(
    process.execPath,
    [join(root, 'sandbox', 'main.ts'), '--port', String(PORT), '--folder', folder, ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
  );
  let output = '';
  const listeners = new Set<() => void>();
  const listen = (text: string): void => {
    output += text;
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding('utf8').on('data', listen);
  child.stderr?.setEncoding('utf8').on('data', listen);
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      ended.then(() => reject(new Error(`it ended before it said \`${text}\`:\n${output}`)));
    });
  const running = { child, folder, ended, said, output: () => output };
  started.push(running);
  return running;
}

/** Command lines of living processes that belong to the sandbox of our port. */
function left(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const ours = environment.includes(`BULKHEAD_FRONT_DOOR=http://127.0.0.1:${PORT}`);
        return ours || line.includes(`/runs/${PORT}-`) ? [line] : [];
      } catch {
        return [];
      }
    });
}

function isFree(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(PORT, host, () => server.close(() => resolve(true)));
  });
}

afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGINT');
    await ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  test('-- --exit: every step holds, the report says so, and nothing is left', async () => {
    const demo = start('--exit', '--iam-record', RECORDS.demo);
    const { code, output } = await demo.ended;
    expect(output).not.toContain('FAILED');
    expect(code, output).toBe(0);
    const report = JSON.parse(readFileSync(join(demo.folder, 'report.json'), 'utf8'));
    expect(report.verdict).toBe('held');
    expect(report.steps).toHaveLength(15);
    for (const step of report.steps) expect(step).toMatchObject({ verdict: 'held' });
    const { before, observe, stage, enforce } = report.matrices;
    expect(observe).toEqual(before);
    expect(stage).toEqual(before);
    expect(openCells(enforce)).toBeLessThan(openCells(before));
    const watched = report.steps.find((step: { details: object }) => 'watched' in step.details);
    expect(watched.details.watched).toMatchObject({ lost: 0 });
    expect(watched.details.watched.writes).toBeGreaterThan(33);
    expect(report.latency.receivedToWritten.p50).toBeGreaterThan(0);
    expect(
      report.calls.WorkloadPathWorkload['ec2:ModifyNetworkInterfaceAttribute'],
    ).toBeGreaterThan(66);
    expect(existsSync(join(demo.folder, 'policy'))).toBe(false);
    expect(left()).toEqual([]);
    for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
      expect(await isFree(host)).toBe(true);
  });

  test('stays up, and answers the commands that it prints, until Ctrl-C', async () => {
    const demo = start('--iam-record', RECORDS.stay);
    await demo.said('It stays up until Ctrl-C');
    const policy = join(demo.folder, 'policy');
    expect(readdirSync(policy).sort()).toEqual(['data.yaml', 'root.yaml', 'shop.yaml']);
    const printed = demo.output().matchAll(/\b(AWS_\w+)=(\S+)/g);
    const env = {
      ...process.env,
      ...Object.fromEntries([...printed].map(([, name, value]) => [name, value])),
    };
    const bulkhead = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(root, 'cli', 'main.ts'), ...args, '--json'],
        { env },
      );
      return JSON.parse(stdout);
    };
    const status = await bulkhead('status');
    expect(status.workloads.byStatus).toMatchObject({ enforced: 36, held: 1, visible: 3 });
    const memberOf = async (segment: string): Promise<string> =>
      (await bulkhead('workloads', '--segment', segment)).items[0].id;
    const [payments, vault, web] = await Promise.all(
      ['payments', 'cardholder-db', 'shop-web'].map(memberOf),
    );
    const allowed = await bulkhead('explain', payments ?? '', vault ?? '', 'tcp/5432');
    const denied = await bulkhead('explain', web ?? '', vault ?? '', 'tcp/5432');
    expect(allowed).toMatchObject({ policy: { verdict: 'allow' }, aws: { verdict: 'allow' } });
    expect(denied).toMatchObject({ policy: { verdict: 'deny' }, aws: { verdict: 'deny' } });
    demo.child.kill('SIGINT');
    expect((await demo.ended).code).toBe(0);
    expect(left()).toEqual([]);
  });

  test('Ctrl-C in the middle of the deploy: it ends, and nothing is left', async () => {
    const demo = start();
    await demo.said('cdk deploy');
    demo.child.kill('SIGINT');
    const { code } = await demo.ended;
    expect(code).toBe(130);
    expect(left()).toEqual([]);
  });

  test('a port in use is named, with what to do', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(PORT, '127.0.0.1', resolve));
    try {
      const { code, output } = await start('--exit').ended;
      expect(code).toBe(1);
      expect(output).toContain(`port ${PORT} on 127.0.0.1 is in use`);
      expect(output).toContain('--port');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

function openCells(matrix: { readonly cells: readonly { readonly open: number }[] }): number {
  return matrix.cells.filter((cell) => cell.open > 0).length;
}
