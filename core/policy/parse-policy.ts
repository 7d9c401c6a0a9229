import type { Diagnostic, Policy, PolicySource } from '../model/policy.ts';
import { addTooLarge } from './decode.ts';
import { Findings, startOf } from './diagnostics.ts';
import { FILE_BYTES_MAX, FILES_MAX, POLICY_BYTES_MAX } from './limits.ts';
import { lintReferences } from './lint-references.ts';
import { lintSense } from './lint-sense.ts';
import { policyVersion } from './policy-version.ts';
import { checkFileNames, type Draft, readEntries, readFile } from './read-files.ts';
import { Reading } from './reading.ts';

/**
 * Reads and lints a policy: syntax, shape, values, names, and what can be said of the rules without
 * looking at AWS.
 *
 * - All findings come back at once, errors before warnings, each by file, line and column; at most
 *   DIAGNOSTICS_MAX, and the last one then says how many are left out.
 * - The policy is absent if and only if there is an error.
 * - Never throws, whatever the text. The order of the sources does not matter.
 *
 * @param options.now ISO 8601, UTC; decides which rules are expired (`expires` is the last day).
 * @example
 * const { policy, diagnostics } = parsePolicy(
 *   [{ file: 'root.yaml', text: 'apiVersion: bulkhead/v1' }],
 *   { now: '2026-11-23T12:00:00Z' },
 * );
 */
export function parsePolicy(
  sources: readonly PolicySource[],
  options: { readonly now: string },
): { readonly policy?: Policy; readonly diagnostics: readonly Diagnostic[] } {
  const reading = new Reading(new Findings());
  const { findings } = reading;
  const readable = withinLimits(sources, findings);
  checkFileNames(sources, reading);
  const roots = readable.flatMap((source) => readFile(source, reading) ?? []);
  const draft = readEntries(roots, reading);
  lintReferences(draft, reading);
  lintSense(draft, options.now, reading);
  const diagnostics = findings.sorted();
  if (findings.errors > 0) return { diagnostics };
  return { policy: assemble(draft, reading, policyVersion(sources)), diagnostics };
}

/** The sources that are worth reading, by name: root files first, so that they keep their names. */
function withinLimits(
  sources: readonly PolicySource[],
  findings: Findings,
): readonly PolicySource[] {
  if (sources.length > FILES_MAX) {
    const message = `the policy has \`${sources.length}\` files; at most ${FILES_MAX} are read`;
    findings.add('too-many-files', startOf('root.yaml'), message, 'use one file a team');
    return [];
  }
  const sized = sources.map((source) => ({ source, bytes: Buffer.byteLength(source.text) }));
  for (const { source, bytes } of sized) {
    if (bytes > FILE_BYTES_MAX) addTooLarge(findings, source.file, bytes);
  }
  const small = sized.filter(({ bytes }) => bytes <= FILE_BYTES_MAX);
  const together = small.reduce((sum, { bytes }) => sum + bytes, 0);
  if (together > POLICY_BYTES_MAX) {
    const message = `the files have \`${together}\` bytes together; at most ${POLICY_BYTES_MAX} are read`;
    const hint = 'use globs and lists instead of repeating rules';
    findings.add('policy-too-large', startOf('root.yaml'), message, hint);
    return [];
  }
  return byKey(
    small.map(({ source }) => source),
    fileKey,
  );
}

/** Two sources of one name are an error; their texts still order them, so that nothing else does. */
function fileKey(source: PolicySource): string {
  return `${source.file}\u0000${source.text}`;
}

function assemble(draft: Draft, reading: Reading, version: string): Policy {
  const values = <T>(entries: readonly { readonly value: T }[]): T[] =>
    entries.map(({ value }) => value);
  return {
    version,
    settings: draft.settings,
    zones: byKey(draft.zones, (zone) => zone.name),
    networks: byKey(values(draft.networks), (network) => network.name),
    services: Object.fromEntries(byKey([...reading.services], ([name]) => name)),
    segments: byKey(values(draft.segments), (segment) => segment.name),
    rules: byKey(values(draft.rules), (rule) => rule.id),
    baseline: byKey(values(draft.baseline), (entry) => entry.id),
    guardrails: byKey(values(draft.guardrails), (guardrail) => guardrail.id),
    assertions: byKey(values(draft.assertions), (assertion) => assertion.id),
  };
}

function byKey<T>(entries: readonly T[], key: (entry: T) => string): T[] {
  return entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
