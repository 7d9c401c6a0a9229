/** Size and refill a second of EC2's request token buckets. */
interface Bucket {
  readonly size: number;
  readonly refill: number;
}

/**
 * AWS, "Request throttling for the Amazon EC2 API": one bucket per account, Region and API action.
 * Actions that are not listed fall into their category.
 */
const BUCKETS: Readonly<Record<string, Bucket>> = {
  ModifyNetworkInterfaceAttribute: { size: 100, refill: 5 },
  CreateNetworkInterface: { size: 100, refill: 5 },
  DeleteNetworkInterface: { size: 100, refill: 5 },
  CreateTags: { size: 100, refill: 10 },
  DeleteTags: { size: 100, refill: 10 },
  TerminateInstances: { size: 100, refill: 5 },
  RunInstances: { size: 5, refill: 2 },
  StartInstances: { size: 5, refill: 2 },
  DescribeSecurityGroupReferences: { size: 20, refill: 5 },
  DescribeStaleSecurityGroups: { size: 20, refill: 5 },
};
const FILTERED_READ: Bucket = { size: 100, refill: 20 };
const UNFILTERED_READ: Bucket = { size: 50, refill: 10 };
const MUTATING: Bucket = { size: 50, refill: 5 };
const UNFILTERED_ACTIONS: ReadonlySet<string> = new Set([
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'DescribeSecurityGroups',
]);

interface Level {
  tokens: number;
  atMs: number;
}

export interface TokenBucketsOptions {
  /** Actions that draw no tokens. */
  readonly exempt: readonly string[];
}

/** Token buckets of one account and Region. */
export class TokenBuckets {
  readonly #levels = new Map<string, Level>();
  readonly #exempt: ReadonlySet<string>;

  constructor({ exempt }: TokenBucketsOptions = { exempt: [] }) {
    this.#exempt = new Set(exempt);
  }

  /** Takes a token; false when there is none. `filtered`: the call names ids, filters or a page. */
  take(action: string, filtered: boolean, nowMs: number): boolean {
    if (this.#exempt.has(action)) return true;
    const bucket = bucketOf(action, filtered);
    const key = bucket === UNFILTERED_READ ? `${action} unfiltered` : action;
    const level = this.#levels.get(key) ?? { tokens: bucket.size, atMs: nowMs };
    const refilled = level.tokens + ((nowMs - level.atMs) / 1000) * bucket.refill;
    const tokens = Math.min(bucket.size, refilled);
    this.#levels.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    return tokens >= 1;
  }
}

export function bucketOf(action: string, filtered: boolean): Bucket {
  const own = BUCKETS[action];
  if (own !== undefined) return own;
  if (!/^(Describe|Get|List|Search)/.test(action)) return MUTATING;
  return UNFILTERED_ACTIONS.has(action) && !filtered ? UNFILTERED_READ : FILTERED_READ;
}
