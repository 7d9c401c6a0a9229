import type { Blocked, DesiredRule, GroupKey } from './desired-state.ts';
import type { GroupRule } from './inventory.ts';
import type { LimitsReport } from './limits.ts';

/** The phases of a plan, in order; each is a barrier (design section 5). */
export const PHASES = ['create', 'attach', 'detach', 'revoke', 'delete'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * The phase that the write path works under: `attach` adds and never removes; `steady` is the exact
 * set (detach and everything after it).
 */
export type WritePhase = 'attach' | 'steady';

export type Direction = 'ingress' | 'egress';

interface StepBase {
  /** Stable within the plan, e.g. `authorize:segment:shop-web@vpc-1:ingress`. */
  readonly id: string;
  /** Steps that must be done first. */
  readonly after: readonly string[];
}

export interface CreateGroupStep extends StepBase {
  readonly kind: 'create-group';
  readonly phase: 'create';
  readonly group: GroupKey;
  readonly vpc: string;
  readonly name: string;
  readonly description: string;
}

export interface AuthorizeStep extends StepBase {
  readonly kind: 'authorize';
  readonly phase: 'create';
  readonly group: GroupKey;
  readonly direction: Direction;
  readonly rules: readonly DesiredRule[];
}

/**
 * The interface's groups change. In phase attach: `to` is `from` plus what is missing. In phase
 * detach: `to` is the end. Carried out by the write path, which decides again from fresh reads.
 */
export interface InterfaceStep extends StepBase {
  readonly kind: 'attach' | 'detach';
  readonly phase: 'attach' | 'detach';
  readonly interface: string;
  readonly workload: string;
  /** Ids or, for groups that do not exist yet, keys; sorted. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly blocked?: Blocked;
}

export interface RevokeStep extends StepBase {
  readonly kind: 'revoke';
  /** `create` only for the egress rule that AWS puts into a new group, and where a quota forces it. */
  readonly phase: 'revoke' | 'create';
  readonly group: GroupKey;
  readonly direction: Direction;
  readonly rules: readonly GroupRule[];
}

export interface DeleteGroupStep extends StepBase {
  readonly kind: 'delete-group';
  readonly phase: 'delete';
  readonly group: GroupKey;
  readonly groupId: string;
}

export type PlanStep =
  | CreateGroupStep
  | AuthorizeStep
  | InterfaceStep
  | RevokeStep
  | DeleteGroupStep;

/** How much of one segment (or `*`, the estate) the plan changes. */
export interface GuardFinding {
  readonly segment: string;
  readonly changed: number;
  readonly members: number;
  readonly share: number;
  readonly limit: number;
  readonly exceeded: boolean;
}

/**
 * A guardrail that these workloads, as carriers of the group, may be let across while the plan is
 * under way, though neither before it nor after it.
 */
export interface Crossing {
  readonly guardrail: string;
  readonly group: GroupKey;
  readonly workloads: readonly string[];
}

/** Immutable once numbered. */
export interface Plan {
  /** `plan-<generation>`. */
  readonly id: string;
  readonly generation: number;
  /** The generation that this plan replaces; a plan whose base is no longer in force is stale. */
  readonly base: number;
  readonly policyVersion: string;
  readonly createdAt: string;
  readonly kind: 'publish' | 'uninstall';
  /** True when the inventory had gaps: nothing is removed. */
  readonly addOnly: boolean;
  readonly steps: readonly PlanStep[];
  readonly guard: readonly GuardFinding[];
  /** Absent where there is none. */
  readonly crossings?: readonly Crossing[];
  readonly warnings: readonly string[];
  /** Absent in a plan that was made before plans had it. */
  readonly limits?: LimitsReport;
}

/** What became of a step. */
export type Outcome =
  | { readonly kind: 'added' | 'updated' | 'removed' | 'not-needed' }
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: string; readonly code: string };

export interface StepReport {
  readonly step: string;
  readonly phase: Phase;
  readonly outcome: Outcome;
}

export interface Report {
  readonly plan: string;
  readonly generation: number;
  readonly steps: readonly StepReport[];
}
