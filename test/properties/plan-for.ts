import fc from 'fast-check';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import type { Plan } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import { checkRoom } from '../../core/plan/check-room.ts';
import { planChanges } from '../../core/plan/plan-changes.ts';
import type { Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';

/** The plan of a publish; a world whose policy AWS's limits refuse is left out of the search. */
export function planFor(
  policy: Policy,
  estate: Estate,
  more: { kind?: Plan['kind']; held?: ReadonlySet<string> } = {},
): Plan {
  const { desired, diagnostics } = compilePolicy({
    policy,
    ...estate,
    now: NOW,
    owner: OWNER,
  });
  // What AWS would refuse is never planned.
  fc.pre(!diagnostics.some(({ severity }) => severity === 'error'));
  const plan = planChanges({
    desired,
    ...estate,
    policy,
    held: more.held ?? new Set(),
    generation: 1,
    base: 0,
    now: NOW,
    owner: OWNER,
    kind: more.kind ?? 'publish',
  });
  fc.pre(checkRoom(plan, estate.inventory, OWNER).length === 0);
  return plan;
}
