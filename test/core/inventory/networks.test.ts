import { describe, expect, test } from 'vitest';
import { read } from './read.ts';

const NAMED = [
  { Key: 'zone', Value: 'pci' },
  { Key: 'app', Value: 'shop' },
];
const tags = { app: 'shop', zone: 'pci' };

test('a VPC has all its blocks, but for those that are not associated any more', () => {
  const four = (CidrBlock: string, State?: string) => ({ CidrBlock, CidrBlockState: { State } });
  const six = (Ipv6CidrBlock: string, State?: string) => ({
    ...{ Ipv6CidrBlock, Ipv6CidrBlockState: { State } },
  });
  const { vpcs, gaps } = read({
    Vpcs: [
      { VpcId: 'vpc-2', CidrBlock: '10.9.0.0/16' },
      {
        ...{ VpcId: 'vpc-1', CidrBlock: '10.1.0.0/16', Tags: NAMED },
        CidrBlockAssociationSet: [
          four('10.3.0.0/16', 'associated'),
          four('10.1.0.0/16', 'associated'),
          four('10.2.0.0/16'),
          four('10.4.0.0/16', 'disassociated'),
          four('10.300.0.0/16', 'associated'),
        ],
        Ipv6CidrBlockAssociationSet: [
          six('2001:DB8:2::/56', 'associated'),
          six('2001:db8:1::/56'),
          six('2001:db8:3::/56', 'disassociating'),
        ],
      },
    ],
  });
  expect(gaps).toEqual([]);
  expect(vpcs).toEqual([
    {
      ...{ id: 'vpc-1', tags, ipv4: ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'] },
      ipv6: ['2001:db8:1::/56', '2001:db8:2::/56'],
    },
    { id: 'vpc-2', ipv4: ['10.9.0.0/16'], ipv6: [], tags: {} },
  ]);
});

test('a subnet may have no IPv4 block, and its IPv6 blocks as its VPC has them', () => {
  const { subnets } = read({
    Subnets: [
      {
        ...{ SubnetId: 'subnet-2', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1b', Tags: NAMED },
        Ipv6CidrBlockAssociationSet: [
          { Ipv6CidrBlock: '2001:db8:2::/64', Ipv6CidrBlockState: { State: 'associated' } },
          { Ipv6CidrBlock: '2001:db8:1::/64', Ipv6CidrBlockState: { State: 'disassociated' } },
        ],
      },
      {
        ...{ SubnetId: 'subnet-1', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1a' },
        CidrBlock: '10.1.1.7/24',
      },
    ],
  });
  expect(subnets).toStrictEqual([
    {
      ...{ id: 'subnet-1', vpc: 'vpc-1', availabilityZone: 'eu-west-1a' },
      ...{ ipv4: '10.1.1.0/24', ipv6: [], tags: {} },
    },
    {
      ...{ id: 'subnet-2', vpc: 'vpc-1', availabilityZone: 'eu-west-1b' },
      ...{ ipv6: ['2001:db8:2::/64'], tags },
    },
  ]);
});

describe('a network ACL', () => {
  const entry = (RuleNumber: unknown, more: object) => ({
    ...{ RuleNumber, Egress: false, Protocol: '-1', RuleAction: 'deny' },
    ...{ CidrBlock: '0.0.0.0/0', ...more },
  });
  const all = { protocol: -1, fromPort: -1, toPort: -1, cidr: '0.0.0.0/0' };
  const acl = { id: 'acl-1', vpc: '', isDefault: false, subnets: [], tags: {}, entries: [] };

  test('has its entries by direction and number, with ports or ICMP types as they apply', () => {
    const { networkAcls, gaps } = read({
      NetworkAcls: [
        {
          ...{ NetworkAclId: 'acl-2', VpcId: 'vpc-1', IsDefault: true, Tags: NAMED },
          Associations: [{ SubnetId: 'subnet-2' }, { SubnetId: 'subnet-1' }],
          Entries: [
            entry(9, { Egress: true, RuleAction: 'allow' }),
            entry(20, { Protocol: '17', PortRange: { From: 53, To: 54 } }),
            entry('3', {
              ...{ Protocol: '1', IcmpTypeCode: { Type: 8, Code: 0 } },
              PortRange: { From: 1, To: 2 },
            }),
            entry(4, {
              ...{ Protocol: '58', IcmpTypeCode: { Type: 1, Code: -1 } },
              ...{ CidrBlock: undefined, Ipv6CidrBlock: '2001:DB8::/32' },
            }),
            entry(5, {
              ...{ Protocol: '6', IcmpTypeCode: { Type: 8, Code: 0 } },
              PortRange: { From: 22, To: 22 },
            }),
            entry(undefined, {}),
            entry(8, { Egress: true }),
          ],
        },
        { NetworkAclId: 'acl-1' },
      ],
    });
    expect(gaps).toEqual([]);
    expect(networkAcls).toEqual([
      acl,
      {
        ...{ id: 'acl-2', vpc: 'vpc-1', isDefault: true, subnets: ['subnet-1', 'subnet-2'], tags },
        entries: [
          { ...all, ruleNumber: 3, egress: false, action: 'deny', ...icmp(1, 8, 0) },
          {
            ...{ ruleNumber: 4, egress: false, action: 'deny', ...icmp(58, 1, -1) },
            cidr: '2001:db8::/32',
          },
          { ...all, ruleNumber: 5, egress: false, action: 'deny', ...icmp(6, 22, 22) },
          { ...all, ruleNumber: 20, egress: false, action: 'deny', ...icmp(17, 53, 54) },
          // The number of the entry that stands last in every list.
          { ...all, ruleNumber: 32_767, egress: false, action: 'deny' },
          { ...all, ruleNumber: 8, egress: true, action: 'deny' },
          { ...all, ruleNumber: 9, egress: true, action: 'allow' },
        ],
      },
    ]);
  });

  test.each([
    ['a protocol', entry(1, { Protocol: 'ipx' })],
    ['a block', entry(1, { CidrBlock: '10.0.0.0/40' })],
    ['ports', entry(1, { Protocol: '6', PortRange: { From: 2, To: 1 } })],
    ['an ICMP type', entry(1, { Protocol: '1', IcmpTypeCode: { Type: 256, Code: -1 } })],
    ['an entry that is no object', null],
  ])('has a gap where it cannot be read: %s', (_, one) => {
    const Entries = [one, entry(2, {})];
    const { networkAcls, gaps } = read({ NetworkAcls: [{ NetworkAclId: 'acl-1', Entries }] });
    expect(networkAcls[0]?.entries.map(({ ruleNumber }) => ruleNumber)).toEqual([2]);
    expect(gaps).toEqual([
      { kind: 'NetworkAcls', reason: '1 of the entries of acl-1 cannot be read' },
    ]);
  });
});

function icmp(protocol: number, fromPort: number, toPort: number) {
  return { protocol, fromPort, toPort };
}

describe('a route table', () => {
  const targetOf = (route: object) =>
    read({
      RouteTables: [
        { RouteTableId: 'rtb-1', Routes: [{ DestinationCidrBlock: '0.0.0.0/0', ...route }] },
      ],
    }).routeTables[0]?.routes[0]?.target;

  test('has its routes by destination and target, whatever they lead to', () => {
    const { routeTables, gaps } = read({
      RouteTables: [
        {
          ...{ RouteTableId: 'rtb-2', VpcId: 'vpc-1' },
          Associations: [{ SubnetId: 'subnet-2' }, { Main: true }, { SubnetId: 'subnet-1' }],
          Routes: [
            { DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: 'eigw-1' },
            { DestinationPrefixListId: 'pl-1', GatewayId: 'vpce-1', State: 'blackhole' },
            { DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local', State: 'active' },
            { DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-2' },
            { DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' },
          ],
        },
        { RouteTableId: 'rtb-1', VpcId: 'vpc-1', Associations: [{ Main: false }] },
      ],
    });
    expect(gaps).toEqual([]);
    expect(routeTables).toEqual([
      { id: 'rtb-1', vpc: 'vpc-1', main: false, subnets: [], routes: [] },
      {
        ...{ id: 'rtb-2', vpc: 'vpc-1', main: true, subnets: ['subnet-1', 'subnet-2'] },
        routes: [
          { destination: '0.0.0.0/0', target: 'nat-1', state: 'active' },
          { destination: '0.0.0.0/0', target: 'nat-2', state: 'active' },
          { destination: '10.0.0.0/16', target: 'local', state: 'active' },
          { destination: '::/0', target: 'eigw-1', state: 'active' },
          { destination: 'pl-1', target: 'vpce-1', state: 'blackhole' },
        ],
      },
    ]);
  });

  test.each([
    ['GatewayId', 'igw-1'],
    ['NatGatewayId', 'nat-1'],
    ['TransitGatewayId', 'tgw-1'],
    ['VpcPeeringConnectionId', 'pcx-1'],
    ['NetworkInterfaceId', 'eni-1'],
    ['InstanceId', 'i-1'],
    ['EgressOnlyInternetGatewayId', 'eigw-1'],
    ['LocalGatewayId', 'lgw-1'],
    ['CarrierGatewayId', 'cagw-1'],
    ['CoreNetworkArn', 'arn:aws:networkmanager::123456789012:core-network/core-1'],
  ])('leads to a %s', (name, id) => {
    expect(targetOf({ [name]: id })).toBe(id);
  });

  test('leads nowhere where no target is told', () => {
    expect(targetOf({})).toBe('none');
  });

  test('has a gap for a destination that cannot be read', () => {
    const { gaps, routeTables } = read({
      RouteTables: [
        {
          RouteTableId: 'rtb-1',
          Routes: [
            { DestinationPrefixListId: 'pl-1' },
            { DestinationPrefixListId: '10.0.0.0/40' },
            { GatewayId: 'local' },
            null,
          ],
        },
      ],
    });
    expect(routeTables[0]?.routes.map(({ destination }) => destination)).toEqual(['pl-1']);
    expect(gaps).toEqual([
      { kind: 'RouteTables', reason: '3 of the entries of rtb-1 cannot be read' },
    ]);
  });
});

test('a peering has two sides, each with all its blocks', () => {
  const { peerings } = read({
    VpcPeeringConnections: [
      {
        ...{ VpcPeeringConnectionId: 'pcx-1', Status: { Code: 'active', Message: 'Active' } },
        RequesterVpcInfo: {
          ...{ VpcId: 'vpc-1', OwnerId: '123456789012', Region: 'eu-west-1' },
          CidrBlock: '10.2.0.0/16',
          CidrBlockSet: [{ CidrBlock: '10.2.0.0/16' }, { CidrBlock: '10.1.0.0/16' }],
          Ipv6CidrBlockSet: [{ Ipv6CidrBlock: '2001:DB8::/56' }],
        },
        AccepterVpcInfo: { VpcId: 'vpc-2', OwnerId: '000000000000', Region: 'us-east-1' },
      },
    ],
  });
  expect(peerings).toEqual([
    {
      ...{ id: 'pcx-1', status: 'active' },
      requester: {
        ...{ vpc: 'vpc-1', account: '123456789012', region: 'eu-west-1' },
        cidrs: ['10.1.0.0/16', '10.2.0.0/16', '2001:db8::/56'],
      },
      accepter: { vpc: 'vpc-2', account: '000000000000', region: 'us-east-1', cidrs: [] },
    },
  ]);
});

describe('a prefix list', () => {
  const listOf = (raw: object, entries?: readonly string[]) =>
    read({
      PrefixLists: [{ PrefixListId: 'pl-1', ...raw }],
      ...(entries === undefined
        ? {}
        : { PrefixListEntries: { 'pl-1': entries.map((Cidr) => ({ Cidr })) } }),
    }).prefixLists[0];

  test('counts as many entries as it may have, and has those that are told of it', () => {
    const raw = {
      ...{ PrefixListName: 'offices', AddressFamily: 'IPv4', MaxEntries: 10, Version: 3 },
      ...{ OwnerId: '123456789012', Tags: NAMED },
    };
    expect(listOf(raw, ['198.51.100.0/24', '192.0.2.9/24'])).toEqual({
      ...{ id: 'pl-1', name: 'offices', family: 'ipv4', maxEntries: 10, version: 3, tags },
      ...{ owner: '123456789012', cidrs: ['192.0.2.0/24', '198.51.100.0/24'] },
    });
  });

  test("as AWS lists its own, by DescribePrefixLists: blocks without the list's size", () => {
    const raw = { PrefixListName: 'com.amazonaws.eu-west-1.s3', Cidrs: ['198.51.100.0/24', 7] };
    expect(listOf(raw)).toStrictEqual({
      ...{ id: 'pl-1', name: 'com.amazonaws.eu-west-1.s3', family: 'ipv4', maxEntries: 1 },
      ...{ owner: '', cidrs: ['198.51.100.0/24'], tags: {} },
    });
  });

  test.each([
    ['it says so', { AddressFamily: 'IPv6' }, [], 'ipv6'],
    ['its entries are', {}, ['2001:db8::/32', '2001:db8:1::/48'], 'ipv6'],
    ['not where one of its entries is not', {}, ['2001:db8::/32', '10.0.0.0/8'], 'ipv4'],
    ['not where nothing is known', {}, [], 'ipv4'],
  ])('is of IPv6 where %s', (_, raw, entries, family) => {
    expect(listOf(raw, entries)?.family).toBe(family);
  });
});
