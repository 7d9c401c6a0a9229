import { normalizeCidr } from 'cidr-tools';
import { parseIp } from 'ip-bigint';

export type CidrReading =
  | {
      readonly kind: 'cidr';
      readonly cidr: string;
      /** How the text differs from the canonical form; absent where it does not. */
      readonly flaw?: 'host bits' | 'form';
    }
  | { readonly kind: 'bad'; readonly seen: string };

/** Dotted decimal without leading zeros, which some readers take for octal (RFC 6943, 3.1.1). */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HEXTET = /^[0-9a-f]{1,4}$/i;
/** What stands before the last 32 bits of `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
const IPV4_MAPPED = 0xffffn;
const BITS = { 4: 32, 6: 128 } as const;

/**
 * Reads a CIDR in the canonical form of AWS: network address, prefix length, IPv6 compressed and in
 * lower case (RFC 5952). A bare address is that address alone. An IPv4-mapped IPv6 range is refused,
 * since AWS has no traffic that it could mean.
 */
export function readCidr(text: string): CidrReading {
  const [address = '', prefix, ...more] = text.split('/');
  const v4 = IPV4.test(address);
  if (more.length > 0 || !(v4 || isPlainIpv6(address))) {
    return { kind: 'bad', seen: 'is neither an IPv4 nor an IPv6 range' };
  }
  const bits = BITS[v4 ? 4 : 6];
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

/**
 * Eight hextets, or fewer around one `::`. Not by cidr-tools, which reads `2001:db8::g` and `1:2:3`
 * as addresses that nobody wrote.
 */
function isPlainIpv6(address: string): boolean {
  const halves = address.split('::');
  const hextets = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const whole = halves.length === 1 ? hextets.length === 8 : hextets.length <= 7;
  if (halves.length > 2 || !whole || !hextets.every((one) => HEXTET.test(one))) return false;
  return parseIp(address).number >> 32n !== IPV4_MAPPED;
}
