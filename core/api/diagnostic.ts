import * as z from 'zod';
import type { Diagnostic } from '../model/policy.ts';

/** A located finding about the policy, as lint gives it. */
export const diagnosticSchema = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  message: z.string(),
  hint: z.string(),
}) satisfies z.ZodType<Diagnostic>;
