import {
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { AwsReader } from '../../aws/reader.ts';
import { createWriter } from '../../aws/writer.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import type { Ec2Writer } from '../../engine/ports.ts';
import { randomFrom } from '../engine/random-from.ts';
import { type AwsEvent, createFakeEc2, type FakeEc2 } from './ec2/create-fake-ec2.ts';

/** What no outside client can see of a real EC2, and what a test does to the fake on purpose. */
let nowMs: number;
let fake: FakeEc2;
let events: AwsEvent[];
let vpc: string;
let subnet: string;

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 24);
  events = [];
  fake = createFakeEc2({
    clock: { now: () => nowMs },
    random: randomFrom(7),
    onEvent: (event) => events.push(event),
  });
  vpc = fake.admin.CreateVpc({ CidrBlock: '10.0.0.0/16' }).Vpc.VpcId;
  subnet = fake.admin.CreateSubnet({ VpcId: vpc, CidrBlock: '10.0.1.0/24' }).Subnet.SubnetId;
});

function makeGroup(name: string): string {
  return fake.admin.CreateSecurityGroup({ GroupName: name, Description: name, VpcId: vpc }).GroupId;
}

function launch(groups: readonly string[]): { instance: string; interfaceId: string } {
  const request = { ImageId: 'ami-1', MinCount: 1, MaxCount: 1, SubnetId: subnet };
  const { Instances } = fake.admin.RunInstances({ ...request, SecurityGroupIds: [...groups] });
  const instance = Instances[0]?.InstanceId ?? '';
  const held = fake.snapshot().interfaces.find((nic) => nic.attachment?.instance === instance);
  return { instance, interfaceId: held?.id ?? '' };
}

function writer(): Ec2Writer {
  const clientOf = (role: string): EC2Client => fake.connect(role).ec2;
  return createWriter({ owner: 'Bulkhead', roles: {}, clientOf });
}

function makeList(): string {
  const request = { PrefixListName: 'list', AddressFamily: 'IPv4', MaxEntries: 5 };
  return fake.admin.CreateManagedPrefixList(request).PrefixList.PrefixListId ?? '';
}

function allowFrom(GroupId: string, peers: IpPermission): void {
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, ...peers }];
  fake.admin.AuthorizeSecurityGroupIngress({ GroupId, IpPermissions });
}

/** An error with EC2's code. */
const named = (name: string) => expect.objectContaining({ name });

const groupsOf = (interfaceId: string) =>
  fake.snapshot().interfaces.find((nic) => nic.id === interfaceId)?.groups;

describe('the real reader and writer on the fake', () => {
  test('an inventory is read to the last page and says what is there', async () => {
    const group = makeGroup('flat');
    fake.admin.addProfile('payments', 'arn:aws:iam::111122223333:role/payments-api');
    for (let count = 0; count < 3; count += 1) launch([group]);
    fake.admin.addAwsPrefixList({
      name: 'com.amazonaws.us-east-1.s3',
      cidrs: ['192.0.2.0/24'],
      weight: 55,
    });
    fake.admin.runTask({ cluster: 'shop', service: 'api', subnet, groups: [group] });
    const reader = new AwsReader('Bulkhead', fake.connect('reader'));
    const read = await reader.collectInventory();
    const { takenAt: _taken, gaps, ...inventory } = read;
    expect(gaps).toEqual([]);
    expect(inventory.workloads).toHaveLength(4);
    const { takenAt: _told, ...told } = inventoryFromDescribe(fake.documents(), {
      takenAt: read.takenAt,
      region: 'us-east-1',
    });
    expect({ gaps, ...inventory }).toEqual(told);
  });

  test('a kind that cannot be read becomes a gap', async () => {
    fake.faults.refuse('DescribeRouteTables', 'InternalError');
    const reader = new AwsReader('Bulkhead', fake.connect('reader'));
    const { gaps } = await reader.collectInventory();
    expect(gaps.map((gap) => gap.kind)).toEqual(['RouteTables']);
    fake.faults.clear();
    expect((await reader.collectInventory()).gaps).toEqual([]);
  });

  test('the writer makes a group, gives it rules and attaches it', async () => {
    const { interfaceId } = launch([makeGroup('flat')]);
    const made = await writer().createGroup({ key: 'k', vpc, name: 'web', description: 'web' });
    await writer().setInterfaceGroups(interfaceId, [made], 'enforce');
    expect(groupsOf(interfaceId)).toEqual([made]);
    expect(fake.log.at(-1)).toMatchObject({
      principal: 'enforce',
      action: 'ModifyNetworkInterfaceAttribute',
      input: { NetworkInterfaceId: interfaceId, Groups: [made] },
      atMs: nowMs,
      outcome: 'done',
    });
  });
});

describe('token buckets', () => {
  test('B3 a hundred interface writes at once, then five a second', async () => {
    const { interfaceId } = launch([makeGroup('flat')]);
    const group = makeGroup('web');
    const write = () => writer().setInterfaceGroups(interfaceId, [group], 'enforce');
    for (let count = 0; count < 100; count += 1) await write();
    await expect(write()).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    nowMs += 1_000;
    for (let count = 0; count < 5; count += 1) await write();
    await expect(write()).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    // Another action has a bucket of its own.
    await writer().createGroup({ key: 'k', vpc, name: 'other', description: 'other' });
  });
});

describe('faults', () => {
  test('the next calls of an action are throttled, and change nothing', async () => {
    const { interfaceId } = launch([makeGroup('flat')]);
    const before = groupsOf(interfaceId);
    const group = makeGroup('web');
    fake.faults.throttle('ModifyNetworkInterfaceAttribute', 2);
    const write = () => writer().setInterfaceGroups(interfaceId, [group], 'enforce');
    for (let count = 0; count < 2; count += 1) {
      await expect(write()).rejects.toMatchObject({ name: 'RequestLimitExceeded' });
    }
    expect(groupsOf(interfaceId)).toEqual(before);
    await write();
    expect(groupsOf(interfaceId)).toEqual([group]);
  });

  test('a call that is cut off before has no effect, one that is cut off after has', async () => {
    const { interfaceId } = launch([makeGroup('flat')]);
    const before = groupsOf(interfaceId);
    const group = makeGroup('web');
    const crash = () => {
      throw new Error('crash');
    };
    const write = () => writer().setInterfaceGroups(interfaceId, [group], 'enforce');
    fake.hooks.before = crash;
    await expect(write()).rejects.toThrow('crash');
    expect(groupsOf(interfaceId)).toEqual(before);
    delete fake.hooks.before;
    fake.hooks.after = crash;
    await expect(write()).rejects.toThrow('crash');
    expect(groupsOf(interfaceId)).toEqual([group]);
    expect(fake.log.at(-1)).toMatchObject({ outcome: 'done', answerLost: true });
  });
});

describe('eventual consistency', () => {
  test('C1 a new group is unknown to other calls for a while, but its name is taken', async () => {
    fake.consistency.hiddenMsMax = 2_000;
    const { interfaceId } = launch([]);
    const group = makeGroup('web');
    const write = () => writer().setInterfaceGroups(interfaceId, [group], 'enforce');
    await expect(write()).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
    const again = writer().createGroup({ key: 'k', vpc, name: 'web', description: 'web' });
    await expect(again).rejects.toMatchObject({ name: 'InvalidGroup.Duplicate' });
    nowMs += 2_000;
    await write();
    expect(groupsOf(interfaceId)).toEqual([group]);
  });

  test('C1 nothing is hidden from the test itself', () => {
    fake.consistency.hiddenMsMax = 2_000;
    const { instance, interfaceId } = launch([makeGroup('web')]);
    fake.admin.CreateTags({ Resources: [instance], Tags: [{ Key: 'app', Value: 'shop' }] });
    expect(groupsOf(interfaceId)).toHaveLength(1);
  });

  test('C2 a stale read tells what was true a while ago, and writes are not stale', async () => {
    Object.assign(fake.consistency, { staleMsMax: 10_000, staleShare: 1 });
    const { interfaceId } = launch([makeGroup('flat')]);
    const reader = new AwsReader('Bulkhead', fake.connect('reader'));
    nowMs += 20_000;
    const before = (await reader.readInterface(interfaceId))?.groups;
    const group = makeGroup('web');
    await writer().setInterfaceGroups(interfaceId, [group], 'enforce');
    nowMs += 1;
    expect((await reader.readInterface(interfaceId))?.groups).toEqual(before);
    expect(groupsOf(interfaceId)).toEqual([group]);
    nowMs += 10_000;
    expect((await reader.readInterface(interfaceId))?.groups).toEqual([group]);
  });

  test('C2 what was deleted may still be shown, and is gone in the end', async () => {
    Object.assign(fake.consistency, { staleMsMax: 10_000, staleShare: 1 });
    const group = makeGroup('web');
    nowMs += 20_000;
    const ask = () =>
      fake.connect('reader').ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [group] }));
    await ask();
    fake.admin.DeleteSecurityGroup({ GroupId: group });
    nowMs += 1;
    expect((await ask()).SecurityGroups?.map((one) => one.GroupId)).toEqual([group]);
    nowMs += 10_000;
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  });
});

describe('time', () => {
  test('C3 states pass by themselves, and say so', () => {
    fake.consistency.transitionMs = 1_000;
    const { instance, interfaceId } = launch([]);
    const stateOf = () => fake.snapshot().instances.find((one) => one.id === instance)?.state;
    expect(stateOf()).toBe('pending');
    nowMs += 1_000;
    expect(stateOf()).toBe('running');
    fake.admin.TerminateInstances({ InstanceIds: [instance] });
    expect(groupsOf(interfaceId)).toHaveLength(1);
    nowMs = fake.nextDueMs ?? 0;
    expect(stateOf()).toBe('terminated');
    expect(groupsOf(interfaceId)).toBeUndefined();
    const told = events.map((event) => event.detail.state);
    expect(told).toEqual(['pending', 'running', 'shutting-down', 'terminated']);
  });

  test('N5 a tag event holds all tags and a rising version', () => {
    const { instance } = launch([]);
    const tag = (Value: string) =>
      fake.admin.CreateTags({ Resources: [instance], Tags: [{ Key: 'app', Value }] });
    tag('shop');
    tag('shop');
    tag('bank');
    const told = events.filter((event) => event.source === 'aws.tag');
    expect(told.map(({ detail }) => [detail.version, detail.tags])).toEqual([
      [1, { app: 'shop' }],
      [2, { app: 'bank' }],
    ]);
  });
});

describe('what an outside client cannot bring about', () => {
  test('G13 a Region has room for as many groups as its quota', () => {
    fake.quotas.groupsPerRegion = fake.snapshot().groups.length + 1;
    makeGroup('last');
    expect(() => makeGroup('more')).toThrow(named('SecurityGroupLimitExceeded'));
  });

  test('P8 a list that is being changed is not changed', () => {
    fake.consistency.transitionMs = 1_000;
    const list = makeList();
    const add = (Cidr: string) =>
      fake.admin.ModifyManagedPrefixList({ PrefixListId: list, AddEntries: [{ Cidr }] });
    expect(() => add('10.0.0.0/8')).toThrow(named('IncorrectState'));
    nowMs += 1_000;
    add('10.0.0.0/8');
    expect(() => add('10.1.0.0/16')).toThrow(named('IncorrectState'));
    expect(fake.snapshot().prefixLists[0]).toMatchObject({
      state: 'modify-in-progress',
      version: 2,
    });
    nowMs += 1_000;
    expect(fake.snapshot().prefixLists[0]).toMatchObject({ state: 'modify-complete', version: 2 });
  });

  test('P9 a list of AWS counts its weight and is not changed', () => {
    const name = 'com.amazonaws.us-east-1.s3';
    const list = fake.admin.addAwsPrefixList({ name, cidrs: ['192.0.2.0/24'], weight: 55 });
    const [shown] = fake.admin.DescribeManagedPrefixLists({ PrefixListIds: [list] }).PrefixLists;
    expect(shown).not.toHaveProperty('MaxEntries');
    expect(shown).not.toHaveProperty('Version');
    const AddEntries = [{ Cidr: '10.0.0.0/8' }];
    const change = () => fake.admin.ModifyManagedPrefixList({ PrefixListId: list, AddEntries });
    expect(change).toThrow(named('OperationNotPermitted'));
    const group = makeGroup('s3');
    allowFrom(group, { PrefixListIds: [{ PrefixListId: list }] });
    const five = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24', '10.0.4.0/24'];
    allowFrom(group, { IpRanges: five.map((CidrIp) => ({ CidrIp })) });
    const more = () => allowFrom(group, { IpRanges: [{ CidrIp: '10.0.5.0/24' }] });
    expect(more).toThrow(named('RulesPerSecurityGroupLimitExceeded'));
  });

  test('P10 a list that a rule names is not deleted', () => {
    const list = makeList();
    const group = makeGroup('lists');
    allowFrom(group, { PrefixListIds: [{ PrefixListId: list }] });
    const remove = () => fake.admin.DeleteManagedPrefixList({ PrefixListId: list });
    expect(remove).toThrow(named('DependencyViolation'));
    fake.admin.DeleteSecurityGroup({ GroupId: group });
    remove();
    expect(fake.snapshot().prefixLists).toEqual([]);
  });

  test('D7 a filter takes 200 values', () => {
    const ask = (count: number) => {
      const Values = Array.from({ length: count }, (_, at) => `sg-${at}`);
      return fake.admin.DescribeSecurityGroups({ Filters: [{ Name: 'group-id', Values }] });
    };
    expect(ask(200).SecurityGroups).toEqual([]);
    expect(() => ask(201)).toThrow(named('FilterLimitExceeded'));
  });

  test('a call that the fake does not know fails loudly', async () => {
    const ask = fake.connect('reader').ec2.send(new DescribeKeyPairsCommand({}));
    await expect(ask).rejects.toThrow('does not answer DescribeKeyPairs');
  });

  test('what is asked and answered shares nothing with what is kept', async () => {
    const { interfaceId } = launch([makeGroup('flat')]);
    const Groups = [makeGroup('web')];
    const { ec2 } = fake.connect('enforce');
    const change = { NetworkInterfaceId: interfaceId, Groups };
    await ec2.send(new ModifyNetworkInterfaceAttributeCommand(change));
    const kept = groupsOf(interfaceId);
    Groups.push('sg-later');
    const reader = new AwsReader('Bulkhead', fake.connect('reader'));
    ((await reader.readInterface(interfaceId)) as unknown as { groups: string[] }).groups.push(
      'sg-later',
    );
    expect(groupsOf(interfaceId)).toEqual(kept);
    expect(kept).toHaveLength(1);
  });
});
