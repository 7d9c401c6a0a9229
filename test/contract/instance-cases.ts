import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type Cases, refused, type World } from './world.ts';

async function tagsOf(world: World, instance: string): Promise<Readonly<Record<string, string>>> {
  const request = { InstanceIds: [instance] };
  const { Reservations } = await world.ec2.send(new DescribeInstancesCommand(request));
  const tags = Reservations?.[0]?.Instances?.[0]?.Tags ?? [];
  return Object.fromEntries(tags.map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

const list = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const instanceCases: Cases = {
  async 'N1 an instance is pending first and running by itself'(world) {
    const { Instances } = await world.ec2.send(
      new RunInstancesCommand({
        ImageId: world.target.image,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: world.subnet,
        TagSpecifications: [{ ResourceType: 'instance', Tags: list({ app: 'shop' }) }],
      }),
    );
    const id = Instances?.[0]?.InstanceId ?? '';
    expect(Instances?.[0]?.State?.Name).toBe('pending');
    await world.untilState(id, 'running');
    expect(await tagsOf(world, id)).toEqual({ app: 'shop' });
  },

  async 'N2 a stopped instance keeps its interface, and starts again'(world) {
    const { instance, interfaceId } = await world.launch([]);
    const InstanceIds = [instance];
    await world.untilState(instance, 'running');
    const groups = await world.groupsOf(interfaceId);
    await world.ec2.send(new StopInstancesCommand({ InstanceIds }));
    await world.untilState(instance, 'stopped');
    expect(await world.groupsOf(interfaceId)).toEqual(groups);
    await world.ec2.send(new StartInstancesCommand({ InstanceIds }));
    await world.untilState(instance, 'running');
  },

  async 'N3 terminating twice is terminating once, and the instance is shown a while'(world) {
    const { instance } = await world.launch([]);
    const InstanceIds = [instance];
    await world.untilState(instance, 'running');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    await world.untilState(instance, 'terminated');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    expect(await world.stateOf(instance)).toBe('terminated');
  },

  async 'N4 an instance that is not there is not found'(world) {
    const InstanceIds = ['i-0fffffffffffffff0'];
    const code = 'InvalidInstanceID.NotFound';
    await refused(code, world.ec2.send(new DescribeInstancesCommand({ InstanceIds })));
    await refused(code, world.ec2.send(new TerminateInstancesCommand({ InstanceIds })));
  },

  async 'T1 a tag is replaced, and deleted by its key or by key and value'(world) {
    const { instance } = await world.launch([]);
    const Resources = [instance];
    const put = async (tags: Record<string, string>) => {
      await world.ec2.send(new CreateTagsCommand({ Resources, Tags: list(tags) }));
    };
    await put({ app: 'shop', tier: 'web', data: 'card' });
    await put({ app: 'bank' });
    expect(await tagsOf(world, instance)).toEqual({ app: 'bank', tier: 'web', data: 'card' });
    const Tags = [{ Key: 'app', Value: 'shop' }, { Key: 'tier' }, { Key: 'data', Value: 'card' }];
    await world.ec2.send(new DeleteTagsCommand({ Resources, Tags }));
    expect(await tagsOf(world, instance)).toEqual({ app: 'bank' });
  },

  async 'T2 a tag key of AWS is refused'(world) {
    const { instance } = await world.launch([]);
    const Tags = list({ 'aws:name': 'x' });
    const put = new CreateTagsCommand({ Resources: [instance], Tags });
    await refused('InvalidParameterValue', world.ec2.send(put));
  },

  async 'T3 one resource that is not there leaves all untagged'(world) {
    const { instance } = await world.launch([]);
    const Resources = [instance, 'i-0fffffffffffffff0'];
    const put = new CreateTagsCommand({ Resources, Tags: list({ app: 'shop' }) });
    await refused('InvalidInstanceID.NotFound', world.ec2.send(put));
    expect(await tagsOf(world, instance)).toEqual({});
  },

  async 'T4 fifty tags fit a resource'(world) {
    const { instance } = await world.launch([]);
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'v']));
    const put = (tags: Record<string, string>) =>
      world.ec2.send(new CreateTagsCommand({ Resources: [instance], Tags: list(tags) }));
    await put(fifty);
    await refused('TagLimitExceeded', put({ more: 'v' }));
    expect(Object.keys(await tagsOf(world, instance))).toHaveLength(50);
  },
};
