import {
  ICMP,
  ICMPV6,
  PORT_MAX,
  PROTOCOL_MAX,
  TCP,
  type TrafficRange,
  type TrafficSet,
  UDP,
} from '../model/traffic.ts';

const NAMES: ReadonlyMap<number, string> = new Map([
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [ICMP, 'icmp'],
  [ICMPV6, 'icmpv6'],
]);

const CODES = 256;

/** A set as a policy would write it: `tcp/443`, `icmp/8`, `udp`, `47`, `all`. */
export function trafficTexts(set: TrafficSet): readonly string[] {
  return set.flatMap((range) => {
    if (range.protocolFrom === 0 && range.protocolTo === PROTOCOL_MAX) return [allOf(range)];
    const texts: string[] = [];
    let unnamedFrom = range.protocolFrom;
    for (const [protocol, name] of [...NAMES].sort(([a], [b]) => a - b)) {
      if (protocol < range.protocolFrom || protocol > range.protocolTo) continue;
      texts.push(...numbers(unnamedFrom, protocol - 1), withPorts(name, protocol, range));
      unnamedFrom = protocol + 1;
    }
    return [...texts, ...numbers(unnamedFrom, range.protocolTo)];
  });
}

function allOf({ from, to }: TrafficRange): string {
  return from === 0 && to === PORT_MAX ? 'all' : `all/${span(from, to)}`;
}

/** Protocols without ports of their own. */
function numbers(from: number, to: number): readonly string[] {
  return from > to ? [] : [span(from, to)];
}

function withPorts(name: string, protocol: number, { from, to }: TrafficRange): string {
  if (from === 0 && to === PORT_MAX) return name;
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  if (!isIcmp) return `${name}/${span(from, to)}`;
  const wholeTypes = from % CODES === 0 && to % CODES === CODES - 1;
  const types = span(Math.floor(from / CODES), Math.floor(to / CODES));
  return wholeTypes ? `${name}/${types}` : `${name}/${types}/${span(from % CODES, to % CODES)}`;
}

function span(from: number, to: number): string {
  return from === to ? String(from) : `${from}-${to}`;
}
