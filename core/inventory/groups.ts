import type { GroupRule, RulePeer, SecurityGroup } from '../model/inventory.ts';
import { canonicalCidr } from './cidr.ts';
import { number, type Raw, record, records, tagsOf, text, textOf } from './raw.ts';

/** Protocols that EC2 gives by name; everything else is a number (AWS, IpPermission). */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ...([
    ['tcp', 6],
    ['udp', 17],
    ['icmp', 1],
    ['icmpv6', 58],
  ] as const),
]);

/** -1 for every protocol; undefined for what is none. */
export function protocolNumber(value: unknown): number | undefined {
  const named = PROTOCOLS.get(textOf(value).toLowerCase());
  if (named !== undefined) return named;
  const found = number(value);
  if (found === undefined || !Number.isInteger(found)) return undefined;
  return found >= -1 && found <= 255 ? found : undefined;
}

export interface PortRange {
  readonly fromPort: number;
  readonly toPort: number;
}

const HAS_PORTS: ReadonlySet<number> = new Set([1, 6, 17, 58]);

/**
 * Canonical: -1 and -1 where the protocol has no ports; TCP and UDP without ports mean all.
 * Undefined for numbers that are no ports, ICMP types or codes.
 */
export function portRange(protocol: number, from: unknown, to: unknown): PortRange | undefined {
  if (!HAS_PORTS.has(protocol)) return { fromPort: -1, toPort: -1 };
  const fromPort = number(from);
  const toPort = number(to);
  const isIcmp = protocol === 1 || protocol === 58;
  const numberMax = isIcmp ? 255 : 65_535;
  const isFit = (value = -1): boolean =>
    Number.isInteger(value) && -1 <= value && value <= numberMax;
  if (!isFit(fromPort) || !isFit(toPort)) return undefined;
  if (isIcmp) {
    if (fromPort === undefined || fromPort === -1) return { fromPort: -1, toPort: -1 };
    return { fromPort, toPort: toPort ?? -1 };
  }
  if (fromPort === undefined || fromPort === -1) return { fromPort: 0, toPort: 65_535 };
  const last = toPort === undefined || toPort === -1 ? 65_535 : toPort;
  return fromPort <= last ? { fromPort, toPort: last } : undefined;
}

/** One DescribeSecurityGroups entry. */
export function toSecurityGroup(raw: Raw): SecurityGroup {
  return {
    id: textOf(raw.GroupId),
    name: textOf(raw.GroupName),
    description: textOf(raw.Description),
    vpc: textOf(raw.VpcId),
    account: textOf(raw.OwnerId),
    tags: tagsOf(raw),
    ingress: toRules(raw.IpPermissions),
    egress: toRules(raw.IpPermissionsEgress),
  };
}

/** An IpPermissions list as rules of one peer each, sorted and without repetitions. */
export function toRules(permissions: unknown): readonly GroupRule[] {
  const rules = records(permissions).flatMap(toRulesOfPermission);
  const byKey = new Map(rules.map((rule) => [groupRuleKey(rule), rule]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

/** Two rules with the same key are one to EC2: descriptions and ids do not count. */
export function groupRuleKey({ protocol, fromPort, toPort, peer }: GroupRule): string {
  const name = peer.kind === 'ipv4' || peer.kind === 'ipv6' ? peer.cidr : peer.id;
  return `${protocol} ${fromPort} ${toPort} ${peer.kind} ${name}`;
}

function toRulesOfPermission(raw: Raw): readonly GroupRule[] {
  const protocol = protocolNumber(raw.IpProtocol);
  if (protocol === undefined) return [];
  const ports = portRange(protocol, raw.FromPort, raw.ToPort);
  if (ports === undefined) return [];
  return peersOf(raw).map(({ peer, description }) => ({
    protocol,
    ...ports,
    peer,
    ...(description === undefined ? {} : { description }),
  }));
}

/** Permissions of a group that cannot be read in full: what they let through is not known. */
export function unreadablePermissions(raw: Raw): number {
  const permissions = [...records(raw.IpPermissions), ...records(raw.IpPermissionsEgress)];
  return permissions.filter((one) => {
    const protocol = protocolNumber(one.IpProtocol);
    if (protocol === undefined) return true;
    if (portRange(protocol, one.FromPort, one.ToPort) === undefined) return true;
    const ranges = records(one.IpRanges).map((range) => range.CidrIp);
    const six = records(one.Ipv6Ranges).map((range) => range.CidrIpv6);
    return [...ranges, ...six].some((cidr) => canonicalCidr(textOf(cidr)) === undefined);
  }).length;
}

interface Described {
  readonly peer: RulePeer;
  readonly description: string | undefined;
}

function peersOf(raw: Raw): readonly Described[] {
  const found: Described[] = [];
  const add = (peer: RulePeer | undefined, from: Raw): void => {
    if (peer !== undefined) found.push({ peer, description: text(from.Description) });
  };
  for (const range of records(raw.IpRanges)) {
    const cidr = canonicalCidr(textOf(range.CidrIp));
    add(cidr === undefined ? undefined : { kind: 'ipv4', cidr }, range);
  }
  for (const range of records(raw.Ipv6Ranges)) {
    const cidr = canonicalCidr(textOf(range.CidrIpv6));
    add(cidr === undefined ? undefined : { kind: 'ipv6', cidr }, range);
  }
  for (const entry of records(raw.PrefixListIds)) {
    const id = text(entry.PrefixListId);
    add(id === undefined ? undefined : { kind: 'prefixList', id }, entry);
  }
  for (const pair of records(raw.UserIdGroupPairs)) {
    const id = text(pair.GroupId);
    add(id === undefined ? undefined : { kind: 'group', id }, pair);
  }
  return found;
}

/** One DescribeSecurityGroupRules entry, with the direction it belongs to. */
export function toGroupRule(
  raw: Raw,
):
  | { readonly group: string; readonly direction: 'ingress' | 'egress'; readonly rule: GroupRule }
  | undefined {
  const protocol = protocolNumber(raw.IpProtocol);
  const peer = peerOfRule(raw);
  if (protocol === undefined || peer === undefined) return undefined;
  const ports = portRange(protocol, raw.FromPort, raw.ToPort);
  if (ports === undefined) return undefined;
  const id = text(raw.SecurityGroupRuleId);
  const description = text(raw.Description);
  return {
    group: textOf(raw.GroupId),
    direction: raw.IsEgress === true ? 'egress' : 'ingress',
    rule: {
      ...(id === undefined ? {} : { id }),
      protocol,
      ...ports,
      peer,
      ...(description === undefined ? {} : { description }),
    },
  };
}

function peerOfRule(raw: Raw): RulePeer | undefined {
  const ipv4 = canonicalCidr(textOf(raw.CidrIpv4));
  if (ipv4 !== undefined) return { kind: 'ipv4', cidr: ipv4 };
  const ipv6 = canonicalCidr(textOf(raw.CidrIpv6));
  if (ipv6 !== undefined) return { kind: 'ipv6', cidr: ipv6 };
  const list = text(raw.PrefixListId);
  if (list !== undefined) return { kind: 'prefixList', id: list };
  const group = text(record(raw.ReferencedGroupInfo).GroupId);
  return group === undefined ? undefined : { kind: 'group', id: group };
}
