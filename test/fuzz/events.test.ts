import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QueueRecord } from '../../functions/door.ts';
import { type WorkloadMessage, workloadMessageSchema } from '../../functions/messages.ts';
import { readEvent } from '../../functions/read-event.ts';
import { type Routed, routeEvents } from '../../functions/route-events.ts';
import { workOff } from '../../functions/work-off.ts';
import { apiCall, instanceState, scalingHook, tagChange, taskState } from '../functions/samples.ts';
import { FUZZ_RUNS, hostileText, hostileValue, mutated } from './hostile.ts';

/** Largest message of SQS and the longest group and deduplication id (SQS, "Message quotas"). */
const MESSAGE_BYTES_MAX = 1_048_576;
const ID_LENGTH_MAX = 128;

/** What AWS was seen to send beside what it documents: other versions, more fields, empty lists. */
const VARIANTS = [
  { ...tagChange, detail: { ...tagChange.detail, version: 4.5, 'version-timestamp': '1' } },
  { ...tagChange, detail: { ...tagChange.detail, version: '7', tags: {} } },
  { ...taskState, detail: { ...taskState.detail, attachments: [], containers: [{}] } },
  {
    ...apiCall,
    detail: { ...apiCall.detail, errorCode: 'Client.Unauthorized', responseElements: null },
  },
];
const SAMPLES = [instanceState, tagChange, taskState, scalingHook, apiCall, ...VARIANTS];

const almostEvent = fc
  .constantFrom(...SAMPLES)
  .chain((sample) => mutated(sample))
  .map((event) => JSON.stringify(event));

const body = fc.oneof(
  { weight: 6, arbitrary: almostEvent },
  hostileValue.map((value) => JSON.stringify(value)),
  hostileText,
  fc.tuple(almostEvent, fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
);

function record(messageId: string, text: string): QueueRecord {
  return {
    messageId,
    receiptHandle: messageId,
    body: text,
    attributes: { SentTimestamp: 1_795_448_124_607, ApproximateReceiveCount: 1 },
  };
}

test('an event is read, ignored or refused with a reason', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(body, (text) => {
      const reading = readEvent(text, 1_795_448_124_607);
      seen.add(reading.kind);
      if (reading.kind === 'unreadable') {
        expect(reading.reason.length).toBeGreaterThan(3);
        expect(reading.reason.length).toBeLessThan(500);
      }
      if (reading.kind !== 'look-again') return;
      // What is sent on is what the next function takes.
      for (const message of reading.messages) {
        const carried = JSON.parse(JSON.stringify(message));
        expect(workloadMessageSchema.parse(carried)).toEqual(message);
      }
    }),
    { numRuns: FUZZ_RUNS * 4 },
  );
  expect([...seen].sort()).toEqual(['ignored', 'look-again', 'unreadable']);
});

test('what cannot be news never keeps a workload from being looked at', () => {
  const values = fc.oneof(
    hostileValue,
    fc.double().map((n) => (Number.isFinite(n) ? n : null)),
  );
  fc.assert(
    fc.property(values, values, values, (version, tags, time) => {
      const detail = { ...tagChange.detail, version, tags };
      const reading = readEvent(JSON.stringify({ ...tagChange, time, detail }));
      expect(reading).toMatchObject({
        kind: 'look-again',
        messages: [{ workload: 'i-0000000aaaaaaaaaa' }],
      });
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test('every record of a batch is sent on, set aside or ignored, and none stops another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 10 }), async (bodies) => {
      const sent: Routed[] = [];
      const rejected: { key: string; body: string }[] = [];
      let ignored = 0;
      const answer = await routeEvents(
        {
          send: async (messages) => {
            sent.push(...messages);
            return new Map();
          },
          reject: async (messages) => {
            rejected.push(...messages);
            return new Map();
          },
          signal: {
            event: (name) => {
              if (name === 'event-ignored') ignored += 1;
            },
          },
          now: () => 0,
        },
        bodies.map((text, at) => record(`m${at}`, text)),
      );
      expect(answer.batchItemFailures).toEqual([]);
      const keys = new Set([...sent, ...rejected].map(({ key }) => key));
      expect(keys.size + ignored).toBe(bodies.length);
      for (const { body: text } of [...sent, ...rejected]) {
        expect(Buffer.byteLength(text)).toBeLessThan(MESSAGE_BYTES_MAX);
      }
      for (const { group, deduplicationId } of sent) {
        expect(group).toMatch(/^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/);
        expect(deduplicationId.length).toBeLessThanOrEqual(ID_LENGTH_MAX);
      }
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 2) },
  );
});

test('the second queue takes the same care: what is no message is set aside', async () => {
  const message = { workload: 'i-0a', reason: 'event', tags: { version: 1, values: { a: 'b' } } };
  const almostMessage = mutated(message).map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(fc.oneof(almostMessage, body), async (text) => {
      const processed: WorkloadMessage[] = [];
      let rejected = 0;
      const answer = await workOff(
        {
          process: async (one) => {
            processed.push(one);
          },
          reject: async (messages) => {
            rejected += messages.length;
            return new Map();
          },
          delay: async () => {},
          signal: { event: () => {} },
          now: () => 0,
        },
        [record('m', text)],
      );
      expect(answer.batchItemFailures).toEqual([]);
      expect(processed.length + rejected).toBe(1);
      expect(workloadMessageSchema.array().parse(processed)).toEqual(processed);
    }),
    { numRuns: FUZZ_RUNS },
  );
});
