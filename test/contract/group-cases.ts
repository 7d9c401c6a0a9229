import {
  AcceptVpcPeeringConnectionCommand,
  CreateSecurityGroupCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type Cases, fromGroup, refused, unique, type World } from './world.ts';

function remove(world: World, GroupId: string) {
  return world.ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
}

export async function peer(world: World, other: string): Promise<string> {
  const { VpcPeeringConnection } = await world.ec2.send(
    new CreateVpcPeeringConnectionCommand({ VpcId: world.vpc, PeerVpcId: other }),
  );
  const id = VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
  const accept = new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id });
  await world.ec2.send(accept);
  return id;
}

async function defaultGroup(world: World): Promise<string> {
  const Filters = [
    { Name: 'vpc-id', Values: [world.vpc] },
    { Name: 'group-name', Values: ['default'] },
  ];
  const { SecurityGroups } = await world.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  expect(SecurityGroups).toHaveLength(1);
  return SecurityGroups?.[0]?.GroupId ?? '';
}

export const groupCases: Cases = {
  async 'G1 a new group lets everything out and nothing in'(world) {
    const group = await world.makeGroup();
    expect(await world.rules(group, 'egress')).toEqual(['-1 0.0.0.0/0']);
    expect(await world.rules(group, 'ingress')).toEqual([]);
  },

  async 'G2 a name is taken in its VPC, whatever its case, and free in another'(world) {
    const name = unique('Name');
    await world.makeGroup(world.vpc, name);
    await refused('InvalidGroup.Duplicate', world.makeGroup(world.vpc, name));
    await refused('InvalidGroup.Duplicate', world.makeGroup(world.vpc, name.toLowerCase()));
    await world.makeGroup(await world.makeVpc('10.9.0.0/16'), name);
  },

  async 'G3 a name that looks like an id or is too long is refused'(world) {
    for (const name of ['sg-like-an-id', 'x'.repeat(256)]) {
      await refused('InvalidParameterValue', world.makeGroup(world.vpc, name));
    }
    await world.makeGroup(world.vpc, 'x'.repeat(255));
  },

  async 'G4 a group needs a VPC that is there'(world) {
    await refused('InvalidVpcID.NotFound', world.makeGroup('vpc-0fffffffffffffff0'));
  },

  async 'G5 a group that is not there is not found'(world) {
    const absent = 'sg-0fffffffffffffff0';
    await refused('InvalidGroup.NotFound', remove(world, absent));
    await refused('InvalidGroup.NotFound', world.rules(absent));
    await refused('InvalidGroup.NotFound', world.allow(absent, fromGroup(443, absent)));
  },

  async 'G6 a group on an interface is not deleted'(world) {
    const [carried = '', other = ''] = await world.makeGroups(2);
    const { interfaceId } = await world.launch([carried]);
    await refused('DependencyViolation', remove(world, carried));
    const change = { NetworkInterfaceId: interfaceId, Groups: [other] };
    await world.ec2.send(new ModifyNetworkInterfaceAttributeCommand(change));
    await remove(world, carried);
    await refused('InvalidGroup.NotFound', world.rules(carried));
  },

  async 'G7 a group that a rule of another group names is not deleted'(world) {
    const [named = '', naming = ''] = await world.makeGroups(2);
    await world.allow(naming, fromGroup(443, named));
    await refused('DependencyViolation', remove(world, named));
    const IpPermissions = [fromGroup(443, named)];
    const take = new RevokeSecurityGroupIngressCommand({ GroupId: naming, IpPermissions });
    await world.ec2.send(take);
    await remove(world, named);
  },

  async 'G8 a group that names itself can be deleted'(world) {
    const group = await world.makeGroup();
    await world.allow(group, fromGroup(443, group));
    await remove(world, group);
    await refused('InvalidGroup.NotFound', world.rules(group));
  },

  async 'G9 a group that only a peered VPC names can be deleted, and the rule stays'(world) {
    const other = await world.makeVpc('10.9.0.0/16');
    await peer(world, other);
    const [named, naming] = [await world.makeGroup(), await world.makeGroup(other)];
    await world.allow(naming, fromGroup(443, named));
    await remove(world, named);
    expect(await world.rules(naming)).toEqual([`tcp 443-443 ${named}`]);
  },

  async 'G10 the default group lets its members in, and stays'(world) {
    const group = await defaultGroup(world);
    expect(await world.rules(group)).toEqual([`-1 ${group}`]);
    await refused('CannotDelete', remove(world, group));
  },

  async 'G11 tags given at creation are there at once, and found'(world) {
    const value = unique('owner');
    const Tags = [
      { Key: 'bulkhead:owner', Value: value },
      { Key: 'Name', Value: 'web' },
    ];
    const { GroupId = '' } = await world.ec2.send(
      new CreateSecurityGroupCommand({
        VpcId: world.vpc,
        GroupName: unique('tagged'),
        Description: 'tagged',
        TagSpecifications: [{ ResourceType: 'security-group', Tags }],
      }),
    );
    const Filters = [{ Name: 'tag:bulkhead:owner', Values: [value] }];
    const { SecurityGroups } = await world.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    expect(SecurityGroups?.map((group) => group.GroupId)).toEqual([GroupId]);
    expect(SecurityGroups?.[0]?.Tags).toEqual(expect.arrayContaining(Tags));
  },

  async 'G12 a group needs a description'(world) {
    const request = { VpcId: world.vpc, GroupName: unique('bare'), Description: '' };
    await refused('MissingParameter', world.ec2.send(new CreateSecurityGroupCommand(request)));
  },
};
