import type { Plan } from '../../core/model/plan.ts';
import type { Head, PlanRecord } from '../../core/model/record.ts';
import type { Ports } from '../ports.ts';
import { assertInForce } from './plan-context.ts';
import { PlanUnderWay, StalePlan } from './refusals.ts';

/**
 * Throws PlanUnderWay while one of the plans that `counts` accepts writes groups and rules. Plans in
 * the other phases write interfaces, which a younger plan may overtake.
 */
export async function assertNobodyWrites(
  ports: Ports,
  counts: (plan: PlanRecord) => boolean,
): Promise<void> {
  const { items } = await ports.store.listPlans();
  const writing = items.find(
    (plan) =>
      counts(plan) &&
      plan.state === 'applying' &&
      plan.phase !== 'attach' &&
      plan.phase !== 'detach',
  );
  if (writing !== undefined) throw new PlanUnderWay(`${writing.id} is in phase ${writing.phase}`);
}

/**
 * Before rules and groups go: throws StalePlan unless the plan is in force and no younger one has begun,
 * which may count on what this one has no use for. Both write down that they have begun before they ask
 * for the other (applyCreate), so at least one of them sees it: this one ends, or the younger one waits.
 * What is left over, the younger one takes away, or where it fails, the sweep's plan.
 */
export async function assertNotOvertaken(ports: Ports, plan: Plan): Promise<Head> {
  const head = await assertInForce(ports, plan);
  const { items } = await ports.store.listPlans();
  const younger = items.find(
    ({ generation, state }) => generation > plan.generation && state === 'applying',
  );
  if (younger === undefined) return head;
  throw new StalePlan(
    `${younger.id} has begun meanwhile; what ${plan.id} would still take away is left to it`,
  );
}
