import {
  ALL_TRAFFIC,
  ICMP,
  ICMPV6,
  PORT_MAX,
  PROTOCOL_MAX,
  TCP,
  type TrafficRange,
  UDP,
} from '../model/traffic.ts';

/** Protocols by the names that AWS and this language know; also names that no service may have. */
export const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', TCP],
  ['udp', UDP],
  ['icmp', ICMP],
  ['icmpv6', ICMPV6],
]);

export const EVERYTHING = 'all';

/** Names that read as a protocol, so that a service of that name would be ambiguous. */
export function isReservedService(name: string): boolean {
  return name === EVERYTHING || PROTOCOLS.has(name);
}

const CODE_MAX = 255;

export type TrafficReading =
  | { readonly kind: 'ranges'; readonly range: TrafficRange }
  /** Perhaps a service's name. */
  | { readonly kind: 'name' }
  | { readonly kind: 'bad'; readonly seen: string; readonly hint: string };

const FORMS =
  'write `tcp/443`, `udp/8000-8100`, `tcp`, `icmp/8`, a protocol number, `all` or a service';

/**
 * Reads one entry of `allow`: `tcp/443`, `tcp/8000-8100`, `udp`, `icmp/8` (type), `icmp/8/0` (type
 * and code), `icmpv6/128`, a protocol number from 0 to 255 (IANA, "Protocol Numbers") or `all`.
 */
export function readTraffic(text: string): TrafficReading {
  if (text === EVERYTHING) return { kind: 'ranges', range: ALL_TRAFFIC };
  if (/^\d+$/.test(text)) return readNumber(text);
  const head = text.replace(/\/.*$/s, '');
  const rest = text === head ? undefined : text.slice(head.length + 1);
  const protocol = PROTOCOLS.get(head);
  if (protocol === undefined)
    return rest === undefined ? { kind: 'name' } : badProtocol(text, head);
  if (rest === undefined) return of(protocol, 0, PORT_MAX);
  return protocol === TCP || protocol === UDP
    ? readPorts(head, protocol, rest)
    : readIcmp(protocol, rest);
}

function of(protocol: number, from: number, to: number): TrafficReading {
  return { kind: 'ranges', range: { protocolFrom: protocol, protocolTo: protocol, from, to } };
}

function bad(seen: string, hint: string): TrafficReading {
  return { kind: 'bad', seen, hint };
}

function badProtocol(text: string, head: string): TrafficReading {
  if (/^\d+$/.test(head)) {
    const hint = 'protocols by number have no ports here; for 6 write `tcp/...`, for 17 `udp/...`';
    return bad(`has a port behind protocol number ${head}`, hint);
  }
  const lower = PROTOCOLS.has(head.toLowerCase()) ? `write \`${text.toLowerCase()}\`` : FORMS;
  return bad('names no protocol that has ports or types', lower);
}

function readNumber(text: string): TrafficReading {
  const protocol = Number(text);
  if (protocol <= PROTOCOL_MAX) return of(protocol, 0, PORT_MAX);
  const hint = protocol <= PORT_MAX ? `for a port write \`tcp/${protocol}\`` : FORMS;
  return bad(`is no protocol number, which go from 0 to ${PROTOCOL_MAX}`, hint);
}

function readPorts(head: string, protocol: number, rest: string): TrafficReading {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(rest);
  if (match === null) {
    const several = rest.includes(',') ? 'write each port as an entry of its own' : FORMS;
    return bad('has no port or range of ports behind the protocol', several);
  }
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from > PORT_MAX || to > PORT_MAX) {
    return bad(`has a port above ${PORT_MAX}`, `ports go from 0 to ${PORT_MAX}`);
  }
  if (from <= to) return of(protocol, from, to);
  return bad('is a range that ends before it starts', `write \`${head}/${to}-${from}\``);
}

function readIcmp(protocol: number, rest: string): TrafficReading {
  const match = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(rest);
  const [type, code] = [Number(match?.[1]), Number(match?.[2] ?? 0)];
  if (!(type <= CODE_MAX && code <= CODE_MAX)) {
    const hint = 'write `icmp/8` for a type, `icmp/8/0` for a type and code';
    return bad(`has no ICMP type and code from 0 to ${CODE_MAX}`, hint);
  }
  const from = type * (CODE_MAX + 1) + code;
  return of(protocol, from, match?.[2] === undefined ? from + CODE_MAX : from);
}
