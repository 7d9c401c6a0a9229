import { beforeEach, describe, expect, test } from 'vitest';
import type { GroupRule, NetworkInterface } from '../../core/model/inventory.ts';
import type { Plan, RevokeStep } from '../../core/model/plan.ts';
import type { Ports } from '../../engine/ports.ts';
import { applyRevoke } from '../../engine/publish/apply.ts';
import { createMemoryStore } from '../fakes/store/memory-store.ts';
import { group, NOW, OWNER } from '../properties/builders.ts';
import { planArchive } from './plan-archive.ts';
import { VirtualClock } from './virtual-clock.ts';

const rule = (peer: GroupRule['peer']): GroupRule => ({
  ...{ protocol: 6, fromPort: 443, toPort: 443 },
  peer,
});
const OLD = 'segment:old@vpc-1';
const PEER = 'segment:peer@vpc-1';
const FROM_OFFICE = rule({ kind: 'ipv4', cidr: '10.0.0.0/8' });
const FROM_OLD = rule({ kind: 'group', id: 'sg-old' });

/** `old` is no segment any more: its own rules go, and what its peer let in from it. */
const STEPS: readonly RevokeStep[] = [
  { id: 'revoke:old', group: OLD, rules: [FROM_OFFICE] },
  { id: 'revoke:peer', group: PEER, rules: [FROM_OLD] },
].map((step) => ({
  ...step,
  ...{ kind: 'revoke', phase: 'revoke', after: [], direction: 'ingress' },
}));

const PLAN: Plan = {
  ...{ id: 'plan-2', generation: 2, base: 1, policyVersion: 'v', createdAt: NOW },
  ...{ kind: 'publish', addOnly: false, steps: STEPS, guard: [], warnings: [] },
};

let ports: Ports;
let revoked: [string, readonly GroupRule[]][];
let nics: Map<string, Pick<NetworkInterface, 'groups'>>;

beforeEach(async () => {
  const tags = (key: string) => ({ 'bulkhead:owner': OWNER, 'bulkhead:group': key });
  const groups = [
    group('sg-old', 'vpc-1', { tags: tags(OLD), ingress: [FROM_OFFICE] }),
    group('sg-peer', 'vpc-1', { tags: tags(PEER), ingress: [FROM_OLD] }),
  ];
  revoked = [];
  nics = new Map();
  const clock = new VirtualClock(Date.parse(NOW));
  const store = createMemoryStore();
  ports = {
    ...{ owner: OWNER, clock, store, signal: { event: () => {} } },
    archive: planArchive(PLAN),
    reader: {
      readOwnedGroups: async () => groups,
      readInterface: async (id: string) => nics.get(id),
    },
    writer: {
      revoke: async (id: string, _direction: string, rules: readonly GroupRule[]) =>
        void revoked.push([id, rules]),
    },
  } as unknown as Ports;
  await store.writePlan(
    {
      ...{ id: 'plan-2', generation: 2, kind: 'publish', policyVersion: 'v', state: 'applying' },
      ...{ phase: 'detach', author: 'dana', createdAt: NOW, changedAt: NOW, counts: {} },
    },
    [],
  );
  await store.writeHead(
    {
      ...{ generation: 2, phase: 'steady', kind: 'publish', policyVersion: 'v', plan: 'plan-2' },
      ...{ blockedSegments: {}, since: NOW },
    },
    0,
  );
});

/** An interface that the write path last left with these groups. */
async function leave(id: string, groups: readonly string[]): Promise<void> {
  await ports.store.raiseFence(id, `i-${id}`);
  const nowMs = Date.parse(NOW);
  const record = await ports.store.claim({
    ...{ interfaceId: id, workload: `i-${id}`, owner: 'one', nowMs, untilMs: nowMs + 10_000 },
    generation: 2,
  });
  await ports.store.settle({ ...record, groups, outcome: 'held', doneFence: record.fence }, 'one');
}

/** The same, and it still has them. */
async function carries(id: string, groups: readonly string[]): Promise<void> {
  await leave(id, groups);
  nics.set(id, { groups });
}

describe('phase revoke', () => {
  test('takes the rules that nobody wants', async () => {
    await applyRevoke(ports, 'plan-2');
    expect(revoked).toEqual([
      ['sg-old', [FROM_OFFICE]],
      ['sg-peer', [FROM_OLD]],
    ]);
  });

  test('leaves what a workload lives on that was held after the plan was made', async () => {
    await carries('eni-held', ['sg-old']);
    await carries('eni-peer', ['sg-peer']);
    const reports = await applyRevoke(ports, 'plan-2');
    expect(revoked).toEqual([]);
    expect(reports.map(({ outcome }) => outcome.kind)).toEqual(['blocked', 'blocked']);
  });

  test('leaves nothing between a group that somebody carries and one that nobody does', async () => {
    await carries('eni-held', ['sg-old']);
    await applyRevoke(ports, 'plan-2');
    expect(revoked).toEqual([['sg-peer', [FROM_OLD]]]);
    revoked = [];
    await carries('eni-held', ['sg-peer']);
    await applyRevoke(ports, 'plan-2');
    expect(revoked).toEqual([
      ['sg-old', [FROM_OFFICE]],
      ['sg-peer', [FROM_OLD]],
    ]);
  });

  test('is not held back by the record of an interface that is gone', async () => {
    await leave('eni-gone', ['sg-old']);
    await applyRevoke(ports, 'plan-2');
    expect(revoked).toHaveLength(2);
  });
});
