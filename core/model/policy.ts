import type { TrafficRange } from './traffic.ts';

/** Where something stands in a policy file; line and column count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A text, or a glob with `*` and `?`; a list means any of them. */
export type Pattern = readonly string[];

export type Selector =
  | { readonly all: readonly Selector[] }
  | { readonly any: readonly Selector[] }
  | { readonly not: Selector }
  | { readonly tags: Readonly<Record<string, Pattern>> }
  | { readonly field: SelectorField; readonly values: Pattern };

/** Identity fields that a selector may name, beside tags. */
export type SelectorField =
  | 'iamRole'
  | 'kind'
  | 'account'
  | 'region'
  | 'vpc'
  | 'subnet'
  | 'cluster'
  | 'service'
  | 'autoScalingGroup'
  | 'name';

export type Mode = 'observe' | 'stage' | 'enforce';
export type Egress = 'open' | 'closed';

export interface Segment {
  readonly name: string;
  readonly select: Selector;
  readonly mode: Mode;
  readonly egress: Egress;
  readonly zone?: string;
  readonly crownJewel: boolean;
  /** VPCs (ids) where the group exists even without members. */
  readonly bornIn: readonly string[];
  readonly team?: string;
  readonly why?: string;
  readonly location: Location;
}

/** A peer that is not a workload. Exactly one of cidrs, prefixList, securityGroups is non-empty. */
export interface Network {
  readonly name: string;
  readonly zone?: string;
  /** Canonical CIDRs, IPv4 and IPv6. */
  readonly cidrs: readonly string[];
  readonly except: readonly string[];
  /** Glob over prefix-list names, or a `pl-` id. */
  readonly prefixList?: string;
  readonly securityGroups?: {
    readonly ids: readonly string[];
    readonly tags: Readonly<Record<string, Pattern>>;
  };
  readonly includesWorkloads: boolean;
  readonly location: Location;
}

export interface Zone {
  readonly name: string;
  readonly subnetTags: Readonly<Record<string, Pattern>>;
  readonly location: Location;
}

/** One entry of an `allow` list: as written, and as ranges (a service may hold several). */
export interface Allowance {
  readonly text: string;
  readonly ranges: readonly TrafficRange[];
}

export interface Rule {
  readonly id: string;
  /** Names of segments or networks; at least one end names a segment. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly allow: readonly Allowance[];
  readonly why: string;
  readonly ticket?: string;
  /** Last day on which the rule holds, `YYYY-MM-DD`, UTC. */
  readonly expires?: string;
  readonly team?: string;
  readonly location: Location;
}

/** An allowance for every staged or enforced workload; has exactly one of `to` and `from`. */
export interface BaselineEntry {
  readonly id: string;
  readonly to?: string;
  readonly from?: string;
  readonly allow: readonly Allowance[];
  readonly why: string;
  readonly location: Location;
}

/** What one side of a guardrail or assertion names. */
export type ZoneMatcher =
  | { readonly zone: string }
  | { readonly not: ZoneMatcher }
  | { readonly segment: string };

export interface Guardrail {
  readonly id: string;
  readonly deny: { readonly from: ZoneMatcher; readonly to: ZoneMatcher };
  /** Rule ids that may cross. */
  readonly except: readonly string[];
  readonly why: string;
  readonly location: Location;
}

export interface Assertion {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly port: Allowance;
  readonly expect: 'allow' | 'deny';
  readonly location: Location;
}

/** How much events may take from segments; beyond that the workloads are held. */
export interface LeaveGuard {
  /** 0 to 1, of a segment's running members; one may leave in any case. 1 is no limit. */
  readonly share: number;
  readonly windowMs: number;
  /** So often may events take one workload out of segments within the window. */
  readonly movesMax: number;
}

export interface Settings {
  /** Tags of the VPCs that are managed. Empty object: none, idle. */
  readonly vpcTags: Readonly<Record<string, Pattern>>;
  readonly unclassified: 'observe' | 'isolate';
  readonly settleWindowMs: number;
  readonly keepSecurityGroups: readonly string[];
  /** 0 to 1. */
  readonly changeGuardShare: number;
  /** Absent: the change guard's share and the defaults of core/plan/leave-guard.ts. */
  readonly leaveGuard?: LeaveGuard;
  readonly onLeave: 'hold' | 'isolate' | 'restore';
  /** Where the settings stand; absent where the defaults hold. */
  readonly location?: Location;
}

/** A policy that linted clean. Every list is sorted by its name or id. */
export interface Policy {
  /** Content address: `sha256:` of the sources; the ETag of /v1/policies. */
  readonly version: string;
  readonly settings: Settings;
  readonly zones: readonly Zone[];
  readonly networks: readonly Network[];
  readonly services: Readonly<Record<string, Allowance>>;
  readonly segments: readonly Segment[];
  readonly rules: readonly Rule[];
  readonly baseline: readonly BaselineEntry[];
  readonly guardrails: readonly Guardrail[];
  readonly assertions: readonly Assertion[];
}

/** A file of the policy as the user wrote it. */
export interface PolicySource {
  readonly file: string;
  readonly text: string;
}

/** A finding about the policy. Errors stop a publish; warnings do not. */
export interface Diagnostic extends Location {
  readonly severity: 'error' | 'warning';
  /** Stable, e.g. `unknown-key`; listed in docs/messages.md. */
  readonly code: string;
  /** What was seen. */
  readonly message: string;
  /** What to change. */
  readonly hint: string;
}
