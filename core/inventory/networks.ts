import type {
  NetworkAcl,
  NetworkAclEntry,
  Peering,
  PeeringSide,
  PrefixList,
  Route,
  RouteTable,
  Subnet,
  Vpc,
} from '../model/inventory.ts';
import { canonicalCidr } from './cidr.ts';
import { portRange, protocolNumber } from './groups.ts';
import { number, parts, type Raw, record, records, tagsOf, text, textOf } from './raw.ts';

/** One DescribeVpcs entry; CIDR associations that are gone do not count. */
export function toVpc(raw: Raw): Vpc {
  const more = records(raw.CidrBlockAssociationSet)
    .filter(isAssociated)
    .map((one) => one.CidrBlock);
  const six = records(raw.Ipv6CidrBlockAssociationSet).filter(isAssociated);
  return {
    id: textOf(raw.VpcId),
    ipv4: cidrs([raw.CidrBlock, ...more]),
    ipv6: cidrs(six.map((one) => one.Ipv6CidrBlock)),
    tags: tagsOf(raw),
  };
}

function isAssociated(raw: Raw): boolean {
  const state = text(record(raw.CidrBlockState ?? raw.Ipv6CidrBlockState).State);
  return state === undefined || state === 'associated';
}

function cidrs(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.flatMap((value) => canonicalCidr(textOf(value)) ?? []))].sort();
}

/** One DescribeSubnets entry. */
export function toSubnet(raw: Raw): Subnet {
  const [ipv4] = cidrs([raw.CidrBlock]);
  const six = records(raw.Ipv6CidrBlockAssociationSet).filter(isAssociated);
  return {
    id: textOf(raw.SubnetId),
    vpc: textOf(raw.VpcId),
    availabilityZone: textOf(raw.AvailabilityZone),
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ipv6: cidrs(six.map((one) => one.Ipv6CidrBlock)),
    tags: tagsOf(raw),
  };
}

/** One DescribeNetworkAcls entry; entries sorted by direction and rule number. */
export function toNetworkAcl(raw: Raw): NetworkAcl {
  return {
    id: textOf(raw.NetworkAclId),
    vpc: textOf(raw.VpcId),
    isDefault: raw.IsDefault === true,
    subnets: records(raw.Associations)
      .map((one) => textOf(one.SubnetId))
      .sort(),
    entries: parts(raw.Entries)
      .flatMap((entry) => toEntry(entry) ?? [])
      .sort((a, b) => Number(a.egress) - Number(b.egress) || a.ruleNumber - b.ruleNumber),
    tags: tagsOf(raw),
  };
}

function toEntry(raw: Raw): NetworkAclEntry | undefined {
  const protocol = protocolNumber(raw.Protocol);
  const cidr = canonicalCidr(textOf(raw.CidrBlock)) ?? canonicalCidr(textOf(raw.Ipv6CidrBlock));
  if (protocol === undefined || cidr === undefined) return undefined;
  const icmp = record(raw.IcmpTypeCode);
  const range = record(raw.PortRange);
  const isIcmp = protocol === 1 || protocol === 58;
  const ports = isIcmp
    ? portRange(protocol, icmp.Type, icmp.Code)
    : portRange(protocol, range.From, range.To);
  if (ports === undefined) return undefined;
  return {
    ruleNumber: number(raw.RuleNumber) ?? 32_767,
    egress: raw.Egress === true,
    action: raw.RuleAction === 'allow' ? 'allow' : 'deny',
    protocol,
    cidr,
    ...ports,
  };
}

/** Entries that cannot be read: an unknown deny could hide behind each. */
export function unreadableEntries(raw: Raw): number {
  return parts(raw.Entries).filter((entry) => toEntry(entry) === undefined).length;
}

/** Routes that cannot be read. */
export function unreadableRoutes(raw: Raw): number {
  return parts(raw.Routes).filter((route) => toRoute(route) === undefined).length;
}

const TARGETS = [
  'GatewayId',
  'NatGatewayId',
  'TransitGatewayId',
  'VpcPeeringConnectionId',
  'NetworkInterfaceId',
  'InstanceId',
  'EgressOnlyInternetGatewayId',
  'LocalGatewayId',
  'CarrierGatewayId',
  'CoreNetworkArn',
] as const;

/** One DescribeRouteTables entry. */
export function toRouteTable(raw: Raw): RouteTable {
  const associations = records(raw.Associations);
  return {
    id: textOf(raw.RouteTableId),
    vpc: textOf(raw.VpcId),
    main: associations.some((one) => one.Main === true),
    subnets: associations.flatMap((one) => text(one.SubnetId) ?? []).sort(),
    routes: parts(raw.Routes)
      .flatMap((one) => toRoute(one) ?? [])
      .sort((a, b) => (`${a.destination} ${a.target}` < `${b.destination} ${b.target}` ? -1 : 1)),
  };
}

function toRoute(raw: Raw): Route | undefined {
  const prefixList = textOf(raw.DestinationPrefixListId);
  const destination =
    canonicalCidr(textOf(raw.DestinationCidrBlock)) ??
    canonicalCidr(textOf(raw.DestinationIpv6CidrBlock)) ??
    (prefixList.startsWith('pl-') ? prefixList : undefined);
  if (destination === undefined) return undefined;
  const target = TARGETS.map((name) => text(raw[name])).find((id) => id !== undefined) ?? 'none';
  return { destination, target, state: raw.State === 'blackhole' ? 'blackhole' : 'active' };
}

/** One DescribeVpcPeeringConnections entry. */
export function toPeering(raw: Raw): Peering {
  return {
    id: textOf(raw.VpcPeeringConnectionId),
    status: textOf(record(raw.Status).Code),
    requester: toSide(record(raw.RequesterVpcInfo)),
    accepter: toSide(record(raw.AccepterVpcInfo)),
  };
}

function toSide(raw: Raw): PeeringSide {
  const more = records(raw.CidrBlockSet).map((one) => one.CidrBlock);
  const six = records(raw.Ipv6CidrBlockSet).map((one) => one.Ipv6CidrBlock);
  return {
    vpc: textOf(raw.VpcId),
    account: textOf(raw.OwnerId),
    region: textOf(raw.Region),
    cidrs: cidrs([raw.CidrBlock, ...more, ...six]),
  };
}

/** One DescribeManagedPrefixLists (or DescribePrefixLists) entry with its entries. */
export function toPrefixList(raw: Raw, entries: readonly unknown[]): PrefixList {
  const own = [
    ...records(entries).map((one) => one.Cidr),
    ...(Array.isArray(raw.Cidrs) ? raw.Cidrs : []),
  ];
  const found = cidrs(own);
  const six =
    raw.AddressFamily === 'IPv6' || (found.length > 0 && found.every((one) => one.includes(':')));
  const version = number(raw.Version);
  return {
    id: textOf(raw.PrefixListId),
    name: textOf(raw.PrefixListName),
    family: six ? 'ipv6' : 'ipv4',
    maxEntries: number(raw.MaxEntries) ?? found.length,
    ...(version === undefined ? {} : { version }),
    owner: textOf(raw.OwnerId),
    cidrs: found,
    tags: tagsOf(raw),
  };
}
