import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { canonicalCidr } from '../../../core/inventory/cidr.ts';
import type { Estate } from './estate.ts';
import type { GroupRecord, RuleRecord } from './records.ts';
import { invalidValue, notFound, refusal } from './refusal.ts';

type Draft = Omit<RuleRecord, 'id'>;

const PROTOCOLS: Readonly<Record<string, string>> = {
  '6': 'tcp',
  '17': 'udp',
  '1': 'icmp',
  '58': 'icmpv6',
  all: '-1',
};
const PORT_MAX = 65_535;
const ICMP_MAX = 255;
const DESCRIPTION_MAX = 255;
/** EC2 API reference, "IpRange": what a description may hold. */
const DESCRIPTION = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/;

/** What makes two rules of one group the same; descriptions do not count. */
export function ruleKey(rule: Draft): string {
  const { peer } = rule;
  const name = 'cidr' in peer ? peer.cidr : `${peer.kind} ${peer.id}`;
  return `${rule.isEgress} ${rule.protocol} ${rule.fromPort} ${rule.toPort} ${name}`;
}

/** The rules that a request stands for, canonical, each with its peer checked. */
export function readPermissions(
  estate: Estate,
  group: GroupRecord,
  permissions: readonly IpPermission[],
  isEgress: boolean,
  held: ReadonlySet<string> = new Set(),
): readonly Draft[] {
  const checkGroup = (id: string): void => {
    if (!held.has(id)) checkReferencedGroup(estate, group, id);
  };
  const rules = permissions.flatMap((one) => readPermission(estate, one, { isEgress, checkGroup }));
  if (new Set(rules.map(ruleKey)).size < rules.length) {
    throw invalidValue('The same permission must not appear multiple times');
  }
  return rules;
}

function readPermission(
  estate: Estate,
  permission: IpPermission,
  {
    isEgress,
    checkGroup,
  }: { readonly isEgress: boolean; readonly checkGroup: (id: string) => void },
): readonly Draft[] {
  const protocol = readProtocol(permission.IpProtocol);
  const traffic = { isEgress, protocol, ...readPorts(protocol, permission) };
  const rule = (peer: Draft['peer'], description: string | undefined): Draft => {
    checkDescription(description);
    return { ...traffic, peer, ...(description === undefined ? {} : { description }) };
  };
  return [
    ...(permission.IpRanges ?? []).map((one) =>
      rule({ kind: 'ipv4', cidr: readCidr(one.CidrIp, 'ipv4') }, one.Description),
    ),
    ...(permission.Ipv6Ranges ?? []).map((one) =>
      rule({ kind: 'ipv6', cidr: readCidr(one.CidrIpv6, 'ipv6') }, one.Description),
    ),
    ...(permission.UserIdGroupPairs ?? []).map((one) => {
      const id = one.GroupId ?? '';
      checkGroup(id);
      return rule({ kind: 'group', id }, one.Description);
    }),
    ...(permission.PrefixListIds ?? []).map((one) => {
      const id = one.PrefixListId ?? '';
      if (estate.prefixLists.find(id) === undefined) {
        throw notFound('InvalidPrefixListID.NotFound', 'prefix list ID', id);
      }
      return rule({ kind: 'prefixList', id }, one.Description);
    }),
  ];
}

function readProtocol(given: string | undefined): string {
  const text = (given ?? '').toLowerCase();
  const protocol = PROTOCOLS[text] ?? text;
  const isKnown = ['-1', 'tcp', 'udp', 'icmp', 'icmpv6'].includes(protocol);
  if (!isKnown && !(/^\d{1,3}$/.test(protocol) && Number(protocol) <= 255)) {
    throw invalidValue(`Invalid value '${given}' for IP protocol. Unknown protocol.`);
  }
  return protocol;
}

/** ICMP's are type and code, -1 for all; protocols without ports have none, whatever is given. */
function readPorts(
  protocol: string,
  { FromPort, ToPort }: IpPermission,
): Pick<Draft, 'fromPort' | 'toPort'> {
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    const [fromPort, toPort] = [FromPort ?? -1, ToPort ?? -1];
    const isFit = (value: number): boolean => value >= -1 && value <= ICMP_MAX;
    if (!isFit(fromPort) || !isFit(toPort)) throw invalidValue('Invalid ICMP type or code');
    return { fromPort, toPort };
  }
  if (protocol !== 'tcp' && protocol !== 'udp') return {};
  if (FromPort === undefined || ToPort === undefined) {
    throw invalidValue(
      "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
    );
  }
  if (!(0 <= FromPort && FromPort <= ToPort && ToPort <= PORT_MAX)) {
    throw invalidValue(`Invalid TCP/UDP port range (${FromPort}:${ToPort})`);
  }
  return { fromPort: FromPort, toPort: ToPort };
}

/** Host bits cleared, as EC2 stores it (AuthorizeSecurityGroupIngress: 100.68.0.18/18). */
export function readCidr(given: string | undefined, family: 'ipv4' | 'ipv6'): string {
  const canonical = given?.includes('/') ? canonicalCidr(given) : undefined;
  if (canonical === undefined || canonical.includes(':') !== (family === 'ipv6')) {
    throw invalidValue(`CIDR block ${given} is malformed`);
  }
  return canonical;
}

function checkDescription(text: string | undefined): void {
  if (text === undefined || (text.length <= DESCRIPTION_MAX && DESCRIPTION.test(text))) return;
  throw invalidValue('Invalid rule description');
}

/** A group of the same VPC, or of one that is peered with it (VPC peering guide, "Reference"). */
function checkReferencedGroup(estate: Estate, group: GroupRecord, id: string): void {
  const peer = estate.groups.find(id);
  if (peer === undefined) throw notFound('InvalidGroup.NotFound', 'security group', id);
  if (peer.vpc === group.vpc || peeringBetween(estate, peer.vpc, group.vpc) !== undefined) return;
  throw differentNetworks();
}

export function differentNetworks(): Error {
  return refusal(
    'InvalidGroup.NotFound',
    'You have specified two resources that belong to different networks.',
  );
}

function peeringBetween(estate: Estate, one: string, other: string) {
  return estate.peerings
    .all()
    .find(
      ({ status, requester, accepter }) =>
        status === 'active' &&
        ((requester === one && accepter === other) || (requester === other && accepter === one)),
    );
}

/**
 * How much rules count against the quota, for each family: a group counts for both, a prefix list its
 * MaxEntries (Amazon VPC quotas, "Security groups").
 */
export function weightOf(
  estate: Estate,
  rules: readonly Draft[],
  maxEntriesOf = (id: string): number => estate.prefixLists.get(id)?.maxEntries ?? 1,
): { readonly ipv4: number; readonly ipv6: number } {
  const weight = { ipv4: 0, ipv6: 0 };
  for (const { peer } of rules) {
    if (peer.kind === 'prefixList') {
      const isSix = estate.prefixLists.get(peer.id)?.family === 'IPv6';
      weight[isSix ? 'ipv6' : 'ipv4'] += maxEntriesOf(peer.id);
    } else if (peer.kind === 'group') {
      weight.ipv4 += 1;
      weight.ipv6 += 1;
    } else {
      weight[peer.kind] += 1;
    }
  }
  return weight;
}

/** Rules as DescribeSecurityGroups shows them: one permission for each protocol and ports. */
export function toPermissionList(estate: Estate, rules: readonly RuleRecord[]): IpPermission[] {
  const alike = Map.groupBy(rules, (one) => `${one.protocol} ${one.fromPort} ${one.toPort}`);
  return [...alike.values()].map((same) => {
    const [first] = same;
    return {
      IpProtocol: first?.protocol ?? '-1',
      ...(first?.fromPort === undefined ? {} : { FromPort: first.fromPort }),
      ...(first?.toPort === undefined ? {} : { ToPort: first.toPort }),
      IpRanges: same.flatMap(({ peer, ...rule }) =>
        peer.kind === 'ipv4' ? [{ CidrIp: peer.cidr, ...described(rule) }] : [],
      ),
      Ipv6Ranges: same.flatMap(({ peer, ...rule }) =>
        peer.kind === 'ipv6' ? [{ CidrIpv6: peer.cidr, ...described(rule) }] : [],
      ),
      PrefixListIds: same.flatMap(({ peer, ...rule }) =>
        peer.kind === 'prefixList' ? [{ PrefixListId: peer.id, ...described(rule) }] : [],
      ),
      UserIdGroupPairs: same.flatMap(({ peer, ...rule }) =>
        peer.kind === 'group'
          ? [{ GroupId: peer.id, UserId: estate.account, ...described(rule) }]
          : [],
      ),
    };
  });
}

function described({ description }: Pick<RuleRecord, 'description'>) {
  return description === undefined ? {} : { Description: description };
}

/** A rule as Authorize answers with it. */
export function toRuleView(estate: Estate, group: string, rule: RuleRecord): SecurityGroupRule {
  const { peer } = rule;
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group,
    GroupOwnerId: estate.account,
    IsEgress: rule.isEgress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    ...(peer.kind === 'ipv4' ? { CidrIpv4: peer.cidr } : {}),
    ...(peer.kind === 'ipv6' ? { CidrIpv6: peer.cidr } : {}),
    ...(peer.kind === 'prefixList' ? { PrefixListId: peer.id } : {}),
    ...(peer.kind === 'group'
      ? { ReferencedGroupInfo: { GroupId: peer.id, UserId: estate.account } }
      : {}),
    ...described(rule),
    Tags: [],
  };
}
