import { defineConfig } from 'vitest/config';

/** What `npm run test:mutation` holds mutants to; by default the tests and laws of core. */
const TESTS = process.env.MUTATION_TESTS ?? 'test/core/**/*.test.ts,test/properties/*.test.ts';

// Each mutant meets the laws again: enough draws to notice it, few enough to come to an end.
process.env.PROPERTY_RUNS ??= '40';
process.env.AGREEMENT_WORLDS ??= '100';

export default defineConfig({
  test: {
    include: TESTS.split(','),
    runner: './test/mutation/name-runner.ts',
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    // A worker for each mutant would take longer than its tests.
    isolate: false,
    maxWorkers: 1,
  },
});
