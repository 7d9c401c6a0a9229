import { expect, test } from 'vitest';
import type { InterfaceStep, Plan } from '../../core/model/plan.ts';
import type { InterfaceRecord, PlanRecord } from '../../core/model/record.ts';
import type { Ports, Wake } from '../../engine/ports.ts';
import { checkBarrier } from '../../engine/publish/barrier.ts';
import { NOW, OWNER } from '../properties/builders.ts';
import { planArchive } from './plan-archive.ts';

const nowMs = Date.parse(NOW) + 60_000;
const at = (ms: number): string => new Date(nowMs + ms).toISOString();

const STEPS: readonly InterfaceStep[] = ['turn', 'due', 'silent', 'done'].map((name) => ({
  ...{ kind: 'attach', phase: 'attach', after: [], from: ['sg-flat'], to: ['sg-flat', 'sg-web'] },
  ...{ id: `attach:eni-${name}`, interface: `eni-${name}`, workload: `i-${name}` },
}));

const PLAN: Plan = {
  ...{ id: 'plan-2', generation: 2, base: 1, policyVersion: 'v', createdAt: NOW },
  ...{ kind: 'publish', addOnly: false, steps: STEPS, guard: [], warnings: [] },
};

const RECORD: PlanRecord = {
  ...{ id: 'plan-2', generation: 2, kind: 'publish', policyVersion: 'v', state: 'applying' },
  ...{ phase: 'attach', author: 'dana', createdAt: NOW, changedAt: NOW, counts: {} },
};

function record(name: string, more: Partial<InterfaceRecord>): InterfaceRecord {
  return {
    ...{ interface: `eni-${name}`, workload: `i-${name}`, fence: 2, doneFence: 1, generation: 1 },
    ...{ phase: 'attach', groups: ['sg-flat'], outcome: 'waiting' },
    ...more,
  };
}

test('a barrier waits for those that have a place, and wakes only those that have none', async () => {
  const woken: Wake[] = [];
  const records = [
    record('turn', { parkedUntil: at(240_000) }),
    record('due', { parkedUntil: at(-5_000) }),
    record('silent', {}),
    record('done', { doneFence: 2, generation: 2, outcome: 'updated' }),
  ];
  const ports = {
    ...{ owner: OWNER, clock: { now: () => nowMs }, signal: { event: () => {} } },
    archive: planArchive(PLAN),
    store: {
      readPlan: async () => RECORD,
      readHead: async () => ({ generation: 2 }),
      readInterfaces: async () => records,
      readWorkload: async () => undefined,
    },
    // Without a record of the workload, EC2 says whether the interface is still there.
    reader: { readInterface: async (id: string) => ({ id }) },
    queue: { wake: async (wakes: readonly Wake[]) => void woken.push(...wakes) },
  } as unknown as Ports;
  const report = await checkBarrier(ports, 'plan-2', 'attach', { giveUp: false });
  expect(report).toMatchObject({
    passed: false,
    pending: ['eni-turn', 'eni-due', 'eni-silent'],
    parked: ['eni-turn'],
  });
  expect(woken.map(({ workload }) => workload)).toEqual(['i-due', 'i-silent']);
});

test('an interface that ended with its workload holds nobody up', async () => {
  const ports = {
    ...{ owner: OWNER, clock: { now: () => nowMs }, signal: { event: () => {} } },
    archive: planArchive(PLAN),
    store: {
      readPlan: async () => RECORD,
      readHead: async () => ({ generation: 2 }),
      readInterfaces: async (ids: readonly string[]) => ids.map(() => record('silent', {})),
      readWorkload: async () => undefined,
      listWorkloads: async () => ({ items: [] }),
    },
    reader: { readInterface: async () => undefined },
    queue: { wake: async () => {} },
  } as unknown as Ports;
  const report = await checkBarrier(ports, 'plan-2', 'attach', { giveUp: false });
  expect(report).toMatchObject({ passed: true, pending: [], failed: [] });
});
