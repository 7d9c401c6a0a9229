import { plannedInventory } from '../core/api/planned-inventory.ts';
import { compilePolicy } from '../core/compile/compile-policy.ts';
import type { Inventory } from '../core/model/inventory.ts';
import { PHASES, type Plan } from '../core/model/plan.ts';
import type { Policy } from '../core/model/policy.ts';
import { planChanges } from '../core/plan/plan-changes.ts';
import { bigInventory, bigPolicy, NOW, OWNER } from './estates.ts';
import type { BenchLine } from './run.ts';

/** So many segments, of which the first has `members`, `in` rules into it and `out` rules from it. */
const SIZES = [
  { members: 1, peers: 1 },
  { members: 10, peers: 4 },
  { members: 100, peers: 4 },
] as const;

/** Writes of the plan that renames a segment, by phase: what make before break costs at the least. */
export async function countRename(): Promise<readonly BenchLine[]> {
  return SIZES.map(({ members, peers }) => {
    const segments = 4 * (peers + 1);
    const policy = inOneVpc(bigPolicy({ segments, rules: 0 }), peers);
    const flat = bigInventory({ segments, workloads: segments * members });
    const settled = plannedInventory(flat, planFor(policy, flat, flat), OWNER);
    const plan = planFor(renamed(policy), settled, flat);
    const counts = PHASES.map((phase) => {
      const count = plan.steps.filter((step) => step.phase === phase).length;
      return count === 0 ? '' : `${phase} ${count}`;
    });
    return {
      name: `${members} members, ${peers} peers`,
      value: `${plan.steps.length} writes: ${counts.filter((text) => text !== '').join(', ')}`,
    };
  });
}

const RENAMED = 's0';
const TO = 'renamed';

/** Every peer sends to the segment and receives from it; all of them stand in its VPC. */
function inOneVpc(policy: Policy, peers: number): Policy {
  const port = { protocolFrom: 6, protocolTo: 6, from: 443, to: 443 };
  const why = { why: 'bench', location: { file: 'bench.yaml', line: 1, column: 1 } };
  const allow = [{ text: 'tcp/443', ranges: [port] }];
  const names = Array.from({ length: peers }, (_, at) => `s${4 * (at + 1)}`);
  return {
    ...policy,
    segments: policy.segments.map((one) => ({ ...one, egress: 'closed' })),
    rules: names.flatMap((name) => [
      { id: `to-${name}`, from: [RENAMED], to: [name], allow, ...why },
      { id: `from-${name}`, from: [name], to: [RENAMED], allow, ...why },
    ]),
  };
}

function renamed(policy: Policy): Policy {
  const name = (old: string): string => (old === RENAMED ? TO : old);
  return {
    ...policy,
    segments: policy.segments.map((one) => ({ ...one, name: name(one.name) })),
    rules: policy.rules.map((rule) => ({
      ...rule,
      from: rule.from.map(name),
      to: rule.to.map(name),
    })),
  };
}

function planFor(policy: Policy, inventory: Inventory, before: Inventory): Plan {
  const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
  const ledger = Object.fromEntries(before.interfaces.map((nic) => [nic.id, nic.groups]));
  return planChanges({
    ...{ desired, inventory, policy, now: NOW, owner: OWNER, kind: 'publish' as const },
    ...{ ledger: inventory === before ? {} : ledger },
    ...{ held: new Set<string>(), generation: 1, base: 0 },
  });
}
