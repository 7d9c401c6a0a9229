export interface CollectedTest {
  /** Suites and test, joined by ` > `. */
  readonly name: string;
  run(): unknown;
}

/** Filled while the test files are loaded, in their order. */
export const collected: CollectedTest[] = [];

/** The suites around whatever is being declared. */
export const suites: string[] = [];
