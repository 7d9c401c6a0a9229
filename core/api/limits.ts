/** Largest request body, in bytes: the sources of a policy as JSON, with escapes. Beyond: 413. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Workloads or plans on one page. */
export const PAGE_SIZE_MAX = 100;
export const PAGE_SIZE_DEFAULT = 50;

/** Longest `why` of an approval or a rejection, in characters. */
export const WHY_LENGTH_MAX = 500;

/** Steps of a plan, and of its report, in one answer; Lambda answers with 6 MB at most. */
export const STEPS_SHOWN_MAX = 2_000;
