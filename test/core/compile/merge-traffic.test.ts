import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeTraffic } from '../../../core/compile/merge-traffic.ts';
import { ICMP, ICMPV6, TCP, type TrafficRange } from '../../../core/model/traffic.ts';
import { allowance } from '../../properties/builders.ts';

const merge = (texts: readonly string[], family?: 'ipv4' | 'ipv6') =>
  mergeTraffic(
    texts.flatMap((text) => allowance(text).ranges.map((range) => ({ range, because: text }))),
    family,
  );
const written = (texts: readonly string[], family?: 'ipv4' | 'ipv6') =>
  merge(texts, family).map((r) => `${r.protocol}:${r.fromPort}-${r.toPort}`);

describe('traffic of one peer as group rules', () => {
  test.each([
    { allow: ['tcp/80', 'tcp/81-90'], rules: ['6:80-90'] },
    { allow: ['tcp/80-85', 'tcp/83-90'], rules: ['6:80-90'] },
    { allow: ['tcp/80', 'tcp/82'], rules: ['6:80-80', '6:82-82'] },
    { allow: ['udp/53', 'tcp/53'], rules: ['6:53-53', '17:53-53'] },
    { allow: ['udp'], rules: ['17:0-65535'] },
    { allow: ['47'], rules: ['47:-1--1'] },
    { allow: ['all', 'tcp/80'], rules: ['-1:-1--1'] },
    { allow: ['icmp/8'], rules: ['1:8--1'] },
    { allow: ['icmp'], rules: ['1:-1--1'] },
    { allow: ['icmp/0-1'], rules: ['1:0--1', '1:1--1'] },
  ])('$allow', ({ allow, rules }) => {
    expect(written(allow)).toEqual(rules);
  });

  test('an ICMP type with some codes only is one rule a code', () => {
    const range: TrafficRange = { protocolFrom: ICMP, protocolTo: ICMP, from: 769, to: 770 };
    expect(mergeTraffic([{ range, because: 'r' }], undefined)).toEqual([
      { protocol: ICMP, fromPort: 3, toPort: 1, because: ['r'] },
      { protocol: ICMP, fromPort: 3, toPort: 2, because: ['r'] },
    ]);
  });

  test('the ICMP of the other family is left out', () => {
    expect(written(['icmp/8', 'icmpv6/128'], 'ipv4')).toEqual(['1:8--1']);
    expect(written(['icmp/8', 'icmpv6/128'], 'ipv6')).toEqual(['58:128--1']);
    expect(written(['icmp/8', 'icmpv6/128'])).toEqual(['1:8--1', '58:128--1']);
  });

  test('a merged rule names everybody who asked for it', () => {
    expect(merge(['tcp/82', 'tcp/80-81'])[0]?.because).toEqual(['tcp/80-81', 'tcp/82']);
  });

  test('law: merging changes nothing about which port is allowed', () => {
    const port = fc.nat({ max: 40 });
    const range = fc
      .record({
        protocol: fc.constantFrom(TCP, ICMP, ICMPV6),
        a: port,
        b: port,
        scale: fc.constantFrom(1, 256),
      })
      .map(({ protocol, a, b, scale }) => ({
        protocolFrom: protocol,
        protocolTo: protocol,
        from: Math.min(a, b) * (protocol === TCP ? 1 : scale),
        to: Math.max(a, b) * (protocol === TCP ? 1 : scale) + (protocol === TCP ? 0 : scale - 1),
      }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), (ranges) => {
        const rules = mergeTraffic(
          ranges.map((r) => ({ range: r, because: 'r' })),
          undefined,
        );
        for (const protocol of [TCP, ICMP, ICMPV6]) {
          for (const at of [0, 1, 5, 20, 40, 256, 300, 2048, 5120, 10_495]) {
            const wanted = ranges.some(
              (r) => r.protocolFrom === protocol && r.from <= at && at <= r.to,
            );
            const [type, code] = [Math.floor(at / 256), at % 256];
            const allowed = rules.some((rule) => {
              if (rule.protocol !== protocol) return false;
              if (protocol === TCP) return rule.fromPort <= at && at <= rule.toPort;
              return (
                (rule.fromPort === -1 || rule.fromPort === type) &&
                (rule.toPort === -1 || rule.toPort === code)
              );
            });
            expect(allowed).toBe(wanted);
          }
        }
      }),
    );
  });
});
