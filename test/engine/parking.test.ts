import { beforeEach, describe, expect, test } from 'vitest';
import {
  answerReminder,
  keepParking,
  type ParkingPorts,
  wakeOverdue,
} from '../../engine/parking.ts';
import type { Reminder, Wake } from '../../engine/ports.ts';
import type { WorkloadReport } from '../../engine/workload.ts';
import { BudgetTable } from '../fakes/budget-table.ts';

const ID = 'i-0a';
let nowMs: number;
let table: BudgetTable;
let wakes: Wake[];
let reminders: [Reminder, number][];
let ports: ParkingPorts;

beforeEach(() => {
  nowMs = Date.parse('2026-11-24T09:00:00Z');
  table = new BudgetTable();
  wakes = [];
  reminders = [];
  ports = {
    store: table as unknown as ParkingPorts['store'],
    clock: { now: () => nowMs, sleep: async () => {} },
    queue: {
      wake: async (more) => void wakes.push(...more),
      remind: async (reminder, seconds) => void reminders.push([reminder, seconds]),
    },
    signal: { event: () => {} },
  };
});

const event = { workload: ID, reason: 'event', event: 1_000, received: 1_200 } as const;
const turn = { ...event, reason: 'parked' } as const;
const run: WorkloadReport = { workload: ID, kind: 'done', changed: false, interfaces: [] };

function waiting(seconds: number, more: Partial<WorkloadReport> = {}): WorkloadReport {
  return { ...run, kind: 'waiting', because: 'no token', seconds, ...more };
}

describe('a workload that must wait', () => {
  test('is recorded, and comes back by a message of a new id when it is due', async () => {
    await keepParking(ports, event, waiting(3.2));
    const [[reminder, seconds] = [{ workload: '', due: '' }, 0]] = reminders;
    expect(seconds).toBe(4);
    expect(reminder).toEqual({ workload: ID, due: '2026-11-24T09:00:04.000Z' });
    nowMs += 4_000;
    expect(await answerReminder(ports, reminder)).toBe('woken');
    expect(wakes).toEqual([
      {
        workload: ID,
        reason: 'parked',
        deduplicationId: `parked-${reminder.due}-${ID}`,
        event: 1_000,
        received: 1_200,
      },
    ]);
  });

  test('says since when, and of which change, however often it is parked', async () => {
    await keepParking(ports, event, waiting(5));
    nowMs += 5_000;
    await keepParking(ports, turn, waiting(7));
    nowMs += 1_000;
    await keepParking(ports, { ...event, received: 9_999 }, waiting(6));
    expect((await table.listParked()).items).toMatchObject([
      { workload: ID, since: '2026-11-24T09:00:00.000Z', received: 1_200, reason: 'no token' },
    ]);
  });

  test('has its record until it is done, so that a crash in between is found', async () => {
    await keepParking(ports, event, waiting(1));
    nowMs += 1_000;
    await answerReminder(ports, reminders[0]?.[0] ?? { workload: '', due: '' });
    expect(await table.readParked(ID)).toBeDefined();
    await keepParking(ports, turn, run);
    expect(await table.readParked(ID)).toBeUndefined();
  });

  test('leaves its place when an event is handled first; its reminder then finds nothing', async () => {
    await keepParking(ports, event, waiting(60));
    await keepParking(ports, event, { ...run, wasParked: true });
    nowMs += 60_000;
    expect(await answerReminder(ports, reminders[0]?.[0] ?? { workload: '', due: '' })).toBe(
      'gone',
    );
    expect(wakes).toEqual([]);
  });

  test('and was parked anew comes by its newest reminder alone', async () => {
    await keepParking(ports, event, waiting(10));
    nowMs += 5_000;
    await keepParking(ports, event, waiting(30));
    nowMs += 30_000;
    const answers = [];
    for (const [reminder] of reminders) answers.push(await answerReminder(ports, reminder));
    expect(answers).toEqual(['gone', 'woken']);
  });

  test('longer than SQS can delay is reminded in between', async () => {
    await keepParking(ports, event, waiting(2_000));
    for (const wait of [900, 900]) {
      const [reminder, seconds] = reminders.at(-1) ?? [{ workload: '', due: '' }, 0];
      expect(seconds).toBe(wait);
      nowMs += wait * 1_000;
      expect(await answerReminder(ports, reminder)).toBe('early');
    }
    const [reminder, seconds] = reminders.at(-1) ?? [{ workload: '', due: '' }, 0];
    expect(seconds).toBe(200);
    nowMs += 200_000;
    expect(await answerReminder(ports, reminder)).toBe('woken');
  });

  test('because its record could not be kept is read again', async () => {
    await keepParking(ports, event, waiting(1, { readAgain: true }));
    nowMs += 1_000;
    await answerReminder(ports, reminders[0]?.[0] ?? { workload: '', due: '' });
    expect(wakes[0]?.reason).toBe('retry');
  });

  test('and could not be reminded is not taken for handled', async () => {
    ports = { ...ports, queue: { ...ports.queue, remind: () => Promise.reject(new Error('no')) } };
    await expect(keepParking(ports, event, waiting(1))).rejects.toThrow('no');
  });
});

test('a run without waiting writes nothing', async () => {
  ports = { ...ports, store: {} as ParkingPorts['store'] };
  await keepParking(ports, event, run);
  expect(reminders).toEqual([]);
});

test('the sweep wakes whoever is a minute overdue, and nobody else', async () => {
  await keepParking(ports, event, waiting(1));
  await keepParking(ports, { ...event, workload: 'i-0b' }, waiting(300));
  nowMs += 60_000;
  expect(await wakeOverdue(ports)).toBe(0);
  nowMs += 2_000;
  expect(await wakeOverdue(ports)).toBe(1);
  expect(wakes.map(({ workload }) => workload)).toEqual([ID]);
  // The same message as the reminder's, so that SQS takes both for one.
  expect(wakes[0]?.deduplicationId).toBe(`parked-2026-11-24T09:00:01.000Z-${ID}`);
});
