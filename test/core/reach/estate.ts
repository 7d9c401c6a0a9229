import type { Identity } from '../../../core/model/identity.ts';
import {
  DEFAULT_QUOTAS,
  type GroupRule,
  type Inventory,
  type NetworkAcl,
  type NetworkAclEntry,
  type NetworkInterface,
  type Peering,
  type PrefixList,
  type Route,
  type RouteTable,
  type RulePeer,
  type SecurityGroup,
  type Workload,
} from '../../../core/model/inventory.ts';

/**
 * An estate in few words, for tests and for test/cases. Rules read `tcp/443 10.0.0.0/8`,
 * `icmp/8 sg-web`, `all pl-1`; NACL entries `100 in allow tcp/443 10.0.0.0/8`; routes
 * `10.1.0.0/16 pcx-1`, with `blackhole` at the end where they are one. A subnet that has no
 * `acl` or `routes` stands under none, as where these could not be read.
 */
export interface EstateText {
  readonly vpcs?: Readonly<Record<string, readonly string[]>>;
  readonly subnets?: Readonly<Record<string, SubnetText>>;
  readonly groups?: Readonly<Record<string, GroupText>>;
  readonly prefixLists?: Readonly<Record<string, { name: string; cidrs: readonly string[] }>>;
  /** `vpc-1 vpc-2`, then a status, and the Region of the second where it is another. */
  readonly peerings?: Readonly<Record<string, string>>;
  readonly hosts: Readonly<Record<string, HostText>>;
}

export interface SubnetText {
  readonly vpc?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly acl?: readonly string[];
  readonly routes?: readonly string[];
}

export interface GroupText {
  readonly vpc?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
}

export interface HostText {
  readonly at: string | readonly string[];
  readonly subnet?: string;
  readonly groups?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly role?: string;
  readonly type?: string;
  readonly publicIpv4?: string;
  readonly natGateway?: string;
}

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 };

/** Hosts stand in `subnet-1` and everything in `vpc-1` unless told otherwise. */
export function estate(text: EstateText): Inventory {
  const subnets = Object.entries({ 'subnet-1': {}, ...text.subnets }) as [string, SubnetText][];
  const vpcOf = (subnet: string): string =>
    subnets.find(([id]) => id === subnet)?.[1].vpc ?? 'vpc-1';
  return {
    takenAt: '2026-11-23T12:00:00Z',
    account: ACCOUNT,
    region: REGION,
    gaps: [],
    vpcs: Object.entries(text.vpcs ?? { 'vpc-1': ['10.0.0.0/16'] }).map(([id, cidrs]) => ({
      id,
      ipv4: cidrs.filter((cidr) => !cidr.includes(':')),
      ipv6: cidrs.filter((cidr) => cidr.includes(':')),
      tags: { segmentation: 'bulkhead' },
    })),
    subnets: subnets.map(([id, { tags = {} }]) => ({
      ...{ id, vpc: vpcOf(id), availabilityZone: 'us-east-1a', ipv6: [], tags },
    })),
    interfaces: Object.entries(text.hosts).map(([name, host]) => nicOf(name, host, vpcOf)),
    workloads: Object.entries(text.hosts).map(([name, host]) => workloadOf(name, host, vpcOf)),
    groups: Object.entries(text.groups ?? {}).map(([id, group]) => groupOf(id, group)),
    prefixLists: Object.entries(text.prefixLists ?? {}).map(([id, list]) => listOf(id, list)),
    networkAcls: subnets.flatMap(([id, { acl }]) =>
      acl === undefined ? [] : aclOf(id, vpcOf(id), acl),
    ),
    routeTables: subnets.flatMap(([id, { routes }]) =>
      routes === undefined ? [] : tableOf(id, vpcOf(id), routes),
    ),
    peerings: Object.entries(text.peerings ?? {}).map(([id, peering]) => peeringOf(id, peering)),
    quotas: DEFAULT_QUOTAS,
  };
}

function nicOf(name: string, host: HostText, vpcOf: (subnet: string) => string): NetworkInterface {
  const addresses = [host.at].flat();
  const subnet = host.subnet ?? 'subnet-1';
  return {
    id: `eni-${name}`,
    vpc: vpcOf(subnet),
    subnet,
    ipv4: addresses.filter((address) => !address.includes(':')),
    ipv6: addresses.filter((address) => address.includes(':')),
    groups: [...(host.groups ?? [])].sort(),
    type: host.type ?? 'interface',
    status: 'in-use',
    requesterManaged: false,
    workload: `i-${name}`,
    tags: {},
    ...(host.publicIpv4 === undefined ? {} : { publicIpv4: host.publicIpv4 }),
    ...(host.natGateway === undefined ? {} : { natGateway: host.natGateway }),
  };
}

function workloadOf(name: string, host: HostText, vpcOf: (subnet: string) => string): Workload {
  const subnet = host.subnet ?? 'subnet-1';
  const identity: Identity = {
    workload: `i-${name}`,
    kind: 'instance',
    tags: host.tags ?? {},
    ...(host.role === undefined ? {} : { iamRole: `arn:aws:iam::${ACCOUNT}:role/${host.role}` }),
    account: ACCOUNT,
    region: REGION,
    vpc: vpcOf(subnet),
    subnets: [subnet],
    name,
  };
  return { identity, interfaces: [`eni-${name}`], state: 'running', control: 'attach' };
}

function groupOf(id: string, group: GroupText): SecurityGroup {
  return {
    id,
    name: id,
    description: '',
    vpc: group.vpc ?? 'vpc-1',
    account: ACCOUNT,
    tags: group.tags ?? {},
    ingress: (group.in ?? []).map(ruleOf),
    egress: (group.out ?? []).map(ruleOf),
  };
}

function ruleOf(text: string): GroupRule {
  const [traffic = '', peer = ''] = text.split(' ');
  return { ...fieldsOf(traffic), peer: peerOf(peer) };
}

function peerOf(text: string): RulePeer {
  if (text.startsWith('sg-')) return { kind: 'group', id: text };
  if (text.startsWith('pl-')) return { kind: 'prefixList', id: text };
  return { kind: text.includes(':') ? 'ipv6' : 'ipv4', cidr: text };
}

/** AWS's three fields. */
function fieldsOf(text: string): Pick<GroupRule, 'protocol' | 'fromPort' | 'toPort'> {
  const [name = '', first, second] = text.split('/');
  const protocol = name === 'all' ? -1 : (PROTOCOLS[name] ?? Number(name));
  if (protocol === 1 || protocol === 58) {
    return { protocol, fromPort: Number(first ?? -1), toPort: Number(second ?? -1) };
  }
  if (protocol !== 6 && protocol !== 17) return { protocol, fromPort: -1, toPort: -1 };
  const [from = 0, to = from] = (first ?? '0-65535').split('-').map(Number);
  return { protocol, fromPort: from, toPort: to };
}

function listOf(id: string, list: { name: string; cidrs: readonly string[] }): PrefixList {
  const family = list.cidrs.some((cidr) => cidr.includes(':')) ? 'ipv6' : 'ipv4';
  return { id, ...list, family, maxEntries: list.cidrs.length, owner: 'AWS', tags: {} };
}

function aclOf(subnet: string, vpc: string, entries: readonly string[]): NetworkAcl {
  return {
    id: `acl-${subnet}`,
    vpc,
    isDefault: false,
    subnets: [subnet],
    entries: entries.map((text): NetworkAclEntry => {
      const [number, direction, action, traffic = '', cidr = ''] = text.split(' ');
      return {
        ruleNumber: Number(number),
        egress: direction === 'out',
        action: action === 'allow' ? 'allow' : 'deny',
        ...fieldsOf(traffic),
        cidr,
      };
    }),
    tags: {},
  };
}

function tableOf(subnet: string, vpc: string, routes: readonly string[]): RouteTable {
  return {
    id: `rtb-${subnet}`,
    vpc,
    main: false,
    subnets: [subnet],
    routes: routes.map((text): Route => {
      const [destination = '', target = '', state] = text.split(' ');
      return { destination, target, state: state === 'blackhole' ? 'blackhole' : 'active' };
    }),
  };
}

function peeringOf(id: string, text: string): Peering {
  const [one = '', other = '', status = 'active', region = REGION] = text.split(' ');
  const side = (vpc: string, where: string) => ({
    vpc,
    account: ACCOUNT,
    region: where,
    cidrs: [],
  });
  return { id, status, requester: side(one, REGION), accepter: side(other, region) };
}
