import { Outbox } from '../../aws/outbox.ts';
import { createQueue } from '../../aws/queue.ts';
import { AwsReader, type ReaderClients } from '../../aws/reader.ts';
import { createWriter } from '../../aws/writer.ts';
import type { Archive, Ports, Signal, Store } from '../../engine/ports.ts';
import type { FakeEc2, PendingCall } from '../fakes/ec2/create-fake-ec2.ts';
import { refusal } from '../fakes/ec2/refusal.ts';
import type { FakeSqs } from '../fakes/sqs.ts';
import { Environment, type Stage } from './environment.ts';

export const OWNER = 'Bulkhead';

/** What all functions share: the services behind the ports. */
export interface Services {
  readonly ec2: FakeEc2;
  readonly store: Store;
  readonly archive: Archive;
  readonly workloads: FakeSqs;
  readonly parked: FakeSqs;
  readonly rejected: FakeSqs;
  readonly signal: Signal;
}

/** The ports of one environment, and the two queues that functions write to beside them. */
export interface Toolbox {
  readonly ports: Ports;
  readonly workloads: Outbox;
  readonly rejected: Outbox;
}

interface Living {
  readonly environment: Environment;
  readonly toolbox: Toolbox;
}

/**
 * One place where a function runs: an environment at a time, a new one after the last has died. EC2
 * knows it by its name, so that the calls of each place can be told apart.
 */
export class Slot {
  readonly name: string;
  readonly #stage: Stage;
  readonly #services: Services;
  readonly #clients: ReaderClients;
  #living: Living | undefined;
  #births = 0;
  isBusy = false;

  constructor(name: string, stage: Stage, services: Services) {
    this.name = name;
    this.#stage = stage;
    this.#services = services;
    this.#clients = services.ec2.connect(name);
  }

  /** Runs a handler. Throws Died when the function dies, and else what the handler throws. */
  async run<T>(timeoutMs: number, handler: (toolbox: Toolbox) => Promise<T>): Promise<T> {
    if (this.#living === undefined || this.#living.environment.isDead) this.#living = this.#bear();
    const { environment, toolbox } = this.#living;
    this.isBusy = true;
    try {
      return await environment.run(timeoutMs, () => handler(toolbox));
    } finally {
      this.isBusy = false;
    }
  }

  get environment(): Environment | undefined {
    return this.#living?.environment;
  }

  #bear(): Living {
    this.#births += 1;
    const environment = new Environment(`${this.name}.${this.#births}`, this.#stage);
    const { store, archive, workloads, parked, rejected, signal } = this.#services;
    const { scheduler } = this.#stage;
    const outboxOf = (name: string, queue: FakeSqs): Outbox =>
      new Outbox(name, environment.gate(name, queue.client()));
    const outbox = outboxOf('workloads', workloads);
    let count = 0;
    const clients = this.#clients;
    const ports: Ports = {
      owner: OWNER,
      clock: { now: () => scheduler.now, sleep: (ms) => environment.sleep(ms) },
      ids: {
        next: () => {
          count += 1;
          return `${scheduler.now}-${String(count).padStart(6, '0')}-${environment.name}`;
        },
      },
      reader: new AwsReader(OWNER, clients, () => scheduler.now),
      writer: createWriter({ owner: OWNER, roles: {}, clientOf: () => clients.ec2 }),
      store: environment.gate('store', store),
      archive: environment.gate('archive', archive),
      queue: createQueue(outbox, outboxOf('parked', parked)),
      signal,
    };
    const toolbox = { ports, workloads: outbox, rejected: outboxOf('rejected', rejected) };
    return { environment, toolbox };
  }
}

const READ = /^(Describe|Get|List)/;

/** Makes every call of EC2 a scheduling point of the environment that makes it. */
export function hookEc2(ec2: FakeEc2, slots: ReadonlyMap<string, Slot>, watch: Ec2Watch): void {
  const under = new WeakMap<object, Environment>();
  const saidOf = ({ action, input }: PendingCall) => ({
    name: action,
    args: [input],
    kind: READ.test(action) ? ('ec2-read' as const) : ('ec2-write' as const),
  });
  ec2.hooks.before = async (call) => {
    const environment = slots.get(call.principal)?.environment;
    if (environment === undefined) return;
    under.set(call.input, environment);
    await environment.arrive(saidOf(call));
    if (!READ.test(call.action)) await watch.before(call, environment);
    const code = watch.refuses(call);
    if (code !== undefined) throw refusal(code);
  };
  ec2.hooks.after = async (call) => {
    const environment = under.get(call.input);
    if (environment === undefined) return;
    if (!READ.test(call.action) && call.outcome === 'done') watch.after(call, environment);
    await environment.depart(saidOf(call), undefined);
  };
}

/** Sees each write of a function right before and right after it takes effect. */
export interface Ec2Watch {
  before(call: PendingCall, by: Environment): Promise<void>;
  after(call: PendingCall, by: Environment): void;
  /** The code with which IAM refuses this call. */
  refuses(call: PendingCall): string | undefined;
}
