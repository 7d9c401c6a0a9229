import { expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import {
  ALL_TRAFFIC,
  ICMP,
  ICMPV6,
  TCP,
  type TrafficRange,
  UDP,
} from '../../../core/model/traffic.ts';

function of(protocol: number, from = 0, to = from): TrafficRange {
  return { protocolFrom: protocol, protocolTo: protocol, from, to };
}
const whole = (protocolFrom: number, protocolTo = protocolFrom): TrafficRange => ({
  ...{ protocolFrom, protocolTo, from: 0, to: 65_535 },
});

/** As a policy writes ICMP: type and code. */
const icmp = (protocol: number, first: readonly number[], last: readonly number[]) =>
  of(protocol, (first[0] ?? 0) * 256 + (first[1] ?? 0), (last[0] ?? 0) * 256 + (last[1] ?? 0));

test.each([
  ['all', [ALL_TRAFFIC]],
  ['', []],
  ['tcp/443', [of(TCP, 443)]],
  ['tcp/80-81', [of(TCP, 80, 81)]],
  ['tcp/0-1023', [of(TCP, 0, 1_023)]],
  ['tcp/1024-65535', [of(TCP, 1_024, 65_535)]],
  ['tcp', [whole(TCP)]],
  ['tcp/1-9 tcp/11 udp/53', [of(TCP, 1, 9), of(TCP, 11), of(UDP, 53)]],
  ['icmp', [whole(ICMP)]],
  ['icmp/8', [icmp(ICMP, [8, 0], [8, 255])]],
  ['icmp/8/0', [icmp(ICMP, [8, 0], [8, 0])]],
  ['icmp/8/1', [icmp(ICMP, [8, 1], [8, 1])]],
  ['icmp/3/1-4', [icmp(ICMP, [3, 1], [3, 4])]],
  ['icmp/0-7', [icmp(ICMP, [0, 0], [7, 255])]],
  ['icmp/8/1-255 icmp/9-255', [icmp(ICMP, [8, 1], [255, 255])]],
  ['icmp/3-4 icmp/5/0-1', [icmp(ICMP, [3, 0], [5, 1])]],
  ['icmp/3/9-255 icmp/4/0', [icmp(ICMP, [3, 9], [4, 0])]],
  ['icmp/3/9-255 icmp/4 icmp/5/0', [icmp(ICMP, [3, 9], [5, 0])]],
  ['icmpv6/128/0', [icmp(ICMPV6, [128, 0], [128, 0])]],
  ['icmpv6/133-137', [icmp(ICMPV6, [133, 0], [137, 255])]],
  ['47', [whole(47)]],
  ['2-5', [whole(2, 5)]],
  ['0 icmp 2-5 tcp 7', [whole(0, 7)]],
  ['18-57 icmpv6 59-255', [whole(18, 255)]],
] as const)('%s', (expected, set) => expect(trafficTexts(set).join(' ')).toBe(expected));
