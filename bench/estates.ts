import type {
  Inventory,
  NetworkInterface,
  SecurityGroup,
  Workload,
} from '../core/model/inventory.ts';
import type { Policy, Rule, Segment } from '../core/model/policy.ts';
import { TCP } from '../core/model/traffic.ts';

export const NOW = '2026-11-23T12:00:00Z';
export const OWNER = 'Bulkhead';
const LOCATION = { file: 'bench.yaml', line: 1, column: 1 };
const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const VPCS = 4;
const SUBNETS_PER_VPC = 6;

export interface Size {
  readonly segments: number;
  readonly rules: number;
  readonly workloads: number;
}

/** The estate of design section 11. */
export const BIG: Size = { segments: 1_000, rules: 10_000, workloads: 100_000 };

/** A policy of so many segments by tag, each rule joining two of them, spread evenly. */
export function bigPolicy({ segments, rules }: Pick<Size, 'segments' | 'rules'>): Policy {
  const name = (at: number): string => `s${at % segments}`;
  const all: Segment[] = Array.from({ length: segments }, (_, at) => ({
    name: name(at),
    select: { tags: { app: [`app-${at}`] } },
    mode: 'enforce',
    egress: at % 2 === 0 ? 'open' : 'closed',
    crownJewel: false,
    bornIn: [],
    location: LOCATION,
  }));
  const joins: Rule[] = Array.from({ length: rules }, (_, at) => {
    const port = 1_024 + (at % 5_000);
    return {
      id: `r${at}`,
      from: [name(at)],
      // Five times and twelve on: in the same VPC, since segments are dealt to VPCs in turn.
      to: [name(at * 5 + 12)],
      allow: [
        {
          text: `tcp/${port}`,
          ranges: [{ protocolFrom: TCP, protocolTo: TCP, from: port, to: port }],
        },
      ],
      why: 'bench',
      location: LOCATION,
    };
  });
  return {
    version: 'sha256:bench',
    settings: {
      vpcTags: { segmentation: ['bulkhead'] },
      unclassified: 'observe',
      settleWindowMs: 120_000,
      keepSecurityGroups: [],
      changeGuardShare: 1,
      onLeave: 'hold',
    },
    zones: [],
    networks: [],
    services: {},
    segments: all.sort((a, b) => (a.name < b.name ? -1 : 1)),
    rules: joins.sort((a, b) => (a.id < b.id ? -1 : 1)),
    baseline: [],
    guardrails: [],
    assertions: [],
  };
}

/** So many instances, each tagged for one segment, on the flat group of its VPC. */
export function bigInventory({
  segments,
  workloads,
}: Pick<Size, 'segments' | 'workloads'>): Inventory {
  const numbers = Array.from({ length: workloads }, (_, at) => at);
  const vpcs = Array.from({ length: VPCS }, (_, at) => at);
  return {
    takenAt: NOW,
    account: ACCOUNT,
    region: REGION,
    gaps: [],
    vpcs: vpcs.map((at) => ({
      id: `vpc-${at}`,
      ipv4: [`10.${at * 16}.0.0/12`],
      ipv6: [],
      tags: { segmentation: 'bulkhead' },
    })),
    subnets: [],
    interfaces: numbers.map(interfaceOf),
    workloads: numbers.map((at) => instanceOf(at, segments)),
    groups: vpcs.map(flatGroup),
    prefixLists: [],
    networkAcls: [],
    routeTables: vpcs.map((at) => ({
      id: `rtb-${at}`,
      vpc: `vpc-${at}`,
      main: true,
      subnets: [],
      routes: [{ destination: `10.${at * 16}.0.0/12`, target: 'local', state: 'active' }],
    })),
    peerings: [],
    quotas: { groupsPerInterface: 16, rulesPerGroup: 1_000, groupsPerRegion: 10_000 },
  };
}

const idOf = (at: number): string => at.toString(16).padStart(17, '0');
const vpcOf = (at: number): number => at % VPCS;
const subnetOf = (at: number): string => `subnet-${vpcOf(at)}-${at % SUBNETS_PER_VPC}`;

function interfaceOf(at: number): NetworkInterface {
  const vpc = vpcOf(at);
  return {
    id: `eni-${idOf(at)}`,
    vpc: `vpc-${vpc}`,
    subnet: subnetOf(at),
    ipv4: [`10.${vpc * 16 + ((at >> 16) & 15)}.${(at >> 8) & 255}.${at & 255}`],
    ipv6: [],
    groups: [`sg-flat-${vpc}`],
    type: 'interface',
    status: 'in-use',
    requesterManaged: false,
    workload: `i-${idOf(at)}`,
    tags: {},
  };
}

function instanceOf(at: number, segments: number): Workload {
  return {
    identity: {
      workload: `i-${idOf(at)}`,
      kind: 'instance',
      tags: { app: `app-${at % segments}`, env: 'prod' },
      account: ACCOUNT,
      region: REGION,
      vpc: `vpc-${vpcOf(at)}`,
      subnets: [subnetOf(at)],
    },
    interfaces: [`eni-${idOf(at)}`],
    state: 'running',
    control: 'attach',
  };
}

function flatGroup(at: number): SecurityGroup {
  const everything = { protocol: -1, fromPort: -1, toPort: -1 };
  return {
    id: `sg-flat-${at}`,
    name: `flat-${at}`,
    description: '',
    vpc: `vpc-${at}`,
    account: ACCOUNT,
    tags: {},
    ingress: [{ ...everything, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } }],
    egress: [{ ...everything, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } }],
  };
}
