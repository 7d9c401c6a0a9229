import { createHash } from 'node:crypto';
import type { PolicySource } from '../model/policy.ts';

/**
 * The content address of a policy: `sha256:` and 64 hexadecimal digits. The order of the files and
 * the way lines end do not matter; names of files, comments and spaces do, since the version stands
 * for what was reviewed.
 */
export function policyVersion(sources: readonly PolicySource[]): string {
  const canonical = sources
    .map(({ file, text }) => [file, text.replace(/^\u{feff}/u, '').replace(/\r\n?/g, '\n')])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0));
  return `sha256:${createHash('sha256').update(JSON.stringify(canonical)).digest('hex')}`;
}
