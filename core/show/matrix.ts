import { trafficTexts } from '../api/traffic-text.ts';
import type { Inventory } from '../model/inventory.ts';
import type { TrafficSet } from '../model/traffic.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { printable } from './printable.ts';

/** Who may reach whom, from what AWS holds: one row and column for each group of workloads. */
export interface ReachMatrix {
  readonly names: readonly string[];
  readonly cells: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly from: string;
  readonly to: string;
  /** Ordered pairs of different interfaces. */
  readonly pairs: number;
  /** Pairs that may exchange anything at all. */
  readonly open: number;
  /** What each open pair may, as a policy writes it; one entry per distinct set, sorted. */
  readonly traffic: readonly string[];
  /** True when every pair may everything, in every family that it shares. */
  readonly everything: boolean;
}

/**
 * `nameOf` gives the row of a workload, e.g. its segment; a workload without one is left out. Rows
 * are sorted by name.
 */
export function reachMatrix(
  inventory: Inventory,
  nameOf: (workload: string) => string | undefined,
): ReachMatrix {
  const reach = awsReach(inventory);
  const idsByName = new Map<string, string[]>();
  for (const nic of inventory.interfaces) {
    const name = nameOf(nic.workload);
    if (name !== undefined) idsByName.set(name, [...(idsByName.get(name) ?? []), nic.id]);
  }
  const names = [...idsByName.keys()].sort();
  const cells = names.flatMap((from) => names.map((to) => cellOf(reach, { from, to }, idsByName)));
  return { names, cells };
}

function cellOf(
  reach: AwsReach,
  { from, to }: { readonly from: string; readonly to: string },
  idsByName: ReadonlyMap<string, readonly string[]>,
): MatrixCell {
  const seen = new Map<string, TrafficSet>();
  let pairs = 0;
  let open = 0;
  let shut = false;
  for (const source of idsByName.get(from) ?? []) {
    for (const destination of idsByName.get(to) ?? []) {
      if (source === destination) continue;
      pairs += 1;
      const { ipv4, ipv6 } = reach.between(source, destination);
      const shared = [ipv4, ipv6].filter((set) => set !== undefined);
      const sets = shared.filter((set) => set.length > 0);
      if (sets.length < shared.length) shut = true;
      if (sets.length > 0) open += 1;
      for (const set of sets) seen.set(JSON.stringify(set), set);
    }
  }
  const traffic = [...seen.values()].map((set) => trafficTexts(set).join(' '));
  const everything = open === pairs && !shut && traffic.join() === 'all';
  return { from, to, pairs, open, traffic: traffic.sort(), everything };
}

const SIGNS = { everything: '██', some: '▒▒', nothing: ' ·', none: '  ' } as const;

/** A square of signs that fits a terminal, and below it what passes where not everything does. */
export function renderMatrix(matrix: ReachMatrix): string {
  const width = Math.max(...matrix.names.map((name) => [...printable(name, 24)].length), 4);
  const numbers = matrix.names.map((_, at) => String(at + 1).padStart(2));
  const lines = [`${''.padEnd(width)}     ${numbers.join(' ')}   (to)`];
  for (const [at, from] of matrix.names.entries()) {
    const row = matrix.names.map((to) => SIGNS[signOf(matrix, from, to)]);
    lines.push(`${printable(from, 24).padEnd(width)}  ${numbers[at]} ${row.join(' ')}`);
  }
  lines.push('', '██ everything   ▒▒ some ports or pairs   · nothing');
  return lines.join('\n');
}

/** Lines such as `shop-web -> shop-api: tcp/8080-8081`, for the cells that pass something but not all. */
export function renderPaths(matrix: ReachMatrix): string {
  return matrix.cells
    .filter((cell) => cell.open > 0 && !cell.everything)
    .map(({ from, to, open, pairs, traffic }) => {
      const share = open === pairs ? '' : `  (${open} of ${pairs} pairs)`;
      return `${printable(from, 24)} -> ${printable(to, 24)}: ${traffic.join(' | ')}${share}`;
    })
    .join('\n');
}

function signOf(matrix: ReachMatrix, from: string, to: string): keyof typeof SIGNS {
  const cell = matrix.cells.find((one) => one.from === from && one.to === to);
  if (cell === undefined || cell.pairs === 0) return 'none';
  if (cell.everything) return 'everything';
  return cell.open > 0 ? 'some' : 'nothing';
}
