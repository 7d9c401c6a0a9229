import type { TrafficRange, TrafficSet } from '../model/traffic.ts';

/** Runs of ports, sorted, disjoint and not touching. */
type Ports = readonly (readonly [number, number])[];

interface Run {
  readonly first: number;
  readonly last: number;
  readonly ports: Ports;
}

/** An exact set of protocols and ports, as AWS's rules cut it. Immutable. */
export class TrafficRegion {
  static readonly nothing = new TrafficRegion([]);
  static readonly everything = TrafficRegion.of(0, 255, 0, 65_535);
  readonly #runs: readonly Run[];

  private constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  static of(first: number, last: number, from: number, to: number): TrafficRegion {
    return new TrafficRegion([{ first, last, ports: [[from, to]] }]);
  }

  static ofSet(set: TrafficSet): TrafficRegion {
    return set.reduce(
      (region, { protocolFrom, protocolTo, from, to }) =>
        region.or(TrafficRegion.of(protocolFrom, protocolTo, from, to)),
      TrafficRegion.nothing,
    );
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  or(other: TrafficRegion): TrafficRegion {
    return this.#combine(other, unite);
  }

  and(other: TrafficRegion): TrafficRegion {
    return this.#combine(other, overlap);
  }

  minus(other: TrafficRegion): TrafficRegion {
    return this.#combine(other, (a, b) => overlap(a, complement(b)));
  }

  has(protocol: number, port: number): boolean {
    return this.#portsOf(protocol).some(([from, to]) => from <= port && port <= to);
  }

  toSet(): TrafficSet {
    return this.#runs.flatMap(({ first, last, ports }): TrafficRange[] =>
      ports.map(([from, to]) => ({ protocolFrom: first, protocolTo: last, from, to })),
    );
  }

  #portsOf(protocol: number): Ports {
    return this.#runs.find((run) => run.first <= protocol && protocol <= run.last)?.ports ?? [];
  }

  /** Both cut into the same runs of protocols, combined run by run, and merged again. */
  #combine(other: TrafficRegion, combine: (a: Ports, b: Ports) => Ports): TrafficRegion {
    const edges = new Set<number>();
    for (const { first, last } of [...this.#runs, ...other.#runs]) edges.add(first).add(last + 1);
    const starts = [...edges].sort((a, b) => a - b);
    const runs: Run[] = [];
    for (const [at, first] of starts.entries()) {
      const last = (starts[at + 1] ?? 256) - 1;
      const ports = combine(this.#portsOf(first), other.#portsOf(first));
      const before = runs.at(-1);
      if (before !== undefined && same(before.ports, ports)) {
        runs[runs.length - 1] = { ...before, last };
      } else {
        runs.push({ first, last, ports });
      }
    }
    return new TrafficRegion(runs.filter((run) => run.ports.length > 0));
  }
}

function unite(a: Ports, b: Ports): Ports {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: [number, number][] = [];
  for (const [from, to] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function overlap(a: Ports, b: Ports): Ports {
  return a.flatMap(([from, to]) =>
    b.flatMap(([start, end]): [number, number][] => {
      const low = Math.max(from, start);
      const high = Math.min(to, end);
      return low <= high ? [[low, high]] : [];
    }),
  );
}

/** A gap that has no port comes out with its ends swapped, and overlaps nothing. */
function complement(ports: Ports): Ports {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [from, to] of ports) {
    gaps.push([next, from - 1]);
    next = to + 1;
  }
  return [...gaps, [next, 65_535]];
}

function same(a: Ports, b: Ports): boolean {
  return (
    a.length === b.length && a.every(([from, to], at) => b[at]?.[0] === from && b[at]?.[1] === to)
  );
}
