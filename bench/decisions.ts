import { spawnSync } from 'node:child_process';
import path from 'node:path';
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
import { BIG, bigInventory, bigPolicy, NOW, OWNER } from './estates.ts';
import { type Cost, measure } from './memory.ts';
import type { BenchLine } from './run.ts';

const DECISIONS = 20_000;

/** Compile, one decision, a plan with nothing to do, and the proof, on an estate of 100,000. */
export async function measureDecisions(): Promise<readonly BenchLine[]> {
  const { policy, inventory, ledger } = settledEstate();
  const desired = compile(policy, inventory);
  const groupIds = Object.fromEntries(
    [...groupsByKey(inventory, OWNER)].map(([key, group]) => [key, group.id]),
  );
  const baseline = measure(() => JSON.parse(JSON.stringify(inventory)));
  const line = (name: string, run: () => unknown): BenchLine => {
    const cost = measure(run);
    return {
      ...{ name, value: costText(cost), ratio: cost.cpuMs / baseline.cpuMs },
      baseline: 'a JSON copy of the inventory',
    };
  };
  return [
    { name: 'a JSON copy of the inventory', value: costText(baseline) },
    line('compile', () => compile(policy, inventory)),
    compileAlone(),
    line('plan with nothing to do', () => planFor(policy, inventory, desired, ledger)),
    line('proof, all pairs and ports', () =>
      compareEstate({ policy, inventory, memberships: desired.memberships, groupIds, now: NOW }),
    ),
    measureDecision(policy, inventory, groupIds),
  ];
}

/** The estate after the policy was published, and nothing of how it came there. */
function settledEstate() {
  const policy = bigPolicy(BIG);
  const flat = bigInventory(BIG);
  const plan = planFor(policy, flat, compile(policy, flat), {});
  const ledger = Object.fromEntries(flat.interfaces.map((nic) => [nic.id, nic.groups]));
  return { policy, ledger, inventory: plannedInventory(flat, plan, OWNER) };
}

/** MiB of heap that the compile gets by itself; Node's own memory comes on top. */
const HEAP_MIB = 384;

/** Whether it can do with little: garbage is collected only when there is need. */
function compileAlone(): BenchLine {
  const script = path.join(import.meta.dirname, 'compile-alone.ts');
  const flags = [`--max-old-space-size=${HEAP_MIB}`, '--max-semi-space-size=16'];
  const { status, stdout } = spawnSync(process.execPath, [...flags, script], { encoding: 'utf8' });
  const value = status === 0 ? `${stdout.trim()} MiB at the most` : 'does not fit';
  return { name: `compile and its inputs, heap of ${HEAP_MIB} MiB`, value };
}

function costText({ cpuMs, wallMs, heldMiB, peakMiB }: Cost): string {
  const memory = peakMiB === undefined ? '' : `, ${heldMiB} + ${peakMiB - heldMiB} MiB`;
  return `${cpuMs.toFixed(0)} ms (${wallMs.toFixed(0)} ms passed)${memory}`;
}

function compile(policy: Policy, inventory: Inventory): DesiredState {
  return compilePolicy({ policy, inventory, now: NOW, owner: OWNER }).desired;
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
  const { cpuMs } = measure(() => {
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
  return { name: 'one decision', value: `${((cpuMs * 1_000) / some.length).toFixed(1)} us` };
}
