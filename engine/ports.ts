import type { DesiredRule } from '../core/model/desired-state.ts';
import type {
  GroupRule,
  Inventory,
  NetworkInterface,
  SecurityGroup,
  Workload,
} from '../core/model/inventory.ts';
import type { Direction, Plan, Report, StepReport } from '../core/model/plan.ts';
import type { PolicySource } from '../core/model/policy.ts';
import type {
  Bundle,
  ChangeTiming,
  Head,
  InterfaceRecord,
  LeaveClaim,
  Leaves,
  LedgerEntry,
  ParkedRecord,
  PlanRecord,
  PolicyRecord,
  ProofRecord,
  SweepRecord,
  WorkloadRecord,
} from '../core/model/record.ts';

/** All that the engine knows of the outside. aws/ implements it; test/fakes/ does too. */
export interface Ports {
  /** Name of the stack: the value of the tag `bulkhead:owner`. */
  readonly owner: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly reader: Ec2Reader;
  readonly writer: Ec2Writer;
  readonly store: Store;
  readonly archive: Archive;
  readonly queue: Queue;
  readonly signal: Signal;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  /** Unique and, within a process, ascending. */
  next(): string;
}

export interface WorkloadReading {
  readonly workload: Workload;
  readonly interfaces: readonly NetworkInterface[];
}

export interface Ec2Reader {
  /** Everything, paginated. Reads that fail become gaps. */
  collectInventory(): Promise<Inventory>;
  /** One workload; undefined when it is gone. Asked for an interface of an instance: the instance. */
  readWorkload(id: string): Promise<WorkloadReading | undefined>;
  /** One interface; undefined when it is gone. */
  readInterface(id: string): Promise<NetworkInterface | undefined>;
  /** Which of these groups exist, sorted. */
  findGroups(ids: readonly string[]): Promise<readonly string[]>;
  /** The owned groups as they are now (tag bulkhead:owner = the stack), all VPCs. */
  readOwnedGroups(): Promise<readonly SecurityGroup[]>;
}

/** Which of the two write roles makes the call (design section 5, Roles). */
export type WriteRole = 'enforce' | 'restore';

export interface NewGroup {
  readonly key: string;
  readonly vpc: string;
  readonly name: string;
  readonly description: string;
}

/**
 * The only way to change EC2. Errors are thrown as the SDK gives them and told apart by name
 * (engine/ec2-errors.ts). No retry inside setInterfaceGroups: the lease runs meanwhile.
 */
export interface Ec2Writer {
  setInterfaceGroups(id: string, groups: readonly string[], role: WriteRole): Promise<void>;
  /** Creates and tags the group; an existing one of that name is looked up. Gives the id. */
  createGroup(group: NewGroup): Promise<string>;
  authorize(groupId: string, direction: Direction, rules: readonly ResolvedRule[]): Promise<void>;
  revoke(groupId: string, direction: Direction, rules: readonly GroupRule[]): Promise<void>;
  deleteGroup(groupId: string): Promise<void>;
}

/** A desired rule whose owned peers have become group ids. */
export type ResolvedRule = Omit<DesiredRule, 'peer'> & { readonly peer: GroupRule['peer'] };

/** A write that was refused because somebody else wrote first. Read again, decide again. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

/** The table. Every write is conditional; ConditionFailed says that the precondition is gone. */
export interface Store {
  readHead(): Promise<Head | undefined>;
  /** Refused unless the generation in force is `expected` (0: none) or already `head.generation`. */
  writeHead(head: Head, expected: number): Promise<void>;

  readWorkload(id: string): Promise<WorkloadRecord | undefined>;
  /**
   * Refused unless the stored revision is `expected` (0: absent). Writes the record, its memberships
   * and the fences of its interfaces (each raised by one) in one transaction; with `leaves`, also the
   * windows of the segments that it leaves, refused unless each is as it was seen.
   */
  writeWorkload(
    record: WorkloadRecord,
    expected: number,
    options?: WriteWorkloadOptions,
  ): Promise<void>;
  /** The record and its memberships. */
  deleteWorkload(id: string): Promise<void>;
  listWorkloads(query: WorkloadQuery): Promise<Page<WorkloadRecord>>;
  countMembers(segment: string): Promise<number>;

  /** Consistent read of the running members and the windows of these segments. */
  readLeaves(segments: readonly string[]): Promise<Leaves>;
  /** Replaces the count of running members by segment. */
  recordRunning(running: Leaves['running']): Promise<void>;

  /** Creates the record when absent. Gives the new fence. */
  raiseFence(interfaceId: string, workload: string): Promise<number>;
  /** Consistent read. */
  readInterface(interfaceId: string): Promise<InterfaceRecord | undefined>;
  /** Consistent read of many; those without a record are left out. */
  readInterfaces(ids: readonly string[]): Promise<readonly InterfaceRecord[]>;
  /**
   * Takes the lease; ConditionFailed while somebody else holds one that has not run out, or when the
   * interface was last written under a younger generation. Gives the record as it is after the claim.
   */
  claim(claim: LeaseClaim): Promise<InterfaceRecord>;
  /**
   * Records what was done (all but the fence) and lets the lease go; ConditionFailed when `owner`
   * does not hold it any more. Gives the record as it is after that, with the fence as it is then.
   */
  settle(record: InterfaceRecord, owner: string): Promise<InterfaceRecord>;
  deleteInterface(interfaceId: string): Promise<void>;
  listInterfaces(cursor?: string): Promise<Page<InterfaceRecord>>;

  readLedger(interfaceId: string): Promise<LedgerEntry | undefined>;
  /** Adds to what is recorded; never drops a group from it. */
  extendLedger(entry: LedgerEntry): Promise<void>;
  clearLedger(interfaceId: string): Promise<void>;
  listLedger(cursor?: string): Promise<Page<LedgerEntry>>;

  /** Next generation; no two callers get the same. */
  nextGeneration(): Promise<number>;
  /** Consistent read. */
  readPlan(id: string): Promise<PlanRecord | undefined>;
  /** Refused unless the stored state is one of `expected` (empty: absent). */
  writePlan(record: PlanRecord, expected: readonly PlanRecord['state'][]): Promise<void>;
  /** The youngest first. */
  listPlans(cursor?: string): Promise<Page<PlanRecord>>;

  readCurrentPolicy(): Promise<PolicyRecord | undefined>;
  /** Refused unless the current version is `expected` (undefined: none). */
  writeCurrentPolicy(record: PolicyRecord, expected: string | undefined): Promise<void>;
  listPolicies(cursor?: string): Promise<Page<PolicyRecord>>;

  /** One conditional update: all marks are moved, or none. Gives them as they are after it. */
  moveMarks(move: MarkMove): Promise<MarksAnswer>;

  /** One place a workload; `since`, `event` and `received` stay those of the first call. */
  park(parked: ParkedRecord): Promise<void>;
  /** Consistent read. */
  readParked(workload: string): Promise<ParkedRecord | undefined>;
  unpark(workload: string): Promise<void>;
  /** The one that is due first comes first. */
  listParked(cursor?: string): Promise<Page<ParkedRecord>>;

  recordTiming(timing: ChangeTiming): Promise<void>;
  readLatency(): Promise<LatencySummary>;
  recordSweep(sweep: SweepRecord): Promise<void>;
  readSweep(): Promise<SweepRecord | undefined>;
  recordProof(proof: ProofRecord): Promise<void>;
  readProof(): Promise<ProofRecord | undefined>;
  /** Adds to named totals: `missed-by-events`, `throttled`, `drift-reverted`, ... */
  count(counts: Readonly<Record<string, number>>): Promise<void>;
  readCounts(): Promise<Readonly<Record<string, number>>>;
}

/** The API actions that Ec2Writer makes; EC2 counts each in a bucket of its own. */
export type WriteAction =
  | 'ModifyNetworkInterfaceAttribute'
  | 'CreateSecurityGroup'
  | 'DeleteSecurityGroup'
  | 'AuthorizeSecurityGroupIngress'
  | 'AuthorizeSecurityGroupEgress'
  | 'RevokeSecurityGroupIngress'
  | 'RevokeSecurityGroupEgress';

/**
 * How far one action's budget is used; engine/write-budget.ts says what each means. Whole
 * milliseconds since 1970; 0 before the first use. None ever goes back.
 */
export interface Marks {
  readonly tat: number;
  readonly line: number;
  readonly reserve: number;
}

export interface MarkMove {
  readonly action: WriteAction;
  readonly to?: Partial<Marks>;
  readonly by?: Partial<Marks>;
  /** Where these marks must lie, ends included. */
  readonly when: Partial<Readonly<Record<keyof Marks, readonly [number, number]>>>;
}

export interface MarksAnswer {
  readonly moved: boolean;
  readonly marks: Marks;
}

export interface WriteWorkloadOptions {
  /** The record that this one replaces, where the caller has it: saves a read. */
  readonly previous?: WorkloadRecord;
  /** Interfaces whose fence is raised. Default: all of the record. */
  readonly raise?: readonly string[];
  /** Segments that it leaves by an event, counted by the leave guard. */
  readonly leaves?: readonly LeaveClaim[];
}

export interface WorkloadQuery {
  readonly segment?: string;
  readonly cursor?: string;
  /** At most 100. */
  readonly limit?: number;
}

export interface LeaseClaim {
  readonly interfaceId: string;
  readonly workload: string;
  readonly owner: string;
  readonly untilMs: number;
  readonly nowMs: number;
  readonly generation: number;
}

/** Milliseconds; undefined until there was a change. Hop by hop in the order of ChangeTiming. */
export interface LatencySummary {
  readonly count: number;
  readonly receivedToWritten?: Percentiles;
  readonly hops: Readonly<Record<string, Percentiles>>;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What a plan was made from, beside the policy: compiling it again gives the same groups. */
export interface PlanInput {
  readonly inventory: Inventory;
  /** Foreign groups that had come off, by interface. */
  readonly ledger: Readonly<Record<string, readonly string[]>>;
}

/** Documents too large for an item, in a versioned bucket. Names are never reused. */
export interface Archive {
  putPolicy(version: string, sources: readonly PolicySource[]): Promise<void>;
  getPolicy(version: string): Promise<readonly PolicySource[] | undefined>;
  putPlan(plan: Plan, input: PlanInput): Promise<void>;
  getPlan(id: string): Promise<Plan | undefined>;
  getPlanInput(id: string): Promise<PlanInput | undefined>;
  putBundle(bundle: Bundle): Promise<void>;
  getBundle(generation: number): Promise<Bundle | undefined>;
  putLedger(entry: LedgerEntry): Promise<void>;
  putReport(report: Report): Promise<void>;
  getReport(plan: string): Promise<Report | undefined>;
}

/** Why a workload is to be looked at. `parked`: its record is kept, its write has waited. */
export type WakeReason = 'event' | 'sweep' | 'plan' | 'retry' | 'parked' | 'api';

export interface Wake {
  readonly workload: string;
  readonly reason: WakeReason;
  /** Makes the message unique; the same id within five minutes is one message. */
  readonly deduplicationId: string;
  /** When AWS says it happened and when it was received; milliseconds since 1970. */
  readonly event?: number | undefined;
  readonly received?: number | undefined;
}

/** Comes out again when a parked workload is due. */
export interface Reminder {
  readonly workload: string;
  /** As in the ParkedRecord that it belongs to. */
  readonly due: string;
}

export interface Queue {
  /** Messages without data, one message group per workload. */
  wake(wakes: readonly Wake[]): Promise<void>;
  /** At most 900 seconds (SQS); whoever is due later is reminded in between. */
  remind(reminder: Reminder, delaySeconds: number): Promise<void>;
}

/** Coded events to the log and metrics; the code is listed in docs/messages.md. */
export interface Signal {
  event(code: string, fields: Readonly<Record<string, unknown>>): void;
}

export type { Report, StepReport };
