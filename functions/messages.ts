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
  reason: z.enum(['event', 'sweep', 'plan', 'retry', 'parked', 'api']),
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

/** A message of the queue of the parked. */
export const reminderSchema = z.object({ workload: workloadIdSchema, due: z.iso.datetime() });

/** A body as the schema gives it, or why it is none. */
export function readBody<Schema extends z.ZodType>(
  schema: Schema,
  body: string,
): { readonly message: z.output<Schema> } | { readonly wrong: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { wrong: 'the body is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  return { wrong: `\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'is wrong'}` };
}

/** What is set aside: where it failed, why, and as much of it as is worth keeping. */
export interface RejectedMessage {
  readonly at: string;
  readonly by: 'route' | 'workload' | 'wake';
  readonly reason: string;
  readonly messageId: string;
  readonly body: string;
}

/** Longest piece of a body that is set aside; a rejected message is read by a person. */
export const REJECTED_BODY_MAX = 20_000;
