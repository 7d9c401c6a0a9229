import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  type Filter,
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { type Cases, refused, unique, type World } from './world.ts';

async function interfaces(world: World, ...more: readonly Filter[]): Promise<readonly string[]> {
  const Filters = [{ Name: 'vpc-id', Values: [world.vpc] }, ...more];
  const answer = await world.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return (answer.NetworkInterfaces ?? []).map((nic) => nic.NetworkInterfaceId ?? '');
}

export const describeCases: Cases = {
  async 'D1 pages hold every group and interface once'(world) {
    const groups = await world.makeGroups(11);
    const Filters = [{ Name: 'vpc-id', Values: [world.vpc] }];
    const pages: number[] = [];
    const seen: string[] = [];
    const config = { client: world.ec2, pageSize: 5 };
    for await (const page of paginateDescribeSecurityGroups(config, { Filters })) {
      pages.push(page.SecurityGroups?.length ?? 0);
      seen.push(...(page.SecurityGroups ?? []).map((group) => group.GroupId ?? ''));
    }
    expect(pages).toEqual([5, 5, 2]);
    expect(new Set(seen).size).toBe(12);
    expect(seen).toEqual(expect.arrayContaining([...groups]));
    const made = [];
    for (let at = 0; at < 6; at += 1) made.push((await world.launch([])).interfaceId);
    const told: string[] = [];
    for await (const page of paginateDescribeNetworkInterfaces(config, { Filters })) {
      told.push(...(page.NetworkInterfaces ?? []).map((nic) => nic.NetworkInterfaceId ?? ''));
    }
    expect(told.sort()).toEqual(made.sort());
  },

  async 'D2 a page holds five at least and a thousand at most'(world) {
    for (const MaxResults of [4, 1_001]) {
      const code = 'InvalidParameterValue';
      await refused(code, world.ec2.send(new DescribeSecurityGroupsCommand({ MaxResults })));
      await refused(code, world.ec2.send(new DescribeNetworkInterfacesCommand({ MaxResults })));
    }
  },

  async 'D3 ids and pages exclude each other for interfaces and instances'(world) {
    const { instance, interfaceId } = await world.launch([]);
    const code = 'InvalidParameterCombination';
    const some = { MaxResults: 5 };
    const nic = { ...some, NetworkInterfaceIds: [interfaceId] };
    await refused(code, world.ec2.send(new DescribeNetworkInterfacesCommand(nic)));
    const one = { ...some, InstanceIds: [instance] };
    await refused(code, world.ec2.send(new DescribeInstancesCommand(one)));
  },

  async 'D4 every filter must hold, and the values of one are alternatives'(world) {
    const [first = '', second = ''] = await world.makeGroups(2);
    const [one, two] = [await world.launch([first]), await world.launch([second])];
    const byGroup = (...Values: string[]) => ({ Name: 'group-id', Values });
    expect(await interfaces(world, byGroup(first))).toEqual([one.interfaceId]);
    const both = await interfaces(world, byGroup(first, second));
    expect([...both].sort()).toEqual([one.interfaceId, two.interfaceId].sort());
    const byInstance = { Name: 'attachment.instance-id', Values: [two.instance] };
    expect(await interfaces(world, byGroup(first), byInstance)).toEqual([]);
    expect(await interfaces(world, byGroup('sg-0fffffffffffffff0'))).toEqual([]);
  },

  async 'D5 a filter takes wildcards'(world) {
    const { interfaceId } = await world.launch([]);
    const value = unique('kind');
    const Tags = [{ Key: 'kind', Value: value }];
    await world.ec2.send(new CreateTagsCommand({ Resources: [interfaceId], Tags }));
    for (const glob of [value, `${value.slice(0, -1)}?`, 'kind-*']) {
      expect(await interfaces(world, { Name: 'tag:kind', Values: [glob] })).toEqual([interfaceId]);
    }
    expect(await interfaces(world, { Name: 'tag:kind', Values: ['kind'] })).toEqual([]);
  },

  async 'D6 a filter that EC2 does not know is refused'(world) {
    const Filters = [{ Name: 'no-such-filter', Values: ['x'] }];
    const code = 'InvalidParameterValue';
    await refused(code, world.ec2.send(new DescribeNetworkInterfacesCommand({ Filters })));
    await refused(code, world.ec2.send(new DescribeSecurityGroupsCommand({ Filters })));
    await refused(code, world.ec2.send(new DescribeInstancesCommand({ Filters })));
  },
};
