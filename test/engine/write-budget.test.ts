import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Ports, WriteAction } from '../../engine/ports.ts';
import { bucketOf, drawToken, slowDown } from '../../engine/write-budget.ts';
import { bucketOf as awsBucketOf } from '../../sandbox/token-buckets.ts';
import { BudgetTable } from '../fakes/budget-table.ts';
import { Wave, type WaveOptions, type WaveReport, waveBound } from './budget-wave.ts';
import { randomFrom } from './random-from.ts';

const ACTION = 'ModifyNetworkInterfaceAttribute';
const ACTIONS: readonly WriteAction[] = [
  ACTION,
  'CreateSecurityGroup',
  'DeleteSecurityGroup',
  'AuthorizeSecurityGroupIngress',
  'AuthorizeSecurityGroupEgress',
  'RevokeSecurityGroupIngress',
  'RevokeSecurityGroupEgress',
];

let table: BudgetTable;
let nowMs: number;
let budget: Pick<Ports, 'store' | 'clock'>;

beforeEach(() => {
  table = new BudgetTable();
  nowMs = 1_000_000;
  budget = {
    store: table as unknown as Ports['store'],
    clock: { now: () => nowMs, sleep: async () => {} },
  };
});

const draw = (placeMs?: number) =>
  drawToken(budget, { action: ACTION, purpose: 'ordinary', placeMs });
const contain = () => drawToken(budget, { action: ACTION, purpose: 'containment' });

async function drawUntilEmpty(one: () => ReturnType<typeof draw>): Promise<number> {
  for (let count = 0; ; count += 1) if ((await one()).kind === 'wait') return count;
}

describe('a bucket', () => {
  test.each(ACTIONS)('of %s is at most 90 % of what AWS gives, reserve included', (action) => {
    const aws = awsBucketOf(action, false);
    const ours = bucketOf(action);
    expect(ours.burst + ours.reserve).toBeLessThanOrEqual(0.9 * aws.size);
    expect(ours.burst + ours.reserve).toBeGreaterThan(0.85 * aws.size);
    expect(1_000 / ours.intervalMs).toBeLessThanOrEqual(0.9 * aws.refill);
    expect(1_000 / ours.intervalMs).toBeGreaterThan(0.88 * aws.refill);
    expect(ours.reserve).toBeGreaterThan(0);
  });

  test('gives a burst at once, and then one token an interval', async () => {
    const { burst, intervalMs } = bucketOf(ACTION);
    expect(await drawUntilEmpty(draw)).toBe(burst);
    const place = await draw();
    nowMs += 100 * intervalMs;
    expect((await draw(place.kind === 'wait' ? place.untilMs : 0)).kind).toBe('granted');
  });

  test('costs one update a write, idle or in a burst', async () => {
    for (let count = 0; count < 20; count += 1) {
      await draw();
      if (count % 3 === 0) nowMs += 5_000;
    }
    // Where it goes from idle to busy, or was last seen busy, one more tells.
    expect(table.updates).toBeLessThanOrEqual(27);
    const before = table.updates;
    for (let count = 0; count < 10; count += 1) {
      nowMs += 500;
      expect((await draw()).kind).toBe('granted');
    }
    expect(table.updates - before).toBe(10);
  });

  test('is full again after a rest, and no fuller', async () => {
    await drawUntilEmpty(draw);
    nowMs += 24 * 3_600_000;
    expect(await drawUntilEmpty(draw)).toBe(bucketOf(ACTION).burst);
  });
});

describe('work that must wait', () => {
  test('gets places of its own, each an interval apart, and a token when its time has come', async () => {
    const { intervalMs } = bucketOf(ACTION);
    await drawUntilEmpty(draw);
    const places: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      const answer = await draw();
      if (answer.kind === 'wait') places.push(answer.untilMs);
    }
    expect(places).toHaveLength(50);
    for (const [at, place] of places.entries()) {
      if (at > 0) expect(place - (places[at - 1] ?? 0)).toBe(intervalMs);
    }
    for (const place of places) {
      nowMs = Math.max(nowMs, place);
      expect((await draw(place)).kind).toBe('granted');
    }
  });

  test('keeps its place when it is woken before its time', async () => {
    await drawUntilEmpty(draw);
    const first = await draw();
    const place = first.kind === 'wait' ? first.untilMs : 0;
    nowMs = place - 1;
    for (let count = 0; count < 5; count += 1) {
      expect(await draw(place)).toEqual({ kind: 'wait', untilMs: place });
    }
    const next = await draw();
    expect(next).toEqual({ kind: 'wait', untilMs: place + bucketOf(ACTION).intervalMs });
  });

  test('is not overtaken by newcomers while it is on its way', async () => {
    const { intervalMs } = bucketOf(ACTION);
    await drawUntilEmpty(draw);
    for (let count = 0; count < 50; count += 1) await draw();
    nowMs += 5 * intervalMs;
    expect((await draw()).kind).toBe('wait');
  });

  test('that never comes back leaves its tokens to newcomers', async () => {
    const { intervalMs } = bucketOf(ACTION);
    await drawUntilEmpty(draw);
    for (let count = 0; count < 1_000; count += 1) await draw();
    nowMs += 30 * intervalMs;
    expect((await draw()).kind).toBe('granted');
  });
});

describe('a throttled call', () => {
  test('stops everybody, once, however many were throttled at the same time', async () => {
    await draw();
    for (let count = 0; count < 10; count += 1) await slowDown(budget, ACTION);
    const answer = await draw();
    const waitMs = answer.kind === 'wait' ? answer.untilMs - nowMs : 0;
    expect(waitMs).toBeGreaterThanOrEqual(5_000);
    expect(waitMs).toBeLessThanOrEqual(6_000);
    nowMs += waitMs;
    expect((await draw(nowMs)).kind).toBe('granted');
    expect((await draw()).kind).toBe('wait');
  });

  test('never makes it sooner than it was', async () => {
    await slowDown(budget, ACTION);
    const contained = await drawUntilEmpty(contain);
    await slowDown(budget, ACTION);
    const answer = await draw();
    const waitMs = answer.kind === 'wait' ? answer.untilMs - nowMs : 0;
    expect(waitMs).toBeGreaterThanOrEqual(5_000 + contained * bucketOf(ACTION).intervalMs);
  });

  test('says nothing about other actions', async () => {
    await slowDown(budget, ACTION);
    const other = { action: 'CreateSecurityGroup', purpose: 'ordinary' } as const;
    expect((await drawToken(budget, other)).kind).toBe('granted');
  });
});

describe('the reserve', () => {
  test('is there for containment when ordinary work has used everything up, at once', async () => {
    await drawUntilEmpty(draw);
    for (let count = 0; count < 2_000; count += 1) await draw();
    expect(await drawUntilEmpty(contain)).toBe(bucketOf(ACTION).reserve);
  });

  test('is paid back by ordinary work', async () => {
    const { intervalMs, reserve } = bucketOf(ACTION);
    await drawUntilEmpty(draw);
    await drawUntilEmpty(contain);
    nowMs += reserve * intervalMs;
    expect((await draw(nowMs)).kind).toBe('wait');
    nowMs += 2 * intervalMs;
    expect((await draw(nowMs)).kind).toBe('granted');
  });

  test('with everything together, no window of time holds more calls than our share', async () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 3_000 }),
      calls: fc.integer({ min: 1, max: 60 }),
      contained: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        table = new BudgetTable();
        budget = { ...budget, store: table as unknown as Ports['store'] };
        const { burst, reserve, intervalMs } = bucketOf(ACTION);
        const taken: { readonly atMs: number; readonly contained: boolean }[] = [];
        for (const { waitMs, calls, contained } of steps) {
          nowMs += waitMs;
          for (let count = 0; count < calls; count += 1) {
            const answer = contained ? await contain() : await draw(nowMs);
            if (answer.kind === 'granted') taken.push({ atMs: nowMs, contained });
          }
        }
        for (const [from, first] of taken.entries()) {
          for (const [length, last] of taken.slice(from).entries()) {
            const refilled = (last.atMs - first.atMs) / intervalMs;
            expect(length + 1).toBeLessThanOrEqual(burst + reserve + refilled);
            const ordinary = taken.slice(from, from + length + 1).filter((one) => !one.contained);
            expect(ordinary.length).toBeLessThanOrEqual(burst + refilled);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

function wave(interfaces: number, more: Partial<WaveOptions> = {}): Promise<WaveReport> {
  const arrivalsMs = Array.from({ length: interfaces }, () => 0);
  return new Wave({ arrivalsMs, functions: 10, random: randomFrom(7), ...more }).run();
}

function tell(what: string, report: WaveReport): void {
  const { seconds, throttled, parkings, updates } = report;
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${throttled} throttled, ${parkings} parkings, ${updates} updates`,
  );
}

describe('2,000 new interfaces, ten functions', () => {
  test('alone in the account: within the bound, never throttled, parked once each', async () => {
    const report = await wave(2_000);
    tell(`wave of 2,000 (bound ${waveBound(2_000).toFixed(1)} s)`, report);
    expect(report.written).toBe(2_000);
    expect(report.throttled).toBe(0);
    expect(report.seconds).toBeLessThanOrEqual(waveBound(2_000));
    expect(report.parkings).toBeLessThan(1.05 * 2_000);
    expect(report.updates).toBeLessThan(2.5 * 2_000);
  });

  test('places spare the table what a herd would ask it', async () => {
    const [line, herd] = await Promise.all([wave(2_000), wave(2_000, { withoutLine: true })]);
    tell('the same without places', herd);
    expect(herd.seconds).toBeGreaterThan(0.99 * line.seconds);
    expect(herd.updates).toBeGreaterThan(10 * line.updates);
  });

  test.each([2, 3, 4])(
    'somebody else takes %i a second: few are throttled, all come through',
    async (foreign) => {
      const report = await wave(2_000, { foreign });
      tell(`beside somebody who takes ${foreign} of AWS's 5 a second`, report);
      expect(report.written).toBe(2_000);
      expect(report.throttled).toBeLessThan((0.2 / (5 - foreign)) * 2_000);
      // What is left of AWS's refill is used.
      expect(report.seconds).toBeLessThan(1.1 * (2_000 / Math.min(5 - foreign, 4.5)));
    },
  );
});

test('any wave, in any number of bursts, is written without a throttled call and in time', async () => {
  const burst = fc.record({
    atMs: fc.integer({ min: 0, max: 120_000 }),
    interfaces: fc.integer({ min: 1, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(burst, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 25 }),
      fc.integer(),
      async (bursts, functions, seed) => {
        const arrivalsMs = bursts.flatMap(({ atMs, interfaces }) =>
          Array.from({ length: interfaces }, () => atMs),
        );
        const report = await wave(0, { arrivalsMs, functions, random: randomFrom(seed) });
        expect(report.throttled).toBe(0);
        expect(report.written).toBe(arrivalsMs.length);
        const last = Math.max(...arrivalsMs) / 1_000;
        // A single function decides about ten a second; a parked one is late by two seconds.
        const work = (0.15 * arrivalsMs.length * 2) / functions;
        expect(report.seconds).toBeLessThanOrEqual(last + waveBound(arrivalsMs.length) + work + 3);
      },
    ),
    { numRuns: 25 },
  );
});
