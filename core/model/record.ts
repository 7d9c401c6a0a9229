import type { Blocked, Membership } from './desired-state.ts';
import type { Identity } from './identity.ts';
import type { Control } from './inventory.ts';
import type { Phase, WritePhase } from './plan.ts';
import type { Policy } from './policy.ts';

/** What the control plane knows and last did, as kept in its table. All times: ISO 8601, UTC. */

/** Which generation is in force, and how far. There is one. Absent before the first publish. */
export interface Head {
  readonly generation: number;
  readonly phase: WritePhase;
  readonly kind: 'publish' | 'uninstall';
  readonly policyVersion: string;
  readonly plan: string;
  /** Segments that may not enforce yet, in any VPC; their members stay staged. */
  readonly blockedSegments: Readonly<Record<string, Blocked>>;
  readonly since: string;
  /**
   * Holds that events have made under this generation or a later one stand. A plan that a person
   * published ends all earlier ones; one that the sweep published ends none. Absent: `generation`.
   */
  readonly heldSince?: number;
}

/**
 * Everything a decision needs beside the workload, fixed for one generation; written when the
 * groups of the plan exist, read once per generation by each worker.
 */
export interface Bundle {
  readonly generation: number;
  readonly policy: Policy;
  /** Id of each owned group by its GroupKey. */
  readonly groupIds: Readonly<Record<string, string>>;
  /**
   * Ids of all owned groups that existed when the bundle was written, also those that this
   * generation does not want; none of them is ever taken for foreign.
   */
  readonly ownedIds?: readonly string[];
  /** Id of the open-egress group of each VPC that has one, also where this generation does not want it. */
  readonly openEgressIds?: Readonly<Record<string, string>>;
  /** Ids of the VPCs that are managed. */
  readonly vpcs: readonly string[];
  readonly groupsPerInterface: number;
}

/** How a workload stands, in one word. */
export type WorkloadStatus =
  | 'unmanaged' // not in a managed VPC, or nothing is in force
  | 'unclassified' // no segment matches
  | 'observed'
  | 'staged'
  | 'enforced'
  | 'held'
  | 'blocked' // keeps foreign groups, open egress or a former group although the policy says otherwise
  | 'conflict'
  | 'visible'; // its groups cannot be written

/** Why the leave guard holds a workload. */
export interface Guarded {
  /** The one in force when the guard stepped in. */
  readonly generation: number;
  /** share: its segment has lost as many as it may; flapping: it has moved as often as it may. */
  readonly because: 'share' | 'flapping';
  /** With the numbers. */
  readonly reason: string;
}

/** Segments whose groups a workload carries although it is in them no more. Names are sorted. */
export interface Keeps {
  /** Those that it was in when an event first took it out: back in all of them it is as before. */
  readonly from: readonly string[];
  readonly segments: readonly string[];
}

/** One time that an event took a workload out of segments. */
export interface MoveRecord {
  readonly at: string;
  readonly from: readonly string[];
}

/** How many members a segment has lost by events lately; one item a segment. */
export interface LeaveWindow {
  /** End of the slot that leaves are counted in now; milliseconds since 1970. */
  readonly until: number;
  /** Leaves of this slot and of those in `before`. */
  readonly total: number;
  /** Leaves of earlier slots that reach into the window, by the slot's end. */
  readonly before: Readonly<Record<string, number>>;
}

/** What the leave guard decides from. */
export interface Leaves {
  /**
   * Running members by segment as the last sweep has counted them, those among them that events took
   * within the window: what the segment would have without them. Absent is none.
   */
  readonly running: Readonly<Record<string, number>>;
  readonly windows: Readonly<Record<string, LeaveWindow>>;
}

/** One more member leaves a segment: refused unless `seen` is what is stored. */
export interface LeaveClaim {
  readonly segment: string;
  readonly seen?: LeaveWindow;
  /** Of the same slot as `seen`: then others may have counted meanwhile, up to `totalMax`. */
  readonly next: LeaveWindow;
  readonly totalMax: number;
}

export interface WorkloadRecord {
  readonly identity: Identity;
  readonly interfaces: readonly string[];
  readonly state: string;
  readonly control: Control;
  readonly controlReason?: string;
  readonly membership: Membership;
  readonly status: WorkloadStatus;
  /** Why the status is not what the mode asks for. */
  readonly statusReason?: string;
  readonly held: boolean;
  /**
   * Lost its last segment by an event and is in none since; `settings.onLeave` says what that means.
   * Absent is false.
   */
  readonly left?: boolean;
  /**
   * The generation under which an event took enforcement away from it. It keeps its groups while
   * that one is in force: putting foreign groups back takes a plan.
   */
  readonly loosened?: number;
  /** The leave guard holds it; ends as `loosened` does, or when the event is taken back. */
  readonly guarded?: Guarded;
  /** Only while it is held or in conflict, and only if there are such segments. */
  readonly keeps?: Keeps;
  /** What events took it out of lately; as many as the leave guard looks at. */
  readonly moves?: readonly MoveRecord[];
  /** Was it ever in a segment? Decides between `unclassified` and `held`. */
  readonly classified: boolean;
  /** Version of the tag event that the tags come from; 0 when they come from a Describe. */
  readonly tagVersion: number;
  /** Time of the youngest event or reading that the tags come from. */
  readonly tagsAt: string;
  readonly firstSeen: string;
  readonly changedAt: string;
  readonly generation: number;
  /** Counts writes of this record; a conditional write names the one it read. */
  readonly revision: number;
}

/** What the write path last did to an interface, and who may touch it. */
export interface InterfaceRecord {
  readonly interface: string;
  readonly workload: string;
  /** Raised by whoever wants the groups looked at again. */
  readonly fence: number;
  /** The fence that the last finished run had seen. */
  readonly doneFence: number;
  readonly lease?: { readonly owner: string; readonly until: string };
  readonly generation: number;
  readonly phase: WritePhase;
  readonly groups: readonly string[];
  readonly outcome: string;
  readonly reason?: string;
  /** How its workload stands by this interface alone. */
  readonly status?: WorkloadStatus;
  readonly verifiedAt?: string;
  /** The write waits for the budget; from then on it is its turn. Gone after the next finished run. */
  readonly parkedUntil?: string;
}

/** A workload that must wait. It is looked at again when due, or when an event comes before. */
export interface ParkedRecord {
  readonly workload: string;
  readonly due: string;
  /** When it was parked first. */
  readonly since: string;
  readonly reason: string;
  /** Its record could not be kept yet, so AWS is to be asked again. */
  readonly readAgain?: boolean;
  /** Of the change that waits; milliseconds since 1970. */
  readonly event?: number;
  readonly received?: number;
}

/** The foreign groups of an interface as they were before we changed them. */
export interface LedgerEntry {
  readonly interface: string;
  readonly workload: string;
  readonly vpc: string;
  /** Sorted ids; grows when a further foreign group comes off, never shrinks until restored. */
  readonly groups: readonly string[];
  readonly recordedAt: string;
  readonly generation: number;
}

export type PlanState =
  | 'planned'
  | 'waiting-for-approval'
  | 'applying'
  | 'done'
  | 'rejected'
  | 'stale'
  | 'failed';

/** An interface that a plan in phase attach waits for beside those that it lists. */
export interface LateComer {
  readonly interface: string;
  readonly workload: string;
}

/** The mutable side of a numbered plan; the plan itself never changes. */
export interface PlanRecord {
  readonly id: string;
  readonly generation: number;
  readonly kind: 'publish' | 'uninstall';
  readonly policyVersion: string;
  readonly state: PlanState;
  readonly phase: Phase;
  /** ARN of who published it; may not approve it. */
  readonly author: string;
  readonly decidedBy?: string;
  readonly reason?: string;
  readonly createdAt: string;
  readonly changedAt: string;
  /** Step Functions execution that works on it; another one starts when it died. */
  readonly execution?: string;
  /** Found when the plan came into force. */
  readonly late?: readonly LateComer[];
  readonly taskToken?: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface PolicyRecord {
  readonly version: string;
  readonly author: string;
  readonly publishedAt: string;
  readonly generation?: number;
}

/** Stamps of one change; each in milliseconds since 1970. */
export interface ChangeTiming {
  readonly event: number;
  readonly received: number;
  readonly decided: number;
  readonly written: number;
  readonly verified: number;
}

/** The last comparison of the whole estate with the policy. */
export interface ProofRecord {
  /** When the inventory was taken that was compared. */
  readonly at: string;
  readonly generation: number;
  readonly policyVersion: string;
  /** Ordered pairs of interfaces, and the classes of interfaces that nothing tells apart. */
  readonly pairs: number;
  readonly classes: number;
  /** Pairs that AWS lets exchange more than the policy allows, or less. */
  readonly holes: number;
  readonly cuts: number;
  /** Pairs that differ for a known reason, e.g. an end is held. */
  readonly excused: number;
  /** The first of each kind. */
  readonly named: readonly ProofFinding[];
  readonly durationMs: number;
}

export interface ProofFinding {
  readonly kind: 'hole' | 'cut';
  /** Interface ids, and what people call the ends. */
  readonly from: string;
  readonly to: string;
  readonly fromName: string;
  readonly toName: string;
  readonly family: 'ipv4' | 'ipv6';
  /** As a policy writes it: `tcp/443 udp/53`. */
  readonly traffic: string;
  /** Why it is excused. */
  readonly because?: string;
}

/** Counts by name, kept for /v1/status. */
export interface SweepRecord {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly workloads: number;
  /** Changes that no event had told of. */
  readonly missedByEvents: number;
  /** Interfaces whose groups were not what the last run had left. */
  readonly drifted: number;
  readonly gaps: readonly string[];
}
