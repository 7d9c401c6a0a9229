import * as z from 'zod';
import { time } from './time.ts';

export const explainQuerySchema = z.strictObject({
  from: z.string().min(1).max(256).meta({ description: 'workload id or address' }),
  to: z.string().min(1).max(256).meta({ description: 'workload id or address' }),
  port: z.string().min(1).max(64).meta({ description: '`tcp/443`, `icmp/8`, `udp`, a service' }),
});

const verdict = z.enum(['allow', 'deny', 'partly', 'unknown']);

const answer = z.object({
  verdict,
  why: z.array(z.string()).readonly().meta({ description: 'what decides, most important first' }),
});

const end = z.object({
  asked: z.string(),
  workload: z.string().optional(),
  addresses: z.array(z.string()).readonly(),
  segments: z.array(z.string()).readonly(),
});

/** GET /v1/explain: the policy's answer and AWS's, which two evaluators give independently. */
export const explainAnswerSchema = z.object({
  from: end,
  to: end,
  port: z.string(),
  policy: answer,
  aws: answer,
  agree: z.boolean(),
  notes: z.array(z.string()).readonly().meta({ description: 'what the two answers leave out' }),
  inventoryAt: time,
  policyVersion: z.string().optional(),
});
export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;
