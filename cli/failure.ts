import type { Diagnostic } from '../core/model/policy.ts';
import type { ExitCode } from './exit-codes.ts';

/** An end with a reason: what was seen, and what to do about it. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  /** Stable; the code of a problem document where the API gave one. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];

  constructor(options: {
    readonly exitCode: ExitCode;
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly diagnostics?: readonly Diagnostic[];
    readonly cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.exitCode = options.exitCode;
    this.code = options.code;
    this.hint = options.hint;
    this.diagnostics = options.diagnostics ?? [];
  }
}
