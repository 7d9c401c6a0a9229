import { normalizeCidr } from 'cidr-tools';

/** The canonical form of a CIDR or address; undefined when it is none. RFC 4632, RFC 5952. */
export function canonicalCidr(value: string): string | undefined {
  const withLength = value.includes('/') ? value : `${value}/${value.includes(':') ? 128 : 32}`;
  try {
    const canonical = normalizeCidr(withLength);
    return canonical.includes('/') ? canonical : undefined;
  } catch {
    return undefined;
  }
}
