import { TestRunner, type TestRunnerConfig } from 'vitest';

/**
 * Stryker's vitest runner (9.6.1) asks for the tests of a mutant by their names, suite and test joined
 * by a space; vitest 5 joins them by ` > `, so that nothing matched and every mutant survived. Here
 * each space of the pattern stands for either.
 */
export default class NameRunner extends TestRunner {
  constructor(config: TestRunnerConfig) {
    const { testNamePattern } = config;
    if (testNamePattern !== undefined) {
      config.testNamePattern = new RegExp(
        new RegExp(testNamePattern).source.replaceAll(' ', '(?: > | )'),
      );
    }
    super(config);
  }
}
