import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coversPort, subtractSets, uniteRanges } from '../../../core/check/traffic-union.ts';
import { arbitraryRanges, everywhere, inAny } from '../../properties/traffic-ranges.ts';

describe('sets of traffic', () => {
  test('a union covers what one of its ranges covers, and a difference what is left', () => {
    fc.assert(
      fc.property(arbitraryRanges, arbitraryRanges, (a, b) => {
        const [one, other] = [uniteRanges(a), uniteRanges(b)];
        expect(everywhere((p, n) => coversPort(one, p, n))).toBe(everywhere(inAny(a)));
        expect(everywhere((p, n) => coversPort(subtractSets(one, other), p, n))).toBe(
          everywhere((p, n) => inAny(a)(p, n) && !inAny(b)(p, n)),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('are written in one way alone, whatever they are made of', () => {
    fc.assert(
      fc.property(arbitraryRanges, (list) => {
        const set = uniteRanges(list);
        const pieces = list.flatMap((one) => [
          { ...one, to: Math.floor((one.from + one.to) / 2) },
          { ...one, from: Math.floor((one.from + one.to) / 2) },
        ]);
        expect(uniteRanges(pieces.toReversed())).toEqual(set);
        expect(subtractSets(set, [])).toEqual(set);
        expect(subtractSets(set, set)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('neighbours are joined, and no more than neighbours', () => {
    const tcp = (from: number, to: number) => ({ protocolFrom: 6, protocolTo: 6, from, to });
    expect(uniteRanges([tcp(3, 4), tcp(1, 2)])).toEqual([tcp(1, 4)]);
    expect(uniteRanges([tcp(4, 5), tcp(1, 2)])).toEqual([tcp(1, 2), tcp(4, 5)]);
    expect(uniteRanges([tcp(1, 9), tcp(2, 3)])).toEqual([tcp(1, 9)]);
    const both = { protocolFrom: 6, protocolTo: 7, from: 1, to: 1 };
    expect(uniteRanges([tcp(1, 1), { ...tcp(1, 1), protocolFrom: 7, protocolTo: 7 }])).toEqual([
      both,
    ]);
  });
});
