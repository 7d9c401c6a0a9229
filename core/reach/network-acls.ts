import type { NetworkAcl, NetworkAclEntry } from '../model/inventory.ts';
import { contains } from './addresses.ts';
import { TrafficRegion } from './traffic-region.ts';

/**
 * Ports that a client's system draws for its side of a connection: Linux's default
 * (ip_local_port_range, 32768 to 60999). A return path counts if all of them are let through.
 */
export const EPHEMERAL = { from: 32_768, to: 60_999 } as const;

const ECHO_PAIRS: readonly (readonly [number, number, number])[] = [
  [1, 8, 0],
  [58, 128, 129],
];

/** Traffic that the list lets through to or from the address: entries by number, first match wins. */
export function allowedByAcl(
  acl: NetworkAcl,
  direction: 'ingress' | 'egress',
  address: string,
): TrafficRegion {
  let open = TrafficRegion.nothing;
  let decided = TrafficRegion.nothing;
  for (const entry of entriesOf(acl, direction)) {
    if (!contains(entry.cidr, address)) continue;
    const region = regionOf(entry).minus(decided);
    if (entry.action === 'allow') open = open.or(region);
    decided = decided.or(region);
  }
  return open;
}

/** The entry that decides about one packet; undefined when none matches, which denies. */
export function decidingEntry(
  acl: NetworkAcl,
  direction: 'ingress' | 'egress',
  packet: { readonly address: string; readonly protocol: number; readonly port: number },
): NetworkAclEntry | undefined {
  return entriesOf(acl, direction).find(
    (entry) =>
      contains(entry.cidr, packet.address) && regionOf(entry).has(packet.protocol, packet.port),
  );
}

/** API output comes in no promised order. */
function entriesOf(acl: NetworkAcl, direction: 'ingress' | 'egress'): readonly NetworkAclEntry[] {
  return acl.entries
    .filter((entry) => entry.egress === (direction === 'egress'))
    .sort((a, b) => a.ruleNumber - b.ruleNumber);
}

function regionOf({ protocol, fromPort, toPort }: NetworkAclEntry): TrafficRegion {
  return protocolRegion(protocol, fromPort, toPort);
}

/** AWS's three fields as a region: -1 is any protocol, any ICMP type, any ICMP code. */
export function protocolRegion(protocol: number, fromPort: number, toPort: number): TrafficRegion {
  if (protocol === -1) return TrafficRegion.everything;
  if (protocol === 1 || protocol === 58) {
    if (fromPort === -1) return TrafficRegion.of(protocol, protocol, 0, 65_535);
    const type = fromPort * 256;
    const codes = toPort === -1 ? [type, type + 255] : [type + toPort, type + toPort];
    return TrafficRegion.of(protocol, protocol, codes[0] ?? 0, codes[1] ?? 0);
  }
  if (fromPort === -1) return TrafficRegion.of(protocol, protocol, 0, 65_535);
  return TrafficRegion.of(protocol, protocol, fromPort, toPort);
}

/**
 * Forward traffic whose answers get through, given what both lists let pass on the way back. TCP and
 * UDP answer to an ephemeral port, echo requests with echo replies; other ICMP has no answer.
 */
export function answerable(back: TrafficRegion): TrafficRegion {
  let region = TrafficRegion.nothing;
  for (const protocol of [6, 17]) {
    const needed = TrafficRegion.of(protocol, protocol, EPHEMERAL.from, EPHEMERAL.to);
    if (needed.minus(back).isEmpty) {
      region = region.or(TrafficRegion.of(protocol, protocol, 0, 65_535));
    }
  }
  for (const [protocol, request, reply] of ECHO_PAIRS) {
    let silent = TrafficRegion.of(protocol, protocol, 0, 65_535);
    if (!back.has(protocol, reply * 256)) {
      silent = silent.minus(
        TrafficRegion.of(protocol, protocol, request * 256, request * 256 + 255),
      );
    }
    region = region.or(silent);
  }
  const portless = [
    [0, 0],
    [2, 5],
    [7, 16],
    [18, 57],
    [59, 255],
  ] as const;
  for (const [first, last] of portless) {
    region = region.or(TrafficRegion.of(first, last, 0, 65_535).and(back));
  }
  return region;
}
