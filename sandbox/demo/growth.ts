import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { WorkloadAnswer } from '../../core/api/workload-answer.ts';
import type { EstateTarget } from '../estate/build.ts';
import type { Operator } from './operator.ts';
import { eventually, expectHeld, type StepContext } from './steps.ts';

/** Acts on the estate as its users do, and looks at EC2 for what became of it. */
export class EstateHand {
  readonly #ec2: EC2Client;
  readonly #scaling: AutoScalingClient;

  constructor(target: EstateTarget) {
    this.#ec2 = new EC2Client(target);
    this.#scaling = new AutoScalingClient(target);
  }

  async instancesOfScalingGroup(name: string): Promise<readonly string[]> {
    const answer = await this.#scaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    );
    const instances = answer.AutoScalingGroups?.[0]?.Instances ?? [];
    return instances.flatMap((instance) => instance.InstanceId ?? []);
  }

  async scaleTo(name: string, DesiredCapacity: number): Promise<void> {
    await this.#scaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity }),
    );
  }

  async tag(instance: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await this.#ec2.send(new CreateTagsCommand({ Resources: [instance], Tags }));
  }

  async untag(instance: string, keys: readonly string[]): Promise<void> {
    const Tags = keys.map((Key) => ({ Key }));
    await this.#ec2.send(new DeleteTagsCommand({ Resources: [instance], Tags }));
  }

  async stop(instance: string): Promise<void> {
    await this.#ec2.send(new StopInstancesCommand({ InstanceIds: [instance] }));
  }

  async terminate(instance: string): Promise<void> {
    await this.#ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
  }

  /** Values of the tag `bulkhead:group`, or the names of foreign groups, that the instance carries. */
  async groupsOf(instance: string): Promise<readonly string[]> {
    const interfaces = await this.#ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [{ Name: 'attachment.instance-id', Values: [instance] }],
      }),
    );
    const ids = (interfaces.NetworkInterfaces ?? []).flatMap((one) =>
      (one.Groups ?? []).flatMap((group) => group.GroupId ?? []),
    );
    if (ids.length === 0) return [];
    const groups = await this.#ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ids }));
    return (groups.SecurityGroups ?? [])
      .map(
        (group) =>
          group.Tags?.find((tag) => tag.Key === 'bulkhead:group')?.Value?.replace(/@.*$/, '') ??
          group.GroupName ??
          '',
      )
      .sort();
  }
}

/** Waits until EC2 itself shows the segment's group and no foreign one. Gives milliseconds. */
async function untilEnforced(
  hand: EstateHand,
  instance: string,
  segment: string,
  sinceMs: number,
): Promise<number> {
  await eventually(`${instance} carries the group of ${segment} and nothing foreign`, async () => {
    const groups = await hand.groupsOf(instance);
    const ours = groups.every((name) => /^(segment:|baseline|open-egress)/.test(name));
    return ours && groups.includes(`segment:${segment}`) ? true : undefined;
  });
  return performance.now() - sinceMs;
}

/** Five more web servers: each must be in its segment, by EC2's word. */
export async function growScalingGroup(hand: EstateHand, context: StepContext): Promise<void> {
  const before = await hand.instancesOfScalingGroup('web');
  const sinceMs = performance.now();
  await hand.scaleTo('web', before.length + 5);
  const instances = await eventually('five new instances', async () => {
    const now = await hand.instancesOfScalingGroup('web');
    return now.length === before.length + 5 ? now : undefined;
  });
  const born = instances.filter((id) => !before.includes(id));
  const latencies: Record<string, number> = {};
  await Promise.all(
    born.map(async (instance) => {
      const ms = Math.round(await untilEnforced(hand, instance, 'shop-web', sinceMs));
      latencies[instance] = ms;
      context.say(`${instance} is in shop-web, ${ms} ms after the scaling call`);
    }),
  );
  context.note('latencyMsByInstance', latencies);
}

/** A worker becomes an api server: its groups are swapped. */
export async function retag(
  hand: EstateHand,
  instance: string,
  context: StepContext,
): Promise<void> {
  const sinceMs = performance.now();
  await hand.tag(instance, { tier: 'api' });
  const ms = Math.round(await untilEnforced(hand, instance, 'shop-api', sinceMs));
  const groups = await hand.groupsOf(instance);
  expectHeld(!groups.includes('segment:shop-worker'), 'it left shop-worker', groups);
  context.say(`${instance} moved from shop-worker to shop-api in ${ms} ms: ${groups.join(', ')}`);
  context.note('latencyMs', ms);
}

/** An instance that loses the tags that define it is held: same groups, and a person decides. */
export async function untag(
  hand: EstateHand,
  reader: Operator,
  instance: string,
  context: StepContext,
): Promise<void> {
  const before = await hand.groupsOf(instance);
  await hand.untag(instance, ['app', 'tier']);
  const answer = await eventually(`${instance} is held`, async () => {
    const found = await reader.json<WorkloadAnswer>(['workloads', instance]);
    return found.status === 'held' ? found : undefined;
  });
  const after = await hand.groupsOf(instance);
  expectHeld(after.join() === before.join(), 'a held workload keeps its groups', { before, after });
  context.say(`${instance} is held: ${answer.statusReason ?? ''}; groups unchanged`);
}

/** Stopped instances stay members; terminated ones leave. */
export async function stopAndTerminate(
  hand: EstateHand,
  reader: Operator,
  instance: string,
  context: StepContext,
): Promise<void> {
  await hand.stop(instance);
  const stopped = await eventually(`${instance} is seen stopped`, async () => {
    const found = await reader.json<WorkloadAnswer>(['workloads', instance]);
    return found.state === 'stopped' ? found : undefined;
  });
  expectHeld(stopped.segments.length > 0, 'a stopped instance stays a member', stopped.segments);
  context.say(`${instance} stopped: still a member of ${stopped.segments.join(', ')}`);
  await hand.terminate(instance);
  await eventually(`${instance} has left`, async () => {
    const found = await reader.run(['workloads', instance, '--json']);
    return found.code !== 0 && /unknown-workload|no workload|404/.test(found.stderr + found.stdout)
      ? true
      : undefined;
  });
  context.say(`${instance} terminated: it has left`);
}
