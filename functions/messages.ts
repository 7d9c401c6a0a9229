import { z } from 'zod';

/** Ids that workloads have (core/model/identity.ts), as they may stand in a message. */
const workloadIdSchema = z
  .string()
  .max(400)
  .regex(/^(?:i-[0-9a-f]+|eni-[0-9a-f]+|ecs:[^:\s]+:[^:\s]+|ext:[^\s]+)$/);

/** Milliseconds since 1970. */
const instantSchema = z.number().int().nonnegative();

/**
 * A message of the FIFO queue: look at this workload again. Everything beside the workload is news
 * that saves a call; without it the same decision comes from a reading.
 */
export const workloadMessageSchema = z.object({
  workload: workloadIdSchema,
  reason: z.enum(['event', 'sweep', 'plan', 'retry', 'api']),
  /** When AWS says it happened; whole seconds. */
  event: instantSchema.optional(),
  /** When the first queue took the event. */
  received: instantSchema.optional(),
  /** The whole tag map after the change, with its version. */
  tags: z
    .object({
      version: z.number().int().nonnegative(),
      values: z.record(z.string(), z.string()),
    })
    .optional(),
});
export type WorkloadMessage = z.infer<typeof workloadMessageSchema>;

/** What is set aside: where it failed, why, and as much of it as is worth keeping. */
export interface RejectedMessage {
  readonly at: string;
  readonly by: 'route' | 'workload';
  readonly reason: string;
  readonly messageId: string;
  readonly body: string;
}

/** Longest piece of a body that is set aside; a rejected message is read by a person. */
export const REJECTED_BODY_MAX = 20_000;
