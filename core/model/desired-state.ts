import type { Mode } from './policy.ts';

/**
 * Names an owned group before and after it exists: `segment:<name>@<vpc>`, `baseline@<vpc>`,
 * `open-egress@<vpc>`, `isolation@<vpc>` (no rules, for `unclassified: isolate`).
 * The key is also the value of the tag `bulkhead:group` on the group.
 */
export type GroupKey = string;

/** A peer of a desired rule; an owned group is named by key, everything else by what AWS knows. */
export type DesiredPeer =
  | { readonly kind: 'ipv4'; readonly cidr: string }
  | { readonly kind: 'ipv6'; readonly cidr: string }
  | { readonly kind: 'prefixList'; readonly id: string }
  | { readonly kind: 'group'; readonly id: string }
  | { readonly kind: 'owned'; readonly key: GroupKey };

/** As GroupRule, before ids are known. `because` names the rules or baseline entries behind it. */
export interface DesiredRule {
  readonly protocol: number;
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: DesiredPeer;
  readonly because: readonly string[];
}

export interface DesiredGroup {
  readonly key: GroupKey;
  readonly vpc: string;
  /** Unique in its VPC; at most 255 characters. */
  readonly name: string;
  readonly description: string;
  readonly ingress: readonly DesiredRule[];
  readonly egress: readonly DesiredRule[];
}

/** Why a step is forbidden for now, and what to do about it. */
export interface Blocked {
  readonly reason:
    | 'peer does not carry the group'
    | 'slots'
    | 'attach failed'
    | 'group does not exist' // an event needs one that no publish has made yet
    | 'would be empty'; // AWS wants at least one group on an interface
  /** What was seen, with the numbers. */
  readonly message: string;
  readonly hint: string;
}

/** What a workload's membership comes to, before any interface is looked at. */
export interface Membership {
  readonly workload: string;
  /** Segments whose selector matches and that are not withheld, sorted. */
  readonly segments: readonly string[];
  /** Segments withheld by a guardrail or a zone conflict, with the reason. */
  readonly withheld: readonly { readonly segment: string; readonly because: string }[];
  readonly zone?: string;
  /** Weakest mode among staged and enforced segments; observe when there is none. */
  readonly mode: Mode;
  /** True when one of the enforced segments says `egress: open`. */
  readonly openEgress: boolean;
  /** Stable texts, e.g. two zones; raised to the operator. */
  readonly conflicts: readonly string[];
  /**
   * Owned groups to carry, without the VPC: `segment:<name>` of the staged and enforced segments,
   * `baseline`, `open-egress`; sorted. decideMembership always says it; where it is absent, every
   * segment counts as having a group.
   */
  readonly carries?: readonly string[];
}

/** The groups that one interface should end with, and why it may not get there yet. */
export interface DesiredAttachment {
  readonly interface: string;
  readonly workload: string;
  readonly vpc: string;
  readonly mode: Mode;
  /** Owned groups to carry. */
  readonly owned: readonly GroupKey[];
  readonly blocked?: Blocked;
}

export interface DesiredState {
  readonly groups: readonly DesiredGroup[];
  readonly memberships: readonly Membership[];
  readonly attachments: readonly DesiredAttachment[];
  /** Segments whose members may not enforce for now, with what keeps one of them; by name. */
  readonly blockedSegments: Readonly<Record<string, Blocked>>;
}
