/**
 * A run of IP protocol numbers crossed with a run of ports.
 *
 * - `protocolFrom..protocolTo`: 0 to 255, as in IANA's protocol numbers.
 * - `from..to`: 0 to 65535. TCP and UDP: the destination port. ICMP and ICMPv6: `type * 256 + code`
 *   (so `icmp/8` is 2048..2303). Every other protocol has no ports and always spans 0..65535.
 */
export interface TrafficRange {
  readonly protocolFrom: number;
  readonly protocolTo: number;
  readonly from: number;
  readonly to: number;
}

/**
 * An exact set of traffic in canonical form: no two ranges overlap; for each protocol the port runs
 * are maximal; neighbouring protocols with equal port runs share ranges; sorted by protocolFrom,
 * then from. Two equal sets are therefore equal as JSON. The empty set is `[]`.
 */
export type TrafficSet = readonly TrafficRange[];

/** What one end may send to another, by address family. A family that they do not share is absent. */
export interface PairTraffic {
  readonly ipv4?: TrafficSet;
  readonly ipv6?: TrafficSet;
}

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ICMPV6 = 58;
export const PORT_MAX = 65_535;
export const PROTOCOL_MAX = 255;

/** Every protocol and every port. */
export const ALL_TRAFFIC: TrafficRange = {
  protocolFrom: 0,
  protocolTo: PROTOCOL_MAX,
  from: 0,
  to: PORT_MAX,
};
