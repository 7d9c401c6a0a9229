import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By name, and last the replay of what the others have recorded. */
class ReplayLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const key = ({ moduleId }: TestSpecification): string =>
      `${moduleId.endsWith('/iam.e2e.ts') ? 1 : 0}${moduleId}`;
    return [...files].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  }
}

/** Tests that boot the sandbox: one file at a time, since each brings up a whole local AWS. */
export default defineConfig({
  test: {
    include: ['test/{e2e,contract}/**/*.e2e.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { sequencer: ReplayLast },
  },
});
