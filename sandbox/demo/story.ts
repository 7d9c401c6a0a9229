import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import type { Status } from '../../core/api/status-answer.ts';
import { compareEstate } from '../../core/check/compare.ts';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { groupsByKey, ownedGroups } from '../../core/compile/owned-groups.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Mode, Policy } from '../../core/model/policy.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { type ReachMatrix, renderMatrix, renderPaths } from '../../core/show/matrix.ts';
import { type Sandbox, startSandbox } from '../boot.ts';
import { WORKLOAD_COUNT } from '../estate/blueprint.ts';
import { buildEstate, type Estate } from '../estate/build.ts';
import { estatePolicy } from '../estate/policy.ts';
import { saveFunctionLogs } from '../function-logs.ts';
import { saveIamRecord } from '../iam-record.ts';
import { FlowWatch } from './flow-watch.ts';
import { EstateHand, growScalingGroup, retag, stopAndTerminate, untag } from './growth.ts';
import { countCalls, showStatus } from './numbers.ts';
import { groupSets, matrixBySegment, Observer } from './observe.ts';
import { createOperator, type Operator } from './operator.ts';
import { killPublish, loseEvent, throttleWrite } from './proofs.ts';
import { approveBySecond, finishPublish, publishMode } from './publishing.ts';
import { eventually, expectHeld, type StepContext, Steps } from './steps.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface DemoOptions {
  /** Uninstall and stop at the end, instead of staying up. */
  readonly exit: boolean;
  readonly port: number;
  /** Where report.json and policy/ go. */
  readonly folder?: string;
  /** File for what the deployed roles asked of IAM, written once the story is told. */
  readonly iamRecord?: string;
}

/** Who the demo's people are to IAM: they may call the API and read the stack's outputs. */
const OPERATOR_POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' },
    { Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: '*' },
  ],
};

/** Stack's name: the value of the tag `bulkhead:owner`. */
const OWNER = 'Bulkhead';

/**
 * The whole of it, as a newcomer sees it: a local AWS, the real deploy, an estate, the policy in
 * three modes, workloads that come and move and go, three faults, the numbers. Gives the exit code.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const folder = options.folder ?? join(root, '.sandbox');
  const steps = new Steps(join(folder, 'report.json'));
  const policyFolder = join(folder, 'policy');
  let interrupt: () => void = () => {};
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interrupt = () => resolve('interrupted');
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const booting = steps.run('A local AWS comes up on this machine', (context) =>
    startSandbox({
      port: options.port,
      onProgress: context.say,
      recordIam: options.iamRecord !== undefined,
    }),
  );
  try {
    const sandbox = await Promise.race([booting, interrupted]);
    if (sandbox === 'interrupted') return 130;
    const story = tell(sandbox, steps, policyFolder, options.exit);
    const end = await Promise.race([story, interrupted, sandbox.died]);
    if (end === 'interrupted') return 130;
    if (!options.exit) {
      invite(sandbox, end, policyFolder);
      await Promise.race([interrupted, sandbox.died]);
    }
    if (options.iamRecord !== undefined) await saveIamRecord(sandbox, options.iamRecord);
    return 0;
  } catch (error) {
    // A step has told its own failure; what fails between steps has not.
    if (steps.allHeld)
      console.error(pc.red(error instanceof Error ? error.message : String(error)));
    await booting.then((sandbox) => keepLogs(sandbox, options.port)).catch(() => {});
    return 1;
  } finally {
    steps.close();
    await booting.then((sandbox) => sandbox.stop()).catch(() => {});
    rmSync(policyFolder, { recursive: true, force: true });
    console.log(`\nstopped; the report is ${join(folder, 'report.json')}`);
  }
}

/** What the functions said is worth most when a step has failed. */
async function keepLogs(sandbox: Sandbox, port: number): Promise<void> {
  const { endpoint, region, rootCredentials: credentials } = sandbox;
  const folder = join(sandbox.folder, 'logs', String(port), 'functions');
  try {
    const files = await saveFunctionLogs({ endpoint, region, credentials }, folder);
    console.error(`logs of ${files.length} functions are in ${folder}`);
  } catch (error) {
    console.error(`the logs of the functions could not be kept: ${String(error)}`);
  }
}

interface People {
  readonly dana: Operator;
  readonly lee: Operator;
  readonly danaKeys: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What the later chapters work with. */
interface Stage extends People {
  readonly sandbox: Sandbox;
  readonly steps: Steps;
  readonly folder: string;
  readonly observer: Observer;
  readonly hand: EstateHand;
  readonly estate: Estate;
  readonly machine: string;
  readonly before: Inventory;
  readonly matrices: Record<string, ReachMatrix>;
}

async function tell(
  sandbox: Sandbox,
  steps: Steps,
  folder: string,
  exit: boolean,
): Promise<People> {
  const deployed = await steps.run(
    'cdk bootstrap and cdk deploy, the same template as on AWS',
    (c) => deploy(sandbox, c),
  );
  const stage = await steps.run(
    `An estate of ${WORKLOAD_COUNT} workloads, flat inside`,
    (context) => openStage({ sandbox, steps, folder, ...deployed }, context),
  );
  await steps.run('Publish in mode observe: nothing in EC2 changes', (context) =>
    publishFlat(stage, 'observe', context),
  );
  await steps.run('Publish in mode stage: our groups beside theirs', (context) =>
    publishFlat(stage, 'stage', context),
  );
  await steps.run(
    'Publish in mode enforce: the change guard waits for a second person',
    (context) => enforce(stage, context),
  );
  await tellChanges(stage);
  await tellFaults(stage);
  await steps.run('The status API, signed, gives the numbers', async (context) => {
    await stage.dana.json(['sweep', '--wait']);
    const status = await stage.dana.json<Status>(['status']);
    const calls = countCalls(sandbox.door.calls);
    steps.attach('calls', calls);
    steps.attach('latency', status.latency);
    showStatus(status, calls, context);
  });
  if (exit) await steps.run('bulkhead uninstall puts everything back', (c) => uninstall(stage, c));
  return stage;
}

async function deploy(sandbox: Sandbox, context: StepContext) {
  const outputs = await sandbox.deploy(context.say);
  const danaKeys = await sandbox.createIamUser('dana', OPERATOR_POLICY);
  const leeKeys = await sandbox.createIamUser('lee', OPERATOR_POLICY);
  const dana = createOperator('dana', danaKeys, sandbox.endpoint);
  const lee = createOperator('lee', leeKeys, sandbox.endpoint);
  const status = await dana.json<Status>(['status']);
  expectHeld(status.managedVpcs.length === 0, 'nothing is managed', status.managedVpcs);
  expectHeld(status.workloads.total === 0, 'no workload is known', status.workloads);
  context.say(`${outputs.ApiUrl}: version ${status.version}, idle, nothing is managed`);
  return { machine: outputs.StateMachineArn ?? '', dana, lee, danaKeys };
}

async function openStage(
  parts: Pick<Stage, 'sandbox' | 'steps' | 'folder' | 'machine' | 'dana' | 'lee' | 'danaKeys'>,
  context: StepContext,
): Promise<Stage> {
  const { sandbox } = parts;
  const target = {
    endpoint: sandbox.endpoint,
    region: sandbox.region,
    credentials: sandbox.rootCredentials,
  };
  const estate = await buildEstate(target, context.say);
  const observer = new Observer(target);
  const before = await eventually(`${WORKLOAD_COUNT} workloads are running`, async () => {
    const seen = await observer.inventory();
    const running = seen.workloads.filter((one) => one.state === 'running');
    return running.length >= WORKLOAD_COUNT ? seen : undefined;
  });
  const stage = {
    ...parts,
    observer,
    hand: new EstateHand(target),
    estate,
    before,
    matrices: {},
  };
  context.say(`${before.workloads.length} workloads, ${before.interfaces.length} interfaces`);
  draw(stage, 'before', before, policyOf('observe', before), context);
  return stage;
}

function policyOf(mode: Mode, inventory: Inventory): Policy {
  const { policy, diagnostics } = parsePolicy(estatePolicy(mode), { now: inventory.takenAt });
  expectHeld(policy !== undefined, 'the policy lints clean', diagnostics);
  return policy;
}

function draw(
  stage: Pick<Stage, 'matrices' | 'steps'>,
  name: string,
  inventory: Inventory,
  policy: Policy,
  context: StepContext,
): ReachMatrix {
  const matrix = matrixBySegment(inventory, policy);
  stage.matrices[name] = matrix;
  stage.steps.attach('matrices', stage.matrices);
  context.say('who may reach whom, by what AWS holds (groups, rules, NACLs, routes):');
  context.show(renderMatrix(matrix));
  return matrix;
}

/** Publishes in a mode that must not change who reaches whom. */
async function publishFlat(stage: Stage, mode: 'observe' | 'stage', context: StepContext) {
  const plan = await publishMode(stage.dana, stage.folder, mode, context);
  await finishPublish(stage.dana, plan, context);
  const inventory = await stage.observer.inventory();
  const matrix = draw(stage, mode, inventory, policyOf(mode, inventory), context);
  const same = JSON.stringify(matrix) === JSON.stringify(stage.matrices.before);
  expectHeld(same, 'who reaches whom is as it was before', { mode });
  if (mode === 'observe') {
    const changed = Object.entries(groupSets(inventory)).filter(
      ([id, groups]) => groupSets(stage.before)[id] !== groups,
    );
    expectHeld(changed.length === 0, 'no interface was touched', changed);
  }
  context.say('as flat as before');
}

async function enforce(stage: Stage, context: StepContext): Promise<void> {
  const { sandbox, observer, dana, lee, folder } = stage;
  const plan = await publishMode(dana, folder, 'enforce', context);
  await approveWatched(stage, plan, context, async () => {
    await approveBySecond(dana, lee, plan, context);
    await finishPublish(dana, plan, context);
  });
  sandbox.door.onWrite(undefined);
  const inventory = await observer.inventory();
  const policy = policyOf('enforce', inventory);
  const matrix = draw(stage, 'enforce', inventory, policy, context);
  context.show(renderPaths(matrix));
  expectExact(policy, inventory, context);
}

/** Holds every pair that the policy allows against AWS, after each single write. */
async function approveWatched(
  { sandbox, observer }: Stage,
  plan: string,
  context: StepContext,
  publish: () => Promise<void>,
): Promise<void> {
  const inventory = await observer.inventory();
  const watch = new FlowWatch(policyOf('enforce', inventory), inventory);
  watch.judge(inventory, 'before the first write');
  expectHeld(watch.lost.length === 0, 'every allowed pair passes before', watch.lost.slice(0, 3));
  sandbox.door.onWrite(async ({ action, parameters }) => {
    const about = parameters.get('NetworkInterfaceId') ?? parameters.get('GroupId') ?? '';
    watch.judge(await observer.afterWrite(), `${action} ${about}`);
  });
  try {
    await publish();
  } finally {
    sandbox.door.onWrite(undefined);
  }
  const writes = watch.writes - 1;
  context.note('watched', { pairs: watch.pairs, writes, lost: watch.lost.length });
  expectHeld(writes > 0, `${plan} was watched while it wrote`, writes);
  expectHeld(
    watch.lost.length === 0,
    'no allowed pair was lost by any write',
    watch.lost.slice(0, 3),
  );
  context.say(
    `${watch.pairs} allowed pairs held after each of ${writes} EC2 writes: none was lost`,
  );
}

/** AWS lets pass exactly what the policy allows: no hole, no cut, all pairs, all ports. */
function expectExact(policy: Policy, inventory: Inventory, context: StepContext): void {
  const now = inventory.takenAt;
  const { desired } = compilePolicy({ policy, inventory, now, owner: OWNER });
  const groups = [...groupsByKey(inventory, OWNER)].map(([key, group]) => [key, group.id] as const);
  const { holes, cuts, pairs, classes } = compareEstate({
    policy,
    inventory,
    memberships: desired.memberships,
    groupIds: Object.fromEntries(groups),
    now,
  });
  expectHeld(
    holes.length === 0,
    'AWS lets nothing pass that the policy forbids',
    holes.slice(0, 3),
  );
  expectHeld(cuts.length === 0, 'AWS lets all pass that the policy allows', cuts.slice(0, 3));
  context.say(`exactly the policy: ${pairs} pairs in ${classes} classes, no hole, no cut`);
  context.note('compared', { pairs, classes, holes: holes.length, cuts: cuts.length });
}

async function tellChanges({ steps, hand, dana, estate }: Stage): Promise<void> {
  const first = (fleet: string, at = 0): string => estate.instances[fleet]?.[at] ?? '';
  await steps.run('The Auto Scaling group grows by five', (c) => growScalingGroup(hand, c));
  await steps.run('An instance is re-tagged and moves', (c) => retag(hand, first('worker'), c));
  await steps.run('An instance loses its tags and is held', (c) =>
    untag(hand, dana, first('analytics'), c),
  );
  await steps.run('An instance is stopped, stays, is terminated, leaves', (c) =>
    stopAndTerminate(hand, dana, first('api'), c),
  );
}

async function tellFaults({ sandbox, steps, hand, dana, estate, folder, machine }: Stage) {
  const worker = (at: number): string => estate.instances.worker?.[at] ?? '';
  await steps.run('Fault 1: an event is lost; the sweep finds the change', (context) =>
    loseEvent(sandbox, hand, dana, worker(1), context),
  );
  await steps.run('Fault 2: EC2 throttles a write; it comes through', (context) =>
    throttleWrite(sandbox, hand, dana, worker(2), context),
  );
  await steps.run('Fault 3: a publish is killed in the middle; it resumes', (context) =>
    killPublish(sandbox, dana, folder, machine, context),
  );
}

async function uninstall(stage: Stage, context: StepContext): Promise<void> {
  const { dana, lee, observer, before } = stage;
  context.say('$ bulkhead uninstall --yes');
  const running = dana.run(['uninstall', '--yes', '--timeout', '5m']);
  const plan = await eventually('the uninstall waits for a second person', async () => {
    const { items } = await lee.json<{ items: { id: string; state: string }[] }>(['plans']);
    return items.find((one) => one.state === 'waiting-for-approval')?.id;
  });
  const approved = await lee.run(['approve', plan, '--why', 'end of the demo']);
  expectHeld(approved.code === 0, 'the second identity approves', approved);
  const result = await running;
  expectHeld(result.code === 0, 'uninstall ends well', result);
  const after = await observer.inventory();
  const wanted = groupSets(before);
  const wrong = Object.entries(groupSets(after)).filter(
    ([id, groups]) => wanted[id] !== undefined && wanted[id] !== groups,
  );
  expectHeld(wrong.length === 0, 'every interface has the groups of the first inventory', wrong);
  const left = ownedGroups(after, OWNER).map((group) => group.name);
  expectHeld(left.length === 0, 'no group of ours is left', left);
  const born = after.interfaces.filter((nic) => wanted[nic.id] === undefined);
  const flat = Object.values(stage.estate.flatGroups);
  const strange = born.filter((nic) => nic.groups.some((id) => !flat.includes(id)));
  expectHeld(strange.length === 0, 'what was born later has what it was launched with', strange);
  const kept = Object.keys(wanted).length;
  context.say(`${kept} interfaces of the first inventory compared, ${born.length} younger ones`);
  draw(stage, 'after uninstall', after, policyOf('observe', after), context);
}

/** What to try next, with the words to paste. */
function invite(sandbox: Sandbox, { danaKeys }: People, policyFolder: string): void {
  mkdirSync(policyFolder, { recursive: true });
  console.log(`
${pc.bold('It stays up until Ctrl-C.')} In another terminal, as dana:

  export AWS_ENDPOINT_URL=${sandbox.endpoint} AWS_REGION=${sandbox.region}
  export AWS_ACCESS_KEY_ID=${danaKeys.accessKeyId} AWS_SECRET_ACCESS_KEY=${danaKeys.secretAccessKey}

  npx bulkhead status                       what is in force, and how fast it follows
  npx bulkhead segments                     who is in what
  npx bulkhead workloads --segment shop-api
  npx bulkhead explain A B 5432             why A may, or may not, reach B (ids of workloads)
  npx bulkhead plan ${policyFolder}    edit the YAML there first: what would change
  npx bulkhead publish ${policyFolder} --wait
`);
}
