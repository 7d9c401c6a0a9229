import { compilePolicy } from '../compile/compile-policy.ts';
import type { DesiredState } from '../model/desired-state.ts';
import type { Plan } from '../model/plan.ts';
import type { Diagnostic } from '../model/policy.ts';
import { checkRoom } from './check-room.ts';
import { type PlanInput, planChanges } from './plan-changes.ts';

/** What a plan is made from; what is absent is as before a first publish. */
export type Proposal = Pick<PlanInput, 'policy' | 'inventory' | 'now' | 'owner'> &
  Partial<Omit<PlanInput, 'desired'>>;

export interface Proposed {
  readonly desired: DesiredState;
  /** Of compiling and of the plan. With an error there is no plan, except to uninstall. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absent where AWS would refuse it. */
  readonly plan?: Plan;
}

/** Compiles a policy and plans the way to it; an uninstall works whatever state the policy is in. */
export function proposePlan(proposal: Proposal): Proposed {
  const { policy, inventory, now, owner, ledger = {}, kind = 'publish' } = proposal;
  const { desired, diagnostics } = compilePolicy({ policy, inventory, ledger, now, owner });
  if (kind === 'publish' && hasError(diagnostics)) return { desired, diagnostics };
  const plan = planChanges({
    ...{ held: new Set<string>(), generation: 1, base: 0, ...proposal },
    ...{ desired, ledger, kind },
  });
  const found = [...diagnostics, ...checkRoom(plan, inventory, owner)];
  if (kind === 'publish' && hasError(found)) return { desired, diagnostics: found };
  return { desired, diagnostics: found, plan };
}

function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}
