import { pathDifference } from '../../core/api/path-difference.ts';
import type { Difference } from '../../core/api/plan-answer.ts';
import type { Plan } from '../../core/model/plan.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { ApiContext } from './context.ts';

/** A plan never changes, and whoever follows one asks every second: the last few are remembered. */
const remembered = new Map<string, Difference>();
const REMEMBERED_MAX = 4;

/**
 * Interfaces of the largest plan whose difference is worked out here; beyond that the answer would
 * not come within the gateway's 30 s. `bulkhead plan` has no such limit.
 */
const INTERFACES_MAX = 5_000;

/** Undefined where the archive no longer has what the plan was made from, or it is too large. */
export async function differenceOf(
  context: ApiContext,
  plan: Plan,
): Promise<Difference | undefined> {
  const key = `${plan.id} ${plan.createdAt} ${plan.policyVersion}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const { archive } = context.ports;
  const [input, sources] = await Promise.all([
    archive.getPlanInput(plan.id),
    archive.getPolicy(plan.policyVersion),
  ]);
  if (input === undefined || sources === undefined) return undefined;
  const { inventory } = input;
  if (inventory.interfaces.length > INTERFACES_MAX) return undefined;
  const { policy } = parsePolicy(sources, { now: plan.createdAt });
  if (policy === undefined) return undefined;
  const now = plan.createdAt;
  const difference = pathDifference({ policy, inventory, plan, owner: context.stack, now });
  const [oldest] = remembered.keys();
  if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
  remembered.set(key, difference);
  return difference;
}
