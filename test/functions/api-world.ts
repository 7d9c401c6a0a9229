import type { Inventory } from '../../core/model/inventory.ts';
import { DEFAULT_QUOTAS } from '../../core/model/inventory.ts';
import type { Plan, Report } from '../../core/model/plan.ts';
import type { PolicySource } from '../../core/model/policy.ts';
import type {
  Bundle,
  Head,
  InterfaceRecord,
  LedgerEntry,
  ParkedRecord,
  PlanRecord,
  WorkloadRecord,
} from '../../core/model/record.ts';
import type { Page, Ports, Store } from '../../engine/ports.ts';
import type { HttpResult } from '../../functions/api/answer.ts';
import type { ApiContext } from '../../functions/api/context.ts';
import { answerEvent } from '../../functions/api/door.ts';
import type { Decision, PublishInput } from '../../functions/api/machine.ts';

export const DANA = 'arn:aws:iam::123456789012:user/dana';
export const LEE = 'arn:aws:iam::123456789012:user/lee';
export const NOW_MS = Date.parse('2026-11-23T09:30:00Z');
export const NOW = '2026-11-23T09:30:00.000Z';

/** What the state machine was asked to do. */
export type MachineCall =
  | { readonly kind: 'start'; readonly input: PublishInput }
  | { readonly kind: 'approve' | 'reject'; readonly token: string; readonly decision: Decision };

/** A control plane in memory, as far as the API reads it. Fields are set by the tests. */
export class ApiWorld {
  head: Head | undefined;
  bundle: Bundle | undefined;
  workloads: WorkloadRecord[] = [];
  interfaces: InterfaceRecord[] = [];
  parked: ParkedRecord[] = [];
  ledger: LedgerEntry[] = [];
  plans: PlanRecord[] = [];
  policy: { version: string; sources: readonly PolicySource[] } | undefined;
  planDocuments: Record<string, Plan> = {};
  reports: Record<string, Report> = {};
  inventory: Inventory = emptyInventory();
  archived: Record<string, readonly PolicySource[]> = {};
  generation = 6;
  sweeps = 0;
  machineCalls: MachineCall[] = [];
  /** Tokens that take no decision any more. */
  usedTokens = new Set<string>();
  logged: string[] = [];
  /** Thrown by the store when set. */
  fault: Error | undefined;

  async request(
    method: string,
    path: string,
    options: {
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly caller?: string | null;
    } = {},
  ): Promise<HttpResult & { readonly json: Record<string, unknown> }> {
    const [rawPath = '', rawQueryString = ''] = path.split('?');
    const caller = options.caller === undefined ? DANA : options.caller;
    const event = {
      version: '2.0',
      rawPath,
      rawQueryString,
      headers: { host: 'api.test', ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
      isBase64Encoded: false,
      requestContext: {
        requestId: 'request-1',
        stage: '$default',
        domainName: 'api.test',
        http: { method, path: rawPath },
        ...(caller === null ? {} : { authorizer: { iam: { userArn: caller } } }),
      },
    };
    const result = await this.answer(event);
    return { ...result, json: JSON.parse(result.body) };
  }

  async answer(event: unknown): Promise<HttpResult> {
    const log = (message: unknown, ...more: unknown[]): void => {
      this.logged.push([message, ...more].map(String).join(' '));
    };
    return await answerEvent(this.context(), { info: log, error: log }, event);
  }

  context(): ApiContext {
    return {
      ports: this.#ports(),
      stack: 'Bulkhead',
      machine: {
        start: async (input) => void this.machineCalls.push({ kind: 'start', input }),
        approve: async (token, decision) => this.#decide('approve', token, decision),
        reject: async (token, decision) => this.#decide('reject', token, decision),
      },
      startSweep: async () => {
        this.sweeps += 1;
      },
    };
  }

  #decide(kind: 'approve' | 'reject', token: string, decision: Decision): void {
    if (this.usedTokens.has(token)) {
      throw Object.assign(new Error('token is gone'), { name: 'DecisionTooLate' });
    }
    this.usedTokens.add(token);
    this.machineCalls.push({ kind, token, decision });
  }

  #ports(): Ports {
    const archive: Partial<Ports['archive']> = {
      putPolicy: async (version, sources) => {
        this.archived[version] = sources;
      },
      getPolicy: async () => this.policy?.sources,
      getPlan: async (id) => this.planDocuments[id],
      getPlanInventory: async () => undefined,
      getReport: async (id) => this.reports[id],
      getBundle: async () => this.bundle,
    };
    const reader: Partial<Ports['reader']> = { collectInventory: async () => this.inventory };
    const clock: Ports['clock'] = { now: () => NOW_MS, sleep: async () => {} };
    return refuseTheRest<Ports>({
      archive: refuseTheRest<Ports['archive']>(archive),
      clock,
      reader: refuseTheRest<Ports['reader']>(reader),
      store: refuseTheRest<Store>(this.#store()),
    });
  }

  #store(): Partial<Store> {
    return {
      readHead: async () => {
        if (this.fault !== undefined) throw this.fault;
        return this.head;
      },
      readCurrentPolicy: async () =>
        this.policy === undefined
          ? undefined
          : { version: this.policy.version, author: LEE, publishedAt: NOW, generation: 6 },
      nextGeneration: async () => {
        this.generation += 1;
        return this.generation;
      },
      readPlan: async (id) => this.plans.find((plan) => plan.id === id),
      listPlans: async (cursor) => pageOf(this.plans, cursor, 2),
      listWorkloads: async ({ segment, cursor, limit = 100 }) => {
        const members = this.workloads.filter(
          ({ membership }) => segment === undefined || membership.segments.includes(segment),
        );
        return pageOf(members, cursor, limit);
      },
      readWorkload: async (id) => this.workloads.find(({ identity }) => identity.workload === id),
      countMembers: async (segment) =>
        this.workloads.filter(({ membership }) => membership.segments.includes(segment)).length,
      readInterface: async (id) => this.interfaces.find((item) => item.interface === id),
      readLedger: async (id) => this.ledger.find((item) => item.interface === id),
      listInterfaces: async (cursor) => pageOf(this.interfaces, cursor, 2),
      listParked: async (cursor) => pageOf(this.parked, cursor, 2),
      readLatency: async () => ({ count: 0, hops: {} }),
      readSweep: async () => undefined,
      readProof: async () => undefined,
      readCounts: async () => ({ throttled: 2 }),
    };
  }
}

/** The API may use what is given, and nothing else. */
function refuseTheRest<T extends object>(given: Partial<T>): T {
  return new Proxy(given, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (value === undefined) throw new Error(`the API is not meant to use ${String(name)}`);
      return value;
    },
  }) as T;
}

function pageOf<T>(items: readonly T[], cursor: string | undefined, limit: number): Page<T> {
  const from = cursor === undefined ? 0 : Number(cursor);
  const to = from + limit;
  return {
    items: items.slice(from, to),
    ...(to < items.length ? { cursor: String(to) } : {}),
  };
}

export function emptyInventory(): Inventory {
  return {
    takenAt: NOW,
    account: '123456789012',
    region: 'eu-central-1',
    gaps: [],
    vpcs: [],
    subnets: [],
    interfaces: [],
    workloads: [],
    groups: [],
    prefixLists: [],
    networkAcls: [],
    routeTables: [],
    peerings: [],
    quotas: DEFAULT_QUOTAS,
  };
}

export function planRecord(fields: Partial<PlanRecord> = {}): PlanRecord {
  return {
    id: 'plan-7',
    generation: 7,
    kind: 'publish',
    policyVersion: 'sha256:new',
    state: 'waiting-for-approval',
    phase: 'create',
    author: DANA,
    createdAt: NOW,
    changedAt: NOW,
    taskToken: 'token-7',
    counts: {},
    ...fields,
  };
}

export function interfaceRecord(
  id: string,
  fields: Partial<InterfaceRecord> = {},
): InterfaceRecord {
  return {
    interface: id,
    workload: 'i-1',
    fence: 3,
    doneFence: 3,
    generation: 6,
    phase: 'steady',
    groups: ['sg-web'],
    outcome: 'updated',
    verifiedAt: NOW,
    ...fields,
  };
}

export function workloadRecord(
  id: string,
  fields: Partial<WorkloadRecord> = {},
  segments: readonly string[] = ['shop-web'],
): WorkloadRecord {
  return {
    identity: {
      workload: id,
      kind: 'instance',
      tags: { Name: id },
      account: '123456789012',
      region: 'eu-central-1',
      subnets: [],
    },
    interfaces: [],
    state: 'running',
    control: 'attach',
    membership: {
      workload: id,
      segments,
      withheld: [],
      mode: 'enforce',
      openEgress: true,
      conflicts: [],
    },
    status: 'enforced',
    held: false,
    classified: true,
    tagVersion: 1,
    tagsAt: NOW,
    firstSeen: NOW,
    changedAt: NOW,
    generation: 6,
    revision: 1,
    ...fields,
  };
}
