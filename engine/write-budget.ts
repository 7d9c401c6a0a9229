import type { MarkMove, Marks, Ports, Store, WriteAction } from './ports.ts';

/**
 * Size and refill a second of AWS's request token buckets (EC2 Developer Guide, "Request throttling
 * for the Amazon EC2 API"): one per account, Region and action, shared with everybody in the account.
 */
const AWS_BUCKETS: Readonly<
  Record<WriteAction, { readonly size: number; readonly refill: number }>
> = {
  ModifyNetworkInterfaceAttribute: { size: 100, refill: 5 },
  AuthorizeSecurityGroupIngress: { size: 50, refill: 5 },
  AuthorizeSecurityGroupEgress: { size: 50, refill: 5 },
  RevokeSecurityGroupIngress: { size: 50, refill: 5 },
  RevokeSecurityGroupEgress: { size: 50, refill: 5 },
  CreateSecurityGroup: { size: 50, refill: 5 },
  DeleteSecurityGroup: { size: 50, refill: 5 },
};

/** What we take of AWS's bucket at most; and of that, what only containment may use. */
const OUR_SHARE = 0.9;
const RESERVE_SHARE = 0.1;

/**
 * After EC2 said RequestLimitExceeded nobody writes for this long. With somebody else in the account
 * taking r a second of AWS's refill, one throttled call pays for about 5 x (5 - r) writes.
 */
const PAUSE_MS = 5_000;

/**
 * Tokens that must lie there before a newcomer may pass those that wait. Who waits comes back up to
 * two seconds late (SQS delays in whole seconds), so a few tokens are always on their way to somebody;
 * more than these nobody comes for.
 */
const SPARE_TOKENS = 12;

/** A mark moved under our hands this often: somebody else always was faster. */
const MOVES_MAX = 20;

/** Our share of one bucket. Times in milliseconds. */
export interface Bucket {
  /** Between two tokens; rounded up, so that we are never faster than our share. */
  readonly intervalMs: number;
  /** Tokens of a full bucket that ordinary work may use, and those kept for containment. */
  readonly burst: number;
  readonly reserve: number;
}

export function bucketOf(action: WriteAction): Bucket {
  const { size, refill } = AWS_BUCKETS[action];
  const reserve = Math.floor(size * OUR_SHARE * RESERVE_SHARE);
  return {
    intervalMs: Math.ceil(1_000 / (refill * OUR_SHARE)),
    burst: Math.floor(size * OUR_SHARE) - reserve,
    reserve,
  };
}

export interface DrawInput {
  readonly action: WriteAction;
  /** Containment draws from the reserve, and stands in no line. */
  readonly purpose: 'ordinary' | 'containment';
  /** The time that an earlier draw of the same work was told to come back at. */
  readonly placeMs?: number | undefined;
}

/** granted: make the call now. wait: come again at `untilMs`, with it as the place. */
export type Draw =
  | { readonly kind: 'granted' }
  | { readonly kind: 'wait'; readonly untilMs: number };

type Budget = Pick<Ports, 'store' | 'clock'>;

/**
 * Takes a token for one EC2 write from the budget that all functions share (generic cell rate
 * algorithm). `tat` is when the bucket will be full again; it moves on by one interval with each
 * token, and may not lie further ahead than a burst. That is one conditional update in the table.
 *
 * Work that finds no token is given a place in a line, which is a time of its own: it comes back
 * then, finds its token, and nobody tries in vain meanwhile. A place is no token: if its owner never
 * comes, the tokens heap up and newcomers may have them.
 */
export async function drawToken(budget: Budget, input: DrawInput): Promise<Draw> {
  const { action, purpose, placeMs } = input;
  const nowMs = budget.clock.now();
  const bucket = bucketOf(action);
  const isTurn = placeMs !== undefined && placeMs <= nowMs;
  const wanted = (marks: Marks): Step | undefined =>
    purpose === 'containment'
      ? reservedStep(bucket, nowMs, marks)
      : ordinaryStep(bucket, nowMs, marks, isTurn);
  // No mark ever goes back, so that what was seen before is a lower bound of what is.
  let marks = seenBefore(budget.store, action);
  for (let attempt = 0; attempt < MOVES_MAX; attempt += 1) {
    const step = wanted(marks);
    if (step === undefined) break;
    const answer = await budget.store.moveMarks({ action, ...step });
    marks = remember(budget.store, action, answer.marks);
    if (answer.moved) return { kind: 'granted' };
  }
  if (purpose === 'containment') {
    return { kind: 'wait', untilMs: marks.reserve - (bucket.reserve - 1) * bucket.intervalMs };
  }
  if (placeMs !== undefined && !isTurn) return { kind: 'wait', untilMs: placeMs };
  return { kind: 'wait', untilMs: await joinLine(budget, action, marks) };
}

/**
 * EC2 refused a call: the bucket counts as empty, and everybody pauses. Ten functions that are
 * refused at once say the same thing, so that the pause does not add up.
 */
export async function slowDown(budget: Budget, action: WriteAction): Promise<void> {
  const { burst, intervalMs } = bucketOf(action);
  const tat = budget.clock.now() + burst * intervalMs + PAUSE_MS;
  const when = { tat: [0, tat - 1] } as const;
  const { marks } = await budget.store.moveMarks({ action, to: { tat }, when });
  remember(budget.store, action, marks);
}

/** A move to try, seeing these marks. Undefined: there is no token. */
type Step = Omit<MarkMove, 'action'>;

function ordinaryStep(
  { burst, intervalMs }: Bucket,
  nowMs: number,
  { tat, line }: Marks,
  isTurn: boolean,
): Step | undefined {
  if (tat < nowMs) return { to: { tat: nowMs + intervalMs }, when: { tat: [0, nowMs - 1] } };
  const by = { tat: intervalMs };
  const latest = nowMs + (burst - 1) * intervalMs;
  if (tat <= latest && (isTurn || line <= nowMs)) {
    return { by, when: { tat: [nowMs, latest], ...(isTurn ? {} : { line: [0, nowMs] }) } };
  }
  const spare = latest - SPARE_TOKENS * intervalMs;
  return tat <= spare ? { by, when: { tat: [nowMs, spare] } } : undefined;
}

/**
 * The reserve is a bucket of its own beside the burst, and what is taken from it is owed by ordinary
 * work: both together never take more than our share.
 */
function reservedStep(
  { reserve, intervalMs }: Bucket,
  nowMs: number,
  marks: Marks,
): Step | undefined {
  const by = { tat: intervalMs };
  if (marks.reserve < nowMs) {
    return { by, to: { reserve: nowMs + intervalMs }, when: { reserve: [0, nowMs - 1] } };
  }
  const latest = nowMs + (reserve - 1) * intervalMs;
  if (marks.reserve > latest) return undefined;
  return { by: { ...by, reserve: intervalMs }, when: { reserve: [nowMs, latest] } };
}

/** The next time at which nobody else comes back, and a token will be there. */
async function joinLine(budget: Budget, action: WriteAction, seen: Marks): Promise<number> {
  const { burst, intervalMs } = bucketOf(action);
  const nowMs = budget.clock.now();
  let marks = seen;
  for (let attempt = 0; attempt < MOVES_MAX; attempt += 1) {
    const first = Math.max(nowMs, marks.tat - (burst - 1) * intervalMs);
    const step: Step =
      marks.line < first
        ? { to: { line: first + intervalMs }, when: { line: [0, first - 1] } }
        : { by: { line: intervalMs }, when: { line: [first, Number.MAX_SAFE_INTEGER] } };
    const answer = await budget.store.moveMarks({ action, ...step });
    marks = remember(budget.store, action, answer.marks);
    if (answer.moved) return marks.line - intervalMs;
  }
  return marks.line;
}

/** The marks as each store last showed them; saves the update that would find out. */
const seenByStore = new WeakMap<Store, Map<WriteAction, Marks>>();

const NO_MARKS: Marks = { tat: 0, line: 0, reserve: 0 };

function seenBefore(store: Store, action: WriteAction): Marks {
  return seenByStore.get(store)?.get(action) ?? NO_MARKS;
}

function remember(store: Store, action: WriteAction, marks: Marks): Marks {
  const seen = seenByStore.get(store) ?? new Map<WriteAction, Marks>();
  seenByStore.set(store, seen.set(action, marks));
  return marks;
}
