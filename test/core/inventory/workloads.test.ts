import { describe, expect, test } from 'vitest';
import type { DescribeOptions } from '../../../core/inventory/from-describe.ts';
import { taskInterfaceIds } from '../../../core/inventory/workloads.ts';
import { read } from './read.ts';

const ROLE = 'arn:aws:iam::123456789012:role';
const CLUSTER = 'arn:aws:ecs:eu-west-1:123456789012:cluster/main';
const PLACE = { account: '123456789012', region: 'eu-west-1' };
const named = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

interface Seen {
  readonly interfaces?: readonly object[];
  readonly instances?: readonly object[];
  readonly tasks?: readonly object[];
}

function readAt(
  { interfaces = [], instances = [], tasks = [] }: Seen,
  options: Partial<DescribeOptions> = {},
) {
  const documents = {
    NetworkInterfaces: interfaces,
    Reservations: instances.map((one) => ({ Instances: [one] })),
    Tasks: tasks,
  };
  return read(documents, { ...PLACE, ...options });
}

const nicOf = (raw: object, NetworkInterfaceId = 'eni-1') =>
  readAt({ interfaces: [{ NetworkInterfaceId, ...raw }] }).interfaces[0];

describe('an interface', () => {
  test('has all its addresses and groups, sorted', () => {
    const raw = {
      ...{ VpcId: 'vpc-1', SubnetId: 'subnet-1', Status: 'in-use', RequesterManaged: true },
      ...{ PrivateIpAddress: '10.0.0.2', InterfaceType: 'lambda' },
      PrivateIpAddresses: [
        { PrivateIpAddress: '10.0.0.2' },
        { PrivateIpAddress: '10.0.0.1' },
        { PrivateIpAddress: '10.0.0.300' },
      ],
      Ipv6Addresses: [{ Ipv6Address: '2001:DB8::1' }],
      Association: { PublicIp: '192.0.2.9' },
      Groups: [{ GroupId: 'sg-2' }, { GroupId: 'sg-1' }],
      TagSet: named({ app: 'shop' }),
    };
    expect(nicOf(raw)).toEqual({
      ...{ id: 'eni-1', vpc: 'vpc-1', subnet: 'subnet-1', type: 'lambda', status: 'in-use' },
      ...{ ipv4: ['10.0.0.1', '10.0.0.2'], ipv6: ['2001:db8::1'], publicIpv4: '192.0.2.9' },
      ...{ groups: ['sg-1', 'sg-2'], requesterManaged: true, workload: 'eni-1' },
      tags: { app: 'shop' },
    });
  });

  test('of which nothing is told is a plain one of its own', () => {
    expect(nicOf({})).toStrictEqual({
      ...{ id: 'eni-1', vpc: '', subnet: '', type: 'interface', status: '', ipv4: [], ipv6: [] },
      ...{ groups: [], requesterManaged: false, workload: 'eni-1', tags: {} },
    });
  });

  test.each([
    ['Interface for NAT Gateway nat-044f518facb617e97', 'nat-044f518facb617e97'],
    ['of a person: Interface for NAT Gateway nat-1', undefined],
    ['Interface for NAT Gateway nat-1 of a person', undefined],
  ])('described as `%s` is of the NAT gateway %s', (Description, gateway) => {
    expect(nicOf({ Description })?.natGateway).toBe(gateway);
  });

  test('with a group that has no id leaves a gap', () => {
    const Groups = [{ GroupName: 'which?' }, { GroupId: 'sg-1' }, { GroupId: 'sg-2' }];
    const { gaps, interfaces } = readAt({ interfaces: [{ NetworkInterfaceId: 'eni-1', Groups }] });
    expect(interfaces[0]?.groups).toEqual(['sg-1', 'sg-2']);
    expect(gaps).toEqual([
      { kind: 'NetworkInterfaces', reason: '1 of the entries of eni-1 cannot be read' },
    ]);
  });

  test('belongs to a workload that is there: to its instance, else to itself', () => {
    const nic = (id: string, InstanceId: string) => ({
      ...{ NetworkInterfaceId: id, Attachment: { InstanceId } },
    });
    const { interfaces, workloads } = readAt({
      instances: [{ InstanceId: 'i-1' }],
      interfaces: [nic('eni-2', 'i-2'), nic('eni-1', 'i-1')],
    });
    expect(interfaces.map(({ id, workload }) => [id, workload])).toEqual([
      ['eni-1', 'i-1'],
      ['eni-2', 'eni-2'],
    ]);
    expect(workloads.map((one) => one.identity.workload)).toEqual(['eni-2', 'i-1']);
  });
});

describe('an instance', () => {
  const PROFILE = 'arn:aws:iam::123456789012:instance-profile/web';
  const instanceOf = (raw: object, options: Partial<DescribeOptions> = {}) =>
    readAt({ instances: [{ InstanceId: 'i-1', ...raw }] }, options).workloads[0];

  test('is known by its tags, role and place, and by all its interfaces', () => {
    const nic = (id: string, SubnetId: string) => ({
      ...{ NetworkInterfaceId: id, VpcId: 'vpc-1', SubnetId, Attachment: { InstanceId: 'i-1' } },
    });
    const instance = {
      ...{ InstanceId: 'i-1', VpcId: 'vpc-1', SubnetId: 'subnet-9', State: { Name: 'stopped' } },
      IamInstanceProfile: { Arn: PROFILE },
      Tags: named({ 'aws:autoscaling:groupName': 'web-asg', Name: 'web-1' }),
    };
    const interfaces = [
      nic('eni-3', 'subnet-1'),
      nic('eni-1', 'subnet-2'),
      nic('eni-2', 'subnet-2'),
    ];
    const roleByProfile = { [PROFILE]: `${ROLE}/web-host` };
    expect(readAt({ instances: [instance], interfaces }, { roleByProfile }).workloads).toEqual([
      {
        identity: {
          ...{ workload: 'i-1', kind: 'instance', ...PLACE, vpc: 'vpc-1' },
          ...{ tags: { 'aws:autoscaling:groupName': 'web-asg', Name: 'web-1' }, name: 'web-1' },
          ...{ iamRole: `${ROLE}/web-host`, autoScalingGroup: 'web-asg' },
          subnets: ['subnet-1', 'subnet-2'],
        },
        ...{ interfaces: ['eni-1', 'eni-2', 'eni-3'], state: 'stopped', control: 'attach' },
      },
    ]);
  });

  test('of which nothing is told is known by its id alone', () => {
    expect(instanceOf({})).toStrictEqual({
      identity: { workload: 'i-1', kind: 'instance', tags: {}, ...PLACE, subnets: [] },
      ...{ interfaces: [], state: '', control: 'attach' },
    });
  });

  test('without interfaces is in the subnet that it was started in', () => {
    const { identity } = instanceOf({ VpcId: 'vpc-1', SubnetId: 'subnet-1' }) ?? {};
    expect([identity?.vpc, identity?.subnets]).toEqual(['vpc-1', ['subnet-1']]);
  });

  test('without a VPC of its own is in that of its interface', () => {
    const nic = { NetworkInterfaceId: 'eni-1', VpcId: 'vpc-2', Attachment: { InstanceId: 'i-1' } };
    const found = readAt({ instances: [{ InstanceId: 'i-1' }], interfaces: [nic] });
    expect(found.workloads[0]?.identity.vpc).toBe('vpc-2');
  });

  test("has a role called as its profile, where the profile's own is not known", () => {
    const IamInstanceProfile = { Arn: PROFILE };
    expect(instanceOf({ IamInstanceProfile })?.identity.iamRole).toBe(`${ROLE}/web`);
  });

  test('that a service manages is seen and not written', () => {
    const Operator = { Managed: true, Principal: 'eks.amazonaws.com' };
    expect(instanceOf({ Operator })).toMatchObject({
      ...{ control: 'visible', controlReason: 'managed by eks.amazonaws.com' },
    });
    expect(instanceOf({ Operator: { Managed: false } })?.control).toBe('attach');
  });
});

describe('a task', () => {
  const TASK = {
    ...{ clusterArn: CLUSTER, taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/main/t1' },
    taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1',
  };
  const taskOf = (raw: object, options: Partial<DescribeOptions> = {}) =>
    readAt({ tasks: [{ ...TASK, ...raw }] }, options).workloads[0];

  test('is known by its service, and its interfaces are its own', () => {
    const task = {
      ...{ ...TASK, group: 'service:shop', lastStatus: 'RUNNING' },
      overrides: { taskRoleArn: `${ROLE}/override` },
      tags: [
        { key: 'app', value: 'shop' },
        { key: 'Name', value: 'shop-1' },
      ],
      attachments: [
        {
          details: [
            { name: 'subnetId', value: 'subnet-1' },
            { name: 'networkInterfaceId', value: 'eni-2' },
            { name: 'networkInterfaceId' },
          ],
        },
        { details: [{ name: 'networkInterfaceId', value: 'eni-1' }] },
      ],
    };
    const nic = (id: string) => ({
      ...{ NetworkInterfaceId: id, VpcId: 'vpc-1', SubnetId: 'subnet-1', RequesterManaged: true },
    });
    const seen = { tasks: [task], interfaces: [nic('eni-2'), nic('eni-1')] };
    const roleByTaskDefinition = { [TASK.taskDefinitionArn]: `${ROLE}/shop` };
    const { workloads, interfaces } = readAt(seen, { roleByTaskDefinition });
    expect(taskInterfaceIds(task)).toEqual(['eni-2', 'eni-1']);
    expect(interfaces.map(({ workload }) => workload)).toEqual(['ecs:main:t1', 'ecs:main:t1']);
    expect(workloads).toEqual([
      {
        identity: {
          ...{ workload: 'ecs:main:t1', kind: 'task', ...PLACE, vpc: 'vpc-1' },
          ...{ tags: { Name: 'shop-1', app: 'shop' }, name: 'shop-1', cluster: 'main' },
          ...{ iamRole: `${ROLE}/override`, service: 'shop', subnets: ['subnet-1'] },
        },
        ...{ interfaces: ['eni-1', 'eni-2'], state: 'running', control: 'visible' },
        controlReason: 'ECS owns the attachment of a task; its groups are changed on the service',
      },
    ]);
  });

  test('of no service and without interfaces is known by its cluster', () => {
    expect(taskOf({ group: 'family:shop' })?.identity).toStrictEqual({
      ...{ workload: 'ecs:main:t1', kind: 'task', tags: {}, ...PLACE, cluster: 'main' },
      subnets: [],
    });
  });

  test('has the role of its definition where it does not override it', () => {
    const roleByTaskDefinition = { [TASK.taskDefinitionArn]: `${ROLE}/shop` };
    expect(taskOf({}, { roleByTaskDefinition })?.identity.iamRole).toBe(`${ROLE}/shop`);
  });
});

describe('an interface of nobody', () => {
  const aloneOf = (raw: object) =>
    readAt({ interfaces: [{ NetworkInterfaceId: 'eni-1', ...raw }] }).workloads[0];

  test('is a workload, known by its tags and place', () => {
    const raw = {
      ...{ VpcId: 'vpc-1', SubnetId: 'subnet-1', Status: 'in-use' },
      TagSet: named({ Name: 'appliance', app: 'scan' }),
    };
    expect(aloneOf(raw)).toEqual({
      identity: {
        ...{ workload: 'eni-1', kind: 'interface', tags: { Name: 'appliance', app: 'scan' } },
        ...{ ...PLACE, vpc: 'vpc-1', subnets: ['subnet-1'], name: 'appliance' },
      },
      ...{ interfaces: ['eni-1'], state: 'running', control: 'attach' },
    });
  });

  test('that is not in use is in the state that AWS gives, and may have no name', () => {
    const { state, identity } = aloneOf({ Status: 'available' }) ?? {};
    expect([state, identity !== undefined && 'name' in identity]).toEqual(['available', false]);
  });

  test.each([
    [{}, 'attach', undefined],
    [{ InterfaceType: 'efa' }, 'attach', undefined],
    [{ InterfaceType: 'efa-only' }, 'attach', undefined],
    [
      { InterfaceType: 'nat_gateway' },
      'visible',
      'interface type nat_gateway: the service owns the attachment',
    ],
    [
      { InterfaceType: 'lambda', RequesterManaged: true, RequesterId: 'amazon-elb' },
      'visible',
      'requester-managed by amazon-elb: the service owns the attachment',
    ],
    [
      { RequesterManaged: true },
      'visible',
      'requester-managed by a service: the service owns the attachment',
    ],
    [
      { RequesterManaged: true, Operator: { Managed: true, Principal: 'vpc.amazonaws.com' } },
      'visible',
      'managed by vpc.amazonaws.com',
    ],
    [{ Operator: { Managed: true } }, 'visible', 'managed by a service'],
    [{ Operator: { Managed: false } }, 'attach', undefined],
    [
      { RequesterManaged: true, Attachment: { InstanceId: 'i-9' } },
      'visible',
      'i-9, which has it, was not described',
    ],
  ])('%j: %s, %s', (raw, control, reason) => {
    const found = aloneOf(raw);
    expect([found?.control, found?.controlReason]).toEqual([control, reason]);
    expect(found !== undefined && 'controlReason' in found).toBe(reason !== undefined);
  });
});

describe('tags', () => {
  const tagsOf = (raw: object) => Object.entries(nicOf(raw)?.tags ?? {});

  test('come sorted, under whichever name the service lists them', () => {
    const listed = [
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '1' },
      { Key: 'c' },
      { Value: 'no key' },
    ];
    const small = [{ key: 'b', value: '2' }, { key: 'a', value: '1' }, { key: 'c' }];
    const sorted = [
      ['a', '1'],
      ['b', '2'],
      ['c', ''],
    ];
    expect(tagsOf({ TagSet: listed })).toEqual(sorted);
    expect(tagsOf({ Tags: listed, TagSet: [] })).toEqual(sorted);
    expect(tagsOf({ tags: small })).toEqual(sorted);
  });
});
