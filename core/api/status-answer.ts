import * as z from 'zod';
import { planSummarySchema } from './plan-answer.ts';
import { time } from './time.ts';

const milliseconds = z.number().meta({ description: 'milliseconds' });

export const percentilesSchema = z.object({
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  max: milliseconds,
});

/** Received to written, and each hop, over the changes that are kept. */
export const latencySchema = z.object({
  count: z.number().int(),
  receivedToWritten: percentilesSchema.optional(),
  hops: z.record(z.string(), percentilesSchema),
});

export const sweepSchema = z.object({
  startedAt: time,
  finishedAt: time,
  workloads: z.number().int(),
  missedByEvents: z.number().int().meta({ description: 'changes that no event had told of' }),
  drifted: z.number().int().meta({ description: 'interfaces that somebody else had changed' }),
  gaps: z.array(z.string()).readonly(),
});

export const proofSchema = z.object({
  at: time.meta({ description: 'when the inventory was taken that was compared' }),
  generation: z.number().int(),
  policyVersion: z.string(),
  pairs: z.number().int().meta({ description: 'ordered pairs of interfaces; all ports of each' }),
  classes: z.number().int().meta({ description: 'classes of interfaces that nothing tells apart' }),
  holes: z
    .number()
    .int()
    .meta({ description: 'pairs that AWS lets exchange more than the policy' }),
  cuts: z.number().int().meta({ description: 'pairs that AWS lets exchange less than the policy' }),
  excused: z.number().int().meta({ description: 'pairs that differ for a known reason' }),
  named: z
    .array(
      z.object({
        kind: z.enum(['hole', 'cut']),
        from: z.string(),
        to: z.string(),
        fromName: z.string(),
        toName: z.string(),
        family: z.enum(['ipv4', 'ipv6']),
        traffic: z.string(),
        because: z.string().optional(),
      }),
    )
    .readonly(),
  durationMs: milliseconds,
});

export const statusCountsSchema = z.record(z.string(), z.number().int());

/** GET /v1/status. */
export const statusSchema = z.object({
  stack: z.string(),
  version: z.string().meta({ description: 'deployed version of the software' }),
  runtime: z.string().meta({ description: 'Node.js that the functions run on' }),
  time: time.meta({ description: 'clock of the API' }),
  idle: z.boolean().meta({ description: 'true while nothing is in force' }),
  generation: z.number().int(),
  phase: z.enum(['attach', 'steady']).optional(),
  policyVersion: z.string().optional(),
  since: time.optional(),
  managedVpcs: z.array(z.string()).readonly(),
  workloads: z.object({
    total: z.number().int(),
    byStatus: statusCountsSchema,
    heldBecause: statusCountsSchema.meta({
      description:
        'held ones by reason: left (in no segment any more), loosened (an event would have ended its enforcement), share (its segment lost as many as the leave guard lets go), flapping',
    }),
    complete: z.boolean().meta({ description: 'false when there were too many to count' }),
  }),
  segments: z.number().int(),
  blockedSegments: z
    .array(
      z.object({ segment: z.string(), reason: z.string(), message: z.string(), hint: z.string() }),
    )
    .readonly(),
  plan: planSummarySchema.optional().meta({ description: 'the plan that is under way' }),
  latency: latencySchema,
  sweep: sweepSchema.optional(),
  proof: proofSchema.optional().meta({ description: 'the last comparison of all pairs' }),
  counts: statusCountsSchema,
  open: z.object({
    count: z.number().int().meta({ description: 'interfaces that wait to be looked at' }),
    oldest: z
      .object({
        interface: z.string(),
        workload: z.string(),
        since: time.optional(),
        reason: z.string(),
      })
      .optional(),
  }),
  parked: z.object({
    count: z.number().int().meta({ description: 'workloads that wait for their turn' }),
    oldest: z
      .object({ workload: z.string(), since: time, due: time, reason: z.string() })
      .optional(),
  }),
});
export type Status = z.infer<typeof statusSchema>;
