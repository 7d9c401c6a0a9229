import type { Diagnostic, PolicySource } from '../model/policy.ts';
import { Findings, startOf } from './diagnostics.ts';
import { FILE_BYTES_MAX } from './limits.ts';

/**
 * Turns a file's bytes into a source. A byte order mark is dropped.
 *
 * Errors: `file-too-large`, `not-utf-8` (located at the first bad byte). Never throws.
 */
export function decodeSource(
  file: string,
  bytes: Uint8Array,
): { readonly source?: PolicySource; readonly diagnostics: readonly Diagnostic[] } {
  const findings = new Findings();
  if (bytes.length > FILE_BYTES_MAX) {
    addTooLarge(findings, file, bytes.length);
    return { diagnostics: findings.sorted() };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { source: { file, text }, diagnostics: [] };
  } catch {
    const { line, column, hex } = firstBadByte(bytes);
    const utf16 =
      (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    findings.add(
      'not-utf-8',
      { file, line, column },
      `byte \`0x${hex}\` is not UTF-8`,
      utf16 ? 'the file looks like UTF-16; save it as UTF-8' : 'save the file as UTF-8',
    );
    return { diagnostics: findings.sorted() };
  }
}

export function addTooLarge(findings: Findings, file: string, bytes: number): void {
  findings.add(
    'file-too-large',
    startOf(file),
    `the file has \`${bytes}\` bytes; at most ${FILE_BYTES_MAX} are read`,
    'split it by team',
  );
}

function firstBadByte(bytes: Uint8Array): { line: number; column: number; hex: string } {
  const good = goodLength(bytes);
  const before = new TextDecoder().decode(bytes.subarray(0, good));
  return {
    line: before.split('\n').length,
    column: before.length - before.lastIndexOf('\n'),
    hex: Buffer.from(bytes.subarray(good, good + 1)).toString('hex'),
  };
}

/** Bytes up to the first that is not UTF-8 (RFC 3629, section 4). */
function goodLength(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    try {
      decoder.decode(bytes.subarray(at, at + size));
    } catch {
      return at;
    }
    at += size;
  }
  return at;
}
