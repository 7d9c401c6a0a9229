import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Ids, Ports, Queue, Signal } from '../engine/ports.ts';
import { createArchive } from './archive.ts';
import { Outbox } from './outbox.ts';
import { createQueue } from './queue.ts';
import { AwsReader } from './reader.ts';
import { createStore } from './store.ts';
import { Table } from './table.ts';
import { createWriter } from './writer.ts';

export interface PortsOptions {
  /** Name of the stack: the value of the tag `bulkhead:owner`. */
  readonly owner: string;
  readonly table: string;
  readonly bucket: string;
  /** URL; a function without one cannot wake workloads. */
  readonly workloadQueue?: string;
  /** URL; a function without one cannot park them. */
  readonly parkedQueue?: string;
  /** ARNs of the write roles; a function without them cannot write to EC2. */
  readonly enforceRole?: string;
  readonly restoreRole?: string;
  readonly signal: Signal;
}

/** The engine's ports on AWS. Credentials, Region and endpoint are the SDK's own affair. */
export function createPorts(options: PortsOptions): Ports {
  const { owner, enforceRole, restoreRole } = options;
  return {
    owner,
    clock: createClock(),
    ids: createIds(),
    reader: new AwsReader(owner),
    writer: createWriter({
      owner,
      roles: {
        ...(enforceRole === undefined ? {} : { enforce: enforceRole }),
        ...(restoreRole === undefined ? {} : { restore: restoreRole }),
      },
    }),
    store: createStore(new Table(options.table)),
    archive: createArchive(options.bucket),
    queue: queueOf(options),
    signal: options.signal,
  };
}

export function createClock(): Clock {
  return {
    now: () => Date.now(),
    sleep: async (ms) => {
      await wait(ms);
    },
  };
}

/** Time, then a count, then chance: ascending in a process, and no two processes give the same. */
function createIds(): Ids {
  const process = randomBytes(6).toString('hex');
  let count = 0;
  return {
    next() {
      count += 1;
      const time = Date.now().toString(36).padStart(9, '0');
      return `${time}-${count.toString(36).padStart(6, '0')}-${process}`;
    },
  };
}

function queueOf({ workloadQueue, parkedQueue }: PortsOptions): Queue {
  if (workloadQueue !== undefined) {
    const parked = parkedQueue === undefined ? undefined : new Outbox(parkedQueue);
    return createQueue(new Outbox(workloadQueue), parked);
  }
  const absent = async (): Promise<never> => {
    throw new Error('this function was given no queue; infra/ does that where it is needed');
  };
  return { wake: absent, remind: absent };
}
