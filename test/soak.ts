/**
 * `npm run test:soak`: the random searches of `npm test`, for as long as it takes to be sure: 200,000
 * worlds through both evaluators, 20,000 draws for each law, and 20,000 of what comes from outside, from a new seed,
 * which it prints; PROPERTY_SEED=<seed> repeats it. Inputs that are made to be too much come all.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const HOURS_MS = 3 * 3_600_000;

const seed = process.env.PROPERTY_SEED ?? String(Date.now() % 2 ** 31);
console.log(`PROPERTY_SEED=${seed}`);

const { status } = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  ['run', 'test/properties', 'test/fuzz', '--testTimeout', String(HOURS_MS)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      AGREEMENT_WORLDS: '200000',
      PROPERTY_RUNS: '20000',
      FUZZ_RUNS: '20000',
      FUZZ_HEAVY: 'all',
      ...process.env,
      PROPERTY_SEED: seed,
    },
  },
);

/** An hour's worth on one core; each seed is a new one, and a failing one is printed to be replayed. */
const SIMULATED_SEEDS = process.env.SIMULATOR_SEEDS ?? '10000';
const first = String(100_000 + (Number(seed) % 1_000_000_000));
console.log(`SIMULATOR_FIRST=${first} SIMULATOR_SEEDS=${SIMULATED_SEEDS}`);
const simulated = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  ['run', 'test/simulation/simulator.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SIMULATOR_SEEDS: SIMULATED_SEEDS, SIMULATOR_FIRST: first },
  },
);
process.exitCode = status !== 0 ? (status ?? 1) : (simulated.status ?? 1);
