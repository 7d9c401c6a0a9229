import type {
  CreateNetworkAclCommandInput,
  CreateNetworkAclEntryCommandInput,
  DeleteNetworkAclEntryCommandInput,
  DescribeNetworkAclsCommandInput,
  NetworkAcl,
  ReplaceNetworkAclAssociationCommandInput,
  ReplaceNetworkAclEntryCommandInput,
} from '@aws-sdk/client-ec2';
import { describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import type { AclEntryRecord, AclRecord, SubnetRecord, VpcRecord } from './records.ts';
import { invalidValue, missing, notFound, refusal } from './refusal.ts';
import { readCidr } from './rules.ts';
import { tagsFor } from './tags.ts';

/** Amazon VPC quotas, "Network ACLs"; the default deny (32767, for IPv6 32768) does not count. */
const ENTRIES_PER_DIRECTION_MAX = 20;
const RULE_NUMBER_MAX = 32_766;

const FIELDS: Fields<AclRecord> = {
  'network-acl-id': (acl) => [acl.id],
  'vpc-id': (acl) => [acl.vpc],
  default: (acl) => [acl.isDefault],
  'association.subnet-id': (acl) => acl.associations.map((one) => one.subnet),
};

export function describeNetworkAcls(estate: Estate, input: DescribeNetworkAclsCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.acls,
    fields: FIELDS,
    ids: input.NetworkAclIds,
    absent: ['InvalidNetworkAclID.NotFound', 'networkAcl ID'],
    pageMin: 5,
    pageMax: 1_000,
  });
  return { NetworkAcls: items.map((acl) => toAclView(estate, acl)), ...next };
}

export function toAclView(estate: Estate, acl: AclRecord): NetworkAcl {
  return {
    NetworkAclId: acl.id,
    VpcId: acl.vpc,
    IsDefault: acl.isDefault,
    OwnerId: estate.account,
    Associations: acl.associations.map(({ id, subnet }) => ({
      NetworkAclAssociationId: id,
      NetworkAclId: acl.id,
      SubnetId: subnet,
    })),
    Entries: acl.entries.map((entry) => ({
      RuleNumber: entry.number,
      Egress: entry.egress,
      RuleAction: entry.allow ? 'allow' : 'deny',
      Protocol: entry.protocol,
      ...(entry.family === 'ipv4' ? { CidrBlock: entry.cidr } : { Ipv6CidrBlock: entry.cidr }),
      ...(entry.ports === undefined ? {} : { PortRange: { ...entry.ports } }),
      ...(entry.icmp === undefined ? {} : { IcmpTypeCode: { ...entry.icmp } }),
    })),
    Tags: toTagList(acl.tags),
  };
}

/** The last entries of every ACL: what nothing else decided is denied. */
function lastEntries(vpc: VpcRecord): readonly AclEntryRecord[] {
  const directions = [false, true];
  const deny = { allow: false, protocol: '-1' } as const;
  return directions.flatMap((egress): AclEntryRecord[] => [
    { ...deny, egress, number: 32_767, family: 'ipv4', cidr: '0.0.0.0/0' },
    ...(vpc.ipv6.length === 0
      ? []
      : [{ ...deny, egress, number: 32_768, family: 'ipv6' as const, cidr: '::/0' }]),
  ]);
}

/** Lets everything through (VPC guide, "Default network ACL"). */
export function makeDefaultAcl(estate: Estate, vpc: VpcRecord): void {
  const allow = { allow: true, protocol: '-1' } as const;
  const open = [false, true].flatMap((egress): AclEntryRecord[] => [
    { ...allow, egress, number: 100, family: 'ipv4', cidr: '0.0.0.0/0' },
    ...(vpc.ipv6.length === 0
      ? []
      : [{ ...allow, egress, number: 101, family: 'ipv6' as const, cidr: '::/0' }]),
  ]);
  const entries = [...open, ...lastEntries(vpc)];
  const id = estate.nextId('acl');
  estate.acls.put({ id, vpc: vpc.id, isDefault: true, associations: [], entries, tags: {} });
}

export function putInDefaultAcl(estate: Estate, subnet: SubnetRecord): void {
  const acl = estate.acls.all().find((one) => one.isDefault && one.vpc === subnet.vpc);
  if (acl === undefined) return;
  const association = { id: estate.nextId('aclassoc'), subnet: subnet.id };
  estate.acls.put({ ...acl, associations: [...acl.associations, association] });
}

function findAcl(estate: Estate, id: string | undefined): AclRecord {
  const acl = id === undefined ? undefined : estate.acls.find(id);
  if (acl === undefined) throw notFound('InvalidNetworkAclID.NotFound', 'networkAcl ID', id ?? '');
  return acl;
}

export function createNetworkAcl(estate: Estate, input: CreateNetworkAclCommandInput) {
  const vpc = estate.vpcs.find(input.VpcId ?? '');
  if (vpc === undefined) throw notFound('InvalidVpcID.NotFound', 'vpc ID', input.VpcId ?? '');
  const acl = estate.acls.put({
    id: estate.nextId('acl'),
    vpc: vpc.id,
    isDefault: false,
    associations: [],
    entries: lastEntries(vpc),
    tags: tagsFor('network-acl', input.TagSpecifications),
  });
  return { NetworkAcl: toAclView(estate, acl) };
}

export function createNetworkAclEntry(estate: Estate, input: CreateNetworkAclEntryCommandInput) {
  const acl = findAcl(estate, input.NetworkAclId);
  const entry = readEntry(input);
  const held = acl.entries.filter(
    (one) => one.egress === entry.egress && one.number <= RULE_NUMBER_MAX,
  );
  if (held.some((one) => one.number === entry.number)) {
    throw refusal(
      'NetworkAclEntryAlreadyExists',
      `The network acl entry identified by ${entry.number} already exists.`,
    );
  }
  if (held.length >= ENTRIES_PER_DIRECTION_MAX) {
    throw refusal(
      'NetworkAclEntryLimitExceeded',
      'The maximum number of network acl entries has been reached.',
    );
  }
  estate.acls.put({ ...acl, entries: [...acl.entries, entry] });
  return {};
}

/** An existing number, in place. */
export function replaceNetworkAclEntry(estate: Estate, input: ReplaceNetworkAclEntryCommandInput) {
  const acl = findAcl(estate, input.NetworkAclId);
  const entry = readEntry(input);
  checkHasEntry(acl, entry);
  const entries = acl.entries.map((one) => (isSamePlace(one, entry) ? entry : one));
  estate.acls.put({ ...acl, entries });
  return {};
}

export function deleteNetworkAclEntry(estate: Estate, input: DeleteNetworkAclEntryCommandInput) {
  const acl = findAcl(estate, input.NetworkAclId);
  const place = { egress: input.Egress === true, number: readNumber(input.RuleNumber) };
  checkHasEntry(acl, place);
  const entries = acl.entries.filter((one) => !isSamePlace(one, place));
  estate.acls.put({ ...acl, entries });
  return {};
}

type Place = Pick<AclEntryRecord, 'egress' | 'number'>;

function isSamePlace(one: Place, other: Place): boolean {
  return one.egress === other.egress && one.number === other.number;
}

function checkHasEntry(acl: AclRecord, place: Place): void {
  if (acl.entries.some((one) => isSamePlace(one, place))) return;
  throw refusal(
    'InvalidNetworkAclEntry.NotFound',
    `The specified network acl entry ${place.number} does not exist`,
  );
}

function readNumber(number: number | undefined): number {
  if (number === undefined) throw missing('ruleNumber');
  if (number < 1 || number > RULE_NUMBER_MAX) {
    throw invalidValue(`Value (${number}) for parameter ruleNumber is invalid.`);
  }
  return number;
}

const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = {
  all: '-1',
  icmp: '1',
  tcp: '6',
  udp: '17',
  icmpv6: '58',
};

function readEntry(input: CreateNetworkAclEntryCommandInput): AclEntryRecord {
  const isSix = input.Ipv6CidrBlock !== undefined;
  const { PortRange: ports, IcmpTypeCode: icmp, Protocol: protocol = '' } = input;
  if (protocol === '') throw missing('protocol');
  return {
    number: readNumber(input.RuleNumber),
    egress: input.Egress === true,
    allow: input.RuleAction === 'allow',
    protocol: PROTOCOL_NUMBERS[protocol] ?? protocol,
    family: isSix ? 'ipv6' : 'ipv4',
    cidr: isSix ? readCidr(input.Ipv6CidrBlock, 'ipv6') : readCidr(input.CidrBlock, 'ipv4'),
    ...(ports === undefined ? {} : { ports: { From: ports.From ?? 0, To: ports.To ?? 65_535 } }),
    ...(icmp === undefined ? {} : { icmp: { Type: icmp.Type ?? -1, Code: icmp.Code ?? -1 } }),
  };
}

/** Each replacement gives the association a new id (EC2 API, "ReplaceNetworkAclAssociation"). */
export function replaceNetworkAclAssociation(
  estate: Estate,
  input: ReplaceNetworkAclAssociationCommandInput,
) {
  const to = findAcl(estate, input.NetworkAclId);
  const from = estate.acls
    .all()
    .find((acl) => acl.associations.some((one) => one.id === input.AssociationId));
  const old = from?.associations.find((one) => one.id === input.AssociationId);
  if (from === undefined || old === undefined) {
    throw notFound('InvalidAssociationID.NotFound', 'association ID', input.AssociationId ?? '');
  }
  if (from.vpc !== to.vpc) throw invalidValue('the ACLs belong to different networks');
  const association = { id: estate.nextId('aclassoc'), subnet: old.subnet };
  estate.acls.put({ ...from, associations: from.associations.filter((one) => one !== old) });
  const target = estate.acls.get(to.id) ?? to;
  estate.acls.put({ ...target, associations: [...target.associations, association] });
  return { NewAssociationId: association.id };
}
