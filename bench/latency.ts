import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTagsCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import type { Status } from '../core/api/status-answer.ts';
import { type Sandbox, startSandbox } from '../sandbox/boot.ts';
import { countCalls } from '../sandbox/demo/numbers.ts';
import { createOperator, type Operator } from '../sandbox/demo/operator.ts';
import { eventually } from '../sandbox/demo/steps.ts';
import { buildEstate, type Estate } from '../sandbox/estate/build.ts';
import { writeEstatePolicy } from '../sandbox/estate/policy.ts';
import { saveFunctionLogs } from '../sandbox/function-logs.ts';
import type { BenchLine } from './run.ts';

const PORT = 4770;
const CHANGES = 200;
const CHANGES_PER_SECOND = 2;
/** Offered loads, changes a second, for a while each. */
const LOADS = [4, 8, 16, 32];
const LOAD_SECONDS = 8;
const WARM_UP = 40;

/** Milliseconds of one change, hop by hop, as the function `workload` has logged them. */
interface Hops {
  /** When it was logged; milliseconds since 1970. */
  readonly atMs: number;
  readonly receivedToDecidedMs: number;
  readonly decidedToWrittenMs: number;
  readonly writtenToVerifiedMs: number;
  readonly receivedToWrittenMs: number;
}

interface Ground {
  readonly sandbox: Sandbox;
  readonly ec2: EC2Client;
  readonly operator: Operator;
  readonly estate: Estate;
  readonly folder: string;
}

/** Boots, deploys, enforces; re-tags instances at a steady rate; then ever faster. */
export async function measureLatency(): Promise<readonly BenchLine[]> {
  const startedMs = performance.now();
  const sandbox = await startSandbox({ port: PORT, onProgress: () => {} });
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  try {
    const ground = await prepare(sandbox, folder);
    const firstEnforcedMs = performance.now() - startedMs;
    const steady = await measureSteady(ground);
    const saturation = await measureSaturation(ground);
    return [
      {
        name: 'cold start to the whole estate enforced',
        value: `${(firstEnforcedMs / 1000).toFixed(1)} s`,
      },
      ...steady,
      ...saturation,
    ];
  } finally {
    await sandbox.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(sandbox: Sandbox, folder: string): Promise<Ground> {
  await sandbox.deploy(() => {});
  const { endpoint, region, rootCredentials: credentials } = sandbox;
  const estate = await buildEstate({ endpoint, region, credentials }, () => {});
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['execute-api:Invoke', 'cloudformation:DescribeStacks'],
        Resource: '*',
      },
    ],
  };
  const author = createOperator('author', await sandbox.createIamUser('author', policy), endpoint);
  const approver = createOperator('app', await sandbox.createIamUser('app', policy), endpoint);
  writeEstatePolicy(folder, 'enforce');
  letAllLeave(join(folder, 'root.yaml'));
  const running = author.json<unknown>(['publish', folder, '--wait']);
  const plan = await eventually('the plan waits', async () => {
    const { items } = await approver.json<{ items: { id: string; state: string }[] }>(['plans']);
    return items.find((one) => one.state === 'waiting-for-approval')?.id;
  });
  await approver.json(['approve', plan]);
  await running;
  const ec2 = new EC2Client({ endpoint, region, credentials });
  return { sandbox, ec2, operator: author, estate, folder };
}

/** Each instance moves again and again, which the leave guard is there to stop. */
function letAllLeave(file: string): void {
  const limit = /leaveGuard: .*/;
  const text = readFileSync(file, 'utf8');
  if (!limit.test(text)) throw new Error(`${file} has no leave guard to lift`);
  writeFileSync(file, text.replace(limit, 'leaveGuard: { share: 100%, window: 10s, moves: 100 }'));
}

/** Instances that change between two segments; each change swaps one group. */
function movers({ estate }: Ground): readonly string[] {
  return [...(estate.instances.worker ?? []), ...(estate.instances.api ?? [])];
}

/** One change: the instance becomes what it was not. */
async function move({ ec2 }: Ground, instance: string, count: number): Promise<void> {
  const tier = count % 2 === 0 ? 'cache' : 'worker';
  await ec2.send(
    new CreateTagsCommand({ Resources: [instance], Tags: [{ Key: 'tier', Value: tier }] }),
  );
}

async function offer(ground: Ground, changes: number, perSecond: number): Promise<void> {
  const instances = movers(ground);
  const startedMs = performance.now();
  const pending: Promise<void>[] = [];
  for (let at = 0; at < changes; at += 1) {
    const instance = instances[at % instances.length] ?? '';
    pending.push(move(ground, instance, Math.floor(at / instances.length)));
    await sleep(Math.max(0, startedMs + ((at + 1) * 1000) / perSecond - performance.now()));
  }
  await Promise.all(pending);
}

async function changesWritten({ operator }: Ground): Promise<number> {
  return (await operator.json<Status>(['status'])).latency.count;
}

/** Waits until nothing is open and the count of changes stands still. */
async function untilQuiet(ground: Ground): Promise<void> {
  let before = -1;
  await eventually(
    'all changes are written',
    async () => {
      await sleep(1_500);
      const now = await changesWritten(ground);
      const same = now === before;
      before = now;
      return same ? true : undefined;
    },
    300_000,
  );
}

async function readHops(ground: Ground): Promise<readonly Hops[]> {
  const { endpoint, region, rootCredentials: credentials } = ground.sandbox;
  const files = await saveFunctionLogs({ endpoint, region, credentials }, ground.folder);
  const file = files.find((one) => one.includes('WorkloadPathWorkload'));
  if (file === undefined) throw new Error('the function `workload` has logged nothing');
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"change-written"'))
    .map((line) => {
      const { fields, timestamp } = JSON.parse(line);
      return { ...fields, atMs: Date.parse(timestamp) } as Hops;
    });
}

async function measureSteady(ground: Ground): Promise<readonly BenchLine[]> {
  await offer(ground, WARM_UP, 4);
  await untilQuiet(ground);
  const before = (await readHops(ground)).length;
  ground.sandbox.door.resetCalls();
  await offer(ground, CHANGES, CHANGES_PER_SECOND);
  await untilQuiet(ground);
  const hops = (await readHops(ground)).slice(before);
  const calls = countCalls(ground.sandbox.door.calls).WorkloadPathWorkload ?? {};
  const baseline = await measureBareWrite(ground);
  const row = (name: string, pick: (one: Hops) => number, share: number): BenchLine => ({
    name: `${name} p${share * 100}`,
    value: `${percentile(hops.map(pick), share)} ms`,
    ratio: percentile(hops.map(pick), share) / percentile(baseline, share),
    baseline: 'a bare write',
  });
  const both = (name: string, pick: (one: Hops) => number) => [
    row(name, pick, 0.5),
    row(name, pick, 0.99),
  ];
  return [
    { name: 'changes written', value: `${hops.length} of ${CHANGES}` },
    { name: 'a bare write (and read), p50', value: `${percentile(baseline, 0.5).toFixed(0)} ms` },
    ...both('received to written', (one) => one.receivedToWrittenMs),
    ...both('  received to decided', (one) => one.receivedToDecidedMs),
    ...both('  decided to written', (one) => one.decidedToWrittenMs),
    ...both('  written to verified', (one) => one.writtenToVerifiedMs),
    ...Object.entries(calls).map(([action, count]) => ({
      name: `  ${action} per change`,
      value: (count / hops.length).toFixed(2),
    })),
  ];
}

/** The same EC2 write, and a read of it, by a client that does nothing else. */
async function measureBareWrite(ground: Ground): Promise<readonly number[]> {
  const { ec2 } = ground;
  const [instance = ''] = movers(ground);
  const found = await ec2.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'attachment.instance-id', Values: [instance] }],
    }),
  );
  const nic = found.NetworkInterfaces?.[0];
  const NetworkInterfaceId = nic?.NetworkInterfaceId ?? '';
  const Groups = (nic?.Groups ?? []).flatMap((group) => group.GroupId ?? []);
  const times: number[] = [];
  for (let at = 0; at < 50; at += 1) {
    const startedMs = performance.now();
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }));
    await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] }),
    );
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** The load at which less is written than offered, and what stood in the way. */
async function measureSaturation(ground: Ground): Promise<readonly BenchLine[]> {
  const lines: BenchLine[] = [];
  for (const load of LOADS) {
    const before = (await readHops(ground)).length;
    ground.sandbox.door.resetCalls();
    await offer(ground, load * LOAD_SECONDS, load);
    await untilQuiet(ground);
    const hops = (await readHops(ground)).slice(before);
    const times = hops.map((one) => one.atMs);
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
    const refused = ground.sandbox.door.calls.filter((one) => one.error === 'RequestLimitExceeded');
    const p99 = percentile(
      hops.map((one) => one.receivedToWrittenMs),
      0.99,
    );
    lines.push({
      name: `offered ${load} a second: written a second`,
      value: ((hops.length - 1) / seconds).toFixed(1),
    });
    lines.push({
      name: `  p99 received to written, throttled calls`,
      value: `${p99} ms, ${refused.length}`,
    });
  }
  return lines;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
