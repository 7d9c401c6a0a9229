import {
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteNetworkAclEntryCommand,
  DeleteSecurityGroupCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcPeeringConnectionsCommand,
  type NetworkAcl,
  ReplaceNetworkAclAssociationCommand,
  ReplaceNetworkAclEntryCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { peer } from './group-cases.ts';
import { type Cases, refused, type World } from './world.ts';

async function acls(world: World): Promise<readonly NetworkAcl[]> {
  const Filters = [{ Name: 'vpc-id', Values: [world.vpc] }];
  const answer = await world.ec2.send(new DescribeNetworkAclsCommand({ Filters }));
  return answer.NetworkAcls ?? [];
}

async function makeAcl(world: World): Promise<string> {
  const { NetworkAcl } = await world.ec2.send(new CreateNetworkAclCommand({ VpcId: world.vpc }));
  return NetworkAcl?.NetworkAclId ?? '';
}

/** `in 100 allow -1 0.0.0.0/0`, sorted. */
function entries(acl: NetworkAcl | undefined): readonly string[] {
  return (acl?.Entries ?? [])
    .map((one) => {
      const direction = one.Egress === true ? 'out' : 'in';
      return `${direction} ${one.RuleNumber} ${one.RuleAction} ${one.Protocol} ${one.CidrBlock}`;
    })
    .sort();
}

/** Enough to empty a bucket of fifty that is filled up at five a second. */
const CALLS_MAX = 1_000;

const DENY = { Protocol: '-1', RuleAction: 'deny' as const, CidrBlock: '10.0.0.7/8' };

export const networkCases: Cases = {
  async 'V1 a VPC starts with an open ACL for its subnets and a main route table'(world) {
    const [acl] = await acls(world);
    expect(acl?.IsDefault).toBe(true);
    expect(entries(acl)).toEqual([
      'in 100 allow -1 0.0.0.0/0',
      'in 32767 deny -1 0.0.0.0/0',
      'out 100 allow -1 0.0.0.0/0',
      'out 32767 deny -1 0.0.0.0/0',
    ]);
    const subnets = acl?.Associations?.map((one) => one.SubnetId ?? '').sort();
    expect(subnets).toEqual([world.subnet, world.otherSubnet].sort());
    const Filters = [{ Name: 'vpc-id', Values: [world.vpc] }];
    const { RouteTables } = await world.ec2.send(new DescribeRouteTablesCommand({ Filters }));
    expect(RouteTables).toHaveLength(1);
    expect(RouteTables?.[0]?.Associations?.[0]?.Main).toBe(true);
    const routes = RouteTables?.[0]?.Routes?.map((one) => [
      one.DestinationCidrBlock,
      one.GatewayId,
    ]);
    expect(routes).toEqual([['10.0.0.0/16', 'local']]);
  },

  async 'V2 a subnet that is given another ACL gets another association'(world) {
    const [acl] = await acls(world);
    const NetworkAclId = await makeAcl(world);
    const old = acl?.Associations?.find((one) => one.SubnetId === world.subnet);
    const request = { AssociationId: old?.NetworkAclAssociationId ?? '', NetworkAclId };
    const replace = () => world.ec2.send(new ReplaceNetworkAclAssociationCommand(request));
    const { NewAssociationId } = await replace();
    expect(NewAssociationId).not.toBe(request.AssociationId);
    const after = (await acls(world)).find((one) => one.NetworkAclId === NetworkAclId);
    expect(after?.Associations?.map((one) => one.SubnetId)).toEqual([world.subnet]);
    await refused('InvalidAssociationID.NotFound', replace());
  },

  async 'V3 an ACL holds twenty entries a direction, each number once'(world) {
    const NetworkAclId = await makeAcl(world);
    const create = (RuleNumber: number, Egress: boolean) =>
      world.ec2.send(
        new CreateNetworkAclEntryCommand({ ...DENY, NetworkAclId, RuleNumber, Egress }),
      );
    for (let number = 1; number <= 20; number += 1) await create(number, false);
    await refused('NetworkAclEntryLimitExceeded', create(21, false));
    await refused('NetworkAclEntryAlreadyExists', create(20, false));
    await create(21, true);
    const acl = (await acls(world)).find((one) => one.NetworkAclId === NetworkAclId);
    expect(entries(acl)).toHaveLength(23);
    expect(entries(acl)).toContain('out 21 deny -1 10.0.0.0/8');
  },

  async 'V4 an entry is replaced in place, and deleted by its number'(world) {
    const NetworkAclId = await makeAcl(world);
    const place = { NetworkAclId, RuleNumber: 10, Egress: false };
    const remove = () => world.ec2.send(new DeleteNetworkAclEntryCommand(place));
    await refused('InvalidNetworkAclEntry.NotFound', remove());
    await world.ec2.send(new CreateNetworkAclEntryCommand({ ...DENY, ...place }));
    const allow = { ...DENY, ...place, RuleAction: 'allow' as const };
    await world.ec2.send(new ReplaceNetworkAclEntryCommand(allow));
    const held = async () =>
      entries((await acls(world)).find((one) => one.NetworkAclId === NetworkAclId));
    expect(await held()).toContain('in 10 allow -1 10.0.0.0/8');
    await remove();
    expect(await held()).toHaveLength(2);
  },

  async 'V5 peering joins from its acceptance to its deletion'(world) {
    const other = await world.makeVpc('10.9.0.0/16');
    const { VpcPeeringConnection } = await world.ec2.send(
      new CreateVpcPeeringConnectionCommand({ VpcId: world.vpc, PeerVpcId: other }),
    );
    const statusOf = async (id: string) => {
      const request = { VpcPeeringConnectionIds: [id] };
      const answer = await world.ec2.send(new DescribeVpcPeeringConnectionsCommand(request));
      return answer.VpcPeeringConnections?.[0]?.Status?.Code;
    };
    const asked = VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    expect(await statusOf(asked)).toBe('pending-acceptance');
    const id = await peer(world, other);
    expect(await statusOf(id)).toBe('active');
    await world.ec2.send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
    expect(await statusOf(id)).toBe('deleted');
  },

  async 'B1 the bucket of one action runs dry, and no other with it'(world) {
    const { budgeted } = world.target;
    const GroupId = 'sg-0fffffffffffffff0';
    const ask = () =>
      budgeted.send(new DeleteSecurityGroupCommand({ GroupId })).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error ? error.name : String(error)),
      );
    const codes: string[] = [];
    // AWS gives fifty of these, and five more a second: ten at a time are more than that anywhere.
    while (codes.length < CALLS_MAX && !codes.includes('RequestLimitExceeded')) {
      codes.push(...(await Promise.all(Array.from({ length: 10 }, ask))));
    }
    expect(codes.indexOf('RequestLimitExceeded')).toBeGreaterThanOrEqual(50);
    expect(codes.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 'InvalidGroup.NotFound'));
    await budgeted.send(new DescribeNetworkAclsCommand({ NetworkAclIds: [await makeAcl(world)] }));
  },

  async 'B2 a dry run says that it would have succeeded, and does nothing'(world) {
    const group = await world.makeGroup();
    const remove = new DeleteSecurityGroupCommand({ GroupId: group, DryRun: true });
    await refused('DryRunOperation', world.ec2.send(remove));
    expect(await world.rules(group, 'egress')).toHaveLength(1);
  },
};
