import { normalizeCidr } from 'cidr-tools';
import { parseIp } from 'ip-bigint';
import { z } from 'zod';

export type CidrReading =
  | {
      readonly kind: 'cidr';
      readonly cidr: string;
      /** How the text differs from the canonical form; absent where it does not. */
      readonly flaw?: 'host bits' | 'form';
    }
  | { readonly kind: 'bad'; readonly seen: string };

/**
 * By zod, since cidr-tools reads `2001:db8::g`, `1:2:3` and `300.1.1.1` as addresses that nobody
 * wrote. Dotted decimal has no leading zeros, which some readers take for octal (RFC 6943, 3.1.1).
 */
const IPV4 = z.ipv4();
const IPV6 = z.ipv6();
/** What stands before the last 32 bits of `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
const IPV4_MAPPED = 0xffffn;

/**
 * Reads a CIDR in the canonical form of AWS: network address, prefix length, IPv6 compressed and in
 * lower case (RFC 5952). A bare address is that address alone. An IPv4-mapped IPv6 range is refused,
 * since AWS has no traffic that it could mean.
 */
export function readCidr(text: string): CidrReading {
  const [address = '', prefix, ...more] = text.split('/');
  const bits = bitsOf(address);
  if (more.length > 0 || bits === undefined) {
    return { kind: 'bad', seen: 'is neither an IPv4 nor an IPv6 range' };
  }
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) {
    return { kind: 'bad', seen: `has no prefix length from 0 to ${bits}` };
  }
  const length = Number(prefix ?? bits);
  const cidr = normalizeCidr(`${address}/${length}`);
  if (cidr === text) return { kind: 'cidr', cidr };
  const own = normalizeCidr(`${address}/${bits}`).split('/')[0];
  const hostBits = own !== cidr.split('/')[0];
  return { kind: 'cidr', cidr, flaw: hostBits ? 'host bits' : 'form' };
}

/** Bits of an address; undefined where it is none, or IPv4 in IPv6. */
function bitsOf(address: string): number | undefined {
  if (IPV4.safeParse(address).success) return 32;
  const isIpv6 = IPV6.safeParse(address).success;
  return isIpv6 && parseIp(address).number >> 32n !== IPV4_MAPPED ? 128 : undefined;
}
