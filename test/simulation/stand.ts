import { AwsReader } from '../../aws/reader.ts';
import { createWriter } from '../../aws/writer.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { Ports, Wake } from '../../engine/ports.ts';
import {
  applyCreate,
  applyDelete,
  applyRevoke,
  checkBarrier,
  finishPublish,
  preparePublish,
  setPhase,
  type Verdict,
} from '../../engine/publish.ts';
import { type SweepReport, sweepEstate } from '../../engine/sweep.ts';
import { processWorkload, type WorkloadReport } from '../../engine/workload.ts';
import { createFakeEc2 } from '../fakes/ec2/create-fake-ec2.ts';
import { MemoryArchive } from '../fakes/store/memory-archive.ts';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { type SimPolicy, type SimSegment, type Tags, toSources } from './sim-policy.ts';

export const OWNER = 'Bulkhead';
const START_MS = Date.parse('2026-11-24T12:00:00Z');

/** Called with `store.settle`, `ec2.ModifyNetworkInterfaceAttribute`, ... before the call is made. */
export type Before = (call: string, args: readonly unknown[]) => Promise<void> | void;

/** Where an instance is launched. */
export interface Home {
  readonly subnet: string;
  readonly flat: string;
}

/** What a worker throws that a test has killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * The real engine on the fakes, with time that passes only when somebody sleeps, for tests that say
 * themselves who does what when: a worker gets ports of its own, and a test stands before each call.
 */
export class Stand {
  nowMs = START_MS;
  readonly ec2 = createFakeEc2({ clock: { now: () => this.nowMs }, account: '000000000000' });
  readonly store = createMemoryStore();
  readonly archive = new MemoryArchive();
  readonly woken: Wake[] = [];
  readonly signals: string[] = [];
  /** What Prepare said of each plan. */
  readonly verdicts = new Map<string, Verdict>();
  readonly vpc: string;
  readonly subnet: string;
  readonly flat: string;
  #ids = 0;

  constructor() {
    const { admin } = this.ec2;
    this.ec2.throttles = false;
    this.vpc = admin.CreateVpc({ CidrBlock: '10.1.0.0/16' }).Vpc?.VpcId ?? '';
    admin.putTags(this.vpc, { segmentation: 'bulkhead' });
    const subnet = admin.CreateSubnet({ VpcId: this.vpc, CidrBlock: '10.1.1.0/24' });
    this.subnet = subnet.Subnet?.SubnetId ?? '';
    this.flat = this.foreignGroup('flat');
  }

  foreignGroup(name: string, VpcId = this.vpc): string {
    const { admin } = this.ec2;
    const made = admin.CreateSecurityGroup({ GroupName: name, Description: name, VpcId });
    const GroupId = made.GroupId ?? '';
    const inside = { IpProtocol: '-1', IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
    admin.AuthorizeSecurityGroupIngress({ GroupId, IpPermissions: [inside] });
    return GroupId;
  }

  /** A managed VPC beside the first, with a subnet and a group that lets everything in. */
  home(block: string): Home {
    const { admin } = this.ec2;
    const vpc = admin.CreateVpc({ CidrBlock: `${block}.0.0/16` }).Vpc?.VpcId ?? '';
    admin.putTags(vpc, { segmentation: 'bulkhead' });
    const subnet = admin.CreateSubnet({ VpcId: vpc, CidrBlock: `${block}.1.0/24` });
    return { subnet: subnet.Subnet?.SubnetId ?? '', flat: this.foreignGroup('flat', vpc) };
  }

  /** An instance with its interface, or with two. */
  launch(
    tags: Tags,
    count = 1,
    home: Home = this,
  ): { readonly id: string; readonly nics: readonly string[] } {
    const { Instances = [] } = this.ec2.admin.RunInstances({
      MinCount: 1,
      MaxCount: 1,
      ImageId: 'ami-1',
      NetworkInterfaces: Array.from({ length: count }, (_, DeviceIndex) => ({
        ...{ DeviceIndex, SubnetId: home.subnet, Groups: [home.flat], DeleteOnTermination: true },
      })),
    });
    const id = Instances[0]?.InstanceId ?? '';
    this.ec2.admin.putTags(id, tags);
    this.ec2.settle();
    return { id, nics: this.nicsOf(id) };
  }

  nicsOf(id: string): readonly string[] {
    const { interfaces } = this.ec2.snapshot();
    return interfaces.filter((nic) => nic.attachment?.instance === id).map((nic) => nic.id);
  }

  groupIdsOf(nic: string): string[] {
    return [...(this.ec2.snapshot().interfaces.find(({ id }) => id === nic)?.groups ?? [])];
  }

  /** Groups of an interface by name, ours by their key without the VPC. */
  groupsOf(nic: string): readonly string[] {
    const { groups } = this.ec2.snapshot();
    return this.groupIdsOf(nic)
      .flatMap((id) => groups.find((group) => group.id === id) ?? [])
      .map(({ name, tags }) => tags['bulkhead:group']?.split('@')[0] ?? name)
      .sort();
  }

  /** Ingress rules of our groups for one segment, each with its group's id. */
  ingressOf(segment: string) {
    return this.ec2
      .snapshot()
      .groups.filter(({ tags }) => tags['bulkhead:group']?.startsWith(`segment:${segment}@`))
      .flatMap(({ id: group, rules }) =>
        rules.filter(({ isEgress }) => !isEgress).map((rule) => ({ group, rule })),
      );
  }

  /** Ports of one worker. */
  ports(name: string, before: Before = () => {}): Ports {
    const clients = this.ec2.connect(name);
    const watched = <P extends object>(port: string, target: P): P =>
      new Proxy(target, {
        get: (object, property) => {
          const method: unknown = Reflect.get(object, property);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            await before(`${port}.${String(property)}`, args);
            return await Reflect.apply(method, object, args);
          };
        },
      });
    return {
      owner: OWNER,
      clock: {
        now: () => this.nowMs,
        sleep: async (ms) => {
          this.nowMs += ms;
        },
      },
      ids: {
        next: () => {
          this.#ids += 1;
          return `${name}-${this.#ids}`;
        },
      },
      reader: watched('reader', new AwsReader(OWNER, clients, () => this.nowMs)),
      writer: watched(
        'writer',
        createWriter({ owner: OWNER, roles: {}, clientOf: () => clients.ec2 }),
      ),
      store: watched('store', this.store),
      archive: watched('archive', this.archive),
      queue: {
        wake: async (wakes) => void this.woken.push(...wakes),
        remind: async () => undefined,
      },
      signal: { event: (code) => void this.signals.push(code) },
    };
  }

  /** Ports of a publish whose inventory comes out as `change` says. */
  reading(change: (whole: Inventory) => Partial<Inventory>): Ports {
    const ports = this.ports('publish');
    const { reader } = ports;
    const collectInventory = async (): Promise<Inventory> => {
      const whole = await reader.collectInventory();
      return { ...whole, ...change(whole) };
    };
    const bound = new Proxy(reader, {
      get: (target, name) =>
        name === 'collectInventory' ? collectInventory : Reflect.get(target, name),
    });
    return { ...ports, reader: bound };
  }

  /**
   * Numbers and prepares a plan for the policy, or without one for an uninstall. Gives its id. `number`
   * was drawn before.
   */
  async prepare(
    policy: SimPolicy | undefined,
    ports = this.ports('publish'),
    number?: number,
  ): Promise<string> {
    const current = await this.store.readCurrentPolicy();
    const kind = policy === undefined ? 'uninstall' : 'publish';
    const version = policy === undefined ? current?.version : await this.#keep(policy);
    const generation = number ?? (await this.store.nextGeneration());
    const plan = `plan-${generation}`;
    const { verdict } = await preparePublish(ports, {
      ...{ plan, generation, policyVersion: version ?? 'none', kind, author: 'author' },
      expectedVersion: current?.version ?? null,
    });
    this.verdicts.set(plan, verdict);
    return plan;
  }

  async #keep(policy: SimPolicy): Promise<string> {
    const sources = toSources(policy);
    const parsed = parsePolicy(sources, { now: new Date(this.nowMs).toISOString() });
    const version = parsed.policy?.version ?? 'bad';
    await this.archive.putPolicy(version, sources);
    return version;
  }

  /** Publishes to the end. */
  async publish(policy: SimPolicy, worker?: Ports): Promise<string> {
    const plan = await this.prepare(policy);
    await this.carryOut(plan, worker);
    return plan;
  }

  /** All that comes after Prepare. */
  async carryOut(plan: string, worker?: Ports): Promise<void> {
    for (const step of this.steps(plan, worker)) await step(this.ports('publish'));
    this.nowMs += 60_000;
  }

  /** The steps after Prepare, each with the workers that it wakes. */
  steps(plan: string, worker?: Ports): readonly ((ports: Ports) => Promise<unknown>)[] {
    const barrier = (phase: 'attach' | 'steady') => async (ports: Ports) => {
      await this.drain(worker);
      const { passed } = await checkBarrier(ports, plan, phase, { giveUp: false });
      if (!passed) throw new Error(`the barrier of ${phase} does not pass`);
    };
    return [
      (ports) => applyCreate(ports, plan),
      (ports) => setPhase(ports, plan, 'attach'),
      barrier('attach'),
      (ports) => setPhase(ports, plan, 'steady'),
      barrier('steady'),
      (ports) => applyRevoke(ports, plan),
      (ports) => applyDelete(ports, plan),
      (ports) => finishPublish(ports, plan),
    ];
  }

  /** Works off everybody who was woken. */
  async drain(ports = this.ports('worker')): Promise<readonly WorkloadReport[]> {
    const reports: WorkloadReport[] = [];
    for (let wake = this.woken.shift(); wake !== undefined; wake = this.woken.shift()) {
      reports.push(await processWorkload(ports, { workload: wake.workload, reason: wake.reason }));
    }
    return reports;
  }

  /** Looks at one workload, as for an event without news. */
  async look(id: string, ports = this.ports('worker')): Promise<WorkloadReport> {
    return await processWorkload(ports, { workload: id, reason: 'event' });
  }

  /** Sweeps, and works off what that wakes. */
  async sweep(worker?: Ports): Promise<SweepReport> {
    this.nowMs += 60_000;
    const report = await sweepEstate(this.ports('sweep'));
    await this.drain(worker);
    return report;
  }
}

export function segment(name: string, mode: SimSegment['mode'], app = name): SimSegment {
  return { name, tags: { app }, mode, egress: 'open' };
}

export function policyOf(
  segments: readonly SimSegment[],
  rules: readonly (readonly [from: string, to: string])[] = [],
): SimPolicy {
  return {
    segments,
    rules: rules.map(([from, to], at) => ({ id: `r${at}`, from, to, ports: [8080] })),
    zones: [],
    guardrails: [],
    baseline: false,
    keep: [],
    onLeave: 'hold',
    changeShare: 100,
  };
}
