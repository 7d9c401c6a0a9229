import { defineConfig } from 'vitest/config';

/** Tests that boot the sandbox: one file at a time, since each brings up a whole local AWS. */
export default defineConfig({
  test: {
    include: ['test/{e2e,contract}/**/*.e2e.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
