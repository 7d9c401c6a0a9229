import type {
  AcceptVpcPeeringConnectionCommandInput,
  AssociateRouteTableCommandInput,
  CreateRouteCommandInput,
  CreateRouteTableCommandInput,
  CreateSubnetCommandInput,
  CreateVpcCommandInput,
  CreateVpcPeeringConnectionCommandInput,
  DeleteVpcPeeringConnectionCommandInput,
  DescribeRouteTablesCommandInput,
  DescribeSubnetsCommandInput,
  DescribeVpcPeeringConnectionsCommandInput,
  DescribeVpcsCommandInput,
} from '@aws-sdk/client-ec2';
import { containsCidr, overlapCidr } from 'cidr-tools';
import { makeDefaultAcl, putInDefaultAcl } from './acls.ts';
import { describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import { makeDefaultGroup } from './groups.ts';
import { findSubnet } from './interfaces.ts';
import type {
  PeeringRecord,
  RouteRecord,
  RouteTableRecord,
  SubnetRecord,
  VpcRecord,
} from './records.ts';
import { missing, notFound, refusal } from './refusal.ts';
import { readCidr } from './rules.ts';
import { tagsFor } from './tags.ts';

const VPC_FIELDS: Fields<VpcRecord> = {
  'vpc-id': (vpc) => [vpc.id],
  cidr: (vpc) => [vpc.cidr],
  'is-default': (vpc) => [vpc.isDefault],
};

export function describeVpcs(estate: Estate, input: DescribeVpcsCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.vpcs,
    fields: VPC_FIELDS,
    ids: input.VpcIds,
    absent: ['InvalidVpcID.NotFound', 'vpc ID'],
    pageMin: 5,
    pageMax: 1_000,
  });
  return { Vpcs: items.map((vpc) => toVpcView(estate, vpc)), ...next };
}

export function toVpcView(estate: Estate, vpc: VpcRecord) {
  return {
    VpcId: vpc.id,
    CidrBlock: vpc.cidr,
    IsDefault: vpc.isDefault,
    OwnerId: estate.account,
    State: 'available' as const,
    CidrBlockAssociationSet: [
      { CidrBlock: vpc.cidr, CidrBlockState: { State: 'associated' as const } },
    ],
    Ipv6CidrBlockAssociationSet: toIpv6Blocks(vpc.ipv6),
    Tags: toTagList(vpc.tags),
  };
}

function toIpv6Blocks(blocks: readonly string[]) {
  return blocks.map((Ipv6CidrBlock) => ({
    Ipv6CidrBlock,
    Ipv6CidrBlockState: { State: 'associated' as const },
  }));
}

/** With its default group, its main route table and its default network ACL. */
export function createVpc(estate: Estate, input: CreateVpcCommandInput) {
  if (input.CidrBlock === undefined) throw missing('cidrBlock');
  const vpc = estate.vpcs.put({
    id: estate.nextId('vpc'),
    cidr: readCidr(input.CidrBlock, 'ipv4'),
    ipv6: input.Ipv6CidrBlock === undefined ? [] : [readCidr(input.Ipv6CidrBlock, 'ipv6')],
    isDefault: false,
    tags: tagsFor('vpc', input.TagSpecifications),
  });
  makeDefaultGroup(estate, vpc);
  makeDefaultAcl(estate, vpc);
  makeRouteTable(estate, vpc, { isMain: true, tags: {} });
  return { Vpc: toVpcView(estate, vpc) };
}

function findVpc(estate: Estate, id: string | undefined): VpcRecord {
  const vpc = id === undefined ? undefined : estate.vpcs.find(id);
  if (vpc === undefined) throw notFound('InvalidVpcID.NotFound', 'vpc ID', id ?? '');
  return vpc;
}

const SUBNET_FIELDS: Fields<SubnetRecord> = {
  'subnet-id': (subnet) => [subnet.id],
  'vpc-id': (subnet) => [subnet.vpc],
  'availability-zone': (subnet) => [subnet.zone],
  'cidr-block': (subnet) => [subnet.cidr],
};

export function describeSubnets(estate: Estate, input: DescribeSubnetsCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.subnets,
    fields: SUBNET_FIELDS,
    ids: input.SubnetIds,
    absent: ['InvalidSubnetID.NotFound', 'subnet ID'],
    pageMin: 5,
    pageMax: 1_000,
  });
  return { Subnets: items.map((subnet) => toSubnetView(estate, subnet)), ...next };
}

export function toSubnetView(estate: Estate, subnet: SubnetRecord) {
  return {
    SubnetId: subnet.id,
    VpcId: subnet.vpc,
    CidrBlock: subnet.cidr,
    AvailabilityZone: subnet.zone,
    OwnerId: estate.account,
    State: 'available' as const,
    Ipv6CidrBlockAssociationSet: toIpv6Blocks(subnet.ipv6),
    Tags: toTagList(subnet.tags),
  };
}

/** Inside its VPC, and apart from the other subnets; it starts on the default network ACL. */
export function createSubnet(estate: Estate, input: CreateSubnetCommandInput) {
  const vpc = findVpc(estate, input.VpcId);
  if (input.CidrBlock === undefined) throw missing('cidrBlock');
  const cidr = readCidr(input.CidrBlock, 'ipv4');
  if (!containsCidr(vpc.cidr, cidr)) {
    throw refusal('InvalidSubnet.Range', `The CIDR '${cidr}' is invalid.`);
  }
  const others = estate.subnets.all().filter((one) => one.vpc === vpc.id);
  if (others.some((one) => overlapCidr(one.cidr, cidr))) {
    throw refusal('InvalidSubnet.Conflict', `The CIDR '${cidr}' conflicts with another subnet`);
  }
  const subnet = estate.subnets.put({
    id: estate.nextId('subnet'),
    vpc: vpc.id,
    cidr,
    ipv6: input.Ipv6CidrBlock === undefined ? [] : [readCidr(input.Ipv6CidrBlock, 'ipv6')],
    zone: input.AvailabilityZone ?? `${estate.region}a`,
    tags: tagsFor('subnet', input.TagSpecifications),
  });
  putInDefaultAcl(estate, subnet);
  return { Subnet: toSubnetView(estate, subnet) };
}

const TABLE_FIELDS: Fields<RouteTableRecord> = {
  'route-table-id': (table) => [table.id],
  'vpc-id': (table) => [table.vpc],
  'association.main': (table) => [table.isMain],
  'association.subnet-id': (table) => table.associations.map((one) => one.subnet),
};

export function describeRouteTables(estate: Estate, input: DescribeRouteTablesCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.routeTables,
    fields: TABLE_FIELDS,
    ids: input.RouteTableIds,
    absent: ['InvalidRouteTableID.NotFound', 'routeTable ID'],
    pageMin: 5,
    pageMax: 100,
  });
  return { RouteTables: items.map((table) => toRouteTableView(estate, table)), ...next };
}

const TARGET_KEYS: readonly (readonly [RegExp, string])[] = [
  [/^pcx-/, 'VpcPeeringConnectionId'],
  [/^nat-/, 'NatGatewayId'],
  [/^tgw-/, 'TransitGatewayId'],
  [/^eni-/, 'NetworkInterfaceId'],
  [/./, 'GatewayId'],
];

export function toRouteTableView(estate: Estate, table: RouteTableRecord) {
  return {
    RouteTableId: table.id,
    VpcId: table.vpc,
    OwnerId: estate.account,
    Associations: [
      ...(table.isMain ? [{ RouteTableAssociationId: `${table.id}-main`, Main: true }] : []),
      ...table.associations.map(({ id, subnet }) => ({
        RouteTableAssociationId: id,
        RouteTableId: table.id,
        SubnetId: subnet,
        Main: false,
      })),
    ],
    Routes: table.routes.map((route) => toRouteView(estate, route)),
    Tags: toTagList(table.tags),
  };
}

/** A route over a peering connection that is not active leads nowhere. */
function toRouteView(estate: Estate, { destination, target, origin }: RouteRecord) {
  const key = TARGET_KEYS.find(([pattern]) => pattern.test(target))?.[1] ?? 'GatewayId';
  const peering = target.startsWith('pcx-') ? estate.peerings.look(target) : undefined;
  const isDead = target.startsWith('pcx-') && peering?.status !== 'active';
  const isSix = destination.includes(':');
  return {
    ...(isSix ? { DestinationIpv6CidrBlock: destination } : { DestinationCidrBlock: destination }),
    [key]: target,
    Origin: origin,
    State: isDead ? ('blackhole' as const) : ('active' as const),
  };
}

function makeRouteTable(
  estate: Estate,
  vpc: VpcRecord,
  { isMain, tags }: Pick<RouteTableRecord, 'isMain' | 'tags'>,
): RouteTableRecord {
  const routes = [vpc.cidr, ...vpc.ipv6].map((destination) => ({
    destination,
    target: 'local',
    origin: 'CreateRouteTable' as const,
  }));
  const id = estate.nextId('rtb');
  return estate.routeTables.put({ id, vpc: vpc.id, isMain, associations: [], routes, tags });
}

export function createRouteTable(estate: Estate, input: CreateRouteTableCommandInput) {
  const vpc = findVpc(estate, input.VpcId);
  const tags = tagsFor('route-table', input.TagSpecifications);
  const table = makeRouteTable(estate, vpc, { isMain: false, tags });
  return { RouteTable: toRouteTableView(estate, table) };
}

function findRouteTable(estate: Estate, id: string | undefined): RouteTableRecord {
  const table = id === undefined ? undefined : estate.routeTables.find(id);
  if (table === undefined) {
    throw notFound('InvalidRouteTableID.NotFound', 'routeTable ID', id ?? '');
  }
  return table;
}

export function createRoute(estate: Estate, input: CreateRouteCommandInput) {
  const table = findRouteTable(estate, input.RouteTableId);
  const target =
    input.VpcPeeringConnectionId ??
    input.GatewayId ??
    input.NatGatewayId ??
    input.TransitGatewayId ??
    input.NetworkInterfaceId;
  if (target === undefined) throw missing('gatewayId');
  const destination =
    input.DestinationIpv6CidrBlock === undefined
      ? readCidr(input.DestinationCidrBlock, 'ipv4')
      : readCidr(input.DestinationIpv6CidrBlock, 'ipv6');
  if (table.routes.some((route) => route.destination === destination)) {
    throw refusal('RouteAlreadyExists', `The route to '${destination}' already exists`);
  }
  const route: RouteRecord = { destination, target, origin: 'CreateRoute' };
  estate.routeTables.put({ ...table, routes: [...table.routes, route] });
  return { Return: true };
}

export function associateRouteTable(estate: Estate, input: AssociateRouteTableCommandInput) {
  const table = findRouteTable(estate, input.RouteTableId);
  const subnet = findSubnet(estate, input.SubnetId);
  if (subnet.vpc !== table.vpc) {
    throw refusal('InvalidParameterValue', 'the subnet and the table belong to different networks');
  }
  const isThere = (one: RouteTableRecord): boolean =>
    one.associations.some((association) => association.subnet === subnet.id);
  if (estate.routeTables.all().some(isThere)) {
    throw refusal('Resource.AlreadyAssociated', `'${subnet.id}' has a route table already`);
  }
  const association = { id: estate.nextId('rtbassoc'), subnet: subnet.id };
  estate.routeTables.put({ ...table, associations: [...table.associations, association] });
  return { AssociationId: association.id };
}

const PEERING_FIELDS: Fields<PeeringRecord> = {
  'vpc-peering-connection-id': (peering) => [peering.id],
  'requester-vpc-info.vpc-id': (peering) => [peering.requester],
  'accepter-vpc-info.vpc-id': (peering) => [peering.accepter],
  'status-code': (peering) => [peering.status],
};

export function describeVpcPeeringConnections(
  estate: Estate,
  input: DescribeVpcPeeringConnectionsCommandInput,
) {
  const { items, next } = describe(input, {
    shelf: estate.peerings,
    fields: PEERING_FIELDS,
    ids: input.VpcPeeringConnectionIds,
    absent: ['InvalidVpcPeeringConnectionID.NotFound', 'vpcPeeringConnection ID'],
    pageMin: 5,
    pageMax: 1_000,
  });
  return { VpcPeeringConnections: items.map((one) => toPeeringView(estate, one)), ...next };
}

export function toPeeringView(estate: Estate, peering: PeeringRecord) {
  const side = (id: string) => {
    const vpc = estate.vpcs.get(id);
    const CidrBlock = vpc?.cidr ?? '';
    return {
      VpcId: id,
      OwnerId: estate.account,
      Region: estate.region,
      CidrBlock,
      CidrBlockSet: [{ CidrBlock }],
      Ipv6CidrBlockSet: (vpc?.ipv6 ?? []).map((Ipv6CidrBlock) => ({ Ipv6CidrBlock })),
    };
  };
  return {
    VpcPeeringConnectionId: peering.id,
    Status: { Code: peering.status, Message: peering.status },
    RequesterVpcInfo: side(peering.requester),
    AccepterVpcInfo: side(peering.accepter),
    Tags: toTagList(peering.tags),
  };
}

/** Of two VPCs of this account and Region. */
export function createVpcPeeringConnection(
  estate: Estate,
  input: CreateVpcPeeringConnectionCommandInput,
) {
  const peering = estate.peerings.put({
    id: estate.nextId('pcx'),
    requester: findVpc(estate, input.VpcId).id,
    accepter: findVpc(estate, input.PeerVpcId).id,
    status: 'pending-acceptance',
    tags: tagsFor('vpc-peering-connection', input.TagSpecifications),
  });
  return { VpcPeeringConnection: toPeeringView(estate, peering) };
}

function findPeering(estate: Estate, id: string | undefined): PeeringRecord {
  const peering = id === undefined ? undefined : estate.peerings.find(id);
  if (peering === undefined) {
    throw notFound('InvalidVpcPeeringConnectionID.NotFound', 'vpcPeeringConnection ID', id ?? '');
  }
  return peering;
}

export function acceptVpcPeeringConnection(
  estate: Estate,
  input: AcceptVpcPeeringConnectionCommandInput,
) {
  const peering = findPeering(estate, input.VpcPeeringConnectionId);
  if (peering.status === 'deleted') {
    throw refusal('InvalidStateTransition', `'${peering.id}' is ${peering.status}`);
  }
  const accepted = estate.peerings.put({ ...peering, status: 'active' });
  return { VpcPeeringConnection: toPeeringView(estate, accepted) };
}

export function deleteVpcPeeringConnection(
  estate: Estate,
  input: DeleteVpcPeeringConnectionCommandInput,
) {
  const peering = findPeering(estate, input.VpcPeeringConnectionId);
  estate.peerings.put({ ...peering, status: 'deleted' });
  return { Return: true };
}
