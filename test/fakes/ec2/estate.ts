import type { Quotas } from '../../../core/model/inventory.ts';
import type {
  AclRecord,
  GroupRecord,
  InstanceRecord,
  InterfaceRecord,
  PeeringRecord,
  PrefixListRecord,
  RouteTableRecord,
  SubnetRecord,
  Tags,
  TaskRecord,
  VpcRecord,
} from './records.ts';
import { Shelf, type Sight } from './shelf.ts';

/** How far the answers lag behind what was done. All zero unless a test asks for more. */
export interface Consistency {
  /** A new group or instance is unknown to other calls for up to this long, drawn by chance. */
  hiddenMsMax: number;
  /** A stale Describe answers with what was true up to this long ago, drawn by chance. */
  staleMsMax: number;
  /** Share of the Describe calls that are stale, 0 to 1. */
  staleShare: number;
  /** How long a state that AWS leaves by itself lasts (`pending`, `stopping`, `modify-in-progress`). */
  transitionMs: number;
}

/** An event as EventBridge delivers it (aws-facts section 3.2). */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly account: string;
  readonly region: string;
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface EstateOptions {
  readonly account: string;
  readonly region: string;
  readonly clock: { now(): number };
  readonly random: () => number;
  readonly quotas: Quotas;
  readonly onEvent: (event: AwsEvent) => void;
}

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** All that exists in one account and Region, and what is about to happen by itself. */
export class Estate {
  readonly account: string;
  readonly region: string;
  readonly random: () => number;
  readonly quotas: { -readonly [Name in keyof Quotas]: Quotas[Name] };
  readonly consistency: Consistency = {
    hiddenMsMax: 0,
    staleMsMax: 0,
    staleShare: 0,
    transitionMs: 0,
  };

  readonly sight: Sight;
  readonly groups: Shelf<GroupRecord>;
  readonly interfaces: Shelf<InterfaceRecord>;
  readonly instances: Shelf<InstanceRecord>;
  readonly vpcs: Shelf<VpcRecord>;
  readonly subnets: Shelf<SubnetRecord>;
  readonly acls: Shelf<AclRecord>;
  readonly routeTables: Shelf<RouteTableRecord>;
  readonly peerings: Shelf<PeeringRecord>;
  readonly prefixLists: Shelf<PrefixListRecord>;
  readonly tasks: Shelf<TaskRecord>;
  /** ARN of the role by name of the instance profile. */
  readonly profiles = new Map<string, string>();
  /** ARN of the task role by ARN of the task definition. */
  readonly definitions = new Map<string, string | undefined>();

  readonly #clock: { now(): number };
  readonly #onEvent: (event: AwsEvent) => void;
  readonly #tagVersions = new Map<string, number>();
  #due: Due[] = [];
  #count = 0;

  constructor(options: EstateOptions) {
    this.account = options.account;
    this.region = options.region;
    this.random = options.random;
    this.quotas = { ...options.quotas };
    this.#clock = options.clock;
    this.#onEvent = options.onEvent;
    const nowMs = options.clock.now();
    this.sight = { nowMs, asOfMs: nowMs, keepMs: 0, seesAll: true };
    this.groups = new Shelf(this.sight);
    this.interfaces = new Shelf(this.sight);
    this.instances = new Shelf(this.sight);
    this.vpcs = new Shelf(this.sight);
    this.subnets = new Shelf(this.sight);
    this.acls = new Shelf(this.sight);
    this.routeTables = new Shelf(this.sight);
    this.peerings = new Shelf(this.sight);
    this.prefixLists = new Shelf(this.sight);
    this.tasks = new Shelf(this.sight);
  }

  /** Seventeen hexadecimal digits, ascending. */
  nextId(prefix: string): string {
    this.#count += 1;
    return `${prefix}-${this.#count.toString(16).padStart(17, '0')}`;
  }

  arn(kind: string, id: string): string {
    return `arn:aws:ec2:${this.region}:${this.account}:${kind}/${id}`;
  }

  /** Lets what was due happen, and settles how the call to come sees the estate. */
  begin(call: 'read' | 'write' | 'admin'): void {
    this.settle();
    const { staleMsMax, staleShare } = this.consistency;
    this.sight.keepMs = staleMsMax;
    this.sight.seesAll = call === 'admin';
    const isStale = call === 'read' && staleMsMax > 0 && this.random() < staleShare;
    this.sight.asOfMs = this.sight.nowMs - (isStale ? Math.floor(this.random() * staleMsMax) : 0);
  }

  /** Runs what is due at the clock's time, in order. */
  settle(): void {
    const now = this.#clock.now();
    for (;;) {
      const next = this.#due[0];
      if (next === undefined || next.atMs > now) break;
      this.#due.shift();
      this.sight.nowMs = next.atMs;
      next.run();
    }
    this.sight.nowMs = now;
    this.sight.asOfMs = now;
  }

  /** When something will happen by itself next. */
  get nextDueMs(): number | undefined {
    return this.#due[0]?.atMs;
  }

  after(ms: number, run: () => void): void {
    const atMs = this.sight.nowMs + ms;
    const place = this.#due.findIndex((one) => one.atMs > atMs);
    this.#due.splice(place < 0 ? this.#due.length : place, 0, { atMs, run });
  }

  /** EC2's states that pass by themselves last `transitionMs`. */
  afterTransition(run: () => void): void {
    this.after(this.consistency.transitionMs, run);
  }

  /** A new resource may be unknown to other calls for a while (EC2, "Eventual consistency"). */
  hide(shelf: { hide(id: string, untilMs: number): void }, id: string): void {
    const { hiddenMsMax } = this.consistency;
    if (hiddenMsMax === 0) return;
    shelf.hide(id, this.sight.nowMs + Math.floor(this.random() * hiddenMsMax));
  }

  emit(source: string, type: string, resource: string, detail: Record<string, unknown>): void {
    this.#count += 1;
    this.#onEvent({
      version: '0',
      id: `00000000-0000-4000-8000-${this.#count.toString(16).padStart(12, '0')}`,
      source,
      'detail-type': type,
      account: this.account,
      region: this.region,
      // AWS gives whole seconds.
      time: `${new Date(this.sight.nowMs).toISOString().slice(0, 19)}Z`,
      resources: [resource],
      detail,
    });
  }

  /** One event for each resource whose tags differ, with all its tags and a rising version. */
  emitTagChange(kind: string, id: string, before: Tags, after: Tags): void {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    const changed = keys.filter((key) => before[key] !== after[key]);
    if (changed.length === 0) return;
    const version = (this.#tagVersions.get(id) ?? 0) + 1;
    this.#tagVersions.set(id, version);
    this.emit('aws.tag', 'Tag Change on Resource', this.arn(kind, id), {
      'changed-tag-keys': changed,
      service: 'ec2',
      'resource-type': kind,
      version,
      tags: after,
    });
  }
}
