import type { Blocked, GroupKey } from '../model/desired-state.ts';
import type { RevokeStep } from '../model/plan.ts';
import type { Opening } from './forecast-openings.ts';
import type { Ground } from './plan-changes.ts';
import type { InterfacePlan } from './plan-interfaces.ts';

/** How many workloads a warning names before it only counts. */
const NAMED_MAX = 5;

export interface Planned {
  readonly interfaces: readonly InterfacePlan[];
  /** Owned groups that nobody wants but that some interface will still carry. */
  readonly retained: ReadonlySet<GroupKey>;
  /** Owned groups that a rule of a foreign group names, with that group. */
  readonly named: readonly (readonly [GroupKey, string])[];
  /** Revocations that come before what replaces them. */
  readonly forced: readonly RevokeStep[];
  readonly openings: readonly Opening[];
}

/** What a reader of the plan must know although no step says it. Sorted. */
export function warnings(
  ground: Ground,
  { interfaces, retained, named, forced, openings }: Planned,
): readonly string[] {
  const { inventory } = ground.input;
  return [
    ...inventory.gaps.map(
      (gap) =>
        `the inventory lacks ${gap.kind} (${gap.reason}); nothing is removed until it is full`,
    ),
    ...byReason(interfaces, ({ steady }) => steady.blocked).map(
      ([text, workloads]) => `${countOf(workloads)} blocked: ${text}`,
    ),
    ...byReason(interfaces, ({ unready }) => unready).map(
      ([text, workloads]) =>
        `${countOf(workloads)} enforced already, and the rules with this peer let nothing through: ${text}`,
    ),
    ...interfaces
      .filter((plan) => plan.swaps)
      .map(
        ({ nic }) =>
          `${nic.workload} swaps the groups of ${nic.id} in one write, for want of slots; a peer that moves later may miss it for a moment`,
      ),
    ...[...(ground.addOnly ? [] : retained)].map(
      (key) => `group ${key} stays although nothing wants it: ${keepers(ground, interfaces, key)}`,
    ),
    ...named.map(
      ([key, holder]) => `group ${key} stays: a rule of foreign group ${holder} names it`,
    ),
    ...forced.map(
      ({ group, direction, rules }) =>
        `${rules.length} ${direction} ${rules.length === 1 ? 'rule' : 'rules'} of ${group} must be revoked before the new ones are authorised, for want of room (${inventory.quotas.rulesPerGroup} rules a group); a flow that old and new ones allow may miss for a moment`,
    ),
    ...openings.map(
      ({ group, workloads, because }) =>
        `${countOf(workloads)} ${toldOf(workloads, because)} (group ${group}): until the plan is done they may reach, or be reached by, what neither policy allows; publish in steps to avoid it`,
    ),
    ...lostLedger(ground),
  ].sort();
}

/** Workloads with the same reason in one line. */
function byReason(
  interfaces: readonly InterfacePlan[],
  reasonOf: (plan: InterfacePlan) => Blocked | undefined,
): readonly (readonly [text: string, workloads: readonly string[]])[] {
  const byText = new Map<string, string[]>();
  for (const plan of interfaces) {
    const found = reasonOf(plan);
    if (found === undefined) continue;
    const text = `${found.reason}: ${found.message}; ${found.hint}`;
    byText.set(text, [...(byText.get(text) ?? []), plan.nic.workload]);
  }
  return [...byText];
}

function keepers(ground: Ground, interfaces: readonly InterfacePlan[], key: GroupKey): string {
  const finalByNic = new Map(interfaces.map((plan) => [plan.nic.id, plan.final]));
  const carriers = ground.input.inventory.interfaces.filter((nic) =>
    (finalByNic.get(nic.id) ?? nic.groups).some((id) => ground.keysById.get(id) === key),
  );
  const held = carriers.filter((nic) => ground.input.held.has(nic.workload)).length;
  return `${countOf(carriers.map((nic) => nic.workload))} carrying it (${held} held)`;
}

function lostLedger({ input, lost }: Ground): readonly string[] {
  return input.inventory.interfaces.flatMap(({ id: nic }) =>
    (lost.get(nic) ?? []).map((id) => `the ledger of ${nic} names ${id}, which no longer exists`),
  );
}

/** `leave while ...` of many, `leaves while ...` of one. */
function toldOf(workloads: readonly string[], because: Opening['because']): string {
  return new Set(workloads).size === 1 ? because.replace(' ', 's ') : because;
}

function countOf(workloads: readonly string[]): string {
  const unique = [...new Set(workloads)].sort();
  const names = unique.slice(0, NAMED_MAX).join(', ');
  const more = unique.length > NAMED_MAX ? ', ...' : '';
  return `${unique.length} workload${unique.length === 1 ? '' : 's'} (${names}${more})`;
}
