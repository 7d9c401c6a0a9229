/**
 * `npm run test:soak`: the random searches of `npm test`, for as long as it takes to be sure: 200,000
 * worlds through both evaluators, and 20,000 draws for each law. A failing run prints its seed.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const HOURS_MS = 3 * 3_600_000;

const { status } = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  ['run', 'test/properties', '--testTimeout', String(HOURS_MS)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { AGREEMENT_WORLDS: '200000', PROPERTY_RUNS: '20000', ...process.env },
  },
);
process.exitCode = status ?? 1;
