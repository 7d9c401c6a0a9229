import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A function's environment was lost: it crashed, or ran into its time-out. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** What the SDK throws when the way to a service breaks; the service may have done it or not. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** One call of a port, for the trace and for checkers; calls of EC2 go by EC2's own names. */
export interface PortCall {
  readonly at: number;
  readonly environment: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** `lost`: it took effect, and the caller never heard of it. */
  readonly outcome: 'done' | 'refused' | 'failed' | 'lost';
  readonly result?: unknown;
}

export interface Stage {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly faults: Faults;
  readonly onCall: (call: PortCall) => void;
}

type Kind = 'plain' | 'ec2-read' | 'ec2-write';

/** A call before it has happened. */
interface Said {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kind: Kind;
}

/** EC2's client gives up after this long (aws/writer.ts), and by then EC2 has done it or never will. */
const WRITE_MS_MAX = 3_000;

/**
 * One Lambda environment. Every call of a port waits here first, for as long as the seed says, so
 * that others go on meanwhile; and this is where calls fail, and where the function dies: a call that
 * a dead environment made never comes back, so nothing of it runs any more.
 */
export class Environment {
  readonly name: string;
  readonly #stage: Stage;
  #die: (error: Died) => void = () => {};
  #isDead = false;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Runs a handler until it ends, dies or has used up its time. Throws Died. */
  async run<T>(timeoutMs: number, handler: () => Promise<T>): Promise<T> {
    const death = new Promise<never>((_resolve, reject) => {
      this.#die = reject;
    });
    let isOver = false;
    void this.#stage.scheduler.wait(timeoutMs).then(() => {
      if (isOver || this.#isDead) return;
      this.#stage.faults.note('function timed out');
      this.die('the time-out');
    });
    try {
      return await Promise.race([handler(), death]);
    } finally {
      isOver = true;
    }
  }

  die(because: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#die(new Died(`${this.name} died: ${because}`));
  }

  /** A port whose every method is a scheduling point. */
  gate<P extends object>(port: string, target: P): P {
    return new Proxy(target, {
      get: (object, property) => {
        const method: unknown = Reflect.get(object, property);
        if (typeof method !== 'function' || typeof property !== 'string') return method;
        return (...args: unknown[]) => {
          const said: Said = { name: `${port}.${property}`, args, kind: 'plain' };
          return this.#call(said, () => Reflect.apply(method, object, args));
        };
      },
    });
  }

  async sleep(ms: number): Promise<void> {
    await this.#stage.scheduler.wait(ms);
    await this.#unlessDead();
  }

  async #call<T>(said: Said, effect: () => Promise<T>): Promise<T> {
    await this.arrive(said);
    let result: T;
    try {
      result = await effect();
    } catch (error) {
      this.#note(said, 'refused', error);
      throw error;
    }
    await this.depart(said, result);
    return result;
  }

  /** The way to a service. Throws what the way there throws; never comes back to who has died. */
  async arrive(said: Said): Promise<void> {
    const { scheduler, random, faults } = this.#stage;
    await scheduler.wait(this.#latencyMs(said.kind));
    if (this.#isDead) {
      // What was on its way when the function died may still arrive.
      if (said.kind === 'ec2-write' && random.chance(0.5)) return;
      await never();
    }
    if (faults.strikes('crash before a call')) await this.#crash(said);
    if (faults.strikes('call failed before it took effect')) {
      this.#note(said, 'failed');
      throw new TimeoutError(`${said.name} did not answer`);
    }
    this.#throttle(said);
  }

  /** The way back: what was done is done. */
  async depart(said: Said, result: unknown): Promise<void> {
    const { random, faults } = this.#stage;
    const isCrash = this.#isDead || faults.strikes('crash after a call');
    const isLost = !isCrash && faults.strikes('call failed after it took effect');
    this.#note(said, isCrash || isLost ? 'lost' : 'done', result);
    if (isCrash) await this.#crash(said);
    if (random.chance(0.3)) await this.sleep(this.#latencyMs(said.kind));
    if (isLost) throw new TimeoutError(`the answer of ${said.name} was lost`);
  }

  #note(said: Said, outcome: PortCall['outcome'], result?: unknown): void {
    const { name, args } = said;
    const at = this.#stage.scheduler.now;
    this.#stage.onCall({ at, environment: this.name, name, args, outcome, result });
  }

  #throttle(said: Said): void {
    if (said.kind === 'plain') return;
    const isWrite = said.kind === 'ec2-write';
    if (!this.#stage.faults.strikes(isWrite ? 'EC2 throttled a write' : 'EC2 throttled a read')) {
      return;
    }
    this.#note(said, 'failed');
    const error = new Error('Request limit exceeded.');
    error.name = 'RequestLimitExceeded';
    throw error;
  }

  #latencyMs(kind: Kind): number {
    const { random, faults } = this.#stage;
    if (!faults.strikes('slow call')) return random.between(1, 30);
    return kind === 'ec2-write' ? random.between(500, WRITE_MS_MAX) : random.between(500, 20_000);
  }

  async #crash({ name }: Said): Promise<never> {
    this.die(`a crash at ${name}`);
    return await never();
  }

  async #unlessDead(): Promise<void> {
    if (this.#isDead) await never();
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}
