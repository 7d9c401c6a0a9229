import { normalizeCidr } from 'cidr-tools';

/** Dotted decimal without leading zeros, which some readers take for octal (RFC 6943, 3.1.1). */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const HEXTET = /^[0-9a-f]{1,4}$/i;
const PREFIX_LENGTH = /^(?:0|[1-9]\d{0,2})$/;

/**
 * The canonical form of a CIDR or address; undefined when it is none. RFC 4632, RFC 5952. What the
 * parser would bend into another block (`300.1.1.1/8`, `10.1`) is no CIDR.
 */
export function canonicalCidr(value: string): string | undefined {
  const [address = '', length, ...more] = value.split('/');
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0) return undefined;
  if (length !== undefined && !(PREFIX_LENGTH.test(length) && Number(length) <= bits)) {
    return undefined;
  }
  return normalizeCidr(`${address}/${length ?? bits}`);
}

/** The canonical form of one address; undefined when it is none, or a block. */
export function canonicalAddress(value: string): string | undefined {
  return value.includes('/') ? undefined : canonicalCidr(value)?.split('/')[0];
}

function bitsOf(address: string): 32 | 128 | undefined {
  if (IPV4.test(address)) return 32;
  return isIpv6(address) ? 128 : undefined;
}

/** Hextets alone: AWS writes neither zones nor embedded IPv4. */
function isIpv6(address: string): boolean {
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const hextets = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const enough = halves.length === 2 ? hextets.length <= 7 : hextets.length === 8;
  return enough && hextets.every((hextet) => HEXTET.test(hextet));
}
