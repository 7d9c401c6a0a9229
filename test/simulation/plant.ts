import type { PolicySource } from '../../core/model/policy.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { answerReminder, keepParking } from '../../engine/parking.ts';
import { sweepEstate } from '../../engine/sweep.ts';
import { processWorkload } from '../../engine/workload.ts';
import { answerReminders } from '../../functions/answer-reminders.ts';
import type { BatchAnswer } from '../../functions/door.ts';
import { startNumbered } from '../../functions/number-plan.ts';
import { publishAgain } from '../../functions/publish-again.ts';
import { resumePlans } from '../../functions/resume-plans.ts';
import { routeEvents } from '../../functions/route-events.ts';
import { workOff } from '../../functions/work-off.ts';
import type { AwsEvent } from '../fakes/ec2/create-fake-ec2.ts';
import { BATCH_MAX, FakeSqs, type Received } from '../fakes/sqs.ts';
import { Died, type Stage } from './environment.ts';
import { Executions } from './executions.ts';
import { type Services, Slot } from './lambda.ts';
import type { Definition } from './state-machine.ts';

/** Time-outs, visibilities and receive counts of infra/workload, infra/events and infra/sweep. */
const FUNCTION_MS = 30_000;
const SWEEP_MS = 300_000;
const SWEEP_PERIOD_MS = 60_000;
const WORKLOADS = { fifo: true, visibilityMs: 60_000, maxReceives: 10 } as const;
const EVENTS = { fifo: false, visibilityMs: 180_000, maxReceives: 5 } as const;

/** How late an event comes that comes late. */
const LATE_MS_MAX = 150_000;

/** An idle poller looks again after this long, and after ever longer while there is nothing. */
const POLL_MS_MIN = 100;
const POLL_MS_MAX = 3_000;

export interface PlantOptions {
  readonly stage: Stage;
  readonly services: Omit<Services, 'workloads' | 'parked' | 'rejected'>;
  readonly definition: Definition;
  /** Executors of the function `workload`. */
  readonly executors: number;
  readonly onState: (execution: string, state: string) => void;
}

/** The control plane as infra/ wires it: queues, functions, the schedule and the state machine. */
export class Plant {
  readonly slots = new Map<string, Slot>();
  readonly events: FakeSqs;
  readonly workloads: FakeSqs;
  readonly parked: FakeSqs;
  readonly rejected: FakeSqs;
  readonly executions: Executions;
  readonly #stage: Stage;
  readonly #services: Services;
  readonly #executors: number;
  /** Sweeps that came to an end. */
  sweeps = 0;
  isSweeping = true;

  constructor(options: PlantOptions) {
    const { stage } = options;
    const now = (): number => stage.scheduler.now;
    this.#stage = stage;
    this.#executors = options.executors;
    this.events = new FakeSqs({ ...EVENTS, now });
    this.workloads = new FakeSqs({ ...WORKLOADS, now });
    this.parked = new FakeSqs({ ...EVENTS, now });
    this.rejected = new FakeSqs({ ...EVENTS, now });
    const { workloads, parked, rejected } = this;
    this.#services = { ...options.services, workloads, parked, rejected };
    this.executions = new Executions({
      definition: options.definition,
      stage,
      slot: () => this.#idleSlot('publish'),
      onState: options.onState,
    });
  }

  start(): void {
    void this.#poll(this.events, 'route', (slot, batch) => this.#route(slot, batch));
    void this.#poll(this.parked, 'wake', (slot, batch) => this.#remind(slot, batch));
    for (let at = 0; at < this.#executors; at += 1) {
      void this.#poll(this.workloads, `workload-${at}`, (slot, batch) => this.#work(slot, batch));
    }
    void this.#sweepForever();
  }

  /** EventBridge: at least once and in no order, and here not even that. */
  deliver(event: AwsEvent): void {
    const { faults, random, scheduler } = this.#stage;
    if (faults.strikes('event lost')) return;
    const copies = faults.strikes('event doubled') ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const late = faults.strikes('event late');
      const delay = random.between(20, late ? LATE_MS_MAX : 400);
      void scheduler.wait(delay).then(() => this.events.send({ body: JSON.stringify(event) }));
    }
  }

  /** What POST /v1/policies does once it has accepted. Gives the plan's id and the policy's version. */
  async publish(sources: readonly PolicySource[]): Promise<{ plan: string; version: string }> {
    const { store, archive } = this.#services;
    const now = new Date(this.#stage.scheduler.now).toISOString();
    const { policy, diagnostics } = parsePolicy(sources, { now });
    if (policy === undefined)
      throw new Error(`the policy has errors: ${JSON.stringify(diagnostics)}`);
    await archive.putPolicy(policy.version, sources);
    const current = await store.readCurrentPolicy();
    const plan = await startNumbered(store, (input) => this.#start(input), {
      kind: 'publish',
      policyVersion: policy.version,
      author: 'arn:aws:iam::000000000000:user/author',
      expectedVersion: current?.version ?? null,
    });
    return { plan, version: policy.version };
  }

  /** What POST /v1/uninstall does. Undefined when no policy was ever in force. */
  async uninstall(): Promise<string | undefined> {
    const { store } = this.#services;
    const current = await store.readCurrentPolicy();
    if (current === undefined) return undefined;
    return await startNumbered(store, (input) => this.#start(input), {
      kind: 'uninstall',
      policyVersion: current.version,
      author: 'arn:aws:iam::000000000000:user/author',
      expectedVersion: current.version,
    });
  }

  async #start(input: { readonly plan: string }): Promise<void> {
    this.executions.start(input.plan, JSON.stringify(input));
  }

  #slot(name: string): Slot {
    const known = this.slots.get(name) ?? new Slot(name, this.#stage, this.#services);
    this.slots.set(name, known);
    return known;
  }

  #idleSlot(name: string): Slot {
    for (let at = 0; ; at += 1) {
      const slot = this.#slot(`${name}-${at}`);
      if (!slot.isBusy) return slot;
    }
  }

  /** An event source mapping: takes a batch, deletes what the function did not hand back. */
  async #poll(
    queue: FakeSqs,
    name: string,
    handle: (slot: Slot, batch: readonly Received[]) => Promise<BatchAnswer>,
  ): Promise<never> {
    const { scheduler, random } = this.#stage;
    let idleMs = POLL_MS_MIN;
    for (;;) {
      const batch = queue.receive(random.between(1, BATCH_MAX));
      if (batch.length === 0) {
        await scheduler.wait(random.between(Math.ceil(idleMs / 2), idleMs));
        idleMs = Math.min(Math.ceil(idleMs * 1.3), POLL_MS_MAX);
        continue;
      }
      idleMs = POLL_MS_MIN;
      this.#perhapsAgain(queue, batch);
      try {
        const { batchItemFailures } = await handle(this.#slot(name), batch);
        const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        for (const message of batch) {
          if (!again.has(message.messageId)) queue.delete(message.receiptHandle);
        }
      } catch (error) {
        // The messages come again when their visibility runs out.
        if (!(error instanceof Died)) throw error;
      }
    }
  }

  /** SQS gives a message again while somebody still works on it. */
  #perhapsAgain(queue: FakeSqs, batch: readonly Received[]): void {
    const { faults, random, scheduler } = this.#stage;
    for (const { messageId } of batch) {
      if (!faults.strikes('message redelivered')) continue;
      void scheduler.wait(random.between(5, 2_000)).then(() => queue.redeliver(messageId));
    }
  }

  async #route(slot: Slot, records: readonly Received[]): Promise<BatchAnswer> {
    return await slot.run(FUNCTION_MS, ({ workloads, rejected, ports }) =>
      routeEvents(
        {
          send: (messages) => workloads.send(messages),
          reject: (messages) => rejected.send(messages),
          signal: ports.signal,
          now: ports.clock.now,
        },
        records,
      ),
    );
  }

  /** As functions/workload.ts wires it. */
  async #work(slot: Slot, records: readonly Received[]): Promise<BatchAnswer> {
    return await slot.run(FUNCTION_MS, (toolbox) =>
      workOff(
        {
          process: async (message) => {
            const report = await processWorkload(toolbox.ports, message);
            await keepParking(toolbox.ports, message, report);
          },
          reject: (messages) => toolbox.rejected.send(messages),
          delay: async (handle, seconds) => this.workloads.changeVisibility(handle, seconds),
          signal: toolbox.ports.signal,
          now: toolbox.ports.clock.now,
        },
        records,
      ),
    );
  }

  /** As functions/wake.ts wires it. */
  async #remind(slot: Slot, records: readonly Received[]): Promise<BatchAnswer> {
    return await slot.run(FUNCTION_MS, ({ rejected, ports }) =>
      answerReminders(
        {
          answer: (reminder) => answerReminder(ports, reminder),
          reject: (messages) => rejected.send(messages),
          signal: ports.signal,
          now: ports.clock.now,
        },
        records,
      ),
    );
  }

  async #sweepForever(): Promise<never> {
    const { scheduler } = this.#stage;
    for (;;) {
      await scheduler.wait(SWEEP_PERIOD_MS);
      if (this.isSweeping) await this.sweep();
    }
  }

  /** As functions/sweep.ts wires it. A sweep that fails is followed by the next one. */
  async sweep(): Promise<void> {
    try {
      await this.#slot('sweep').run(SWEEP_MS, async ({ ports }) => {
        const { openPlans, publishNeeded } = await sweepEstate(ports);
        const dependencies = {
          describe: async (arn: string) => this.executions.describe(arn),
          start: async (name: string, input: string) => this.executions.start(name, input),
          signal: ports.signal,
        };
        await resumePlans(dependencies, openPlans);
        await publishAgain(ports, (input) => this.#start(input), publishNeeded);
      });
      this.sweeps += 1;
    } catch (error) {
      this.#services.signal.event('sweep-failed', { reason: String(error) });
    }
  }
}
