import type { NetworkInterface } from '../../core/model/inventory.ts';
import type { Bundle, Head, InterfaceRecord, WorkloadRecord } from '../../core/model/record.ts';
import { answerReminder, keepParking } from '../../engine/parking.ts';
import { ConditionFailed, type Ports, type Wake } from '../../engine/ports.ts';
import { sweepEstate } from '../../engine/sweep.ts';
import { type Observation, processWorkload } from '../../engine/workload.ts';
import { TokenBuckets } from '../../sandbox/token-buckets.ts';
import { BudgetTable } from '../fakes/budget-table.ts';
import { group, inventory, OWNER, policy, segment } from '../properties/builders.ts';
import { VirtualClock } from './virtual-clock.ts';

const WEB_GROUP = 'sg-web';
const WRITE = 'ModifyNetworkInterfaceAttribute';

export interface WaveWorldOptions {
  readonly interfaces: number;
  readonly functions: number;
  readonly random: () => number;
  /** The share of reminders that never come. */
  readonly lostReminders?: number;
  /** Calls a second that somebody else in the account makes of the same action. */
  readonly foreign?: number;
  /** Every open workload is woken each ten seconds, parked or not. */
  readonly restless?: boolean;
}

/**
 * The real write path, budget and parking, over as much of AWS as a wave of new instances needs: a
 * FIFO queue worked off by several functions, a delayed one, EC2's own bucket for writes.
 */
export class WaveWorld {
  readonly clock = new VirtualClock(Date.parse('2026-11-24T09:00:00Z'));
  readonly parking = new BudgetTable();
  readonly nics = new Map<string, NetworkInterface>();
  readonly count = { writes: 0, throttled: 0, reads: 0, runs: 0, parked: 0, wakes: 0, swept: 0 };
  readonly ports: Ports;
  lastWriteMs = 0;

  readonly #options: WaveWorldOptions;
  readonly #aws = new TokenBuckets({ exempt: [] });
  readonly #workloads = new Map<string, WorkloadRecord>();
  readonly #interfaces = new Map<string, InterfaceRecord>();
  readonly #queue: Observation[] = [];
  readonly #sent = new Set<string>();
  readonly #busy = new Set<string>();
  /** Interfaces without the group. */
  readonly #open = new Set<string>();
  readonly #startMs = this.clock.now();
  readonly #estate: ReturnType<typeof inventory>;

  constructor(options: WaveWorldOptions) {
    this.#options = options;
    const names = Array.from({ length: options.interfaces }, (_, at) => at.toString(16));
    this.#estate = inventory(names.map((name) => ({ name, app: 'web' })));
    for (const nic of this.#estate.interfaces) {
      this.nics.set(nic.id, nic);
      this.#open.add(nic.id);
    }
    this.ports = this.#makePorts();
  }

  /** Every instance's event comes at once. Gives the seconds until the last write. */
  async run(): Promise<number> {
    const received = this.clock.now();
    for (const { identity } of this.#estate.workloads) {
      this.#queue.push({ workload: identity.workload, reason: 'event', event: received, received });
    }
    const functions = Array.from({ length: this.#options.functions }, () => this.#work());
    await this.clock.run(Promise.all([...functions, this.#sweepNowAndThen(), this.#consume()]));
    return (this.lastWriteMs - this.#startMs) / 1_000;
  }

  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** One message of a group at a time, as FIFO does it. */
  async #work(): Promise<void> {
    while (!this.isDone) {
      const at = this.#queue.findIndex(({ workload }) => !this.#busy.has(workload));
      const [observation] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (observation === undefined) {
        await this.#lag(50);
        continue;
      }
      this.#busy.add(observation.workload);
      this.count.runs += 1;
      const report = await processWorkload(this.ports, observation);
      if (report.kind === 'waiting') this.count.parked += 1;
      await keepParking(this.ports, observation, report);
      this.#busy.delete(observation.workload);
    }
  }

  async #sweepNowAndThen(): Promise<void> {
    const isRestless = this.#options.restless === true;
    while (!this.isDone) {
      await this.clock.sleep(isRestless ? 10_000 : 60_000);
      if (!isRestless) {
        this.count.swept += (await sweepEstate(this.ports)).woken;
        continue;
      }
      const open = [...this.#interfaces.values()].filter((one) => one.fence > one.doneFence);
      for (const { workload } of open) this.#queue.push({ workload, reason: 'sweep' });
    }
  }

  async #consume(): Promise<void> {
    const { foreign } = this.#options;
    while (foreign !== undefined && !this.isDone) {
      await this.clock.sleep(1_000 / foreign);
      this.#aws.take(WRITE, true, this.clock.now());
    }
  }

  async #lag(mostMs: number): Promise<void> {
    await this.clock.sleep(1 + mostMs * this.#options.random());
  }

  #wake({ workload, reason, deduplicationId, event, received }: Wake): void {
    if (this.#sent.has(deduplicationId)) return;
    this.#sent.add(deduplicationId);
    this.count.wakes += 1;
    this.#queue.push({ workload, reason, event, received });
  }

  async #remindLater(reminder: Parameters<Ports['queue']['remind']>[0], seconds: number) {
    if (this.#options.random() < (this.#options.lostReminders ?? 0)) return;
    await this.clock.sleep(seconds * 1_000 + 300 * this.#options.random());
    await answerReminder(this.ports, reminder);
  }

  #makePorts(): Ports {
    let ids = 0;
    const given = {
      owner: OWNER,
      clock: this.clock,
      ids: { next: () => `${++ids}` },
      signal: { event: () => {} },
      queue: {
        wake: async (wakes: readonly Wake[]) => wakes.forEach((wake) => void this.#wake(wake)),
        remind: async (reminder: { workload: string; due: string }, seconds: number) => {
          void this.#remindLater(reminder, seconds);
        },
      },
      archive: { getBundle: async () => BUNDLE, putLedger: async () => {} },
      reader: this.#makeReader(),
      writer: {
        setInterfaceGroups: (id: string, groups: readonly string[]) => this.#set(id, groups),
      },
      store: this.#makeStore(),
    };
    return given as unknown as Ports;
  }

  async #set(id: string, groups: readonly string[]): Promise<void> {
    await this.#lag(20);
    if (!this.#aws.take(WRITE, true, this.clock.now())) {
      this.count.throttled += 1;
      throw Object.assign(new Error('slower'), { name: 'RequestLimitExceeded' });
    }
    const nic = this.nics.get(id);
    if (nic === undefined) throw new Error(`no ${id}`);
    this.nics.set(id, { ...nic, groups: [...groups].sort() });
    if (groups.includes(WEB_GROUP)) this.#open.delete(id);
    this.count.writes += 1;
    this.lastWriteMs = this.clock.now();
  }

  #makeReader() {
    return {
      readWorkload: async (id: string) => {
        const workload = this.#estate.workloads.find(({ identity }) => identity.workload === id);
        return workload && { workload, interfaces: [] };
      },
      collectInventory: async () => ({
        ...this.#estate,
        takenAt: new Date(this.clock.now()).toISOString(),
        interfaces: [...this.nics.values()],
        groups: [...this.#estate.groups, ...OWNED],
      }),
      readInterface: async (id: string) => {
        this.count.reads += 1;
        await this.#lag(20);
        return this.nics.get(id);
      },
    };
  }

  #makeStore() {
    const interfaces = this.#interfaces;
    const fresh = (id: string, workload: string): InterfaceRecord =>
      interfaces.get(id) ?? {
        ...{ interface: id, workload, fence: 0, doneFence: 0, generation: 0 },
        ...{ phase: 'attach', groups: [], outcome: 'waiting' },
      };
    return {
      moveMarks: async (move: Parameters<BudgetTable['moveMarks']>[0]) => {
        await this.#lag(6);
        return await this.parking.moveMarks(move);
      },
      park: (record: Parameters<BudgetTable['park']>[0]) => this.parking.park(record),
      readParked: (id: string) => this.parking.readParked(id),
      unpark: (id: string) => this.parking.unpark(id),
      listParked: () => this.parking.listParked(),
      readHead: async () => HEAD,
      listPlans: async () => ({ items: [] }),
      listWorkloads: async () => ({ items: [...this.#workloads.values()] }),
      listInterfaces: async () => ({ items: [...interfaces.values()] }),
      listLedger: async () => ({ items: [] }),
      recordSweep: async () => {},
      recordProof: async () => {},
      count: async () => {},
      recordTiming: async () => {},
      readLedger: async () => undefined,
      extendLedger: async () => {},
      clearLedger: async () => {},
      readWorkload: async (id: string) => this.#workloads.get(id),
      writeWorkload: async (
        record: WorkloadRecord,
        _expected: number,
        { raise = record.interfaces },
      ) => {
        const { workload } = record.identity;
        this.#workloads.set(workload, record);
        for (const id of raise) {
          const before = fresh(id, workload);
          interfaces.set(id, { ...before, fence: before.fence + 1 });
        }
      },
      readInterfaces: async (ids: readonly string[]) =>
        ids.flatMap((id) => interfaces.get(id) ?? []),
      readInterface: async (id: string) => interfaces.get(id),
      raiseFence: async (id: string, workload: string) => {
        const before = fresh(id, workload);
        interfaces.set(id, { ...before, fence: before.fence + 1 });
        return before.fence + 1;
      },
      claim: async ({
        interfaceId,
        workload,
        owner,
        untilMs,
        nowMs,
      }: {
        interfaceId: string;
        workload: string;
        owner: string;
        untilMs: number;
        nowMs: number;
      }) => {
        await this.#lag(6);
        const before = fresh(interfaceId, workload);
        if (before.lease && Date.parse(before.lease.until) > nowMs)
          throw new ConditionFailed('held');
        const lease = { owner, until: new Date(untilMs).toISOString() };
        interfaces.set(interfaceId, { ...before, lease });
        return { ...before, lease };
      },
      settle: async (record: InterfaceRecord, owner: string) => {
        await this.#lag(6);
        const before = interfaces.get(record.interface);
        if (before?.lease?.owner !== owner) throw new ConditionFailed('not yours');
        const { lease: _lease, ...rest } = record;
        interfaces.set(record.interface, { ...rest, fence: before.fence });
        return { ...rest, fence: before.fence };
      },
    };
  }
}

const HEAD: Head = {
  ...{ generation: 1, phase: 'steady', kind: 'publish', policyVersion: 'v', plan: 'plan-1' },
  ...{ blockedSegments: {}, since: '2026-11-24T08:00:00Z' },
};

const GROUP_IDS = { 'segment:web@vpc-1': WEB_GROUP, 'baseline@vpc-1': 'sg-baseline' };

const OWNED = Object.entries(GROUP_IDS).map(([key, id]) =>
  group(id, 'vpc-1', { tags: { 'bulkhead:owner': OWNER, 'bulkhead:group': key } }),
);

const BUNDLE: Bundle = {
  generation: 1,
  policy: policy({ segments: [segment('web', { mode: 'stage', egress: 'closed' })] }),
  groupIds: GROUP_IDS,
  ownedIds: [WEB_GROUP, 'sg-baseline'],
  vpcs: ['vpc-1'],
  groupsPerInterface: 5,
};
