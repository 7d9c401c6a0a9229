import * as z from 'zod';
import { PAGE_SIZE_MAX } from './limits.ts';
import { time } from './time.ts';

const texts = z.array(z.string()).readonly();

export const WORKLOAD_STATUSES = [
  'unmanaged',
  'unclassified',
  'observed',
  'staged',
  'enforced',
  'held',
  'blocked',
  'conflict',
  'visible',
] as const;

/** A workload as the last run that looked at it left it. */
export const workloadSummarySchema = z.object({
  id: z.string(),
  kind: z.enum(['instance', 'task', 'interface', 'external']),
  name: z.string().optional(),
  state: z.string(),
  status: z.enum(WORKLOAD_STATUSES),
  statusReason: z.string().optional(),
  segments: texts,
  zone: z.string().optional(),
  mode: z.enum(['observe', 'stage', 'enforce']),
  held: z.boolean(),
  vpc: z.string().optional(),
  changedAt: time,
  generation: z.number().int(),
});
export type WorkloadSummary = z.infer<typeof workloadSummarySchema>;

export const workloadPageSchema = z.object({
  items: z.array(workloadSummarySchema).readonly(),
  cursor: z.string().optional().meta({ description: 'absent on the last page' }),
});
export type WorkloadPage = z.infer<typeof workloadPageSchema>;

export const workloadQuerySchema = z.strictObject({
  segment: z.string().min(1).max(256).optional(),
  cursor: z.string().min(1).max(4_096).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_SIZE_MAX).optional(),
});

export const planQuerySchema = z.strictObject({ cursor: workloadQuerySchema.shape.cursor });

export const interfaceAnswerSchema = z.object({
  id: z.string(),
  groups: texts,
  ledger: texts
    .optional()
    .meta({ description: 'foreign groups as they were before we changed them' }),
  phase: z.enum(['attach', 'steady']),
  generation: z.number().int(),
  outcome: z.string(),
  reason: z.string().optional(),
  verifiedAt: time.optional(),
  pending: z.boolean().meta({ description: 'true while it waits to be looked at again' }),
});

/** GET /v1/workloads/{id}. */
export const workloadAnswerSchema = z.object({
  ...workloadSummarySchema.shape,
  identity: z.object({
    workload: z.string(),
    kind: workloadSummarySchema.shape.kind,
    tags: z.record(z.string(), z.string()),
    iamRole: z.string().optional(),
    account: z.string(),
    region: z.string(),
    vpc: z.string().optional(),
    subnets: texts,
    cluster: z.string().optional(),
    service: z.string().optional(),
    autoScalingGroup: z.string().optional(),
    name: z.string().optional(),
  }),
  control: z.enum(['attach', 'alias', 'peer', 'visible']),
  controlReason: z.string().optional(),
  withheld: z.array(z.object({ segment: z.string(), because: z.string() })).readonly(),
  conflicts: texts,
  keeps: texts
    .optional()
    .meta({ description: 'segments whose groups it carries although it is in them no more' }),
  firstSeen: time,
  tagsAt: time,
  interfaces: z.array(interfaceAnswerSchema).readonly(),
});
export type WorkloadAnswer = z.infer<typeof workloadAnswerSchema>;
