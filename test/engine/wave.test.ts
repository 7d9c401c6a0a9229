import { describe, expect, test } from 'vitest';
import { bucketOf } from '../../engine/write-budget.ts';
import { waveBound } from './budget-wave.ts';
import { randomFrom } from './random-from.ts';
import { WaveWorld, type WaveWorldOptions } from './wave-world.ts';

const { burst } = bucketOf('ModifyNetworkInterfaceAttribute');

async function run(interfaces: number, more: Partial<WaveWorldOptions> = {}) {
  const options = { interfaces, functions: 10, random: randomFrom(interfaces), ...more };
  const world = new WaveWorld(options);
  const seconds = await world.run();
  return { world, seconds, ...world.count };
}

describe('the write path, ten functions at once', () => {
  test('2,000 new interfaces are written within the bound, each once, and none is throttled', async () => {
    const { world, seconds, ...count } = await run(2_000);
    console.log(`2,000 through the write path: ${seconds.toFixed(1)} s`, JSON.stringify(count));
    expect(seconds).toBeLessThanOrEqual(waveBound(2_000));
    expect(count.writes).toBe(2_000);
    expect(count.throttled).toBe(0);
    // Once before it was parked, once before the write, once to verify.
    expect(count.reads).toBeLessThanOrEqual(3 * 2_000);
    expect(count.parked).toBeLessThan(1.05 * 2_000);
    // A sweep a minute wakes nobody whose turn is to come.
    expect(count.swept).toBeLessThan(0.02 * 2_000);
    expect((await world.parking.listParked()).items).toEqual([]);
  });

  test('those that wait may be woken as often as one likes: it changes nothing', async () => {
    const calm = await run(600);
    const restless = await run(600, { restless: true });
    expect(restless.runs).toBeGreaterThan(calm.runs + 2_000);
    expect(restless.seconds).toBeLessThan(calm.seconds + 3);
    expect(restless.writes).toBe(600);
    expect(restless.reads).toBeLessThan(1.02 * calm.reads);
  });

  test('a reminder that never comes costs a minute or two, not the workload', async () => {
    const { seconds, writes, world } = await run(400, { lostReminders: 0.2 });
    expect(writes).toBe(400);
    expect(seconds).toBeLessThan(waveBound(400) + 180);
    expect((await world.parking.listParked()).items).toEqual([]);
  });

  test('beside somebody who takes most of the rate all are written, few of them throttled', async () => {
    const { seconds, writes, throttled } = await run(400, { foreign: 4 });
    expect(writes).toBe(400);
    expect(throttled).toBeGreaterThan(0);
    expect(throttled).toBeLessThan(0.25 * 400);
    expect(seconds).toBeLessThan(1.1 * 400);
  });

  test('what fits into the burst is parked by nobody', async () => {
    const { parked, writes, reads } = await run(burst);
    expect({ parked, writes, reads }).toEqual({ parked: 0, writes: burst, reads: 2 * burst });
  });
});
