import type { TrafficRange, TrafficSet } from '../model/traffic.ts';

/** `partly`: some of what was asked for is allowed. */
export type PathVerdict = 'allow' | 'deny' | 'partly' | 'unknown';

/**
 * How much of `asked` is in `allowed`. Both are canonical (no two ranges of one set overlap), so
 * the sizes of the pairwise overlaps add up to the size of the intersection. Sizes stay far below
 * 2^53: 256 protocols by 65,536 ports.
 */
export function judgeTraffic(asked: TrafficSet, allowed: TrafficSet): PathVerdict {
  let common = 0;
  for (const left of asked) {
    for (const right of allowed) common += overlap(left, right);
  }
  if (common === 0) return 'deny';
  const size = asked.reduce((sum, range) => sum + overlap(range, range), 0);
  return common === size ? 'allow' : 'partly';
}

function overlap(left: TrafficRange, right: TrafficRange): number {
  const protocols =
    Math.min(left.protocolTo, right.protocolTo) -
    Math.max(left.protocolFrom, right.protocolFrom) +
    1;
  const ports = Math.min(left.to, right.to) - Math.max(left.from, right.from) + 1;
  return Math.max(0, protocols) * Math.max(0, ports);
}

/** Over several interfaces or address families: the same everywhere, or partly. */
export function joinVerdicts(verdicts: readonly PathVerdict[]): PathVerdict {
  const [first, ...others] = verdicts;
  if (first === undefined) return 'unknown';
  if (others.every((verdict) => verdict === first)) return first;
  return verdicts.includes('allow') || verdicts.includes('partly') ? 'partly' : 'unknown';
}
