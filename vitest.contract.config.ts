import { defineConfig } from 'vitest/config';

/** The contract with EC2 against an endpoint of one's choice: `npm run contract:localstack`. */
export default defineConfig({
  test: {
    include: ['test/contract/**/*.contract.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
