import { type Assessment, assess as assessInventory } from '../../core/assess/assess.ts';
import { policyEffect } from '../../core/assess/policy-effect.ts';
import { renderAssessment, renderMarkdown } from '../../core/assess/render.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Session } from '../session.ts';
import { lintFolder } from './lint.ts';
import { readInventory } from './plan.ts';

export interface AssessOptions {
  /** Folder of describe output, or an inventory file; undefined: AWS, with the caller's credentials. */
  readonly inventory: string | undefined;
  readonly policy: string | undefined;
  readonly markdown: boolean;
  /** Tag keys, separated by commas. */
  readonly groupBy: string | undefined;
  readonly stack: string;
}

/** How segmented an estate is, and what a policy would change. Needs no deployment. */
export async function assess(session: Session, options: AssessOptions): Promise<ExitCode> {
  const inventory = await readInventory(session, options);
  const progress = session.progress('asking who reaches whom');
  let assessment: Assessment;
  try {
    const keys = options.groupBy?.split(',').map((key) => key.trim());
    assessment = assessInventory({
      inventory,
      ...(keys === undefined ? {} : { groupBy: keys.filter((key) => key !== '') }),
    });
  } finally {
    progress.stop();
  }
  if (options.policy !== undefined) {
    const { policy, diagnostics } = await lintFolder(session, options.policy);
    if (policy === undefined) throw badPolicy(options.policy, diagnostics);
    const found = policyEffect({ policy, inventory, owner: options.stack });
    if (found.effect === undefined) throw badPolicy(options.policy, found.diagnostics);
    assessment = { ...assessment, policy: found.effect };
  }
  session.result(
    assessment,
    options.markdown ? renderMarkdown(assessment) : renderAssessment(assessment),
  );
  return EXIT.ok;
}

function badPolicy(folder: string, diagnostics: CliFailure['diagnostics']): CliFailure {
  return new CliFailure({
    exitCode: EXIT.badInput,
    code: 'bad-policy',
    message: `the policy in \`${folder}\` has errors, or does not fit the estate`,
    diagnostics,
  });
}
