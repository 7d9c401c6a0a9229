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

/** By protocol number, ascending. */
const NAMES: readonly (readonly [number, string])[] = [
  [ICMP, 'icmp'],
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [ICMPV6, 'icmpv6'],
];

/** Codes of one ICMP type. */
const CODES = 256;

/**
 * A set as a policy would write it: `tcp/443`, `icmp/8`, `udp`, `47`, `all`; several ICMP types as
 * `icmp/3-5`. A range over several protocols has every port (model/traffic.ts).
 */
export function trafficTexts(set: TrafficSet): readonly string[] {
  return set.flatMap((range) => {
    if (range.protocolFrom === 0 && range.protocolTo === PROTOCOL_MAX) return ['all'];
    const texts: string[] = [];
    let unnamedFrom = range.protocolFrom;
    for (const [protocol, name] of NAMES) {
      if (protocol < range.protocolFrom || protocol > range.protocolTo) continue;
      texts.push(...numbers(unnamedFrom, protocol - 1), ...withPorts(name, protocol, range));
      unnamedFrom = protocol + 1;
    }
    return [...texts, ...numbers(unnamedFrom, range.protocolTo)];
  });
}

/** Protocols without ports of their own. */
function numbers(from: number, to: number): readonly string[] {
  return from > to ? [] : [span(from, to)];
}

function withPorts(name: string, protocol: number, { from, to }: TrafficRange): string[] {
  if (from === 0 && to === PORT_MAX) return [name];
  if (protocol === TCP || protocol === UDP) return [`${name}/${span(from, to)}`];
  return icmpTexts(from, to).map((text) => `${name}/${text}`);
}

/** Whole types together; of a type that is there in part, its codes. */
function icmpTexts(from: number, to: number): readonly string[] {
  if (from > to) return [];
  const type = Math.floor(from / CODES);
  const wholeUntil = Math.floor((to + 1) / CODES);
  if (from % CODES === 0 && wholeUntil > type) {
    return [span(type, wholeUntil - 1), ...icmpTexts(wholeUntil * CODES, to)];
  }
  const last = Math.min(to, (type + 1) * CODES - 1);
  return [`${type}/${span(from % CODES, last % CODES)}`, ...icmpTexts(last + 1, to)];
}

function span(from: number, to: number): string {
  return from === to ? String(from) : `${from}-${to}`;
}
