import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { groupsByKey } from '../../core/compile/owned-groups.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';

/**
 * Why a workload may not enforce yet, by its id, where it carries still what enforcing will take off: foreign
 * groups, open egress, groups of ours that nobody wants any more.
 */
export function stillOpen(
  policy: Policy,
  before: Estate,
  { inventory }: Estate,
): ReadonlyMap<string, string> {
  const { desired } = compilePolicy({ policy, ...before, now: NOW, owner: OWNER });
  const keep = policy.settings.keepSecurityGroups;
  const groups = groupsByKey(inventory, OWNER);
  const carried = new Map(inventory.interfaces.map((nic) => [nic.id, nic.groups]));
  const found = desired.attachments.flatMap(({ interface: id, workload, owned, blocked }) => {
    const wanted = new Set([...keep, ...owned.map((key) => groups.get(key)?.id)]);
    const isOpen = carried.get(id)?.some((group) => !wanted.has(group)) === true;
    return blocked !== undefined && isOpen ? [[workload, blocked.message] as const] : [];
  });
  return new Map(found);
}
