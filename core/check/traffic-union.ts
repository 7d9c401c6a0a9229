import { PROTOCOL_MAX, type TrafficRange, type TrafficSet } from '../model/traffic.ts';

/** The canonical form of everything that at least one range covers. */
export function uniteRanges(ranges: readonly TrafficRange[]): TrafficSet {
  return assemble(ranges, (protocol) =>
    joined(ranges.filter((one) => one.protocolFrom <= protocol && protocol <= one.protocolTo)),
  );
}

/** The canonical form of what `a` covers and `b` does not. */
export function subtractSets(a: TrafficSet, b: TrafficSet): TrafficSet {
  return assemble([...a, ...b], (protocol) => {
    const holds = (one: TrafficRange): boolean =>
      one.protocolFrom <= protocol && protocol <= one.protocolTo;
    return cut(joined(a.filter(holds)), joined(b.filter(holds)));
  });
}

export function coversPort(set: TrafficSet, protocol: number, port: number): boolean {
  return set.some(
    (one) =>
      one.protocolFrom <= protocol &&
      protocol <= one.protocolTo &&
      one.from <= port &&
      port <= one.to,
  );
}

interface Span {
  from: number;
  to: number;
}

/** Port spans of each protocol, with neighbours of equal spans put together. */
function assemble(
  ranges: readonly TrafficRange[],
  spansOf: (protocol: number) => readonly Span[],
): TrafficSet {
  const starts = new Set([0, ...ranges.flatMap((one) => [one.protocolFrom, one.protocolTo + 1])]);
  const sorted = [...starts].sort((a, b) => a - b);
  const blocks: { from: number; to: number; spans: readonly Span[]; key: string }[] = [];
  for (const [at, from] of sorted.entries()) {
    const to = (sorted[at + 1] ?? PROTOCOL_MAX + 1) - 1;
    const spans = spansOf(from);
    const key = JSON.stringify(spans);
    const last = blocks.at(-1);
    if (last?.key === key) last.to = to;
    else blocks.push({ from, to, spans, key });
  }
  return blocks.flatMap((block) =>
    block.spans.map(({ from, to }) => ({
      protocolFrom: block.from,
      protocolTo: block.to,
      from,
      to,
    })),
  );
}

function joined(ranges: readonly TrafficRange[]): Span[] {
  const spans: Span[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last === undefined || from > last.to + 1) spans.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return spans;
}

function cut(spans: readonly Span[], away: readonly Span[]): Span[] {
  let left: Span[] = spans.map((span) => ({ ...span }));
  for (const { from, to } of away) {
    left = left.flatMap((span) =>
      [
        { from: span.from, to: Math.min(span.to, from - 1) },
        { from: Math.max(span.from, to + 1), to: span.to },
      ].filter((part) => part.from <= part.to),
    );
  }
  return left;
}
