import type { Diagnostic } from '../core/model/policy.ts';
import { printable } from './printable.ts';
import type { Session } from './session.ts';

/** One finding as compilers write it, so that editors and terminals make the place a link. */
export function renderDiagnostic(
  colours: Session['colours'],
  found: Diagnostic,
  folder: string,
): string {
  const prefix = folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`;
  const place = `${prefix}${printable(found.file, 300)}:${found.line}:${found.column}`;
  const severity =
    found.severity === 'error' ? colours.red(found.severity) : colours.yellow(found.severity);
  const hint = found.hint === '' ? '' : `\n    ${printable(found.hint, 500)}`;
  return `${place}: ${severity} ${found.code}: ${printable(found.message, 500)}${hint}\n`;
}

export function countDiagnostics(diagnostics: readonly Diagnostic[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const errors = diagnostics.filter((found) => found.severity === 'error').length;
  return { errors, warnings: diagnostics.length - errors };
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
