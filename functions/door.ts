import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import type { Signal } from '../engine/ports.ts';
import { PowertoolsSignal } from './signal.ts';

/** The event is not of the shape that infra wires to the function; no repetition mends that. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

export interface Workshop {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: Signal;
}

/**
 * Logger, metrics and signal of one function, made when its module is loaded. The first line says
 * which Node runs, since emulators run what they find.
 */
export function openWorkshop(name: string): Workshop {
  const logger = new Logger({ persistentKeys: { function: name } });
  const metrics = new Metrics();
  logger.info('function-started', { node: process.version, memory: process.memoryUsage().rss });
  return { logger, metrics, signal: new PowertoolsSignal({ logger, metrics }) };
}

/**
 * A Lambda handler: the event is held against its schema, lines carry the request's id, metrics go
 * out at the end, also after an error.
 */
export function openDoor<Schema extends z.ZodType, Result>(
  workshop: Workshop,
  schema: Schema,
  handle: (event: z.output<Schema>, context: Context) => Promise<Result>,
) {
  const publish = (): void => {
    if (workshop.metrics.hasStoredMetrics()) workshop.metrics.publishStoredMetrics();
  };
  return middy<unknown, Result>(async (event: unknown, context: Context) => {
    const parsed = schema.safeParse(event);
    if (!parsed.success) {
      throw new InvalidInput(z.prettifyError(parsed.error), { cause: parsed.error });
    }
    return await handle(parsed.data, context);
  })
    .use(injectLambdaContext(workshop.logger))
    .use({
      after: publish,
      onError: ({ error }) => {
        workshop.logger.error('failed', error ?? new Error('unknown'));
        publish();
      },
    });
}

/** A batch from SQS, as far as it is used (Lambda Developer Guide, "Using Lambda with SQS"). */
export const batchSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z
        .object({
          SentTimestamp: z.coerce.number().optional(),
          ApproximateReceiveCount: z.coerce.number().default(1),
          MessageGroupId: z.string().optional(),
        })
        .default({ ApproximateReceiveCount: 1 }),
    }),
  ),
});
export type QueueRecord = z.infer<typeof batchSchema>['Records'][number];

/** Which messages of a batch SQS is to give again (ReportBatchItemFailures). */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export function giveAgain(records: readonly Pick<QueueRecord, 'messageId'>[]): BatchAnswer {
  return { batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
