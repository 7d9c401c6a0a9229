import type { Identity } from '../../core/model/identity.ts';
import {
  DEFAULT_QUOTAS,
  type Inventory,
  type NetworkInterface,
  type SecurityGroup,
  type Workload,
} from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { Head, WorkloadRecord } from '../../core/model/record.ts';
import type { Ports, Store, Wake } from '../../engine/ports.ts';
import { type Observation, processWorkload } from '../../engine/workload.ts';
import { MemoryArchive } from '../fakes/store/memory-archive.ts';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { group, identity, vpc } from '../properties/builders.ts';

export const START = Date.UTC(2026, 10, 24, 12);
const VPC = 'vpc-1';

interface Instance {
  tags: Readonly<Record<string, string>>;
  state: string;
  groups: readonly string[];
}

export interface Signalled {
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Instances with one interface each, tags that events change, and the real engine beside them. */
export class LeaveWorld {
  nowMs = START;
  readonly instances = new Map<string, Instance>();
  readonly signals: Signalled[] = [];
  readonly woken: Wake[] = [];
  /** Rules of the segments' groups, by segment. */
  rules: Readonly<Record<string, Partial<SecurityGroup>>> = {};
  /** Writes of interface groups. */
  writes = 0;
  /** Its write budget is never used up: test/engine/wave.test.ts is about that. */
  readonly store: Store = {
    ...createMemoryStore(),
    moveMarks: async () => ({ moved: true, marks: { tat: 0, line: 0, reserve: 0 } }),
  };
  readonly archive = new MemoryArchive();
  readonly ports: Ports;
  readonly #policy: Policy;
  readonly #versions = new Map<string, number>();
  #ids = 0;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.ports = {
      owner: 'Bulkhead',
      clock: {
        now: () => this.nowMs,
        sleep: async (ms) => {
          this.nowMs += ms;
        },
      },
      ids: { next: () => String(++this.#ids) },
      reader: {
        collectInventory: async () => this.inventory(),
        readWorkload: async (id) => {
          const workload = this.#workload(id);
          const nic = this.#nic(id);
          if (workload === undefined || nic === undefined) return undefined;
          return { workload, interfaces: [nic] };
        },
        readInterface: async (id) => this.#nic(id.replace('eni', 'i')),
        findGroups: async (ids) => ids,
        readOwnedGroups: async () => this.#ownedGroups(),
      },
      writer: {
        setInterfaceGroups: async (id, groups) => {
          const instance = this.instances.get(id.replace('eni', 'i'));
          if (instance === undefined) throw new Error(`no ${id}`);
          this.writes += 1;
          instance.groups = [...groups].sort();
        },
        createGroup: async () => 'sg-none',
        authorize: async () => undefined,
        revoke: async () => undefined,
        deleteGroup: async () => undefined,
      },
      store: this.store,
      archive: this.archive,
      queue: {
        wake: async (wakes) => void this.woken.push(...wakes),
        remind: async () => undefined,
      },
      signal: { event: (code, fields) => void this.signals.push({ code, fields }) },
    };
  }

  /** Puts the policy in force, as a publish that a person started. */
  async publish(generation: number, more: Partial<Head> = {}): Promise<void> {
    const segments = this.#policy.segments.map(({ name }) => [keyOf(name), idOf(name)] as const);
    await this.archive.putBundle({
      generation,
      policy: this.#policy,
      groupIds: Object.fromEntries(segments),
      ownedIds: segments.map(([, id]) => id),
      vpcs: [VPC],
      groupsPerInterface: DEFAULT_QUOTAS.groupsPerInterface,
    });
    const head: Head = {
      ...{ generation, phase: 'steady', kind: 'publish', policyVersion: 'v1' },
      ...{
        plan: `plan-${generation}`,
        blockedSegments: {},
        since: new Date(this.nowMs).toISOString(),
      },
      ...more,
    };
    await this.store.writeHead(head, generation - 1);
  }

  /** Starts instances that are enforced in the segment which their tag `app` names. */
  async start(ids: readonly string[], app: string): Promise<void> {
    for (const id of ids) {
      this.instances.set(id, { tags: { app }, state: 'running', groups: ['sg-flat'] });
      await processWorkload(this.ports, { workload: id, reason: 'event' });
    }
  }

  /** The running members, counted as the sweep does; the segment's share follows. */
  async count(running: Readonly<Record<string, number>>): Promise<void> {
    await this.store.recordRunning(running);
  }

  /** Changes the tags and gives the event that tells of it. */
  retag(id: string, tags: Readonly<Record<string, string>>): Observation {
    const instance = this.instances.get(id);
    if (instance === undefined) throw new Error(`no ${id}`);
    instance.tags = tags;
    const version = (this.#versions.get(id) ?? 0) + 1;
    this.#versions.set(id, version);
    return {
      ...{ workload: id, reason: 'event', event: this.nowMs, received: this.nowMs },
      tags: { version, values: tags },
    };
  }

  async move(id: string, app: string | undefined): Promise<WorkloadRecord> {
    await this.process(this.retag(id, app === undefined ? {} : { app }));
    return await this.record(id);
  }

  async process(observation: Observation): Promise<void> {
    await processWorkload(this.ports, observation);
  }

  async record(id: string): Promise<WorkloadRecord> {
    const record = await this.store.readWorkload(id);
    if (record === undefined) throw new Error(`no record of ${id}`);
    return record;
  }

  groupsOf(id: string): readonly string[] {
    return this.instances.get(id)?.groups ?? [];
  }

  /** Ids of the instances that do not carry the segment's group. */
  without(segment: string): readonly string[] {
    const ids = [...this.instances.keys()];
    return ids.filter((id) => !this.groupsOf(id).includes(idOf(segment)));
  }

  inventory(): Inventory {
    const ids = [...this.instances.keys()].sort();
    return {
      takenAt: new Date(this.nowMs).toISOString(),
      ...{ account: '000000000000', region: 'us-east-1', gaps: [] },
      vpcs: [vpc(VPC)],
      ...{ subnets: [], prefixLists: [], networkAcls: [], routeTables: [], peerings: [] },
      interfaces: ids.flatMap((id) => this.#nic(id) ?? []),
      workloads: ids.flatMap((id) => this.#workload(id) ?? []),
      groups: [group('sg-flat', VPC), ...this.#ownedGroups()],
      quotas: DEFAULT_QUOTAS,
    };
  }

  #ownedGroups() {
    return this.#policy.segments.map(({ name }) =>
      group(idOf(name), VPC, {
        tags: { 'bulkhead:owner': 'Bulkhead', 'bulkhead:group': keyOf(name) },
        ...this.rules[name],
      }),
    );
  }

  #identity(id: string, { tags }: Instance): Identity {
    return identity(id, { tags, vpc: VPC });
  }

  #workload(id: string): Workload | undefined {
    const instance = this.instances.get(id);
    if (instance === undefined) return undefined;
    return {
      identity: this.#identity(id, instance),
      interfaces: [nicOf(id)],
      state: instance.state,
      control: 'attach',
    };
  }

  #nic(id: string): NetworkInterface | undefined {
    const instance = this.instances.get(id);
    if (instance === undefined) return undefined;
    return {
      ...{ id: nicOf(id), vpc: VPC, subnet: 'subnet-1', ipv4: [], ipv6: [], workload: id },
      ...{ groups: instance.groups, type: 'interface', status: 'in-use', requesterManaged: false },
      tags: {},
    };
  }
}

function nicOf(instance: string): string {
  return instance.replace('i', 'eni');
}

function keyOf(segment: string): string {
  return `segment:${segment}@${VPC}`;
}

/** Id of the segment's group. */
export function idOf(segment: string): string {
  return `sg-${segment}`;
}

/** `i-0`, `i-1`, ... */
export function instanceIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `i-${at}`);
}

/**
 * Works off the observations with so many workers at once, each taking the next one. Ports answer
 * after a drawn number of turns, so that workers overtake each other between any two calls.
 */
export async function workOff(
  world: LeaveWorld,
  observations: readonly Observation[],
  options: { readonly workers: number; readonly random: () => number },
): Promise<void> {
  const ports: Ports = {
    ...world.ports,
    reader: slowed(world.ports.reader, options.random),
    writer: slowed(world.ports.writer, options.random),
    store: slowed(world.ports.store, options.random),
  };
  const queue = [...observations];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const report = await processWorkload(ports, next);
      if (report.kind === 'waiting') queue.push(next);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
}

type Call = (...args: readonly unknown[]) => Promise<unknown>;

function slowed<T extends object>(port: T, random: () => number): T {
  const turns = async (): Promise<void> => {
    for (let left = Math.floor(random() * 6); left > 0; left -= 1) await undefined;
  };
  const slow =
    (call: Call): Call =>
    async (...args) => {
      await turns();
      const answer = await call(...args);
      await turns();
      return answer;
    };
  const entries = Object.entries(port) as [string, Call][];
  return Object.fromEntries(entries.map(([name, call]) => [name, slow(call)])) as T;
}
