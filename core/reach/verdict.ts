/** One packet: a protocol number and a destination port (ICMP: type * 256 + code). */
export interface Probe {
  readonly protocol: number;
  readonly port: number;
}

/**
 * What AWS would do with a probe, and the group, NACL entry or route that decides. Unknown: nothing
 * that was read forbids it, and what decides was not read (a transit gateway's routes, a balancer's
 * listeners).
 */
export interface AwsVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  readonly why: readonly string[];
}

export function deny(because: string): AwsVerdict {
  return { verdict: 'deny', why: [because] };
}

export function unknown(...why: readonly string[]): AwsVerdict {
  return { verdict: 'unknown', why };
}
