import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { type AwsEvent, createFakeEc2, type FakeEc2 } from '../fakes/ec2/create-fake-ec2.ts';
import { MemoryArchive } from '../fakes/store/memory-archive.ts';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import type { PortCall, Stage } from './environment.ts';
import { drawRates, type Fault, Faults, NO_FAULTS } from './faults.ts';
import { drawFeatures, type Feature } from './features.ts';
import { checkEnd } from './final-checks.ts';
import { Lawgiver } from './guardrails.ts';
import { hookEc2 } from './lambda.ts';
import { Plant } from './plant.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { changedPolicy, firstPolicy, type SimPolicy, toSources } from './sim-policy.ts';
import { type Definition, publishingDefinition } from './state-machine.ts';
import { Watch } from './watch.ts';
import { type Size, World } from './world.ts';

const START_MS = Date.parse('2026-11-24T12:00:00Z');

/** How long the quiet after the faults is, in sweeps, before everything has to be right. */
const QUIET_SWEEPS = 3;

/** The sweep publishes again at most this often (engine/sweep.ts), which may be what is missing. */
const PUBLISH_AGAIN_MS = 600_000;

/**
 * How often it may: what one publish writes may be refused, which asks for the next; then it has to be
 * content.
 */
const QUIET_ROUNDS = 3;

export interface Outcome {
  readonly seed: number;
  readonly features: readonly Feature[];
  readonly complaints: readonly string[];
  readonly lives: number;
  readonly writes: number;
  readonly plans: number;
  readonly sweeps: number;
  readonly calls: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly signals: Readonly<Record<string, number>>;
}

let definition: Definition | undefined;

/** Plays one seed: an estate, what happens to it and to us, and what must be true all the while. */
export async function simulate(seed: number, trace?: (line: string) => void): Promise<Outcome> {
  definition ??= publishingDefinition();
  return await new Run(seed, definition, trace).play();
}

/** Somebody uninstalls: at the end, or in the middle of the trouble, and publishes again later. */
interface Leaving {
  readonly isForGood: boolean;
  readonly random: Random;
}

class Run {
  readonly #seed: number;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #scheduler: Scheduler;
  readonly #ec2: FakeEc2;
  readonly #store: ReturnType<typeof createMemoryStore>;
  readonly #archive = new MemoryArchive();
  readonly #world: World;
  readonly #watch: Watch;
  readonly #plant: Plant;
  readonly #features: ReadonlyMap<Feature, Random>;
  readonly #lawgiver: Lawgiver | undefined;
  readonly #leaving: Leaving | undefined;
  readonly #isTraced: boolean;
  readonly #trace: (text: string) => void;
  readonly #signals: Record<string, number> = {};
  #policy: SimPolicy;
  /** The estate is older than the control plane. */
  #onEvent: (event: AwsEvent) => void = () => {};
  #calls = 0;
  #plans = 0;

  constructor(seed: number, machine: Definition, trace: ((line: string) => void) | undefined) {
    this.#seed = seed;
    this.#isTraced = trace !== undefined;
    this.#features = drawFeatures(seed);
    const laws = this.#features.get('guardrails');
    this.#lawgiver = laws === undefined ? undefined : new Lawgiver(laws);
    const leaving = this.#features.get('uninstall');
    this.#leaving = leaving && { isForGood: leaving.chance(0.5), random: leaving };
    this.#random = new Random(seed);
    const random = this.#random.fork();
    this.#faults = new Faults(this.#random.fork());
    this.#scheduler = new Scheduler(this.#random.fork(), START_MS);
    const now = (): number => this.#scheduler.now;
    this.#trace = (text) => trace?.(`${new Date(now()).toISOString().slice(11, 23)} ${text}`);
    this.#ec2 = this.#makeEc2(now);
    const lag = this.#random.chance(0.5) ? 0 : 500;
    const lagRandom = this.#random.fork();
    this.#store = createMemoryStore({ now, ms: () => (lag === 0 ? 0 : lagRandom.between(0, lag)) });
    const onDeed = (text: string): void => this.#trace(text);
    const services = this.#features.get('service interfaces');
    const size = drawSize(random);
    this.#world = new World({ ec2: this.#ec2, random, now, size, onDeed, services });
    this.#policy = firstPolicy(random, this.#world.keep);
    const stage: Stage = {
      scheduler: this.#scheduler,
      random: this.#random.fork(),
      faults: this.#faults,
      onCall: (call) => this.#hear(call),
    };
    const signal = { event: (code: string, fields: object) => this.#note(code, fields) };
    const { ec2, store, archive, world } = {
      ...{ ec2: this.#ec2, store: this.#store, archive: this.#archive, world: this.#world },
    };
    this.#watch = new Watch({ ec2, store, archive, world, now });
    this.#plant = new Plant({
      stage,
      services: { ec2, store, archive, signal },
      definition: machine,
      executors: this.#random.between(2, 3),
      onState: (execution, state) => this.#trace(`${execution}: ${state}`),
    });
    hookEc2(ec2, this.#plant.slots, this.#watch);
    this.#onEvent = (event) => this.#plant.deliver(event);
  }

  async play(): Promise<Outcome> {
    this.#plant.start();
    void this.#tickForever();
    await this.#publishNew(this.#policy);
    await this.#for(this.#random.between(2, 20) * 1_000);
    await this.#trouble();
    const isUninstalled = this.#leaving?.isForGood === true;
    await this.#quiet(isUninstalled);
    const { ec2, archive, watch, world } = {
      ...{ ec2: this.#ec2, archive: this.#archive, watch: this.#watch, world: this.#world },
    };
    const nowMs = this.#scheduler.now;
    this.#tellEnd();
    const atEnd = await checkEnd({
      ...{ ec2, store: this.#store, archive, world, watch, nowMs, isUninstalled },
    });
    return {
      seed: this.#seed,
      features: [...this.#features.keys()],
      complaints: [...this.#watch.complaints, ...atEnd],
      lives: this.#world.lives,
      writes: this.#watch.writes,
      plans: this.#plans,
      sweeps: this.#plant.sweeps,
      calls: this.#calls,
      faults: this.#faults.counts,
      signals: this.#signals,
    };
  }

  /** Things go on and things go wrong. */
  async #trouble(): Promise<void> {
    this.#faults.rates = drawRates(this.#random);
    Object.assign(this.#ec2.consistency, {
      transitionMs: 3_000,
      hiddenMsMax: this.#random.chance(0.5) ? 0 : 2_000,
      staleMsMax: 3_000,
      staleShare: this.#random.chance(0.5) ? 0 : 0.1,
    });
    const until = this.#scheduler.now + this.#random.between(2, 6) * 60_000;
    const meanActMs = this.#random.between(3, 20) * 1_000;
    const meanPublishMs = this.#random.between(40, 150) * 1_000;
    let nextPublish = this.#scheduler.now + this.#random.between(5, 60) * 1_000;
    let leaves = this.#leavesAt(until);
    for (let round = 0; this.#scheduler.now < until; round += 1) {
      await this.#for(this.#random.between(200, 2 * meanActMs));
      this.#attempt(() => this.#world.act());
      if (round % 3 === 0) this.#attempt(() => this.#world.services?.act());
      if (this.#random.chance(0.05) && this.#faults.strikes('group edited by hand')) {
        this.#attempt(() => this.#world.editByHand());
      }
      if (this.#scheduler.now >= leaves) {
        leaves = Number.POSITIVE_INFINITY;
        nextPublish = await this.#leave(until);
      }
      if (this.#scheduler.now < nextPublish) continue;
      const before = this.#policy;
      await this.#publishNew(changedPolicy(this.#random, before, round));
      const waits = this.#random.between(Math.ceil(meanPublishMs / 2), meanPublishMs * 2);
      nextPublish = this.#scheduler.now + waits;
      await this.#regret(before);
    }
  }

  /** Somebody sees what a policy does and puts back the one before, while it is still on its way. */
  async #regret(before: SimPolicy): Promise<void> {
    const random = this.#features.get('way back');
    if (random === undefined || random.chance(0.3)) return;
    await this.#for(random.between(1, 30) * 1_000);
    await this.#publish(before);
  }

  /** When somebody uninstalls. */
  #leavesAt(until: number): number {
    if (this.#leaving === undefined) return Number.POSITIVE_INFINITY;
    const { isForGood, random } = this.#leaving;
    const left = until - this.#scheduler.now;
    return until - left * (isForGood ? random.between(5, 40) : random.between(30, 70)) * 0.01;
  }

  /** Gives the time from which on policies are published again. */
  async #leave(until: number): Promise<number> {
    for (const home of this.#world.homes) this.#attempt(() => this.#world.deleteLegacy(home));
    await this.#uninstall();
    const { isForGood = true, random } = this.#leaving ?? {};
    if (isForGood || random === undefined) return until;
    return this.#scheduler.now + random.between(5, 90) * 1_000;
  }

  async #uninstall(): Promise<void> {
    const plan = await this.#plant.uninstall();
    this.#plans += 1;
    this.#trace(`uninstall ${plan}`);
  }

  #isQuiet = false;

  /** Nothing goes wrong any more, and nobody changes anything. */
  async #quiet(isUninstalled: boolean): Promise<void> {
    this.#trace('---- the faults stop ----');
    this.#faults.rates = NO_FAULTS;
    this.#isQuiet = true;
    Object.assign(this.#ec2.consistency, { staleShare: 0, hiddenMsMax: 0 });
    // Crashed batches come again, leases and visibilities run out, plans are decided on.
    await this.#for(200_000);
    if (isUninstalled) await this.#uninstallAgain();
    else await this.#publish(this.#policy);
    await this.#for(QUIET_SWEEPS * 60_000);
    for (let round = 0; round < QUIET_ROUNDS; round += 1) {
      const before = await this.#youngestPlan();
      this.#plant.isSweeping = false;
      await this.#for(PUBLISH_AGAIN_MS);
      this.#plant.isSweeping = true;
      await this.#for(QUIET_SWEEPS * 60_000);
      if ((await this.#youngestPlan()) === before) return;
    }
    this.#watch.complaints.push('the sweep publishes again and again');
  }

  async #youngestPlan(): Promise<number> {
    const { items } = await this.#store.listPlans();
    return Math.max(0, ...items.map(({ generation }) => generation));
  }

  /** Whoever was rejected, or finds something left, asks once more. */
  async #uninstallAgain(): Promise<void> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await this.#uninstall();
      await this.#for(120_000);
    }
  }

  /** Whom EC2 refuses something does something else. */
  #attempt(deed: () => void): void {
    try {
      deed();
    } catch (error) {
      if (!(error instanceof EC2ServiceException)) throw error;
      this.#trace(`EC2 refuses: ${error.name}`);
    }
  }

  async #publishNew(policy: SimPolicy): Promise<void> {
    await this.#publish(this.#lawgiver?.amend(policy) ?? policy);
  }

  async #publish(policy: SimPolicy): Promise<void> {
    this.#policy = policy;
    const { plan, version } = await this.#plant.publish(toSources(policy));
    this.#watch.policies.set(version, policy);
    this.#plans += 1;
    const modes = policy.segments.map(({ name, mode }) => `${name}: ${mode}`).join(', ');
    this.#trace(`publish ${plan} (${modes})`);
  }

  /** Who carries what when all is over; the first thing to look at in the trace of a seed that fails. */
  #tellEnd(): void {
    if (!this.#isTraced) return;
    const { interfaces, groups } = this.#ec2.snapshot();
    const names = new Map(groups.map(({ id, name, tags }) => [id, tags['bulkhead:group'] ?? name]));
    for (const { id, attachment, groups: carried } of interfaces) {
      const owner = attachment?.instance ?? '';
      const tags = JSON.stringify(this.#world.tagsOf(owner));
      this.#trace(`end ${id} ${owner} ${tags} ${carried.map((one) => names.get(one)).join(' ')}`);
    }
    for (const { name, tags, rules } of groups) {
      const key = tags['bulkhead:group'];
      const peers = rules.map(({ isEgress, fromPort, peer }) => {
        const to = peer.kind === 'group' ? names.get(peer.id) : JSON.stringify(peer);
        return `${isEgress ? 'to' : 'from'} ${to} ${fromPort}`;
      });
      if (key !== undefined) this.#trace(`end ${key} ${name}: ${peers.join(', ')}`);
    }
  }

  async #for(ms: number): Promise<void> {
    await this.#scheduler.runUntil(this.#scheduler.now + ms);
  }

  /** What happens by itself: states of EC2 that pass, tags that come late, people who approve. */
  async #tickForever(): Promise<never> {
    for (let count = 1; ; count += 1) {
      await this.#scheduler.wait(1_000);
      this.#world.tick();
      if (count % 10 === 0) await this.#decide();
    }
  }

  async #decide(): Promise<void> {
    for (const { taskToken, state, id } of (await this.#store.listPlans()).items) {
      if (state !== 'waiting-for-approval' || taskToken === undefined) continue;
      // In the end nobody says no: what is left then is left by Bulkhead.
      const approve = this.#random.chance(0.9) || this.#isQuiet;
      const by = 'arn:aws:iam::000000000000:user/approver';
      if (this.#plant.executions.answer(taskToken, { approve, by })) {
        this.#trace(`${id} is ${approve ? 'approved' : 'rejected'}`);
      }
    }
  }

  #makeEc2(now: () => number): FakeEc2 {
    const random = this.#random.fork();
    const ec2 = createFakeEc2({
      clock: { now },
      random: () => random.next(),
      account: '000000000000',
      quotas: { groupsPerInterface: this.#random.chance(0.7) ? 10 : 5 },
      onEvent: (event) => this.#onEvent(event),
    });
    return ec2;
  }

  #hear(call: PortCall): void {
    this.#calls += 1;
    this.#watch.heard(call);
    if (!this.#isTraced) return;
    const args = call.args.map((one) => JSON.stringify(one)?.slice(0, 300)).join(' ');
    this.#trace(`  ${call.environment} ${call.name} ${call.outcome} ${args}`);
  }

  #note(code: string, fields: object): void {
    this.#signals[code] = (this.#signals[code] ?? 0) + 1;
    if (this.#isTraced) this.#trace(`  * ${code} ${JSON.stringify(fields).slice(0, 400)}`);
  }
}

function drawSize(random: Random): Size {
  const workloads = random.chance(0.03) ? random.between(30, 60) : random.between(5, 14);
  return { workloads, vpcs: random.chance(0.5) ? 1 : 2 };
}
