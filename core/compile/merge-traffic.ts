import {
  ICMP,
  ICMPV6,
  PORT_MAX,
  PROTOCOL_MAX,
  TCP,
  type TrafficRange,
  UDP,
} from '../model/traffic.ts';

/** Traffic that one policy rule or baseline entry allows a peer. */
export interface Contribution {
  readonly range: TrafficRange;
  readonly because: string;
}

/** The traffic of one security group rule, as AWS has it, and who asked for it (sorted). */
export interface GroupRuleTraffic {
  readonly protocol: number;
  readonly fromPort: number;
  readonly toPort: number;
  readonly because: readonly string[];
}

/** AWS's word for any protocol, and for any ICMP type or code. */
const ANY = -1;

interface Run {
  from: number;
  to: number;
  readonly because: Set<string>;
}

/**
 * The fewest rules that allow exactly the union of the contributions: overlapping and neighbouring
 * port runs of a protocol become one. Sorted by protocol, then port.
 *
 * @param family leaves out the ICMP of the other family; undefined keeps both (a group peer).
 */
export function mergeTraffic(
  contributions: readonly Contribution[],
  family: 'ipv4' | 'ipv6' | undefined,
): readonly GroupRuleTraffic[] {
  if (contributions.some(({ range }) => isEverything(range))) {
    const because = [...new Set(contributions.map((c) => c.because))].sort();
    return [{ protocol: ANY, fromPort: ANY, toPort: ANY, because }];
  }
  const byProtocol = new Map<number, Contribution[]>();
  for (const contribution of contributions) {
    const { protocolFrom, protocolTo } = contribution.range;
    for (let protocol = protocolFrom; protocol <= protocolTo; protocol += 1) {
      if (family === 'ipv4' && protocol === ICMPV6) continue;
      if (family === 'ipv6' && protocol === ICMP) continue;
      byProtocol.set(protocol, [...(byProtocol.get(protocol) ?? []), contribution]);
    }
  }
  return [...byProtocol]
    .sort(([a], [b]) => a - b)
    .flatMap(([protocol, found]) => mergeRuns(found).flatMap((run) => asGroupRules(protocol, run)));
}

function isEverything(range: TrafficRange): boolean {
  return (
    range.protocolFrom === 0 &&
    range.protocolTo === PROTOCOL_MAX &&
    range.from === 0 &&
    range.to === PORT_MAX
  );
}

function mergeRuns(contributions: readonly Contribution[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { range, because } of [...contributions].sort((a, b) => a.range.from - b.range.from)) {
    const last = runs.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      last.to = Math.max(last.to, range.to);
      last.because.add(because);
    } else {
      runs.push({ from: range.from, to: range.to, because: new Set([because]) });
    }
  }
  return runs;
}

function asGroupRules(protocol: number, run: Run): readonly GroupRuleTraffic[] {
  const because = [...run.because].sort();
  if (protocol === TCP || protocol === UDP) {
    return [{ protocol, fromPort: run.from, toPort: run.to, because }];
  }
  if (protocol !== ICMP && protocol !== ICMPV6) {
    return [{ protocol, fromPort: ANY, toPort: ANY, because }];
  }
  return icmpPairs(run).map(([fromPort, toPort]) => ({ protocol, fromPort, toPort, because }));
}

/** Types and codes of a run of `type * 256 + code`; AWS has no ranges of them. */
function icmpPairs(run: Run): readonly (readonly [type: number, code: number])[] {
  if (run.from === 0 && run.to === PORT_MAX) return [[ANY, ANY]];
  const pairs: [number, number][] = [];
  let at = run.from;
  while (at <= run.to) {
    const type = Math.floor(at / 256);
    if (at === type * 256 && run.to >= at + 255) {
      pairs.push([type, ANY]);
      at += 256;
    } else {
      pairs.push([type, at - type * 256]);
      at += 1;
    }
  }
  return pairs;
}
