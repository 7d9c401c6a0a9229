import { beforeEach, describe, expect, test } from 'vitest';
import type { SecurityGroup } from '../../core/model/inventory.ts';
import type { Plan, PlanStep } from '../../core/model/plan.ts';
import type { PlanRecord } from '../../core/model/record.ts';
import type { Ports } from '../../engine/ports.ts';
import { applyCreate } from '../../engine/publish/apply.ts';
import { StepsFailed } from '../../engine/publish/refusals.ts';
import { TokenBuckets } from '../../sandbox/token-buckets.ts';
import { BudgetTable } from '../fakes/budget-table.ts';
import { group, NOW, OWNER } from '../properties/builders.ts';
import { planArchive } from './plan-archive.ts';
import { VirtualClock } from './virtual-clock.ts';

const KEYS = Array.from({ length: 100 }, (_, at) => `segment:s${at}@vpc-1`);
const INGRESS = 'AuthorizeSecurityGroupIngress';

let clock: VirtualClock;
let groups: SecurityGroup[];
let calls: number;
/** What EC2 answers to an authorisation; undefined: it is done. */
let refuse: () => string | undefined;
let ports: Ports;

beforeEach(() => {
  clock = new VirtualClock(Date.parse(NOW));
  groups = KEYS.map((key, at) =>
    group(`sg-${at}`, 'vpc-1', { tags: { 'bulkhead:owner': OWNER, 'bulkhead:group': key } }),
  );
  calls = 0;
  refuse = () => undefined;
  const table = new BudgetTable();
  ports = {
    ...{ owner: OWNER, clock, ids: { next: () => `${calls}` }, signal: { event: () => {} } },
    archive: planArchive(PLAN),
    store: {
      moveMarks: (move: Parameters<BudgetTable['moveMarks']>[0]) => table.moveMarks(move),
      readPlan: async () => RECORD,
      listPlans: async () => ({ items: [] }),
      readHead: async () => undefined,
      writePlan: async () => {},
      count: async () => {},
    },
    reader: { readOwnedGroups: async () => groups },
    writer: { authorize: async () => authorize() },
  } as unknown as Ports;
});

async function authorize(): Promise<void> {
  calls += 1;
  await clock.sleep(20);
  const name = refuse();
  if (name !== undefined) throw Object.assign(new Error(name), { name });
}

const STEPS: readonly PlanStep[] = KEYS.map((key) => ({
  ...{ kind: 'authorize', phase: 'create', direction: 'ingress', after: [] },
  id: `authorize:${key}:ingress`,
  group: key,
  rules: [
    {
      ...{ protocol: 6, fromPort: 443, toPort: 443, because: ['test'] },
      peer: { kind: 'ipv4', cidr: '10.0.0.0/8' },
    },
  ],
}));

const PLAN: Plan = {
  ...{ id: 'plan-1', generation: 1, base: 0, policyVersion: 'v', createdAt: NOW },
  ...{ kind: 'publish', addOnly: false, steps: STEPS, guard: [], warnings: [] },
};

const RECORD: PlanRecord = {
  ...{ id: 'plan-1', generation: 1, kind: 'publish', policyVersion: 'v', state: 'planned' },
  ...{ phase: 'create', author: 'dana', createdAt: NOW, changedAt: NOW, counts: {} },
};

describe('phase create', () => {
  test('writes 100 rules at the pace of the budget, and none is throttled', async () => {
    const aws = new TokenBuckets({ exempt: [] });
    refuse = () => (aws.take(INGRESS, false, clock.now()) ? undefined : 'RequestLimitExceeded');
    const startedMs = clock.now();
    const reports = await clock.run(applyCreate(ports, 'plan-1'));
    expect(reports.filter(({ outcome }) => outcome.kind === 'added')).toHaveLength(100);
    expect(calls).toBe(100);
    const seconds = (clock.now() - startedMs) / 1_000;
    expect(seconds).toBeLessThanOrEqual((1.1 * (100 - 41)) / 4.5);
  });

  test('goes on after EC2 has refused, and is not given up for it', async () => {
    let refusals = 0;
    refuse = () => {
      refusals += 1;
      return refusals <= 4 ? 'RequestLimitExceeded' : undefined;
    };
    const reports = await clock.run(applyCreate(ports, 'plan-1'));
    expect(reports.filter(({ outcome }) => outcome.kind === 'added')).toHaveLength(100);
    expect(calls).toBe(104);
  });

  test('fails when EC2 refuses all the time, long before the function runs out of time', async () => {
    refuse = () => 'RequestLimitExceeded';
    const startedMs = clock.now();
    const first = { ...PLAN, steps: STEPS.slice(0, 3) };
    ports = { ...ports, archive: { ...ports.archive, getPlan: async () => first } };
    await expect(clock.run(applyCreate(ports, 'plan-1'))).rejects.toThrow(StepsFailed);
    expect(clock.now() - startedMs).toBeLessThan(10 * 60_000);
  });

  test('is not over while a rule could not be written: nothing may be attached yet', async () => {
    // EC2 says that the rule is there, and does not show it: an old reading that stays old.
    refuse = () => 'InvalidPermission.Duplicate';
    await expect(clock.run(applyCreate(ports, 'plan-1'))).rejects.toThrow(StepsFailed);
  });

  /** A plan that takes EC2's own rule off a group, which `hidden` readings do not show yet. */
  function takingDefaultOff(hidden: number): { revoked: string[] } {
    const everywhere = { protocol: -1, fromPort: -1, toPort: -1 };
    const rule = { ...everywhere, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } } as const;
    const [key = ''] = KEYS;
    const made = group('sg-0', 'vpc-1', { tags: groups[0]?.tags ?? {}, egress: [rule] });
    const step: PlanStep = {
      ...{ kind: 'revoke', phase: 'create', direction: 'egress', after: [] },
      ...{ id: `revoke-default:${key}:ipv4`, group: key, rules: [rule] },
    };
    const revoked: string[] = [];
    let readings = 0;
    const readOwnedGroups = async () => {
      readings += 1;
      return readings > hidden ? [made] : [];
    };
    const revoke = async (id: string) => void revoked.push(id);
    ports = {
      ...ports,
      archive: { ...ports.archive, getPlan: async () => ({ ...PLAN, steps: [step] }) },
      reader: { ...ports.reader, readOwnedGroups },
      writer: { ...ports.writer, revoke },
    };
    return { revoked };
  }

  test('waits for a new group to be seen, and takes the rule off that lets everything out', async () => {
    const { revoked } = takingDefaultOff(2);
    const [report] = await clock.run(applyCreate(ports, 'plan-1'));
    expect(report?.outcome).toEqual({ kind: 'removed' });
    expect(revoked).toEqual(['sg-0']);
  });

  test('is not over while that group is not seen', async () => {
    const { revoked } = takingDefaultOff(Number.POSITIVE_INFINITY);
    await expect(clock.run(applyCreate(ports, 'plan-1'))).rejects.toThrow(StepsFailed);
    expect(revoked).toEqual([]);
  });
});
