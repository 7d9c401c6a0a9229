import type { Diagnostic, Policy } from '../../../core/model/policy.ts';
import { parsePolicy } from '../../../core/policy/parse-policy.ts';

export const NOW = '2026-11-23T12:00:00Z';

/** A root file whose first line is the version, so that what follows starts on line 2. */
export const ROOT = 'apiVersion: bulkhead/v1\n';

export function lint(...texts: readonly (string | [file: string, text: string])[]): {
  readonly policy?: Policy;
  readonly diagnostics: readonly Diagnostic[];
} {
  const sources = texts.map((given) =>
    typeof given === 'string'
      ? { file: 'root.yaml', text: given }
      : { file: given[0], text: given[1] },
  );
  return parsePolicy(sources, { now: NOW });
}

/** `file:line:column code` of each finding. */
export function places(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map((d) => `${d.file}:${d.line}:${d.column} ${d.code}`);
}

/** The policy of a text that has to lint clean. */
export function policyOf(...texts: readonly (string | [string, string])[]): Policy {
  const { policy, diagnostics } = lint(...texts);
  if (policy === undefined) throw new Error(places(diagnostics).join('\n'));
  return policy;
}
