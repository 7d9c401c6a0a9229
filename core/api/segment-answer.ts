import * as z from 'zod';
import { blockedSchema } from './plan-answer.ts';

const texts = z.array(z.string()).readonly();

export const segmentSummarySchema = z.object({
  name: z.string(),
  mode: z.enum(['observe', 'stage', 'enforce']),
  egress: z.enum(['open', 'closed']),
  zone: z.string().optional(),
  crownJewel: z.boolean(),
  team: z.string().optional(),
  why: z.string().optional(),
  members: z.number().int(),
  blocked: blockedSchema.optional(),
});
export type SegmentSummary = z.infer<typeof segmentSummarySchema>;

/** GET /v1/segments: all at once, since a policy holds 1,000 at most. */
export const segmentListSchema = z.object({
  generation: z.number().int(),
  items: z.array(segmentSummarySchema).readonly(),
});
export type SegmentList = z.infer<typeof segmentListSchema>;

export const segmentRuleSchema = z.object({
  id: z.string(),
  from: texts,
  to: texts,
  allow: texts,
  why: z.string(),
  ticket: z.string().optional(),
  expires: z.string().optional(),
  expired: z.boolean(),
});

/** GET /v1/segments/{name}. */
export const segmentAnswerSchema = z.object({
  ...segmentSummarySchema.shape,
  generation: z.number().int(),
  rules: z.array(segmentRuleSchema).readonly(),
  groups: z
    .array(z.object({ vpc: z.string(), group: z.string() }))
    .readonly()
    .meta({ description: 'the security group of the segment in each VPC' }),
  statuses: z
    .record(z.string(), z.number().int())
    .meta({ description: 'members by status, of the first thousand' }),
});
export type SegmentAnswer = z.infer<typeof segmentAnswerSchema>;
