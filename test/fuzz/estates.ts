import type { DescribeDocuments } from '../../core/inventory/from-describe.ts';

const tags = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([Key, Value]) => ({ Key, Value }));

const ANYWHERE = [{ CidrIp: '0.0.0.0/0' }];

function host(number: number, subnet: 'a' | 'b', named: Readonly<Record<string, string>>) {
  const id = `0${number}`;
  const address = `10.0.${subnet === 'a' ? 1 : 2}.${10 + number}`;
  return {
    instance: {
      InstanceId: `i-${id}`,
      VpcId: 'vpc-0a',
      SubnetId: `subnet-0${subnet}`,
      State: { Name: 'running', Code: 16 },
      IamInstanceProfile: { Arn: 'arn:aws:iam::123456789012:instance-profile/db-host' },
      Tags: tags(named),
    },
    nic: {
      NetworkInterfaceId: `eni-${id}`,
      VpcId: 'vpc-0a',
      SubnetId: `subnet-0${subnet}`,
      PrivateIpAddress: address,
      PrivateIpAddresses: [{ PrivateIpAddress: address, Primary: true }],
      Ipv6Addresses: [{ Ipv6Address: `2001:db8:0:${number}::1` }],
      Groups: [{ GroupId: 'sg-0f', GroupName: 'flat' }],
      Attachment: { InstanceId: `i-${id}`, Status: 'attached' },
      InterfaceType: 'interface',
      RequesterManaged: false,
      Status: 'in-use',
      TagSet: [],
      Association: { PublicIp: `203.0.113.${number}` },
    },
  };
}

const HOSTS = [
  host(1, 'a', { Name: 'web-1', app: 'shop', tier: 'web' }),
  host(2, 'a', { Name: 'api-1', app: 'shop', tier: 'api' }),
  host(3, 'b', { Name: 'db-1', tier: 'db' }),
];

const block = (RuleNumber: number, Egress: boolean, RuleAction: string) => ({
  ...{ RuleNumber, Egress, RuleAction, Protocol: '-1', CidrBlock: '0.0.0.0/0' },
});

/** A small estate as the AWS CLI describes it: every kind, each with the fields that are read. */
export const DESCRIBED: DescribeDocuments = {
  Vpcs: [
    {
      VpcId: 'vpc-0a',
      CidrBlock: '10.0.0.0/16',
      CidrBlockAssociationSet: [
        { CidrBlock: '10.0.0.0/16', CidrBlockState: { State: 'associated' } },
      ],
      Ipv6CidrBlockAssociationSet: [
        { Ipv6CidrBlock: '2001:db8::/56', Ipv6CidrBlockState: { State: 'associated' } },
      ],
      Tags: tags({ segmentation: 'bulkhead' }),
    },
    { VpcId: 'vpc-0b', CidrBlock: '10.1.0.0/16', Tags: tags({ segmentation: 'bulkhead' }) },
  ],
  Subnets: ['a', 'b'].map((name, at) => ({
    SubnetId: `subnet-0${name}`,
    VpcId: 'vpc-0a',
    CidrBlock: `10.0.${at + 1}.0/24`,
    AvailabilityZone: 'eu-west-1a',
    Tags: tags(name === 'b' ? { zone: 'pci' } : {}),
  })),
  Reservations: [{ ReservationId: 'r-01', Instances: HOSTS.map(({ instance }) => instance) }],
  NetworkInterfaces: [
    ...HOSTS.map(({ nic }) => nic),
    {
      ...{ NetworkInterfaceId: 'eni-04', VpcId: 'vpc-0a', SubnetId: 'subnet-0a' },
      ...{ PrivateIpAddress: '10.0.1.40', InterfaceType: 'lambda', RequesterManaged: true },
      ...{ RequesterId: '123456789012:service', Groups: [{ GroupId: 'sg-0e' }], Status: 'in-use' },
    },
    { NetworkInterfaceId: 'eni-05', VpcId: 'vpc-0a', SubnetId: 'subnet-0b', Status: 'in-use' },
  ],
  SecurityGroups: [
    {
      ...{ GroupId: 'sg-0f', GroupName: 'flat', Description: 'all', VpcId: 'vpc-0a' },
      OwnerId: '123456789012',
      Tags: tags({}),
      IpPermissions: [
        { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-0f', UserId: '123456789012' }] },
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: ANYWHERE },
        { IpProtocol: 'icmp', FromPort: 8, ToPort: -1, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      ],
      IpPermissionsEgress: [
        { IpProtocol: '-1', IpRanges: ANYWHERE, Ipv6Ranges: [{ CidrIpv6: '::/0' }] },
      ],
    },
    {
      ...{ GroupId: 'sg-0e', GroupName: 'edge', VpcId: 'vpc-0a', OwnerId: '123456789012' },
      Tags: tags({ role: 'edge' }),
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, PrefixListIds: [{ PrefixListId: 'pl-01' }] },
      ],
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: ANYWHERE }],
    },
    {
      ...{ GroupId: 'sg-0c', GroupName: 'bulkhead-api', VpcId: 'vpc-0a', OwnerId: '123456789012' },
      Tags: tags({ 'bulkhead:owner': 'Bulkhead', 'bulkhead:group': 'segment:api@vpc-0a' }),
      IpPermissions: [],
      IpPermissionsEgress: [],
    },
  ],
  NetworkAcls: [
    {
      ...{ NetworkAclId: 'acl-0a', VpcId: 'vpc-0a', IsDefault: true, Tags: [] },
      Associations: [{ SubnetId: 'subnet-0a' }, { SubnetId: 'subnet-0b' }],
      Entries: [
        ...[true, false].flatMap((egress) => [
          block(100, egress, 'allow'),
          block(32_767, egress, 'deny'),
        ]),
        {
          ...{ RuleNumber: 90, Egress: false, RuleAction: 'deny', Protocol: '6' },
          ...{ CidrBlock: '192.0.2.0/24', PortRange: { From: 22, To: 22 } },
        },
      ],
    },
  ],
  RouteTables: [
    {
      ...{ RouteTableId: 'rtb-0a', VpcId: 'vpc-0a' },
      Associations: [{ Main: true }, { SubnetId: 'subnet-0a' }],
      Routes: [
        { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active' },
        { DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-0a', State: 'active' },
        { DestinationCidrBlock: '10.1.0.0/16', VpcPeeringConnectionId: 'pcx-01', State: 'active' },
        { DestinationPrefixListId: 'pl-01', GatewayId: 'vpce-01', State: 'blackhole' },
      ],
    },
  ],
  VpcPeeringConnections: [
    {
      VpcPeeringConnectionId: 'pcx-01',
      Status: { Code: 'active' },
      RequesterVpcInfo: { VpcId: 'vpc-0a', OwnerId: '123456789012', CidrBlock: '10.0.0.0/16' },
      AccepterVpcInfo: { VpcId: 'vpc-0b', OwnerId: '123456789012', CidrBlock: '10.1.0.0/16' },
    },
  ],
  PrefixLists: [
    {
      ...{ PrefixListId: 'pl-01', PrefixListName: 'com.amazonaws.eu-west-1.s3', Version: 3 },
      ...{ AddressFamily: 'IPv4', MaxEntries: 10, OwnerId: 'AWS' },
    },
  ],
  PrefixListEntries: { 'pl-01': [{ Cidr: '198.51.100.0/24' }] },
  Tasks: [
    {
      clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/main',
      taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/main/t1',
      taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1',
      group: 'service:shop',
      lastStatus: 'RUNNING',
      overrides: { taskRoleArn: 'arn:aws:iam::123456789012:role/shop' },
      attachments: [{ details: [{ name: 'networkInterfaceId', value: 'eni-05' }] }],
      tags: [{ key: 'app', value: 'shop' }],
    },
  ],
  Quotas: [{ QuotaCode: 'L-0EA8095F', Value: 60 }],
};
