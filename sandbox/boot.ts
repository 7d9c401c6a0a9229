import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { type DeployOptions, deployStack } from './deploy.ts';
import { FrontDoor, type Mend } from './front-door.ts';
import {
  assertPortFree,
  isListening,
  type SandboxProcess,
  startProcess,
  untilReady,
} from './processes.ts';
import { prepareVenv } from './venv.ts';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const emulators = join(root, 'sandbox', 'emulators');
const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
/** MiniStack's address: same port as the front door, since outputs carry MiniStack's port. */
const MINISTACK_HOST = '127.0.0.2';
const MOTO_HOST = '127.0.0.3';
/** Python that the pinned emulators run on. */
const PYTHON_MINOR_MIN = 10;

export interface SandboxOptions {
  readonly port: number;
  readonly onProgress: (text: string) => void;
  /** Keep every question that roles ask of IAM (sandbox/iam-record.ts). */
  readonly recordIam?: boolean;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A local AWS that is up. */
export interface Sandbox {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** The account's root: may everything, draws from no budget. */
  readonly rootCredentials: Keys;
  readonly door: FrontDoor;
  /** All of them in place, or the sandbox had not started. */
  readonly mends: readonly Mend[];
  /** The Python that the emulators run on; boto3 is there too. */
  readonly python: string;
  /** Folder for what this sandbox leaves to look at. */
  readonly folder: string;
  /** Rejects when an emulator ends by itself. */
  readonly died: Promise<never>;
  /** Bootstraps and deploys the app of cdk.json. Gives the outputs of the stack. */
  deploy(onProgress: (text: string) => void): Promise<Readonly<Record<string, string>>>;
  /** An ordinary IAM user with this policy document, and its access keys. */
  createIamUser(name: string, policy: object): Promise<Keys>;
  stop(): Promise<void>;
}

/** An emulator runs without one of the mends: what it answers is not what AWS answers. */
export class MendMissing extends Error {
  override readonly name = 'MendMissing';
}

/**
 * Brings up MiniStack, moto and the front door. Throws SandboxPrerequisite, PortTaken, ProcessDied,
 * MendMissing.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { port, onProgress } = options;
  await assertPortFree('127.0.0.1', port);
  await assertPortFree(MINISTACK_HOST, port);
  await assertPortFree(MOTO_HOST, port);
  const folder = join(root, '.sandbox');
  const python = await prepareVenv({
    purpose: 'the sandbox',
    folder: join(folder, 'venv'),
    requirements: join(emulators, 'requirements.txt'),
    minorMin: PYTHON_MINOR_MIN,
    onProgress,
  });
  const runs = join(folder, 'runs');
  mkdirSync(runs, { recursive: true });
  const run = mkdtempSync(join(runs, `${port}-`));
  const token = randomBytes(24).toString('hex');
  const processes: SandboxProcess[] = [];
  const stopping = new AbortController();
  const door = new FrontDoor({
    port,
    ministack: { host: MINISTACK_HOST, port },
    moto: { host: MOTO_HOST, port },
    token,
    region: REGION,
    account: ACCOUNT,
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await door.close();
    await Promise.all(processes.map((child) => child.stop()));
    rmSync(run, { recursive: true, force: true });
  };
  let mends: readonly Mend[];
  try {
    await door.listen();
    onProgress('starting moto (EC2, ECS, Auto Scaling) and MiniStack (everything else)');
    const logs = join(folder, 'logs', String(port));
    const place = { python, port, token, run, logs, recordIam: options.recordIam === true };
    processes.push(startMoto(place), startMinistack(place));
    const hosts = [MOTO_HOST, MINISTACK_HOST];
    await Promise.all(
      processes.map((child, at) => untilReady(child, () => isListening(hosts[at] ?? '', port))),
    );
    mends = await checkMends(door);
  } catch (error) {
    await stop();
    throw error;
  }
  const { signal } = stopping;
  return describeSandbox({ port, door, mends, python, folder, run, processes, stop, signal });
}

async function checkMends(door: FrontDoor): Promise<readonly Mend[]> {
  const mends = await door.selfCheck();
  const missing = mends.filter(({ ok }) => !ok).map(({ name }) => `\`${name}\``);
  if (missing.length === 0) return mends;
  throw new MendMissing(
    `the emulators run without ${missing.join(', ')}; remove .sandbox/venv and start again`,
  );
}

interface Place {
  readonly python: string;
  readonly port: number;
  readonly token: string;
  readonly run: string;
  readonly logs: string;
  readonly recordIam: boolean;
}

function environmentOf({ port, token, run }: Place): Record<string, string> {
  return {
    HOME: process.env.HOME ?? '/tmp',
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
    LANG: 'C.UTF-8',
    TMPDIR: run,
    PYTHONDONTWRITEBYTECODE: '1',
    BULKHEAD_FRONT_DOOR: `http://127.0.0.1:${port}`,
    BULKHEAD_SANDBOX_TOKEN: token,
  };
}

function startMoto(place: Place): SandboxProcess {
  return startProcess({
    name: 'moto',
    command: place.python,
    args: [join(emulators, 'moto_launch.py'), '-H', MOTO_HOST, '-p', String(place.port)],
    environment: { ...environmentOf(place), MOTO_ACCOUNT_ID: ACCOUNT },
    folder: place.run,
    logFile: join(place.logs, 'moto.log'),
  });
}

function startMinistack(place: Place): SandboxProcess {
  return startProcess({
    name: 'MiniStack',
    command: place.python,
    args: [join(emulators, 'ministack_launch.py')],
    environment: {
      ...environmentOf(place),
      BIND_HOST: MINISTACK_HOST,
      GATEWAY_PORT: String(place.port),
      AWS_ENDPOINT_URL: `http://127.0.0.1:${place.port}`,
      NODE_PATH: join(root, 'node_modules'),
      AUTH: 'true',
      ...(place.recordIam ? { BULKHEAD_RECORD_IAM: '1' } : {}),
    },
    folder: place.run,
    logFile: join(place.logs, 'ministack.log'),
  });
}

interface Parts {
  readonly port: number;
  readonly door: FrontDoor;
  readonly mends: readonly Mend[];
  readonly python: string;
  readonly folder: string;
  readonly run: string;
  readonly processes: readonly SandboxProcess[];
  readonly stop: () => Promise<void>;
  /** Aborted by stop(). */
  readonly signal: AbortSignal;
}

function describeSandbox(parts: Parts): Sandbox {
  const { port, door, mends, python, folder, run, processes, stop, signal } = parts;
  const endpoint = `http://127.0.0.1:${port}`;
  const rootCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const target = { endpoint, region: REGION, credentials: rootCredentials };
  let stopped: Promise<void> | undefined;
  return {
    endpoint,
    region: REGION,
    accountId: ACCOUNT,
    rootCredentials,
    door,
    mends,
    python,
    folder,
    died: Promise.race(processes.map((child) => child.died)),
    async deploy(onProgress) {
      const output = join(run, 'cdk.out');
      const place = { root, endpoint, region: REGION, account: ACCOUNT };
      const options: DeployOptions = { ...place, output, onProgress, signal };
      await deployStack(options);
      const client = new CloudFormationClient(target);
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'Bulkhead' }));
      const outputs = Stacks?.[0]?.Outputs ?? [];
      return Object.fromEntries(outputs.map((one) => [one.OutputKey ?? '', one.OutputValue ?? '']));
    },
    async createIamUser(name, policy) {
      const iam = new IAMClient(target);
      await iam.send(new CreateUserCommand({ UserName: name }));
      const PolicyDocument = JSON.stringify(policy);
      await iam.send(
        new PutUserPolicyCommand({ UserName: name, PolicyName: 'allowed', PolicyDocument }),
      );
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
      return {
        accessKeyId: AccessKey?.AccessKeyId ?? '',
        secretAccessKey: AccessKey?.SecretAccessKey ?? '',
      };
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
