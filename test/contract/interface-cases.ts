import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  DeleteNetworkInterfaceCommand,
  DescribeSecurityGroupsCommand,
  DetachNetworkInterfaceCommand,
  ModifyNetworkInterfaceAttributeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type Cases, refused, refusedSomehow, type World } from './world.ts';

function setGroups(world: World, NetworkInterfaceId: string, Groups: readonly string[]) {
  return world.ec2.send(
    new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [...Groups] }),
  );
}

export const interfaceCases: Cases = {
  async 'I1 Groups replaces the whole set, and repeats count once'(world) {
    const [first = '', second = '', third = ''] = await world.makeGroups(3);
    const { interfaceId } = await world.launch([first]);
    await setGroups(world, interfaceId, [second, third, second]);
    expect(await world.groupsOf(interfaceId)).toEqual([second, third].sort());
  },

  async 'I2 five groups fit on an interface, and a sixth changes nothing'(world) {
    const groups = await world.makeGroups(6);
    const { interfaceId } = await world.launch(groups.slice(0, 1));
    await setGroups(world, interfaceId, groups.slice(0, 5));
    const code = 'SecurityGroupsPerInterfaceLimitExceeded';
    await refused(code, setGroups(world, interfaceId, groups));
    expect(await world.groupsOf(interfaceId)).toEqual(groups.slice(0, 5).sort());
  },

  async 'I3 an unknown group changes nothing'(world) {
    const [first = '', second = ''] = await world.makeGroups(2);
    const { interfaceId } = await world.launch([first]);
    const unknown = 'sg-0fffffffffffffff0';
    await refused('InvalidGroup.NotFound', setGroups(world, interfaceId, [second, unknown]));
    expect(await world.groupsOf(interfaceId)).toEqual([first]);
  },

  async 'I4 a group of another VPC changes nothing'(world) {
    const [first = '', second = ''] = await world.makeGroups(2);
    const foreign = await world.makeGroup(await world.makeVpc('10.9.0.0/16'));
    const { interfaceId } = await world.launch([first]);
    await refused('InvalidGroup.NotFound', setGroups(world, interfaceId, [second, foreign]));
    expect(await world.groupsOf(interfaceId)).toEqual([first]);
  },

  async 'I5 a change names one attribute, no less and no more'(world) {
    const [first = '', second = ''] = await world.makeGroups(2);
    const { interfaceId } = await world.launch([first]);
    await refused('InvalidParameterCombination', setGroups(world, interfaceId, []));
    await refusedSomehow(
      world.ec2.send(
        new ModifyNetworkInterfaceAttributeCommand({
          NetworkInterfaceId: interfaceId,
          Groups: [second],
          Description: { Value: 'both' },
        }),
      ),
    );
    expect(await world.groupsOf(interfaceId)).toEqual([first]);
  },

  async 'I6 an interface that is not there is not found'(world) {
    const group = await world.makeGroup();
    const absent = 'eni-0fffffffffffffff0';
    const code = 'InvalidNetworkInterfaceID.NotFound';
    await refused(code, setGroups(world, absent, [group]));
    await refused(code, world.interface(absent));
  },

  async 'I7 an interface that a service manages takes tags and nothing else'(world) {
    const group = await world.makeGroup();
    const id = await world.target.makeServiceInterface(world.subnet);
    const before = await world.groupsOf(id);
    expect((await world.interface(id))?.RequesterManaged).toBe(true);
    await refused('OperationNotPermitted', setGroups(world, id, [group]));
    await refused(
      'OperationNotPermitted',
      world.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
    );
    expect(await world.groupsOf(id)).toEqual(before);
    const Tags = [{ Key: 'team', Value: 'shop' }];
    await world.ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
    expect((await world.interface(id))?.TagSet).toEqual(Tags);
  },

  async 'I8 an interface in use is not deleted'(world) {
    const { interfaceId } = await world.launch([await world.makeGroup()]);
    const remove = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: interfaceId });
    await refused('InvalidParameterValue', world.ec2.send(remove));
    expect(await world.groupsOf(interfaceId)).toHaveLength(1);
  },

  async 'I9 an interface goes with its instance, and is not found any more'(world) {
    const group = await world.makeGroup();
    const { instance, interfaceId } = await world.launch([group]);
    await world.untilState(instance, 'running');
    await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    await world.untilState(instance, 'terminated');
    const code = 'InvalidNetworkInterfaceID.NotFound';
    await refused(code, world.interface(interfaceId));
    await refused(code, setGroups(world, interfaceId, [group]));
    expect(await world.interfacesOf(instance)).toEqual([]);
  },

  async 'I10 an interface that moves between instances keeps its groups'(world) {
    const [group = '', other = ''] = await world.makeGroups(2);
    const [from, to] = [await world.launch([group]), await world.launch([group])];
    await world.untilState(from.instance, 'running');
    await world.untilState(to.instance, 'running');
    const request = { SubnetId: world.subnet, Groups: [other] };
    const { NetworkInterface } = await world.ec2.send(new CreateNetworkInterfaceCommand(request));
    const id = NetworkInterface?.NetworkInterfaceId ?? '';
    const attach = async (InstanceId: string): Promise<string> => {
      const where = { NetworkInterfaceId: id, InstanceId, DeviceIndex: 1 };
      return (await world.ec2.send(new AttachNetworkInterfaceCommand(where))).AttachmentId ?? '';
    };
    const AttachmentId = await attach(from.instance);
    expect(await world.interfacesOf(from.instance)).toHaveLength(2);
    await world.ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId }));
    await attach(to.instance);
    expect((await world.interface(id))?.Attachment?.InstanceId).toBe(to.instance);
    expect(await world.interfacesOf(from.instance)).toHaveLength(1);
    expect(await world.groupsOf(id)).toEqual([other]);
  },

  async 'I11 without groups an interface carries the default group of its VPC'(world) {
    const { interfaceId } = await world.launch([]);
    const Filters = [
      { Name: 'vpc-id', Values: [world.vpc] },
      { Name: 'group-name', Values: ['default'] },
    ];
    const { SecurityGroups } = await world.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const [group] = SecurityGroups ?? [];
    expect(await world.groupsOf(interfaceId)).toEqual([group?.GroupId]);
  },

  async 'I12 an instance is not launched with a sixth group'(world) {
    const groups = await world.makeGroups(6);
    await refused('SecurityGroupsPerInstanceLimitExceeded', world.launch(groups));
  },
};
