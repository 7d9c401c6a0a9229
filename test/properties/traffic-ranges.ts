import fc from 'fast-check';
import type { TrafficRange } from '../../core/model/traffic.ts';

/** Ranges of traffic whose ends meet, touch and nest often, and what they cover, point by point. */

const EDGES = [0, 1, 2, 3, 4, 5, 65_533, 65_534, 65_535];
const PROTOCOLS = [0, 1, 2, 5, 6, 7, 8, 16, 17, 18, 254, 255];

const ordered = (values: readonly number[]) =>
  fc
    .tuple(fc.constantFrom(...values), fc.constantFrom(...values))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const range: fc.Arbitrary<TrafficRange> = fc
  .tuple(ordered(PROTOCOLS), ordered(EDGES))
  .map(([[protocolFrom, protocolTo], [from, to]]) => ({ protocolFrom, protocolTo, from, to }));

export const arbitraryRanges = fc.array(range, { maxLength: 5 });

/** Every protocol and port at which anything can change, one by one. */
export function everywhere(holds: (protocol: number, port: number) => boolean): string {
  return PROTOCOLS.flatMap((protocol) =>
    EDGES.map((port) => (holds(protocol, port) ? `${protocol}/${port}` : '')),
  ).join(' ');
}

export const inAny = (list: readonly TrafficRange[]) => (protocol: number, port: number) =>
  list.some(
    (one) =>
      !(
        protocol < one.protocolFrom ||
        protocol > one.protocolTo ||
        port < one.from ||
        port > one.to
      ),
  );
