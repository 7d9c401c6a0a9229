import { PROBLEMS, type ProblemCode } from '../../core/api/problem.ts';
import type { Diagnostic } from '../../core/model/policy.ts';

/** A refusal with a reason; the door makes a problem document of it. */
export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  readonly code: ProblemCode;
  readonly diagnostics: readonly Diagnostic[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: {
      readonly diagnostics?: readonly Diagnostic[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.code = code;
    this.diagnostics = more.diagnostics;
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}
