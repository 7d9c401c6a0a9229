import { DescribeSecurityGroupsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { AwsReader } from '../../aws/reader.ts';
import { createWriter } from '../../aws/writer.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import type { Ec2Writer } from '../../engine/ports.ts';
import { type AwsEvent, createFakeEc2, type FakeEc2 } from './ec2/create-fake-ec2.ts';
import { steps } from './steps.ts';

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
    random: steps(7),
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
  test('a hundred interface writes at once, then five a second', async () => {
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
  test('a new group is unknown to other calls for a while, but its name is taken', async () => {
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

  test('a stale read tells what was true a while ago, and writes are not stale', async () => {
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

  test('what was deleted may still be shown, and is gone in the end', async () => {
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
  test('states pass by themselves, and say so', () => {
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

  test('a tag event holds all tags and a rising version', () => {
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
