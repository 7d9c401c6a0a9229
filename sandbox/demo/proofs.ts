import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { PlanAnswer } from '../../core/api/plan-answer.ts';
import type { PublishAnswer } from '../../core/api/policy-answer.ts';
import type { Status } from '../../core/api/status-answer.ts';
import type { Sandbox } from '../boot.ts';
import type { EstateHand } from './growth.ts';
import type { Operator } from './operator.ts';
import { finishPublish } from './publishing.ts';
import { eventually, expectHeld, type StepContext } from './steps.ts';

/** How long a sweep that nobody asked for may take to come and find something. */
const SWEEP_LIMIT_MS = 150_000;

async function countOf(reader: Operator, name: string): Promise<number> {
  const status = await reader.json<Status>(['status']);
  return status.counts[name] ?? 0;
}

/** A tag event never arrives. The sweep finds the change, counts it, and the instance moves. */
export async function loseEvent(
  sandbox: Sandbox,
  hand: EstateHand,
  operator: Operator,
  instance: string,
  context: StepContext,
): Promise<void> {
  const before = await countOf(operator, 'missed-by-events');
  const dropped = sandbox.door.dropNextEvent(
    (entry) =>
      entry.DetailType.startsWith('Tag Change') &&
      entry.Resources.some((arn) => arn.endsWith(`/${instance}`)),
  );
  const sinceMs = performance.now();
  await hand.tag(instance, { tier: 'cache' });
  await dropped;
  const kept = await hand.groupsOf(instance);
  expectHeld(!kept.includes('segment:shop-cache'), 'without the event nothing moves', kept);
  context.say(`the event of ${instance}'s new tag was dropped; it stays where it was`);
  context.say('$ bulkhead sweep --wait');
  await operator.json(['sweep', '--wait']);
  await eventually(
    `${instance} is in shop-cache after a sweep`,
    async () => ((await hand.groupsOf(instance)).includes('segment:shop-cache') ? true : undefined),
    SWEEP_LIMIT_MS,
  );
  const ms = Math.round(performance.now() - sinceMs);
  const missed = (await countOf(operator, 'missed-by-events')) - before;
  expectHeld(missed >= 1, 'the sweep counts what no event told of', missed);
  context.say(`the sweep found it: moved ${ms} ms after the tag, missed-by-events + ${missed}`);
  context.note('missedByEvents', missed);
}

/** EC2 refuses the first writes with RequestLimitExceeded; the change comes through all the same. */
export async function throttleWrite(
  sandbox: Sandbox,
  hand: EstateHand,
  operator: Operator,
  instance: string,
  context: StepContext,
): Promise<void> {
  const before = await countOf(operator, 'throttled');
  sandbox.door.throttleNext('ModifyNetworkInterfaceAttribute', 2);
  const sinceMs = performance.now();
  await hand.tag(instance, { tier: 'api' });
  await eventually(`${instance} is in shop-api in spite of it`, async () =>
    (await hand.groupsOf(instance)).includes('segment:shop-api') ? true : undefined,
  );
  const ms = Math.round(performance.now() - sinceMs);
  const throttled = await eventually('the refusals are counted', async () => {
    const count = (await countOf(operator, 'throttled')) - before;
    return count >= 2 ? count : undefined;
  });
  context.say(`${throttled} writes throttled; ${instance} moved after ${ms} ms`);
  context.note('throttled', throttled);
}

/**
 * A publish is killed in the middle: its worker process by SIGKILL right after a write, before it
 * hears of it, and its execution is stopped. The next sweep starts another one, which goes on.
 */
export async function killPublish(
  sandbox: Sandbox,
  operator: Operator,
  folder: string,
  machine: string,
  context: StepContext,
): Promise<void> {
  allowProcessExporter(folder);
  const { endpoint, region, rootCredentials: credentials } = sandbox;
  const machines = new SFNClient({ endpoint, region, credentials });
  let writes = 0;
  const killed = new Promise<readonly number[]>((resolve, reject) => {
    sandbox.door.onWrite(async () => {
      writes += 1;
      if (writes !== 2) return;
      stopExecutions(machines, machine)
        .then(() => resolve(killWorkers('PublishingPublish')))
        .catch(reject);
      // The caller never gets its answer: it is gone by then.
      await killed.catch(() => {});
    });
  });
  try {
    const { plan } = await operator.json<PublishAnswer>(['publish', folder]);
    const pids = await killed;
    expectHeld(pids.length > 0, 'a worker of the publish function was killed', pids);
    const halfway = await operator.json<PlanAnswer>(['plans', plan]);
    expectHeld(halfway.state === 'applying', 'the plan is under way', halfway.state);
    context.say(
      `${plan} killed after 2 of its writes (worker ${pids.join(', ')}, and its execution)`,
    );
    sandbox.door.onWrite(undefined);
    context.say('$ bulkhead sweep --wait');
    await operator.json(['sweep', '--wait']);
    const done = await finishPublish(operator, plan, context);
    const outcomes = (done.report ?? []).filter((step) => step.outcome.kind === 'failed');
    expectHeld(outcomes.length === 0, 'no step failed', outcomes);
    context.say(`${plan} was resumed from what existed, and is done`);
  } finally {
    sandbox.door.onWrite(undefined);
  }
}

/** The policy's owner opens one more port for monitoring: rules to write, no group to move. */
function allowProcessExporter(folder: string): void {
  const file = join(folder, 'shop.yaml');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(
    '[node-exporter, ssh, icmp/8]',
    '[node-exporter, tcp/9256, ssh, icmp/8]',
  );
  expectHeld(after !== before, 'the policy has the rule that the demo edits', file);
  writeFileSync(file, after);
}

async function stopExecutions(client: SFNClient, stateMachineArn: string): Promise<void> {
  const { executions = [] } = await client.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
  );
  for (const { executionArn } of executions) {
    await client.send(new StopExecutionCommand({ executionArn, cause: 'killed by the demo' }));
  }
}

/** Kills the processes that run a function's code, as a machine that fails would. Gives their ids. */
function killWorkers(functionName: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.map(Number).filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const ours = readlinkSync(`/proc/${pid}/cwd`);
      return line.includes('_worker.js') && (line + ours).includes(functionName);
    } catch {
      // It ended meanwhile, or is not ours to look at.
      return false;
    }
  });
  for (const pid of found) process.kill(pid, 'SIGKILL');
  return found;
}
