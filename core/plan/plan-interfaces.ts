import { isolationKey } from '../compile/owned-groups.ts';
import type { Blocked, DesiredState, GroupKey, Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { InterfaceStep } from '../model/plan.ts';
import { decideInterface, type InterfaceDecision } from './decide-interface.ts';

export interface InterfacePlanInput {
  readonly inventory: Inventory;
  readonly desired: DesiredState;
  readonly ledger: Readonly<Record<string, readonly string[]>>;
  readonly held: ReadonlySet<string>;
  readonly keep: readonly string[];
  readonly managed: ReadonlySet<string>;
  /** Ids of groups that exist; a wanted one that does not is its own id. */
  readonly groupIds: Readonly<Record<GroupKey, string>>;
  /** By VPC; also where nobody wants it any more. */
  readonly openEgressIds: Readonly<Record<string, string>>;
  /** Ids of every owned group, and every value of groupIds. */
  readonly ours: ReadonlySet<string>;
  readonly uninstall: boolean;
  readonly addOnly: boolean;
}

/** What becomes of one interface: the two writes, either of which may be unnecessary. */
export interface InterfacePlan {
  readonly nic: NetworkInterface;
  readonly attach?: InterfaceStep;
  readonly detach?: InterfaceStep;
  /** Sorted ids or keys, after both. */
  readonly final: readonly string[];
  readonly steady: InterfaceDecision;
  /** Too few slots to make before breaking: the detach is a swap in one write. */
  readonly swaps: boolean;
  /** Nothing foreign is left to take off, though this should keep it on: a peer was demoted, say. */
  readonly unready?: Blocked;
  /** Foreign groups come off or are put back, or a group of ours comes off. */
  readonly loosensOrTightens: boolean;
}

/**
 * Plans every interface that we may write and that the policy or the ledger concerns. Each decision
 * is made by decideInterface, as the write path will make it again from fresh reads.
 */
export function planInterfaces(input: InterfacePlanInput): readonly InterfacePlan[] {
  const { inventory, desired, ledger, ours } = input;
  const attachments = new Map(desired.attachments.map((a) => [a.interface, a]));
  const members = writableMembers(input);
  const plans: InterfacePlan[] = [];
  for (const nic of inventory.interfaces) {
    const membership = members.get(nic.workload);
    if (membership === undefined) continue;
    const attachment = attachments.get(nic.id);
    const concerned =
      attachment !== undefined ||
      nic.groups.some((id) => ours.has(id)) ||
      ledger[nic.id] !== undefined;
    if (!concerned) continue;
    const plan = planInterface(input, nic, {
      membership,
      isolate: attachment?.owned.includes(isolationKey(nic.vpc)) ?? false,
      ...(attachment?.blocked === undefined ? {} : { blocked: attachment.blocked }),
    });
    plans.push(plan);
  }
  return plans.sort((a, b) => (a.nic.id < b.nic.id ? -1 : 1));
}

/** Memberships of the workloads whose interfaces we may write. */
function writableMembers({ inventory, desired }: InterfacePlanInput): Map<string, Membership> {
  const found = new Map(desired.memberships.map((one) => [one.workload, one]));
  for (const { control, state, identity } of inventory.workloads) {
    const { workload } = identity;
    if (control !== 'attach' || state === 'terminated') found.delete(workload);
    else if (!found.has(workload)) found.set(workload, nobody(workload));
  }
  return found;
}

function nobody(workload: string): Membership {
  return {
    workload,
    segments: [],
    withheld: [],
    mode: 'observe',
    openEgress: false,
    conflicts: [],
    carries: [],
  };
}

function planInterface(
  input: InterfacePlanInput,
  nic: NetworkInterface,
  known: { membership: Membership; isolate: boolean; blocked?: Blocked },
): InterfacePlan {
  const ledger = input.ledger[nic.id];
  const decide = (phase: 'attach' | 'steady', groups: readonly string[]): InterfaceDecision =>
    decideInterface({
      ...known,
      held: input.held.has(nic.workload),
      interface: { id: nic.id, vpc: nic.vpc, groups },
      groupIds: input.groupIds,
      openEgressId: input.openEgressIds[nic.vpc],
      ownedIds: input.ours,
      keep: input.keep,
      ...(ledger === undefined ? {} : { ledger }),
      phase,
      addOnly: input.addOnly,
      uninstall: input.uninstall,
      groupsPerInterface: input.inventory.quotas.groupsPerInterface,
      managed: input.managed.has(nic.vpc),
    });
  const from = [...nic.groups].sort();
  // Most of an estate is as it should be: then there is no way to go either.
  const asItIs = decide('steady', from);
  if (!asItIs.changed && asItIs.blocked === undefined) {
    const unready = unreadyOf(asItIs, known);
    return { nic, final: from, steady: asItIs, swaps: false, ...unready, loosensOrTightens: false };
  }
  const attach = decide('attach', from);
  const steady = decide('steady', attach.groups);
  const lost = from.some((id) => !steady.groups.includes(id));
  const regained = steady.groups.some((id) => !input.ours.has(id) && !from.includes(id));
  return {
    nic,
    ...(attach.changed ? { attach: stepOf(nic, 'attach', from, attach) } : {}),
    ...(steady.changed ? { detach: stepOf(nic, 'detach', attach.groups, steady) } : {}),
    final: steady.groups,
    steady,
    swaps: steady.changed && attach.blocked?.reason === 'slots',
    ...unreadyOf(steady, known),
    loosensOrTightens: lost || regained,
  };
}

function unreadyOf(
  { status }: InterfaceDecision,
  { blocked }: { readonly blocked?: Blocked },
): Pick<InterfacePlan, 'unready'> {
  return status === 'enforced' && blocked !== undefined ? { unready: blocked } : {};
}

function stepOf(
  nic: NetworkInterface,
  phase: 'attach' | 'detach',
  from: readonly string[],
  decision: InterfaceDecision,
): InterfaceStep {
  return {
    id: `${phase}:${nic.id}`,
    kind: phase,
    phase,
    after: [],
    interface: nic.id,
    workload: nic.workload,
    from,
    to: decision.groups,
    ...(decision.blocked === undefined ? {} : { blocked: decision.blocked }),
  };
}
