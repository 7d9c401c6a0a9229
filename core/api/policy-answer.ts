import * as z from 'zod';
import { diagnosticSchema } from './diagnostic.ts';
import { acceptedPlanSchema } from './plan-answer.ts';
import { time } from './time.ts';

/** Most files in one publish. */
export const POLICY_FILES_MAX = 1_000;

export const policySourceSchema = z.strictObject({
  file: z.string().min(1).max(512),
  text: z.string(),
});

/** Body of POST /v1/policies; the headers If-Match or If-None-Match: * go with it. */
export const publishRequestSchema = z.strictObject({
  sources: z.array(policySourceSchema).min(1).max(POLICY_FILES_MAX).readonly(),
});
export type PublishRequest = z.infer<typeof publishRequestSchema>;

/** Answer of POST /v1/policies (202); Location names the plan. */
export const publishAnswerSchema = z.object({
  ...acceptedPlanSchema.shape,
  policyVersion: z.string(),
  warnings: z.array(diagnosticSchema).readonly(),
});
export type PublishAnswer = z.infer<typeof publishAnswerSchema>;

/** GET /v1/policies. The ETag is the version in double quotes. */
export const policyAnswerSchema = z.object({
  version: z.string(),
  author: z.string(),
  publishedAt: time,
  generation: z.number().int().optional(),
  sources: z.array(policySourceSchema).readonly(),
});
export type PolicyAnswer = z.infer<typeof policyAnswerSchema>;

/** POST /v1/sweeps (202). */
export const sweepAnswerSchema = z.object({ accepted: z.literal(true) });
