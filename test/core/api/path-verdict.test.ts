import { describe, expect, test } from 'vitest';
import { joinVerdicts, judgeTraffic } from '../../../core/api/path-verdict.ts';
import { ALL_TRAFFIC, TCP, type TrafficRange, UDP } from '../../../core/model/traffic.ts';

function tcp(from: number, to = from): TrafficRange {
  return { protocolFrom: TCP, protocolTo: TCP, from, to };
}
const UDP_53: TrafficRange = { protocolFrom: UDP, protocolTo: UDP, from: 53, to: 53 };

describe('judgeTraffic', () => {
  test.each([
    ['one port inside a range', [tcp(443)], [tcp(1, 1024)], 'allow'],
    ['a range covered by two', [tcp(1, 10)], [tcp(1, 5), tcp(6, 10)], 'allow'],
    ['a range with a hole', [tcp(1, 10)], [tcp(1, 5), tcp(7, 10)], 'partly'],
    ['the last port of a range', [tcp(1, 10)], [tcp(10)], 'partly'],
    ['just beside it', [tcp(443)], [tcp(444, 500), tcp(1, 442)], 'deny'],
    ['another protocol', [tcp(53)], [UDP_53], 'deny'],
    ['two protocols, one allowed', [tcp(53), UDP_53], [UDP_53], 'partly'],
    ['nothing allowed', [tcp(443)], [], 'deny'],
    ['everything allowed', [tcp(443), UDP_53], [ALL_TRAFFIC], 'allow'],
    ['everything asked of one port', [ALL_TRAFFIC], [tcp(443)], 'partly'],
    ['everything asked of everything', [ALL_TRAFFIC], [ALL_TRAFFIC], 'allow'],
  ] as const)('%s', (_case, asked, allowed, expected) => {
    expect(judgeTraffic(asked, allowed)).toBe(expected);
  });
});

describe('joinVerdicts', () => {
  test.each([
    [[], 'unknown'],
    [['allow', 'allow'], 'allow'],
    [['deny', 'deny'], 'deny'],
    [['allow', 'deny'], 'partly'],
    [['allow', 'unknown'], 'partly'],
    [['deny', 'unknown'], 'unknown'],
    [['partly', 'deny'], 'partly'],
    [['unknown', 'partly'], 'partly'],
    [['unknown', 'unknown'], 'unknown'],
  ] as const)('%j is %s', (verdicts, expected) => expect(joinVerdicts(verdicts)).toBe(expected));
});
