import { pathDifference } from '../../core/api/path-difference.ts';
import type { Difference } from '../../core/api/plan-answer.ts';
import { withLimits } from '../../core/limits/measure-limits.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Plan } from '../../core/model/plan.ts';
import type { Diagnostic, Policy } from '../../core/model/policy.ts';
import { proposePlan } from '../../core/plan/propose-plan.ts';
import { lintAgainstInventory } from '../../core/policy/lint-inventory.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { readInventoryAt } from '../read-inventory.ts';
import { renderDiagnostic } from '../render-diagnostics.ts';
import { renderDifference, renderLimits, renderSteps } from '../render-plan.ts';
import type { Session } from '../session.ts';
import { lintFolder } from './lint.ts';

export interface PlanOptions {
  /** File or folder; undefined: AWS is read with the caller's own credentials. */
  readonly inventory?: string | undefined;
  readonly stack: string;
}

/**
 * What publishing the folder would do to the estate as it is now. Needs no control plane and writes
 * nothing; the ledger is not known here, so what a demotion would put back is not shown.
 */
export async function plan(
  session: Session,
  folder: string,
  options: PlanOptions,
): Promise<ExitCode> {
  const { policy, diagnostics } = await lintFolder(session, folder);
  if (policy === undefined) {
    throw badPolicy(
      `the policy in \`${folder}\` has errors, so there is nothing to plan`,
      diagnostics,
    );
  }
  const inventory = await readInventory(session, options);
  const planned = planPolicy({ session, policy, inventory, owner: options.stack });
  const all = [...diagnostics, ...planned.diagnostics];
  const text = [
    ...all.map((found) => renderDiagnostic(session.colours, found, folder)),
    renderSteps(session, planned.plan),
    renderDifference(planned.difference),
    renderLimits(session, planned.plan.limits),
  ].join('');
  session.result(
    {
      policyVersion: policy.version,
      inventory: { takenAt: inventory.takenAt, gaps: inventory.gaps },
      plan: planned.plan,
      difference: planned.difference,
      diagnostics: all,
    },
    text,
  );
  return EXIT.ok;
}

export async function readInventory(
  session: Session,
  options: Pick<PlanOptions, 'inventory'>,
): Promise<Inventory> {
  if (options.inventory !== undefined) {
    return await readInventoryAt(session.io.cwd, options.inventory);
  }
  const progress = session.progress('reading the estate with your AWS credentials');
  try {
    return await session.io.collectInventory();
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new CliFailure({
      exitCode: EXIT.unreachable,
      code: 'estate-unreadable',
      message: `the estate could not be read: ${reason}`,
      hint: 'check your AWS credentials and AWS_REGION, or give --inventory',
      cause,
    });
  } finally {
    progress.stop();
  }
}

interface Planned {
  readonly plan: Plan;
  readonly difference: Difference;
  readonly diagnostics: readonly Diagnostic[];
}

function planPolicy(input: {
  readonly session: Session;
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly owner: string;
}): Planned {
  const { policy, inventory, owner } = input;
  const now = new Date(input.session.io.now()).toISOString();
  const {
    desired,
    plan: changes,
    diagnostics: found,
  } = proposePlan({ policy, inventory, now, owner });
  const diagnostics = [...lintAgainstInventory(policy, inventory), ...found];
  if (changes === undefined || diagnostics.some(({ severity }) => severity === 'error')) {
    throw badPolicy('the policy does not fit the estate', diagnostics);
  }
  const plan = withLimits({ plan: changes, inventory, desired, owner, policy });
  const difference = pathDifference({ policy, inventory, plan, owner, now });
  return { plan, difference, diagnostics };
}

function badPolicy(message: string, diagnostics: readonly Diagnostic[]): CliFailure {
  return new CliFailure({ exitCode: EXIT.badInput, code: 'bad-policy', message, diagnostics });
}
