import { z } from 'zod';
import { type WorkloadMessage, workloadMessageSchema } from './messages.ts';

/** What an event comes to. Nothing in it is trusted beyond its shape. */
export type EventReading =
  | {
      readonly kind: 'look-again';
      readonly eventId?: string;
      readonly messages: readonly WorkloadMessage[];
    }
  /** Read and understood, and of no concern here. */
  | { readonly kind: 'ignored'; readonly because: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * The envelope of EventBridge (EventBridge User Guide, "Events"). Only what is used, and all of it
 * optional, since samples exist without source, account or resources; further fields are ignored.
 */
const envelopeSchema = z.object({
  id: z.string().min(1).max(100).optional().catch(undefined),
  'detail-type': z.string().optional().catch(undefined),
  time: z.string().optional().catch(undefined),
  resources: z.array(z.string()).optional().catch(undefined),
  detail: z.record(z.string(), z.unknown()),
});
type Envelope = z.infer<typeof envelopeSchema>;

interface Read {
  readonly workloads: readonly string[];
  readonly tags?: NonNullable<WorkloadMessage['tags']>;
}

/** `undefined`: not an event of this kind. A text: one of this kind, and what is wrong with it. */
type Reader = (event: Envelope) => Read | string | undefined;

const READERS: readonly { readonly types: RegExp; readonly read: Reader }[] = [
  { types: /^EC2 Instance State-change Notification$/, read: readInstanceState },
  { types: /^Tag Change on Resource$/, read: readTagChange },
  { types: /^ECS Task State Change$/, read: readTaskState },
  {
    types: /^EC2 Instance(?:-launch| Launch|-terminate| Terminate)\b/,
    read: readScalingAction,
  },
  { types: /^AWS API Call via CloudTrail$/, read: readApiCall },
];

/**
 * Reads one event of AWS into messages, one for each workload that is to be looked at. The kind is
 * taken from `detail-type`; an event without one is known by the shape of its detail.
 */
export function readEvent(body: string, received?: number): EventReading {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { kind: 'unreadable', reason: 'the body is not JSON' };
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) {
    return { kind: 'unreadable', reason: 'the body has no `detail` object, so it is no event' };
  }
  const event = envelope.data;
  const type = event['detail-type'];
  const readers = READERS.filter(({ types }) => type === undefined || types.test(type));
  if (readers.length === 0) {
    return { kind: 'unreadable', reason: `detail-type \`${type?.slice(0, 100)}\` is not known` };
  }
  const reading = readers.map(({ read }) => read(event)).find((found) => found !== undefined);
  if (reading === undefined) {
    return { kind: 'unreadable', reason: 'nothing in `detail` names a workload' };
  }
  if (typeof reading === 'string') return { kind: 'unreadable', reason: reading };
  return toMessages(event, reading, received);
}

function toMessages(event: Envelope, reading: Read, received: number | undefined): EventReading {
  if (reading.workloads.length === 0) {
    return { kind: 'ignored', because: 'no workload has changed' };
  }
  const at = event.time === undefined ? Number.NaN : Date.parse(event.time);
  const messages: WorkloadMessage[] = [];
  for (const workload of reading.workloads) {
    const message = workloadMessageSchema.safeParse({
      workload,
      reason: 'event',
      ...(Number.isNaN(at) || at < 0 ? {} : { event: at }),
      ...(received === undefined ? {} : { received }),
      ...(reading.tags === undefined ? {} : { tags: reading.tags }),
    });
    if (!message.success) {
      return { kind: 'unreadable', reason: `\`${workload.slice(0, 100)}\` is no workload's id` };
    }
    messages.push(message.data);
  }
  return {
    kind: 'look-again',
    ...(event.id === undefined ? {} : { eventId: event.id }),
    messages,
  };
}

const text = z.string().min(1);

/** Last part of an ARN, or of a plain id, when it has the given beginning. */
function idFrom(texts: readonly (string | undefined)[], beginning: string): string | undefined {
  for (const candidate of texts) {
    const id = candidate?.split('/').at(-1);
    if (id?.startsWith(beginning)) return id;
  }
  return undefined;
}

function readInstanceState(event: Envelope): Read | string | undefined {
  const state = text.safeParse(event.detail.state);
  const named = text.safeParse(event.detail['instance-id']);
  if (event['detail-type'] === undefined && (!state.success || !named.success)) return undefined;
  const id = idFrom([named.data, ...(event.resources ?? [])], 'i-');
  return id === undefined ? 'neither `instance-id` nor `resources` has an instance' : one(id);
}

/** Versions come as 5, as 5.0 and as "5"; a map without one is older than everything. */
const versionSchema = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(?:\.\d+)?$/)
      .transform(Number),
  ])
  .pipe(z.number().nonnegative().max(Number.MAX_SAFE_INTEGER))
  .transform(Math.trunc);

function readTagChange(event: Envelope): Read | string | undefined {
  const detail = event.detail;
  if (event['detail-type'] === undefined && !('changed-tag-keys' in detail)) return undefined;
  const resources = event.resources ?? [];
  const id = idFrom(resources, 'i-') ?? idFrom(resources, 'eni-');
  if (id === undefined) {
    if (resources.length === 0) return '`resources` is absent, so nothing says whose tags changed';
    return { workloads: [] };
  }
  const values = z.record(z.string(), z.string()).safeParse(detail.tags);
  const version = versionSchema.safeParse(detail.version);
  // An interface's tags are not its workload's; and news that cannot be read is no news: the
  // workload is looked at all the same.
  if (!id.startsWith('i-') || !values.success || !version.success) return one(id);
  return { workloads: [id], tags: { version: version.data, values: values.data } };
}

function readTaskState(event: Envelope): Read | string | undefined {
  const task = text.safeParse(event.detail.taskArn);
  if (event['detail-type'] === undefined && !task.success) return undefined;
  const arn = task.data ?? event.resources?.find((resource) => resource.includes(':task/'));
  if (arn === undefined) return 'neither `taskArn` nor `resources` has a task';
  // arn:aws:ecs:region:account:task/<cluster>/<id>, and task/<id> in the old format.
  const parts = arn.split(':task/').at(-1)?.split('/') ?? [];
  const cluster = text.safeParse(event.detail.clusterArn).data?.split('/').at(-1);
  const name = parts.length > 1 ? parts[0] : cluster;
  const id = parts.at(-1);
  if (name === undefined || id === undefined || id === '') {
    return `\`${arn.slice(0, 200)}\` does not say which task of which cluster`;
  }
  return one(`ecs:${name}:${id}`);
}

function readScalingAction(event: Envelope): Read | string | undefined {
  const id = text.safeParse(event.detail.EC2InstanceId);
  if (event['detail-type'] === undefined && !id.success) return undefined;
  return id.success ? one(id.data) : '`EC2InstanceId` is absent';
}

const callSchema = z.object({
  eventName: z.string(),
  requestParameters: z.looseObject({ networkInterfaceId: z.string().optional() }).nullish(),
});

function readApiCall(event: Envelope): Read | string | undefined {
  const call = callSchema.safeParse(event.detail);
  if (!call.success) {
    return event['detail-type'] === undefined ? undefined : '`eventName` is absent';
  }
  const id = call.data.requestParameters?.networkInterfaceId;
  return id === undefined ? { workloads: [] } : one(id);
}

function one(workload: string): Read {
  return { workloads: [workload] };
}
