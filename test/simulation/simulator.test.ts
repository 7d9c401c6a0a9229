import { afterAll, describe, expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import { Totals } from './totals.ts';

/**
 * `npm test` plays the same seeds each time, so that a red run is about the change at hand; a failing
 * one is replayed with `npm run simulate -- --seed N`. `npm run test:soak` goes on with new ones.
 */
const SEEDS = Number(process.env.SIMULATOR_SEEDS ?? 500);
const FIRST = Number(process.env.SIMULATOR_FIRST ?? 1);
const BATCH = 50;

const totals = new Totals();
afterAll(() => console.log(totals.text()));

describe('the engine and its handlers on a faulty AWS', () => {
  const starts = Array.from({ length: Math.ceil(SEEDS / BATCH) }, (_, at) => FIRST + at * BATCH);
  test.each(starts)('seeds from %i on', { timeout: 600_000 }, async (start) => {
    const failed: string[] = [];
    for (let seed = start; seed < Math.min(start + BATCH, FIRST + SEEDS); seed += 1) {
      const outcome = await simulate(seed);
      totals.add(outcome);
      const replay = `npm run simulate -- --seed ${seed}`;
      failed.push(...outcome.complaints.map((text) => `${replay}: ${text}`));
    }
    expect(failed).toEqual([]);
  });

  test('faults of every kind were injected, and Bulkhead wrote', () => {
    expect(totals.absentFaults).toEqual([]);
    expect(totals.writes).toBeGreaterThan(10 * SEEDS);
  });

  test('worlds of every kind were met', () => {
    for (const count of Object.values(totals.features)) expect(count).toBeGreaterThan(SEEDS / 10);
  });

  test('the same seed plays the same story', async () => {
    const stories: string[][] = [[], []];
    for (const story of stories) await simulate(FIRST, (line) => story.push(line));
    expect(stories[0]?.length).toBeGreaterThan(100);
    expect(stories[0]).toEqual(stories[1]);
  });
});
