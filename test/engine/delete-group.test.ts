import { beforeEach, describe, expect, test } from 'vitest';
import type { SecurityGroup } from '../../core/model/inventory.ts';
import type { DeleteGroupStep } from '../../core/model/plan.ts';
import type { Ports } from '../../engine/ports.ts';
import { GroupHand } from '../../engine/publish/apply-groups.ts';
import type { PlanContext } from '../../engine/publish/plan-context.ts';
import { BudgetTable } from '../fakes/budget-table.ts';
import { group, inventory, NOW, OWNER } from '../properties/builders.ts';
import { VirtualClock } from './virtual-clock.ts';

const OLD = owned('sg-old', 'vpc-1', 'segment:old');
const NAMING = {
  ...{ protocol: 6, fromPort: 443, toPort: 443 },
  peer: { kind: 'group', id: 'sg-old' },
} as const;
const STEP: DeleteGroupStep = {
  ...{ id: 'delete:old', kind: 'delete-group', phase: 'delete', after: [] },
  ...{ group: 'segment:old@vpc-1', groupId: 'sg-old' },
};

let deleted: string[];

function owned(id: string, vpc: string, stem: string): SecurityGroup {
  return group(id, vpc, { tags: { 'bulkhead:owner': OWNER, 'bulkhead:group': `${stem}@${vpc}` } });
}

function handWith(groups: readonly SecurityGroup[]): GroupHand {
  const clock = new VirtualClock(Date.parse(NOW));
  const table = new BudgetTable();
  const ports = {
    ...{ owner: OWNER, clock, ids: { next: () => '1' }, signal: { event: () => {} } },
    store: { moveMarks: (move: Parameters<BudgetTable['moveMarks']>[0]) => table.moveMarks(move) },
    reader: { readOwnedGroups: async () => groups },
    writer: { deleteGroup: async (id: string) => void deleted.push(id) },
  } as unknown as Ports;
  return new GroupHand(ports, {
    inventory: inventory([]),
    plan: { id: 'plan-1' },
  } as unknown as PlanContext);
}

beforeEach(() => {
  deleted = [];
});

describe('deleting a group', () => {
  test('waits while a rule of ours in a peered VPC names it, which EC2 would not wait for', async () => {
    const naming = { ...owned('sg-web', 'vpc-2', 'segment:web'), ingress: [NAMING] };
    const { outcome } = await handWith([OLD, naming]).carryOut(STEP);
    expect(outcome.kind).toBe('waiting');
    expect(deleted).toEqual([]);
  });

  test('goes on when only its own rules name it', async () => {
    const { outcome } = await handWith([{ ...OLD, egress: [NAMING] }]).carryOut(STEP);
    expect(outcome.kind).toBe('removed');
    expect(deleted).toEqual(['sg-old']);
  });
});
