import { createHash } from 'node:crypto';
import type { PolicySource } from '../model/policy.ts';

/**
 * The content address of a policy: `sha256:` and 64 hexadecimal digits. The order of the files and
 * the way lines end do not matter; names of files, comments and spaces do, since the version stands
 * for what was reviewed.
 */
export function policyVersion(sources: readonly PolicySource[]): string {
  const canonical = sources
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, text }) => [file, text.replace(/^\u{feff}/u, '').replace(/\r\n?/g, '\n')]);
  return `sha256:${createHash('sha256').update(JSON.stringify(canonical)).digest('hex')}`;
}
