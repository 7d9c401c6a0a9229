import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coversPort, subtractSets, uniteRanges } from '../../../core/check/traffic-union.ts';
import { TrafficRegion } from '../../../core/reach/traffic-region.ts';
import { arbitraryRanges, everywhere } from '../../properties/traffic-ranges.ts';

const { ofSet } = TrafficRegion;
const text = (region: TrafficRegion): string =>
  region
    .toSet()
    .map((one) => `${one.protocolFrom}-${one.protocolTo}/${one.from}-${one.to}`)
    .join(' ');

describe('regions of traffic', () => {
  test('are what the evaluator of the policy takes for the same, written the same way', () => {
    fc.assert(
      fc.property(arbitraryRanges, arbitraryRanges, (a, b) => {
        const [one, other] = [ofSet(a), ofSet(b)];
        expect(one.or(other).toSet()).toEqual(uniteRanges([...a, ...b]));
        expect(one.minus(other).toSet()).toEqual(subtractSets(a, b));
        expect(one.and(other).toSet()).toEqual(subtractSets(a, subtractSets(a, b)));
        expect(everywhere((p, n) => one.has(p, n))).toBe(everywhere((p, n) => coversPort(a, p, n)));
        expect(one.isEmpty).toBe(a.length === 0);
      }),
      { numRuns: 150 },
    );
  });

  test('join what touches, of ports and of protocols, in any order', () => {
    const parts = [
      TrafficRegion.of(6, 6, 5, 9),
      TrafficRegion.of(17, 17, 0, 9),
      TrafficRegion.of(7, 16, 0, 9),
      TrafficRegion.of(6, 6, 0, 4),
    ];
    const all = (list: readonly TrafficRegion[]): TrafficRegion =>
      list.reduce((sum, one) => sum.or(one));
    expect(text(all(parts))).toBe('6-17/0-9');
    expect(text(all(parts.toReversed()))).toBe('6-17/0-9');
  });

  test.each([
    ['the beginning', [0, 9], '6-6/10-20 7-7/0-20'],
    ['the end', [15, 20], '6-6/0-14 7-7/0-20'],
    ['the middle', [5, 6], '6-6/0-4 6-6/7-20 7-7/0-20'],
  ])('keep protocols apart that differ at %s alone', (_, [from = 0, to = 0], expected) => {
    const both = TrafficRegion.of(6, 7, 0, 20);
    expect(text(both.minus(TrafficRegion.of(6, 6, from, to)))).toBe(expected);
  });

  test('nothing and everything', () => {
    const { nothing, everything } = TrafficRegion;
    expect(text(everything)).toBe('0-255/0-65535');
    expect(text(nothing)).toBe('');
    expect(text(everything.minus(everything))).toBe('');
    expect(text(everything.minus(nothing))).toBe('0-255/0-65535');
    expect(everything.minus(everything).isEmpty).toBe(true);
  });
});
