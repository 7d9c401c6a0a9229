import type { ParkedRecord } from '../core/model/record.ts';
import type { Ports, Reminder, Wake } from './ports.ts';
import type { Observation, WorkloadReport } from './workload.ts';

/** SQS holds a message back for 900 seconds at most (Amazon SQS quotas). */
const REMINDER_SECONDS_MAX = 900;

/** Clocks differ, and SQS delivers to the second: a reminder this early is on time. */
const EARLY_MS = 1_000;

/** Whoever is due this long has lost its reminder. */
const OVERDUE_MS = 60_000;

/** What parking needs of the ports. */
export type ParkingPorts = Pick<Ports, 'store' | 'queue' | 'clock' | 'signal'>;

/**
 * After a run: a workload that must wait is parked, one that waited and is done leaves its place.
 * Waiting is no failure, so the message of the run is done with either way.
 *
 * The record is written before the reminder is sent and goes only when the work is done. A crash
 * anywhere leaves a record that falls due, and the sweep wakes what is overdue.
 */
export async function keepParking(
  ports: ParkingPorts,
  observation: Observation,
  report: WorkloadReport,
): Promise<void> {
  const { workload, reason, event, received } = observation;
  if (report.kind !== 'waiting') {
    const wasParked = reason === 'parked' || reason === 'retry' || report.wasParked === true;
    if (wasParked) await ports.store.unpark(workload);
    return;
  }
  const nowMs = ports.clock.now();
  const seconds = Math.max(1, Math.ceil(report.seconds ?? 1));
  const parked: ParkedRecord = {
    workload,
    due: new Date(nowMs + seconds * 1_000).toISOString(),
    since: new Date(nowMs).toISOString(),
    reason: report.because ?? 'waiting',
    ...(report.readAgain === true ? { readAgain: true } : {}),
    ...(event === undefined ? {} : { event }),
    ...(received === undefined ? {} : { received }),
  };
  await ports.store.park(parked);
  await ports.queue.remind({ workload, due: parked.due }, Math.min(seconds, REMINDER_SECONDS_MAX));
  ports.signal.event('workload-parked', { workload, because: parked.reason, due: parked.due });
}

/**
 * - woken: it was due, and a message for it is in the queue.
 * - early: it is due later than SQS can wait; another reminder is under way.
 * - gone: done meanwhile, or parked anew, which has a reminder of its own.
 */
export type Reminded = 'woken' | 'early' | 'gone';

/** Safe to call again for the same reminder: a second message within five minutes is the same one. */
export async function answerReminder(ports: ParkingPorts, reminder: Reminder): Promise<Reminded> {
  const { workload, due } = reminder;
  const parked = await ports.store.readParked(workload);
  if (parked?.due !== due) return 'gone';
  const missingMs = Date.parse(due) - ports.clock.now();
  if (missingMs > EARLY_MS) {
    await ports.queue.remind(
      reminder,
      Math.min(Math.ceil(missingMs / 1_000), REMINDER_SECONDS_MAX),
    );
    return 'early';
  }
  await ports.queue.wake([wakeOf(parked)]);
  return 'woken';
}

/** Wakes those whose reminder never came. Gives how many. */
export async function wakeOverdue(ports: ParkingPorts): Promise<number> {
  const latest = ports.clock.now() - OVERDUE_MS;
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await ports.store.listParked(cursor);
    const overdue = page.items.filter(({ due }) => Date.parse(due) < latest);
    if (overdue.length > 0) await ports.queue.wake(overdue.map(wakeOf));
    count += overdue.length;
    // Sorted by time: after the first that is not overdue there is none.
    cursor = overdue.length === page.items.length ? page.cursor : undefined;
  } while (cursor !== undefined);
  return count;
}

function wakeOf({ workload, due, readAgain, event, received }: ParkedRecord): Wake {
  return {
    workload,
    reason: readAgain === true ? 'retry' : 'parked',
    deduplicationId: `parked-${due}-${workload}`,
    event,
    received,
  };
}
