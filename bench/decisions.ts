import { plannedInventory } from '../core/api/planned-inventory.ts';
import { compareEstate } from '../core/check/compare.ts';
import { compilePolicy } from '../core/compile/compile-policy.ts';
import { decideMembership } from '../core/compile/decide-membership.ts';
import { indexPolicy } from '../core/compile/index-policy.ts';
import { groupsByKey } from '../core/compile/owned-groups.ts';
import type { DesiredState } from '../core/model/desired-state.ts';
import type { Inventory } from '../core/model/inventory.ts';
import type { Policy } from '../core/model/policy.ts';
import { decideInterface } from '../core/plan/decide-interface.ts';
import { planChanges } from '../core/plan/plan-changes.ts';
import { bigInventory, bigPolicy, NOW, OWNER, type Size } from './estates.ts';
import type { BenchLine } from './run.ts';

const BIG: Size = { segments: 1_000, rules: 10_000, workloads: 100_000 };
const REPEATS = 3;
const DECISIONS = 20_000;

/** Compile, one decision, a plan with nothing to do, and the proof, on an estate of 100,000. */
export async function measureDecisions(): Promise<readonly BenchLine[]> {
  const policy = bigPolicy(BIG);
  const flat = bigInventory(BIG);
  const compile = (inventory: Inventory) =>
    compilePolicy({ policy, inventory, now: NOW, owner: OWNER }).desired;
  const baseline = best(() => JSON.parse(JSON.stringify(flat)));
  const first = compile(flat);
  const inventory = plannedInventory(flat, planFor(policy, flat, first, {}), OWNER);
  const ledger = Object.fromEntries(flat.interfaces.map((nic) => [nic.id, nic.groups]));
  const desired = compile(inventory);
  const groupIds = Object.fromEntries(
    [...groupsByKey(inventory, OWNER)].map(([key, group]) => [key, group.id]),
  );
  const line = (name: string, run: () => unknown): BenchLine => {
    const ms = best(run);
    const heap = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
    return {
      name,
      value: `${ms.toFixed(0)} ms, ${heap} MiB`,
      ratio: ms / baseline,
      baseline: 'a JSON copy of the inventory',
    };
  };
  return [
    { name: 'a JSON copy of the inventory', value: `${baseline.toFixed(0)} ms` },
    line('compile', () => compile(inventory)),
    line('plan with nothing to do', () => planFor(policy, inventory, desired, ledger)),
    line('proof, all pairs and ports', () =>
      compareEstate({ policy, inventory, memberships: desired.memberships, groupIds, now: NOW }),
    ),
    measureDecision(policy, inventory, groupIds),
  ];
}

function planFor(
  policy: Policy,
  inventory: Inventory,
  desired: DesiredState,
  ledger: Readonly<Record<string, readonly string[]>>,
) {
  return planChanges({
    ...{ desired, inventory, policy, ledger, now: NOW, owner: OWNER, kind: 'publish' as const },
    ...{ held: new Set<string>(), generation: 1, base: 0 },
  });
}

/** What an event costs beside reading and writing: identity to segments to the groups it carries. */
function measureDecision(
  policy: Policy,
  inventory: Inventory,
  groupIds: Readonly<Record<string, string>>,
): BenchLine {
  const index = indexPolicy(policy, { now: NOW });
  const ownedIds = new Set(Object.values(groupIds));
  const some = inventory.workloads.slice(0, DECISIONS);
  const nics = new Map(inventory.interfaces.map((nic) => [nic.workload, nic]));
  const ms = best(() => {
    for (const { identity } of some) {
      const nic = nics.get(identity.workload);
      if (nic === undefined) continue;
      decideInterface({
        membership: decideMembership(index, identity),
        ...{ held: false, isolate: false, interface: nic, groupIds, ownedIds },
        ...{ keep: [], phase: 'steady', addOnly: false, uninstall: false },
        groupsPerInterface: 5,
      });
    }
  });
  return { name: 'one decision', value: `${((ms * 1_000) / some.length).toFixed(1)} us` };
}

/** Milliseconds of the fastest of a few runs: the others were disturbed. */
function best(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < REPEATS; at += 1) {
    const startedMs = performance.now();
    run();
    least = Math.min(least, performance.now() - startedMs);
  }
  return least;
}
