import type { FakeEc2 } from '../fakes/ec2/create-fake-ec2.ts';
import type { Service } from '../fakes/ec2/records.ts';
import type { Random } from './random.ts';
import { APPS, type Tags } from './sim-policy.ts';
import type { Home } from './world.ts';

const OWNERS = ['elb', 'lambda', 'nat', 'vpc-endpoint'] as const satisfies readonly Service[];
const CLUSTER = 'simulated';

/** What the world has to be told of. */
export interface News {
  readonly turn: (workload: string, tags: Tags) => void;
  readonly deed: (text: string) => void;
}

/**
 * What AWS services put into the VPCs: interfaces of balancers, functions, gateways and tasks, which
 * carry foreign groups, may carry tags, and whose groups the account cannot change; and instances that
 * look like all others, of which IAM (a permission boundary, an SCP) refuses the write.
 */
export class Services {
  readonly #ec2: FakeEc2;
  readonly #random: Random;
  readonly #homes: readonly Home[];
  readonly #news: News;
  /** Workload by interface. */
  readonly #owners = new Map<string, string>();
  /** Instances of whose interfaces IAM refuses the write. */
  readonly refusing = new Set<string>();

  constructor(options: {
    readonly ec2: FakeEc2;
    readonly random: Random;
    readonly homes: readonly Home[];
    readonly news: News;
  }) {
    this.#ec2 = options.ec2;
    this.#random = options.random;
    this.#homes = options.homes;
    this.#news = options.news;
    const count = this.#random.between(2, 5);
    for (let at = 0; at < count; at += 1) this.#add();
    if (this.#random.chance(0.5)) this.#refuse();
  }

  /** The workload of an interface that a service has. */
  ownerOf(nic: string): string | undefined {
    return this.#owners.get(nic);
  }

  /** Something that a service, or whoever configures it, does. */
  act(): void {
    const draw = this.#random.next();
    if (draw < 0.4) this.#add();
    else if (draw < 0.65) this.#stopTask();
    else if (draw < 0.9) this.#retag();
    else this.#refuse();
  }

  #add(): void {
    const home = this.#random.pick(this.#homes);
    const subnet = this.#random.pick(home.subnets);
    const groups = [home.flat, ...this.#random.some([home.keep, home.legacy], 0.3)];
    const tags = this.#drawTags();
    if (this.#random.chance(0.4)) this.#runTask(subnet, groups, tags);
    else this.#makeInterface(subnet, groups, tags);
  }

  #runTask(subnet: string, groups: readonly string[], tags: Tags): void {
    const task = this.#ec2.admin.runTask({
      cluster: CLUSTER,
      service: 'app',
      subnet,
      groups,
      tags,
    });
    this.#note(task.interfaceId, `ecs:${CLUSTER}:${task.id.split('/').at(-1)}`, tags);
  }

  #makeInterface(subnet: string, groups: readonly string[], tags: Tags): void {
    const { admin } = this.#ec2;
    const made = admin.CreateNetworkInterface({ SubnetId: subnet, Groups: [...groups] });
    const id = made.NetworkInterface?.NetworkInterfaceId ?? '';
    admin.giveToService(id, this.#random.pick(OWNERS));
    admin.putTags(id, tags);
    this.#note(id, id, tags);
  }

  #stopTask(): void {
    const running = this.#ec2.snapshot().tasks.filter(({ status }) => status === 'RUNNING');
    if (running.length === 0) return;
    const { id } = this.#random.pick(running);
    this.#ec2.admin.stopTask(id);
    this.#news.deed(`stop ${id}`);
  }

  /** Tags are all that the account may change of such an interface. */
  #retag(): void {
    const own = [...this.#owners].filter(([nic, workload]) => nic === workload);
    if (own.length === 0) return;
    const [nic] = this.#random.pick(own);
    const tags = this.#drawTags();
    this.#ec2.admin.putTags(nic, tags);
    this.#note(nic, nic, tags);
  }

  #refuse(): void {
    const living = this.#ec2.snapshot().instances.filter(({ state }) => state === 'running');
    if (living.length === 0) return;
    const { id } = this.#random.pick(living);
    this.refusing.add(id);
    this.#news.deed(`IAM refuses writes of ${id} from now on`);
  }

  #note(nic: string, workload: string, tags: Tags): void {
    this.#owners.set(nic, workload);
    this.#news.turn(workload, tags);
    this.#news.deed(`service interface ${nic} of ${workload} ${JSON.stringify(tags)}`);
  }

  /** Most are in no segment: nobody tags a gateway. */
  #drawTags(): Tags {
    return this.#random.chance(0.3) ? { app: this.#random.pick(APPS) } : { managed: 'yes' };
  }
}
