import type { GroupKey } from './desired-state.ts';
import type { Quotas } from './inventory.ts';
import type { Direction } from './plan.ts';

/**
 * How much of one limit is taken: now, at the most while the plan runs (old and new side by side),
 * and after it.
 */
export interface LimitUse {
  readonly now: number;
  readonly during: number;
  readonly after: number;
  readonly limit: number;
}

/** Rules of one owned group; each direction and family has a limit of its own. */
export interface RuleUse extends LimitUse {
  readonly group: GroupKey;
  readonly direction: Direction;
  readonly family: 'ipv4' | 'ipv6';
}

/** Groups of one interface that carries or gets ours. */
export interface SlotUse extends LimitUse {
  readonly interface: string;
  readonly workload: string;
  /** What the groups after the plan are. */
  readonly slots: {
    /** Neither ours nor kept; enforcing takes them off. */
    readonly foreign: number;
    readonly kept: number;
    readonly baseline: number;
    readonly openEgress: number;
    readonly segments: number;
    readonly surplus: number;
  };
}

/** A prefix list that rules of ours name. */
export interface ListUse {
  readonly list: string;
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly entries: number;
  /** The most that it may hold: what it weighs in each rule that names it. */
  readonly maxEntries: number;
  /** Rules of ours that name it. */
  readonly rules: number;
}

/** How far a segment can grow in one VPC before it hits a limit, after the plan. */
export interface Growth {
  readonly segment: string;
  readonly vpc: string;
  /**
   * Rules that the groups it has still take, if each names a group (such a rule counts in both
   * families). One that a neighbour's ports or addresses absorb costs nothing.
   */
  readonly room: Readonly<Record<Direction, number>>;
  /** Further groups for rules that its interfaces can carry; one more is refused. */
  readonly furtherGroups: number;
  /** Those of them that come before the first interface has to wait, while foreign groups are on. */
  readonly furtherGroupsStaged: number;
  /** What stands in the way then. */
  readonly bound: 'slots' | 'groups in the Region';
  /** The interface with the fewest free slots. */
  readonly interface?: string | undefined;
  /**
   * Where its rules name networks that guardrails cut workloads out of: so many further addresses of
   * such workloads fit for certain, wherever they lie, before the policy is refused. Absent where
   * none costs a rule.
   */
  readonly cutAddresses?: number | undefined;
}

/** Lists are cut to the tightest ones; `counted` says how many there were. */
export interface LimitsReport {
  readonly quotas: Quotas;
  readonly region: LimitUse;
  readonly rules: readonly RuleUse[];
  readonly interfaces: readonly SlotUse[];
  readonly lists: readonly ListUse[];
  readonly growth: readonly Growth[];
  readonly counted: {
    readonly rules: number;
    readonly interfaces: number;
    readonly lists: number;
    readonly growth: number;
  };
}
