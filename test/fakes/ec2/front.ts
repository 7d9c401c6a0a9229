import { TokenBuckets } from '../../../sandbox/token-buckets.ts';
import { type Action, EC2_ACTIONS, OTHER_ACTIONS } from './actions.ts';
import type { Estate } from './estate.ts';
import { refusal } from './refusal.ts';

/** One call as it was made; what came of it is filled in as it ends. */
export interface CallRecord {
  /** Ascending from 1, in the order in which the calls took effect. */
  readonly number: number;
  /** Who called: the name that the client was made for. `admin` is the test's own hand. */
  readonly principal: string;
  readonly action: Action;
  readonly input: Readonly<Record<string, unknown>>;
  readonly atMs: number;
  /** `done`, or EC2's error code. */
  outcome: string;
  /** A hook threw after the call took effect: the caller does not know what came of it. */
  answerLost: boolean;
}

/** What a hook sees of a call before it has happened. */
export interface PendingCall {
  readonly principal: string;
  readonly action: Action;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * Around every call of a client. A hook that throws stands for a crash or a broken connection:
 * `before`, nothing has happened; `after`, it has, and the caller does not know. A hook may wait, which
 * lets other calls in between.
 */
export interface Hooks {
  before?: (call: PendingCall) => void | Promise<void>;
  after?: (call: CallRecord) => void | Promise<void>;
}

/** What goes wrong, until it is taken back. */
export class Faults {
  readonly #refusals = new Map<Action, { code: string; left: number }>();

  /** The next calls of this action are refused, whoever makes them; for good without a count. */
  refuse(action: Action, code: string, count = Number.POSITIVE_INFINITY): void {
    this.#refusals.set(action, { code, left: count });
  }

  /** As if the account's bucket of this action had been emptied by others. */
  throttle(action: Action, count: number): void {
    this.refuse(action, 'RequestLimitExceeded', count);
  }

  clear(action?: Action): void {
    if (action === undefined) this.#refusals.clear();
    else this.#refusals.delete(action);
  }

  /** The code for this call, if any; counts down. */
  take(action: Action): string | undefined {
    const refused = this.#refusals.get(action);
    if (refused === undefined || refused.left <= 0) return undefined;
    refused.left -= 1;
    return refused.code;
  }
}

type Handler = (estate: Estate, input: never) => object;
const HANDLERS: Readonly<Record<string, Handler>> = { ...EC2_ACTIONS, ...OTHER_ACTIONS };

const READ = /^(Describe|Get|List)/;
/** Request parameters by which a read counts as filtered or paginated. */
const NARROWING = /^(Filters|MaxResults|.*Ids?)$/;

/** Takes the calls: hooks, token buckets, faults, the action itself, the log. */
export class Front {
  readonly hooks: Hooks = {};
  readonly faults = new Faults();
  readonly log: CallRecord[] = [];
  /** Whether calls draw from EC2's token buckets. */
  throttles = true;
  readonly #estate: Estate;
  readonly #buckets = new TokenBuckets({ exempt: [] });

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** A call of an SDK client. */
  async call(principal: string, action: string, input: object): Promise<object> {
    const call: PendingCall = {
      principal,
      action: knownAction(action),
      input: structuredClone(input) as Readonly<Record<string, unknown>>,
    };
    if (this.hooks.before !== undefined) await this.hooks.before(call);
    const record = this.#record(call);
    const answer = this.#perform(record, () => {
      const code = this.faults.take(call.action) ?? this.#emptyBucket(call);
      if (code !== undefined) throw refusal(code, 'Request limit exceeded or fault injected.');
    });
    if (this.hooks.after !== undefined) {
      try {
        await this.hooks.after(record);
      } catch (error) {
        record.answerLost = true;
        throw error;
      }
    }
    return answer;
  }

  /** A call of the test's own hand: at once, without buckets, faults and hooks. */
  callAsAdmin(action: Action, input: object): object {
    const cloned = structuredClone(input) as Readonly<Record<string, unknown>>;
    return this.#perform(this.#record({ principal: 'admin', action, input: cloned }), () => {});
  }

  #record(call: PendingCall): CallRecord {
    const kind = READ.test(call.action) ? 'read' : 'write';
    this.#estate.begin(call.principal === 'admin' ? 'admin' : kind);
    const record: CallRecord = {
      number: this.log.length + 1,
      ...call,
      atMs: this.#estate.sight.nowMs,
      outcome: 'done',
      answerLost: false,
    };
    this.log.push(record);
    return record;
  }

  /** In one go: no other call sees the half of it. */
  #perform(record: CallRecord, check: () => void): object {
    try {
      check();
      const handler = HANDLERS[record.action];
      if (handler === undefined) throw new Error(`the fake has no ${record.action}`);
      if (record.input.DryRun === true) {
        throw refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
      }
      return { ...handler(this.#estate, record.input as never), $metadata: {} };
    } catch (error) {
      record.outcome = error instanceof Error ? error.name : String(error);
      throw error;
    }
  }

  #emptyBucket({ action, input }: PendingCall): string | undefined {
    if (!this.throttles || !(action in EC2_ACTIONS)) return undefined;
    const isFiltered = Object.entries(input).some(
      ([name, value]) =>
        NARROWING.test(name) &&
        value !== undefined &&
        !(Array.isArray(value) && value.length === 0),
    );
    const isTaken = this.#buckets.take(action, isFiltered, this.#estate.sight.nowMs);
    return isTaken ? undefined : 'RequestLimitExceeded';
  }
}

function knownAction(name: string): Action {
  if (name in HANDLERS) return name as Action;
  throw new Error(`the fake does not answer ${name}; test/fakes/spec.md says what it answers`);
}
