import type { GroupRule, RulePeer, SecurityGroup } from '../model/inventory.ts';
import { canonicalCidr } from './cidr.ts';
import { number, parts, type Raw, tagsOf, text, textOf } from './raw.ts';

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
function toRules(permissions: unknown): readonly GroupRule[] {
  const rules = parts(permissions).flatMap(toRulesOfPermission);
  const byKey = new Map(rules.map((rule) => [groupRuleKey(rule), rule]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

/** Two rules with the same key are one to EC2: descriptions and ids do not count. */
function groupRuleKey({ protocol, fromPort, toPort, peer }: GroupRule): string {
  const name = 'cidr' in peer ? peer.cidr : peer.id;
  return `${protocol} ${fromPort} ${toPort} ${peer.kind} ${name}`;
}

function toRulesOfPermission(raw: Raw): readonly GroupRule[] {
  const protocol = protocolNumber(raw.IpProtocol);
  if (protocol === undefined) return [];
  const ports = portRange(protocol, raw.FromPort, raw.ToPort);
  if (ports === undefined) return [];
  return peerEntries(raw).flatMap((entry) => {
    const peer = peerOf(entry);
    const description = text(entry.Description);
    const said = description === undefined ? {} : { description };
    return peer === undefined ? [] : [{ protocol, ...ports, peer, ...said }];
  });
}

/** Permissions of a group that cannot be read in full: what they let through is not known. */
export function unreadablePermissions(raw: Raw): number {
  const permissions = [...parts(raw.IpPermissions), ...parts(raw.IpPermissionsEgress)];
  return permissions.filter((one) => {
    const protocol = protocolNumber(one.IpProtocol);
    if (protocol === undefined) return true;
    if (portRange(protocol, one.FromPort, one.ToPort) === undefined) return true;
    return peerEntries(one).some((entry) => peerOf(entry) === undefined);
  }).length;
}

/** Whom a permission is about, kind by kind (EC2 API, IpPermission). */
function peerEntries(raw: Raw): readonly Raw[] {
  const kinds = [raw.IpRanges, raw.Ipv6Ranges, raw.PrefixListIds, raw.UserIdGroupPairs];
  return kinds.flatMap(parts);
}

function peerOf(raw: Raw): RulePeer | undefined {
  const cidr = canonicalCidr(textOf(raw.CidrIp ?? raw.CidrIpv6));
  if (cidr !== undefined) return { kind: cidr.includes(':') ? 'ipv6' : 'ipv4', cidr };
  const prefixList = text(raw.PrefixListId);
  if (prefixList !== undefined) return { kind: 'prefixList', id: prefixList };
  const group = text(raw.GroupId);
  return group === undefined ? undefined : { kind: 'group', id: group };
}
