import type { Identity } from './identity.ts';

/** One rule of a security group, one peer and one direction, in canonical form. */
export interface GroupRule {
  /** `sgr-...` where AWS told it. */
  readonly id?: string;
  /** 0 to 255, or -1 for every protocol. */
  readonly protocol: number;
  /** As AWS has it: ports; ICMP: type and code, -1 for any; -1 and -1 where protocol has no ports. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: RulePeer;
  readonly description?: string;
}

export type RulePeer =
  | { readonly kind: 'ipv4'; readonly cidr: string }
  | { readonly kind: 'ipv6'; readonly cidr: string }
  | { readonly kind: 'prefixList'; readonly id: string }
  | { readonly kind: 'group'; readonly id: string };

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpc: string;
  readonly account: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly ingress: readonly GroupRule[];
  readonly egress: readonly GroupRule[];
}

export interface NetworkInterface {
  readonly id: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly publicIpv4?: string;
  /** `nat-...`, of the interface of a NAT gateway. */
  readonly natGateway?: string;
  /** Ids of the attached groups, sorted. */
  readonly groups: readonly string[];
  /** AWS's InterfaceType: `interface`, `lambda`, `natGateway`, ... */
  readonly type: string;
  readonly status: string;
  readonly requesterManaged: boolean;
  /** Id of the workload it belongs to; an interface of nobody is its own workload. */
  readonly workload: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** How far Bulkhead can write this workload (design section 4). */
export type Control = 'attach' | 'alias' | 'peer' | 'visible';

export interface Workload {
  readonly identity: Identity;
  readonly interfaces: readonly string[];
  /** EC2 state or ECS lastStatus in lower case; `running` is the one that counts for guards. */
  readonly state: string;
  readonly control: Control;
  /** Why control is not `attach`. */
  readonly controlReason?: string;
}

export interface Vpc {
  readonly id: string;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Subnet {
  readonly id: string;
  readonly vpc: string;
  readonly availabilityZone: string;
  readonly ipv4?: string;
  readonly ipv6: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface NetworkAclEntry {
  readonly ruleNumber: number;
  readonly egress: boolean;
  readonly action: 'allow' | 'deny';
  /** 0 to 255, or -1 for every protocol. */
  readonly protocol: number;
  readonly cidr: string;
  readonly fromPort: number;
  readonly toPort: number;
}

export interface NetworkAcl {
  readonly id: string;
  readonly vpc: string;
  readonly isDefault: boolean;
  readonly subnets: readonly string[];
  readonly entries: readonly NetworkAclEntry[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Route {
  /** A CIDR or a `pl-` id. */
  readonly destination: string;
  /** `local`, or the id of the gateway, peering, interface, ... */
  readonly target: string;
  readonly state: 'active' | 'blackhole';
}

export interface RouteTable {
  readonly id: string;
  readonly vpc: string;
  readonly main: boolean;
  readonly subnets: readonly string[];
  readonly routes: readonly Route[];
}

export interface Peering {
  readonly id: string;
  readonly status: string;
  readonly requester: PeeringSide;
  readonly accepter: PeeringSide;
}

export interface PeeringSide {
  readonly vpc: string;
  readonly account: string;
  readonly region: string;
  readonly cidrs: readonly string[];
}

export interface PrefixList {
  readonly id: string;
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly maxEntries: number;
  readonly version?: number;
  readonly owner: string;
  readonly cidrs: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Quotas {
  readonly groupsPerInterface: number;
  readonly rulesPerGroup: number;
  readonly groupsPerRegion: number;
  /** Those that could not be read: their values are AWS's defaults, the least that they can be. */
  readonly assumed?: readonly QuotaName[] | undefined;
}

export type QuotaName = 'groupsPerInterface' | 'rulesPerGroup' | 'groupsPerRegion';

/** AWS's documented defaults (page "Amazon VPC quotas"). */
export const DEFAULT_QUOTAS: Quotas = {
  groupsPerInterface: 5,
  rulesPerGroup: 60,
  groupsPerRegion: 2_500,
};

/** A read that failed or came back in part; with any gap a plan adds and never removes. */
export interface InventoryGap {
  readonly kind: string;
  readonly reason: string;
}

/** What AWS says exists now. Every list is sorted by id. */
export interface Inventory {
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly account: string;
  readonly region: string;
  readonly gaps: readonly InventoryGap[];
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  readonly interfaces: readonly NetworkInterface[];
  readonly workloads: readonly Workload[];
  readonly groups: readonly SecurityGroup[];
  readonly prefixLists: readonly PrefixList[];
  readonly networkAcls: readonly NetworkAcl[];
  readonly routeTables: readonly RouteTable[];
  readonly peerings: readonly Peering[];
  readonly quotas: Quotas;
}
