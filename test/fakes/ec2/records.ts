import type { RulePeer } from '../../../core/model/inventory.ts';

/** What the fake keeps. Records are never changed, only replaced, so that a stale one can be shown. */
export type Tags = Readonly<Record<string, string>>;

export interface RuleRecord {
  readonly id: string;
  readonly isEgress: boolean;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1`. */
  readonly protocol: string;
  /** Absent where the protocol has none. */
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly peer: RulePeer;
  readonly description?: string;
}

export interface GroupRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpc: string;
  readonly isDefault: boolean;
  readonly rules: readonly RuleRecord[];
  readonly tags: Tags;
}

export interface AttachmentRecord {
  readonly id: string;
  /** Absent when a service holds the interface. */
  readonly instance?: string;
  readonly owner: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
}

export interface InterfaceRecord {
  readonly id: string;
  readonly vpc: string;
  readonly subnet: string;
  /** The first is the primary one. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly groups: readonly string[];
  readonly type: string;
  readonly description: string;
  readonly attachment?: AttachmentRecord;
  /** Who manages it, when that is not the account. */
  readonly requester?: { readonly id: string; readonly service: Service };
  readonly tags: Tags;
}

/** Services that own interfaces in the account's subnets (aws-facts section 4). */
export type Service = 'ecs' | 'elb' | 'lambda' | 'nat' | 'vpc-endpoint';

export type InstanceState =
  | 'pending'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'shutting-down'
  | 'terminated';

export interface InstanceRecord {
  readonly id: string;
  readonly reservation: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly state: InstanceState;
  readonly launchedAtMs: number;
  /** ARN. */
  readonly profile?: string;
  readonly tags: Tags;
}

export interface VpcRecord {
  readonly id: string;
  readonly cidr: string;
  readonly ipv6: readonly string[];
  readonly isDefault: boolean;
  readonly tags: Tags;
}

export interface SubnetRecord {
  readonly id: string;
  readonly vpc: string;
  readonly cidr: string;
  readonly ipv6: readonly string[];
  readonly zone: string;
  readonly tags: Tags;
}

export interface AclEntryRecord {
  readonly number: number;
  readonly egress: boolean;
  readonly allow: boolean;
  /** A number as text, or `-1`. */
  readonly protocol: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly cidr: string;
  readonly ports?: { readonly From: number; readonly To: number };
  readonly icmp?: { readonly Type: number; readonly Code: number };
}

export interface AssociationRecord {
  readonly id: string;
  readonly subnet: string;
}

export interface AclRecord {
  readonly id: string;
  readonly vpc: string;
  readonly isDefault: boolean;
  readonly associations: readonly AssociationRecord[];
  readonly entries: readonly AclEntryRecord[];
  readonly tags: Tags;
}

export interface RouteRecord {
  readonly destination: string;
  readonly target: string;
  readonly origin: 'CreateRouteTable' | 'CreateRoute';
}

export interface RouteTableRecord {
  readonly id: string;
  readonly vpc: string;
  readonly isMain: boolean;
  readonly associations: readonly AssociationRecord[];
  readonly routes: readonly RouteRecord[];
  readonly tags: Tags;
}

export interface PeeringRecord {
  readonly id: string;
  readonly requester: string;
  readonly accepter: string;
  readonly status: 'pending-acceptance' | 'active' | 'deleted';
  readonly tags: Tags;
}

export interface PrefixListEntryRecord {
  readonly cidr: string;
  readonly description?: string;
}

export interface PrefixListRecord {
  readonly id: string;
  readonly name: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly maxEntries: number;
  readonly version: number;
  readonly state: string;
  readonly stateMessage?: string;
  readonly entries: readonly PrefixListEntryRecord[];
  /** The account, or `AWS`. */
  readonly owner: string;
  readonly tags: Tags;
}

export interface TaskRecord {
  /** The ARN. */
  readonly id: string;
  readonly cluster: string;
  readonly group: string;
  readonly definition: string;
  readonly status: 'RUNNING' | 'STOPPED';
  readonly version: number;
  readonly interfaceId: string;
  readonly tags: Tags;
}
