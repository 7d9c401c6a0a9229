import { groupsByKey, managedVpcs, openEgressIds } from '../compile/owned-groups.ts';
import type { DesiredState, GroupKey } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface, SecurityGroup } from '../model/inventory.ts';
import type { Crossing, DeleteGroupStep, Plan, PlanStep } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';
import { judgeChange } from './change-guard.ts';
import { forecastCrossings } from './forecast-crossings.ts';
import { forecastOpenings, type Opening } from './forecast-openings.ts';
import { orderSteps } from './order-steps.ts';
import { type InterfacePlan, planInterfaces } from './plan-interfaces.ts';
import { planRules, type RuleSteps } from './plan-rules.ts';
import { warnings } from './plan-warnings.ts';
import { groupNamedBy } from './rule-keys.ts';

export interface PlanInput {
  readonly desired: DesiredState;
  readonly inventory: Inventory;
  readonly policy: Policy;
  /** Foreign groups of each interface as they were before we took some off. */
  readonly ledger: Readonly<Record<string, readonly string[]>>;
  /** Workloads that keep their groups until a person decides. */
  readonly held: ReadonlySet<string>;
  readonly generation: number;
  /** The generation that the plan replaces. */
  readonly base: number;
  /** ISO 8601, UTC. */
  readonly now: string;
  readonly owner: string;
  readonly kind: 'publish' | 'uninstall';
}

/** What every part of planning looks things up in. */
export interface Ground {
  readonly input: PlanInput;
  /** Empty for an uninstall: nothing should be left. */
  readonly desired: DesiredState;
  readonly existing: ReadonlyMap<GroupKey, SecurityGroup>;
  readonly keysById: ReadonlyMap<string, GroupKey>;
  readonly addOnly: boolean;
  /** Groups of the ledger that were deleted meanwhile and cannot come back, by interface. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
}

/**
 * The steps from what is to what should be, in phases that are barriers (design section 5): make
 * before break, and nothing that is not ours. Nothing to do gives no steps.
 *
 * - create: groups, their rules, and away with AWS's default egress before anything is attached;
 * - attach: adds groups, foreign ones from the ledger too;
 * - detach: the exact set; revoke: rules that nobody wants; delete: groups that nobody carries.
 */
export function planChanges(input: PlanInput): Plan {
  const ground = survey(input);
  const groupIds = groupIdsOf(ground);
  const interfaces = planInterfaces({
    inventory: input.inventory,
    desired: ground.desired,
    ledger: restorableLedger(ground),
    held: input.held,
    keep: input.policy.settings.keepSecurityGroups,
    managed: new Set(managedVpcs(input.policy, input.inventory)),
    groupIds,
    openEgressIds: openEgressIds(ground.existing),
    ours: new Set([...ground.keysById.keys(), ...Object.values(groupIds)]),
    uninstall: input.kind === 'uninstall',
    addOnly: ground.addOnly,
  });
  const retained = retainedGroups(ground, interfaces);
  const rules = planRules({
    inventory: input.inventory,
    desired: ground.desired.groups,
    existing: ground.existing,
    keysById: ground.keysById,
    carriedNow: carried(ground, (nic) => nic.groups),
    retained,
    addOnly: ground.addOnly,
  });
  const { steps: deletes, named } = planDeletes(ground, retained);
  const { openings, crossings } = forecast(ground, interfaces, rules);
  const steps: readonly PlanStep[] = [
    ...rules.create,
    ...interfaces.flatMap((plan) => [plan.attach ?? [], plan.detach ?? []].flat()),
    ...rules.revoke,
    ...deletes,
  ];
  return {
    id: `plan-${input.generation}`,
    generation: input.generation,
    base: input.base,
    policyVersion: input.policy.version,
    createdAt: input.now,
    kind: input.kind,
    addOnly: ground.addOnly,
    steps: orderSteps(steps, ground.keysById),
    guard: guard(ground, interfaces, rules),
    ...(crossings.length === 0 ? {} : { crossings }),
    warnings: warnings(ground, { interfaces, retained, named, forced: rules.forced, openings }),
  };
}

function survey(input: PlanInput): Ground {
  const existing = groupsByKey(input.inventory, input.owner);
  const nothing: DesiredState = { ...input.desired, groups: [], attachments: [] };
  return {
    input,
    desired: input.kind === 'uninstall' ? nothing : input.desired,
    existing,
    keysById: new Map([...existing].map(([key, group]) => [group.id, key])),
    addOnly: input.inventory.gaps.length > 0,
    lost: lostLedger(input),
  };
}

/** A group that is not in an inventory with gaps may be there all the same. */
function lostLedger({ ledger, inventory }: PlanInput): ReadonlyMap<string, readonly string[]> {
  const lost = new Map<string, readonly string[]>();
  if (inventory.gaps.length > 0) return lost;
  const there = new Set(inventory.groups.map((group) => group.id));
  for (const [nic, groups] of Object.entries(ledger)) {
    if (groups.every((id) => there.has(id))) continue;
    lost.set(
      nic,
      groups.filter((id) => !there.has(id)),
    );
  }
  return lost;
}

function groupIdsOf({ desired, existing }: Ground): Readonly<Record<GroupKey, string>> {
  const wanted = desired.groups.map(({ key }) => [key, existing.get(key)?.id ?? key] as const);
  return Object.fromEntries(wanted);
}

/** A foreign group that was deleted meanwhile cannot come back. */
function restorableLedger({ input, lost }: Ground): PlanInput['ledger'] {
  if (lost.size === 0) return input.ledger;
  const left = { ...input.ledger };
  for (const [nic, groups] of lost) {
    left[nic] = (left[nic] ?? []).filter((id) => !groups.includes(id));
  }
  return left;
}

/** Keys of the owned groups among those of every interface. */
function carried(
  ground: Ground,
  groupsOf: (nic: NetworkInterface) => readonly string[],
): ReadonlySet<GroupKey> {
  const ids = new Set<string>();
  for (const nic of ground.input.inventory.interfaces) for (const id of groupsOf(nic)) ids.add(id);
  return new Set([...ids].flatMap((id) => ground.keysById.get(id) ?? []));
}

/** Owned groups that nobody wants but that some interface will still carry. */
function retainedGroups(ground: Ground, interfaces: readonly InterfacePlan[]): Set<GroupKey> {
  const finalByNic = new Map<string, readonly string[]>();
  for (const { nic, attach, detach, final } of interfaces) {
    if (attach !== undefined || detach !== undefined) finalByNic.set(nic.id, final);
  }
  const after = carried(ground, (nic) => finalByNic.get(nic.id) ?? nic.groups);
  const wanted = new Set(ground.desired.groups.map((group) => group.key));
  return new Set([...after].filter((key) => !wanted.has(key)));
}

function planDeletes(
  ground: Ground,
  retained: ReadonlySet<GroupKey>,
): { steps: readonly DeleteGroupStep[]; named: readonly (readonly [GroupKey, string])[] } {
  if (ground.addOnly) return { steps: [], named: [] };
  const wanted = new Set(ground.desired.groups.map((group) => group.key));
  const namedBy = foreignReferences(ground);
  const steps: DeleteGroupStep[] = [];
  const named: (readonly [GroupKey, string])[] = [];
  for (const [key, group] of ground.existing) {
    if (wanted.has(key) || retained.has(key)) continue;
    const holder = namedBy.get(key);
    // AWS answers DependencyViolation, and the rule is not ours to take away.
    if (holder !== undefined) named.push([key, holder]);
    else {
      const step = { id: `delete:${key}`, group: key, groupId: group.id, after: [] };
      steps.push({ ...step, kind: 'delete-group', phase: 'delete' });
    }
  }
  return { steps, named };
}

/** For each group, ours or not, a foreign one whose rule names it. */
function foreignReferences(ground: Ground): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const group of ground.input.inventory.groups) {
    if (ground.keysById.has(group.id)) continue;
    for (const rule of [...group.ingress, ...group.egress]) {
      const key = groupNamedBy(rule, ground.keysById);
      if (key !== undefined) found.set(key, group.id);
    }
  }
  return found;
}

/** What is open for a moment, and which guardrails that may cross. */
function forecast(
  { existing, keysById, input }: Ground,
  interfaces: readonly InterfacePlan[],
  { create, revoke: going }: RuleSteps,
): { readonly openings: readonly Opening[]; readonly crossings: readonly Crossing[] } {
  const coming = create.filter((step) => step.kind === 'authorize');
  const moves = { interfaces, existing, keysById, coming, going };
  const openings = forecastOpenings(moves);
  // Whoever uninstalls asks for what no guardrail stands for.
  if (input.kind === 'uninstall') return { openings, crossings: [] };
  const { policy, inventory, desired } = input;
  const { memberships } = desired;
  const nics = inventory.interfaces;
  const crossings = forecastCrossings({ ...moves, openings, policy, memberships, nics });
  return { openings, crossings };
}

function guard(
  ground: Ground,
  interfaces: readonly InterfacePlan[],
  rules: RuleSteps,
): Plan['guard'] {
  const { input, keysById } = ground;
  const narrowed = (plan: InterfacePlan): boolean =>
    plan.steady.status === 'enforced' &&
    plan.final.some((id) => rules.narrowed.has(keysById.get(id) ?? id));
  const changing = interfaces.filter((plan) => plan.loosensOrTightens || narrowed(plan));
  return judgeChange({
    desired: input.desired,
    inventory: input.inventory,
    keysById,
    managed: new Set(managedVpcs(input.policy, input.inventory)),
    changed: new Set(changing.map(({ nic }) => nic.workload)),
    share: input.policy.settings.changeGuardShare,
  });
}
