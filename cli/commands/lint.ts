import type { Diagnostic, Policy } from '../../core/model/policy.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { readPolicyFolder } from '../read-policy.ts';
import { countDiagnostics, plural, renderDiagnostic } from '../render-diagnostics.ts';
import type { Session } from '../session.ts';

export interface LintedFolder {
  readonly policy?: Policy;
  readonly sources: readonly { readonly file: string; readonly text: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and parses a folder. The policy is absent iff there is an error. */
export async function lintFolder(session: Session, folder: string): Promise<LintedFolder> {
  const read = await readPolicyFolder(session.io.cwd, folder);
  const now = new Date(session.io.now()).toISOString();
  const parsed = parsePolicy(read.sources, { now });
  const diagnostics = [...read.diagnostics, ...parsed.diagnostics];
  const unreadable = read.diagnostics.some((found) => found.severity === 'error');
  return {
    sources: read.sources,
    diagnostics,
    ...(parsed.policy === undefined || unreadable ? {} : { policy: parsed.policy }),
  };
}

export async function lint(session: Session, folder: string): Promise<ExitCode> {
  const { policy, diagnostics } = await lintFolder(session, folder);
  const { errors, warnings } = countDiagnostics(diagnostics);
  const contents =
    policy === undefined
      ? undefined
      : {
          segments: policy.segments.length,
          rules: policy.rules.length,
          networks: policy.networks.length,
          guardrails: policy.guardrails.length,
          assertions: policy.assertions.length,
        };
  const text = [
    ...diagnostics.map((found) => renderDiagnostic(session.colours, found, folder)),
    `${folder}: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}\n`,
    policy === undefined
      ? ''
      : `${plural(policy.segments.length, 'segment')}, ${plural(policy.rules.length, 'rule')}, ` +
        `version ${policy.version}\n`,
  ].join('');
  session.result(
    {
      ok: policy !== undefined,
      ...(policy === undefined ? {} : { version: policy.version, contents }),
      diagnostics,
    },
    text,
  );
  return policy === undefined ? EXIT.badInput : EXIT.ok;
}
