import { expect, test } from 'vitest';
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

/** `line:column code`; in full also `: ` what was seen `; ` what to change. */
function told(found: Diagnostic, inFull: boolean): string {
  const short = `${found.line}:${found.column} ${found.code}`;
  return inFull ? `${short}: ${found.message}; ${found.hint}` : short;
}

/** Text below `apiVersion`, so that it starts on line 2; what has to be found, in order. */
export interface Case {
  readonly name: string;
  readonly text: string;
  /** Each as `line:column code`, or in full with `: ` what was seen `; ` what to change. */
  readonly found: readonly string[];
}

export function expectFound(diagnostics: readonly Diagnostic[], found: readonly string[]): void {
  const inFull = (at: number): boolean => found[at]?.includes(': ') ?? true;
  expect(diagnostics.map((one, at) => told(one, inFull(at)))).toEqual(found);
}

export function check(cases: readonly Case[]): void {
  test.each(cases)('$name', ({ text, found }) => {
    const { policy, diagnostics } = lint(ROOT + text);
    expectFound(diagnostics, found);
    const refused = diagnostics.some(({ severity }) => severity === 'error');
    expect(policy === undefined).toBe(refused);
  });
}

export const SEGMENTS =
  'segments:\n  a: { select: { tags: { app: a } } }\n  b: { select: { tags: { app: b } } }\n';
export const ofRule = (rest: string): string =>
  `${SEGMENTS}rules:\n  - { id: r, ${rest}, why: w }\n`;
export const ofSelect = (select: string): string => `segments:\n  a: { select: ${select} }\n`;
export const ofNetwork = (body: string): string => `networks:\n  n: { ${body} }\n`;
export const ofSettings = (body: string): string => `settings: { ${body} }\n`;
