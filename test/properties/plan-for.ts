import fc from 'fast-check';
import type { Plan } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import { proposePlan } from '../../core/plan/propose-plan.ts';
import type { Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';

/** The plan of a publish; a world whose policy AWS's limits refuse is left out of the search. */
export function planFor(
  policy: Policy,
  estate: Estate,
  more: { kind?: Plan['kind']; held?: ReadonlySet<string> } = {},
): Plan {
  const { plan } = proposePlan({ policy, ...estate, now: NOW, owner: OWNER, ...more });
  // What AWS would refuse is never planned.
  fc.pre(plan !== undefined);
  return plan;
}
