import type { Identity } from '../../core/model/identity.ts';
import {
  DEFAULT_QUOTAS,
  type Inventory,
  type NetworkInterface,
  type SecurityGroup,
  type Vpc,
  type Workload,
} from '../../core/model/inventory.ts';
import type {
  Allowance,
  Guardrail,
  Network,
  Policy,
  Rule,
  Segment,
} from '../../core/model/policy.ts';
import { ALL_TRAFFIC, ICMP, ICMPV6, TCP, UDP } from '../../core/model/traffic.ts';

/** Small makers of model values for tests: each says only what its test is about. */

export const OWNER = 'Bulkhead';
export const NOW = '2026-11-23T12:00:00Z';
const LOCATION = { file: 'test.yaml', line: 1, column: 1 };

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: TCP,
  udp: UDP,
  icmp: ICMP,
  icmpv6: ICMPV6,
};

/** `tcp/443`, `tcp/8000-8100`, `udp`, `icmp/8`, `47`, `all`. */
export function allowance(text: string): Allowance {
  if (text === 'all') return { text, ranges: [ALL_TRAFFIC] };
  const [name = '', ports] = text.split('/');
  const protocol = PROTOCOLS[name] ?? Number(name);
  const [from = 0, to = from] = (ports ?? '0-65535').split('-').map(Number);
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  const run =
    isIcmp && ports !== undefined ? { from: from * 256, to: to * 256 + 255 } : { from, to };
  return { text, ranges: [{ protocolFrom: protocol, protocolTo: protocol, ...run }] };
}

/** Matches the tag `app` of the segment's own name, unless told otherwise. */
export function segment(name: string, more: Partial<Segment> = {}): Segment {
  return {
    name,
    select: { tags: { app: [name] } },
    mode: 'enforce',
    egress: 'open',
    crownJewel: false,
    bornIn: [],
    location: LOCATION,
    ...more,
  };
}

export function network(name: string, more: Partial<Network> = {}): Network {
  return { name, cidrs: [], except: [], includesWorkloads: false, location: LOCATION, ...more };
}

export function rule(
  id: string,
  from: string | readonly string[],
  to: string | readonly string[],
  allow: readonly string[],
  more: Partial<Rule> = {},
): Rule {
  return {
    id,
    from: [from].flat(),
    to: [to].flat(),
    allow: allow.map(allowance),
    why: 'test',
    location: LOCATION,
    ...more,
  };
}

export function baselineEntry(
  id: string,
  end: { to: string } | { from: string },
  allow: readonly string[],
): Policy['baseline'][number] {
  return { id, ...end, allow: allow.map(allowance), why: 'test', location: LOCATION };
}

export function guardrail(
  id: string,
  deny: Guardrail['deny'],
  except: readonly string[] = [],
): Guardrail {
  return { id, deny, except, why: 'test', location: LOCATION };
}

export function policy(
  more: Partial<Policy> = {},
  settings: Partial<Policy['settings']> = {},
): Policy {
  const zones = new Set((more.segments ?? []).flatMap((s) => s.zone ?? []));
  return {
    version: 'sha256:test',
    settings: {
      vpcTags: { segmentation: ['bulkhead'] },
      unclassified: 'observe',
      settleWindowMs: 120_000,
      keepSecurityGroups: [],
      changeGuardShare: 0.2,
      onLeave: 'hold',
      ...settings,
    },
    zones: [...zones].sort().map((name) => ({ name, subnetTags: {}, location: LOCATION })),
    networks: [],
    services: {},
    segments: [],
    rules: [],
    baseline: [],
    guardrails: [],
    assertions: [],
    ...more,
  };
}

export function identity(workload: string, more: Partial<Identity> = {}): Identity {
  return {
    workload,
    kind: 'instance',
    tags: {},
    account: '000000000000',
    region: 'us-east-1',
    subnets: [],
    ...more,
  };
}

export function vpc(id: string, more: Partial<Vpc> = {}): Vpc {
  return { id, ipv4: ['10.0.0.0/16'], ipv6: [], tags: { segmentation: 'bulkhead' }, ...more };
}

export function group(id: string, vpcId: string, more: Partial<SecurityGroup> = {}): SecurityGroup {
  return {
    id,
    name: id,
    description: '',
    vpc: vpcId,
    account: '000000000000',
    tags: {},
    ingress: [],
    egress: [],
    ...more,
  };
}

/** A workload with one interface `eni-<name>`, given by the tag `app`. */
export interface Host {
  readonly name: string;
  readonly app?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly vpc?: string;
  readonly groups?: readonly string[];
  readonly ipv4?: string;
  readonly control?: Workload['control'];
  readonly state?: string;
}

/**
 * An inventory of hosts on the group `sg-flat` of their VPC (`sg-flat-<vpc>` outside `vpc-1`),
 * which lets everything inside talk.
 */
export function inventory(hosts: readonly Host[], more: Partial<Inventory> = {}): Inventory {
  const vpcs = more.vpcs ?? [vpc('vpc-1')];
  return {
    takenAt: NOW,
    account: '000000000000',
    region: 'us-east-1',
    gaps: [],
    vpcs,
    subnets: [],
    interfaces: hosts.map(nicOf),
    workloads: hosts.map(workloadOf),
    prefixLists: [],
    networkAcls: [],
    routeTables: [],
    peerings: [],
    quotas: DEFAULT_QUOTAS,
    ...more,
    groups: [...vpcs.map((v) => flatGroup(v.id)), ...(more.groups ?? [])],
  };
}

export function flatId(vpcId: string): string {
  return vpcId === 'vpc-1' ? 'sg-flat' : `sg-flat-${vpcId}`;
}

function flatGroup(vpcId: string): SecurityGroup {
  const everything = { protocol: -1, fromPort: -1, toPort: -1 };
  return group(flatId(vpcId), vpcId, {
    ingress: [{ ...everything, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } }],
    egress: [{ ...everything, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } }],
  });
}

function nicOf(host: Host, at: number): NetworkInterface {
  const home = host.vpc ?? 'vpc-1';
  return {
    id: `eni-${host.name}`,
    vpc: home,
    subnet: `subnet-${home}`,
    ipv4: [host.ipv4 ?? `10.0.${Math.floor(at / 200)}.${10 + (at % 200)}`],
    ipv6: [],
    groups: [...(host.groups ?? [flatId(home)])].sort(),
    type: 'interface',
    status: 'in-use',
    requesterManaged: false,
    workload: `i-${host.name}`,
    tags: {},
  };
}

function workloadOf(host: Host): Workload {
  const tags = { ...(host.app === undefined ? {} : { app: host.app }), ...host.tags };
  return {
    identity: identity(`i-${host.name}`, { tags, vpc: host.vpc ?? 'vpc-1' }),
    interfaces: [`eni-${host.name}`],
    state: host.state ?? 'running',
    control: host.control ?? 'attach',
  };
}

export function peering(a: string, b: string, more: { status?: string; region?: string } = {}) {
  const side = (id: string, region: string) => ({
    vpc: id,
    account: '000000000000',
    region,
    cidrs: [],
  });
  return {
    id: `pcx-${a}-${b}`,
    status: more.status ?? 'active',
    requester: side(a, 'us-east-1'),
    accepter: side(b, more.region ?? 'us-east-1'),
  };
}
