import { beforeEach, describe, expect, test } from 'vitest';
import type { LeaveClaim, LeaveWindow, WorkloadRecord } from '../../core/model/record.ts';
import { ConditionFailed, type Store } from '../../engine/ports.ts';
import { workloadRecord } from '../functions/api-world.ts';

const opened: LeaveWindow = { until: 60_000, total: 1, before: {} };
const next: LeaveWindow = { ...opened, total: 2 };

const refused = (write: Promise<unknown>) => expect(write).rejects.toThrow(ConditionFailed);

/**
 * What the leave guard relies on in the port Store, held against the table in DynamoDB and against the
 * fake. Every test uses ids of its own.
 */
export function describeLeaves(open: () => Promise<Store>): void {
  let store: Store;
  let count = 0;
  let segment: string;
  let records: readonly WorkloadRecord[];
  beforeEach(async () => {
    store = await open();
    count += 1;
    segment = `segment-${count}`;
    records = [1, 2, 3].map((at) => workloadRecord(`i-${count}-${at}`, {}, [segment]));
    for (const record of records) await store.writeWorkload(record, 0, { raise: [] });
  });

  const claim = (more: Partial<LeaveClaim>) => ({ segment, next: opened, totalMax: 2, ...more });
  /** The nth workload leaves, as a transaction that counts it. */
  const leave = async (nth: number, leaves: readonly LeaveClaim[]): Promise<void> => {
    const record = records[nth] as WorkloadRecord;
    const membership = { ...record.membership, segments: [] };
    await store.writeWorkload({ ...record, membership, revision: 2 }, 1, {
      ...{ previous: record, raise: [], leaves },
    });
  };
  const windowNow = async () => (await store.readLeaves([segment])).windows[segment];

  describe('counting leaves', () => {
    test('running members are read back, whatever the segment has lost', async () => {
      await store.recordRunning({ [segment]: 3_000, other: 1 });
      const read = await store.readLeaves([segment]);
      expect(read).toEqual({ running: { [segment]: 3_000, other: 1 }, windows: {} });
    });

    test('the first leave opens the window, once', async () => {
      await leave(0, [claim({})]);
      expect(await windowNow()).toEqual(opened);
      await refused(leave(1, [claim({})]));
      expect((await store.readWorkload(`i-${count}-2`))?.revision).toBe(1);
    });

    test('within a slot they add up without knowing of each other, up to the limit', async () => {
      await leave(0, [claim({})]);
      const same = claim({ seen: opened, next });
      const both = await Promise.allSettled([leave(1, [same]), leave(2, [same])]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await windowNow()).toEqual(next);
    });

    test('the next slot is opened by whoever saw the last one as it ended', async () => {
      await leave(0, [claim({})]);
      await leave(1, [claim({ seen: opened, next })]);
      const later: LeaveWindow = { until: 120_000, total: 3, before: { '60000': 2 } };
      await refused(leave(2, [claim({ seen: opened, next: later, totalMax: 9 })]));
      await leave(2, [claim({ seen: next, next: later, totalMax: 9 })]);
      expect(await windowNow()).toEqual(later);
    });

    test('of several segments all are counted, or none and the record stays', async () => {
      await leave(0, [claim({})]);
      const other = `${segment}-other`;
      await refused(leave(1, [claim({ segment: other }), claim({})]));
      expect((await store.readLeaves([other])).windows).toEqual({});
    });

    test('a record that somebody else wrote is not counted', async () => {
      await leave(0, [claim({})]);
      await refused(leave(0, [claim({ seen: opened, next })]));
      expect(await windowNow()).toEqual(opened);
    });
  });
}
