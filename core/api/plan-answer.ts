import * as z from 'zod';
import { WHY_LENGTH_MAX } from './limits.ts';
import { limitsSchema } from './limits-answer.ts';
import { time } from './time.ts';

const texts = z.array(z.string()).readonly();
const direction = z.enum(['ingress', 'egress']);
const stepBase = { id: z.string(), after: texts };
const phase = z.enum(['create', 'attach', 'detach', 'revoke', 'delete']);

const awsPeers = [
  z.object({ kind: z.literal('ipv4'), cidr: z.string() }),
  z.object({ kind: z.literal('ipv6'), cidr: z.string() }),
  z.object({ kind: z.literal('prefixList'), id: z.string() }),
  z.object({ kind: z.literal('group'), id: z.string() }),
] as const;
const ports = {
  protocol: z.number().int().meta({ description: '0 to 255, or -1 for every protocol' }),
  fromPort: z.number().int(),
  toPort: z.number().int(),
};

const desiredRuleSchema = z.object({
  ...ports,
  peer: z.discriminatedUnion('kind', [
    ...awsPeers,
    z.object({ kind: z.literal('owned'), key: z.string() }),
  ]),
  because: texts,
});

const groupRuleSchema = z.object({
  ...ports,
  id: z.string().optional(),
  peer: z.discriminatedUnion('kind', [...awsPeers]),
  description: z.string().optional(),
});

export const blockedSchema = z.object({
  reason: z.string(),
  message: z.string(),
  hint: z.string(),
});

export const planStepSchema = z.discriminatedUnion('kind', [
  z.object({
    ...stepBase,
    kind: z.literal('create-group'),
    phase: z.literal('create'),
    group: z.string(),
    vpc: z.string(),
    name: z.string(),
    description: z.string(),
  }),
  z.object({
    ...stepBase,
    kind: z.literal('authorize'),
    phase: z.literal('create'),
    group: z.string(),
    direction,
    rules: z.array(desiredRuleSchema).readonly(),
  }),
  z.object({
    ...stepBase,
    kind: z.enum(['attach', 'detach']),
    phase: z.enum(['attach', 'detach']),
    interface: z.string(),
    workload: z.string(),
    from: texts,
    to: texts,
    blocked: blockedSchema.optional(),
  }),
  z.object({
    ...stepBase,
    kind: z.literal('revoke'),
    phase: z.enum(['revoke', 'create']),
    group: z.string(),
    direction,
    rules: z.array(groupRuleSchema).readonly(),
  }),
  z.object({
    ...stepBase,
    kind: z.literal('delete-group'),
    phase: z.literal('delete'),
    group: z.string(),
    groupId: z.string(),
  }),
]);

export const guardFindingSchema = z.object({
  segment: z.string(),
  changed: z.number(),
  members: z.number(),
  share: z.number(),
  limit: z.number(),
  exceeded: z.boolean(),
});

export const crossingSchema = z.object({
  guardrail: z.string(),
  group: z.string(),
  workloads: texts,
});

export const planSchema = z.object({
  id: z.string(),
  generation: z.number().int(),
  base: z.number().int(),
  policyVersion: z.string(),
  createdAt: time,
  kind: z.enum(['publish', 'uninstall']),
  addOnly: z.boolean(),
  steps: z.array(planStepSchema).readonly(),
  guard: z.array(guardFindingSchema).readonly(),
  crossings: z.array(crossingSchema).readonly().optional(),
  warnings: texts,
  limits: limitsSchema.optional(),
});

export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['added', 'updated', 'removed', 'not-needed']) }),
  z.object({ kind: z.enum(['waiting', 'skipped', 'blocked']), reason: z.string() }),
  z.object({ kind: z.literal('failed'), error: z.string(), code: z.string() }),
]);

export const stepReportSchema = z.object({ step: z.string(), phase, outcome: outcomeSchema });

/** One line of GET /v1/plans; also the head of GET /v1/plans/{id}. */
export const planSummarySchema = z.object({
  id: z.string(),
  generation: z.number().int(),
  kind: z.enum(['publish', 'uninstall']),
  policyVersion: z.string(),
  state: z.enum([
    'planned',
    'waiting-for-approval',
    'applying',
    'done',
    'rejected',
    'stale',
    'failed',
  ]),
  phase,
  author: z.string(),
  decidedBy: z.string().optional(),
  reason: z.string().optional(),
  createdAt: time,
  changedAt: time,
  counts: z.record(z.string(), z.number().int()),
});
export type PlanSummary = z.infer<typeof planSummarySchema>;

export const planPageSchema = z.object({
  items: z.array(planSummarySchema).readonly(),
  cursor: z.string().optional(),
});
export type PlanPage = z.infer<typeof planPageSchema>;

/** A path between two segments or networks that the plan opens or closes, as the policies say. */
export const pathChangeSchema = z.object({
  from: z.string(),
  to: z.string(),
  ports: texts,
});
export type PathChange = z.infer<typeof pathChangeSchema>;

export const differenceSchema = z.object({
  opened: z.array(pathChangeSchema).readonly(),
  closed: z.array(pathChangeSchema).readonly(),
});
export type Difference = z.infer<typeof differenceSchema>;

/** GET /v1/plans/{id}. `plan` is absent while it is being made. */
export const planAnswerSchema = z.object({
  ...planSummarySchema.shape,
  plan: planSchema.optional(),
  difference: differenceSchema.optional(),
  outcomes: z
    .record(z.string(), z.number().int())
    .optional()
    .meta({ description: 'steps of the report by outcome, all of them' }),
  report: z.array(stepReportSchema).readonly().optional(),
  truncated: z
    .boolean()
    .meta({ description: 'true when steps were left out: those that went well go first' }),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;

/** Body of approve and reject. */
export const decisionRequestSchema = z.strictObject({
  why: z.string().trim().max(WHY_LENGTH_MAX).optional(),
});

/** Answer of approve, reject and uninstall: where to look next. */
export const acceptedPlanSchema = z.object({
  plan: z.string(),
  generation: z.number().int(),
  state: planSummarySchema.shape.state,
});
export type AcceptedPlan = z.infer<typeof acceptedPlanSchema>;
