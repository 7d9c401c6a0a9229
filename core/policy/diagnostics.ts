import type { Diagnostic, Location } from '../model/policy.ts';
import { DIAGNOSTICS_MAX, QUOTE_LENGTH_MAX } from './limits.ts';
import { MESSAGES, type MessageCode } from './messages.ts';

/** Collects findings; severity comes from the registry. */
export class Findings {
  readonly #found: Diagnostic[] = [];
  #dropped = 0;
  #errors = 0;

  add(code: MessageCode, at: Location, message: string, hint: string): void {
    const { severity } = MESSAGES[code];
    if (severity === 'error') this.#errors += 1;
    if (this.#found.length >= DIAGNOSTICS_MAX) {
      this.#dropped += 1;
      return;
    }
    const { file, line, column } = at;
    // Names of files, suggestions and the YAML library's own words quote what somebody wrote.
    const texts = { message: cleanText(message), hint: cleanText(hint) };
    this.#found.push({ file, line, column, severity, code, ...texts });
  }

  /** Errors so far, those that were dropped for their number included. */
  get errors(): number {
    return this.#errors;
  }

  /** Errors before warnings, each by file, line, column and code; the same finding once. */
  sorted(): readonly Diagnostic[] {
    const bySort = new Map(this.#found.map((found) => [sortKey(found), found]));
    const sorted = [...bySort].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
    const last = sorted.at(-1);
    if (this.#dropped === 0 || last === undefined) return sorted;
    const code = 'too-many-diagnostics';
    return [
      ...sorted,
      {
        ...startOf(last.file),
        severity: MESSAGES[code].severity,
        code,
        message: `\`${this.#dropped}\` more findings are not listed`,
        hint: 'mend those above and lint again',
      },
    ];
  }
}

function sortKey(found: Diagnostic): string {
  const place = [found.line, found.column].map((n) => String(n).padStart(10, '0'));
  const parts = [found.severity, found.file, ...place, found.code, found.message];
  return parts.join('\u0000');
}

export function startOf(file: string): Location {
  return { file, line: 1, column: 1 };
}

/** `file:line:column`, as terminals and editors make a link of. */
export function placeOf(at: Location): string {
  return `${at.file}:${at.line}:${at.column}`;
}

/** What must not reach a terminal or hide in a name: control, formatting, lone surrogates. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;
const HIDDEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u;

export function hasHidden(text: string, options: { readonly lines: boolean }): boolean {
  return (options.lines ? HIDDEN_BUT_LINES : HIDDEN).test(text);
}

/** Each character that must not reach a terminal as a replacement character. */
function cleanText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\u{fffd}');
}

/** Text of the user's in backticks: one line, cut, nothing that a terminal would act on. */
export function quote(text: string): string {
  const cut = text.length > QUOTE_LENGTH_MAX ? `${text.slice(0, QUOTE_LENGTH_MAX)}...` : text;
  return `\`${cleanText(cut).replaceAll('`', "'")}\``;
}

export function listed(texts: readonly string[]): string {
  return texts.map(quote).join(', ');
}
