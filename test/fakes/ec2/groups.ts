import type {
  AuthorizeSecurityGroupIngressCommandInput,
  CreateSecurityGroupCommandInput,
  DeleteSecurityGroupCommandInput,
  DescribeSecurityGroupsCommandInput,
  RevokeSecurityGroupIngressCommandInput,
  SecurityGroup,
} from '@aws-sdk/client-ec2';
import { describe, type Fields, toTagList } from './describing.ts';
import type { Estate } from './estate.ts';
import type { GroupRecord, RuleRecord, VpcRecord } from './records.ts';
import { invalidValue, missing, notFound, refusal } from './refusal.ts';
import { readPermissions, ruleKey, toPermissionList, toRuleView, weightOf } from './rules.ts';
import { tagsFor } from './tags.ts';

const NAME_LENGTH_MAX = 255;

const FIELDS: Fields<GroupRecord> = {
  'group-id': (group) => [group.id],
  'group-name': (group) => [group.name],
  'vpc-id': (group) => [group.vpc],
  description: (group) => [group.description],
};

export function describeSecurityGroups(estate: Estate, input: DescribeSecurityGroupsCommandInput) {
  const { items, next } = describe(input, {
    shelf: estate.groups,
    fields: FIELDS,
    ids: input.GroupIds,
    absent: ['InvalidGroup.NotFound', 'security group'],
    pageMin: 5,
    pageMax: 1_000,
  });
  return { SecurityGroups: items.map((group) => toGroupView(estate, group)), ...next };
}

export function toGroupView(estate: Estate, group: GroupRecord): SecurityGroup {
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpc,
    OwnerId: estate.account,
    SecurityGroupArn: estate.arn('security-group', group.id),
    IpPermissions: toPermissionList(
      estate,
      group.rules.filter((rule) => !rule.isEgress),
    ),
    IpPermissionsEgress: toPermissionList(
      estate,
      group.rules.filter((rule) => rule.isEgress),
    ),
    Tags: toTagList(group.tags),
  };
}

export function createSecurityGroup(estate: Estate, input: CreateSecurityGroupCommandInput) {
  const { GroupName: name, Description: description, VpcId } = input;
  if (name === undefined || name === '') throw missing('groupName');
  if (description === undefined || description === '') throw missing('groupDescription');
  if (VpcId === undefined) throw missing('vpcId');
  const vpc = estate.vpcs.find(VpcId);
  if (vpc === undefined) throw notFound('InvalidVpcID.NotFound', 'vpc ID', VpcId);
  if (/^sg-/i.test(name) || name.length > NAME_LENGTH_MAX) {
    throw invalidValue(`Value (${name}) for parameter GroupName is invalid.`);
  }
  if (description.length > NAME_LENGTH_MAX) {
    throw invalidValue('Value for parameter GroupDescription is invalid. Too long.');
  }
  const tags = tagsFor('security-group', input.TagSpecifications);
  const groups = estate.groups.all();
  const isTaken = (one: GroupRecord): boolean =>
    one.vpc === vpc.id && one.name.toLowerCase() === name.toLowerCase();
  if (groups.some(isTaken)) {
    throw refusal(
      'InvalidGroup.Duplicate',
      `The security group '${name}' already exists for VPC '${vpc.id}'`,
    );
  }
  if (groups.length >= estate.quotas.groupsPerRegion) {
    throw refusal('SecurityGroupLimitExceeded', 'The maximum number of groups has been reached.');
  }
  const made = makeGroup(estate, vpc, { name, description, tags });
  estate.hide(estate.groups, made.id);
  return {
    GroupId: made.id,
    SecurityGroupArn: estate.arn('security-group', made.id),
    Tags: toTagList(tags),
  };
}

/** A new group lets everything out, and nothing in (VPC guide, "Security groups"). */
export function makeGroup(
  estate: Estate,
  vpc: VpcRecord,
  { name, description, tags }: Pick<GroupRecord, 'name' | 'description' | 'tags'>,
): GroupRecord {
  const everything = { id: '', isEgress: true, protocol: '-1' } as const;
  const rules: RuleRecord[] = [
    { ...everything, id: estate.nextId('sgr'), peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } },
  ];
  if (vpc.ipv6.length > 0) {
    rules.push({ ...everything, id: estate.nextId('sgr'), peer: { kind: 'ipv6', cidr: '::/0' } });
  }
  const id = estate.nextId('sg');
  return estate.groups.put({ id, name, description, vpc: vpc.id, isDefault: false, rules, tags });
}

/** The VPC's own group: its members reach each other. It cannot be deleted. */
export function makeDefaultGroup(estate: Estate, vpc: VpcRecord): void {
  const description = 'default VPC security group';
  const group = makeGroup(estate, vpc, { name: 'default', description, tags: {} });
  const inside: RuleRecord = {
    id: estate.nextId('sgr'),
    isEgress: false,
    protocol: '-1',
    peer: { kind: 'group', id: group.id },
  };
  estate.groups.put({ ...group, isDefault: true, rules: [...group.rules, inside] });
}

export function deleteSecurityGroup(estate: Estate, input: DeleteSecurityGroupCommandInput) {
  const group = findGroup(estate, input.GroupId);
  if (group.isDefault) {
    throw refusal('CannotDelete', `the specified group: "${group.id}" cannot be deleted by a user`);
  }
  const names = (rule: RuleRecord): boolean =>
    rule.peer.kind === 'group' && rule.peer.id === group.id;
  // Rules of a peered VPC's groups go stale instead (VPC peering guide, "stale rules").
  const isNamed = estate.groups
    .all()
    .some((other) => other.vpc === group.vpc && other.id !== group.id && other.rules.some(names));
  const isCarried = estate.interfaces.all().some((nic) => nic.groups.includes(group.id));
  if (isNamed || isCarried) {
    throw refusal('DependencyViolation', `resource ${group.id} has a dependent object`);
  }
  estate.groups.remove(group.id);
  return { Return: true, GroupId: group.id };
}

/** All of the rules, or none. */
export function authorize(isEgress: boolean) {
  return (estate: Estate, input: AuthorizeSecurityGroupIngressCommandInput) => {
    const group = findGroup(estate, input.GroupId);
    const asked = readPermissions(estate, group, input.IpPermissions ?? [], isEgress);
    if (asked.length === 0) throw missing('ipPermissions');
    const held = new Set(group.rules.map(ruleKey));
    const twice = asked.find((rule) => held.has(ruleKey(rule)));
    if (twice !== undefined) {
      throw refusal(
        'InvalidPermission.Duplicate',
        `the specified rule "${ruleKey(twice)}" already exists`,
      );
    }
    const direction = group.rules.filter((rule) => rule.isEgress === isEgress);
    const { ipv4, ipv6 } = weightOf(estate, [...direction, ...asked]);
    if (Math.max(ipv4, ipv6) > estate.quotas.rulesPerGroup) {
      throw refusal(
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      );
    }
    const added = asked.map((rule) => ({ ...rule, id: estate.nextId('sgr') }));
    estate.groups.put({ ...group, rules: [...group.rules, ...added] });
    return {
      Return: true,
      SecurityGroupRules: added.map((rule) => toRuleView(estate, group.id, rule)),
    };
  };
}

/** All of the rules, or none, but in a default VPC, where the unknown ones are named and passed over. */
export function revoke(isEgress: boolean) {
  return (estate: Estate, input: RevokeSecurityGroupIngressCommandInput) => {
    const group = findGroup(estate, input.GroupId);
    const direction = group.rules.filter((rule) => rule.isEgress === isEgress);
    const ids = input.SecurityGroupRuleIds ?? [];
    if (ids.length > 0) {
      const absent = ids.find((id) => !direction.some((rule) => rule.id === id));
      if (absent !== undefined) {
        throw notFound('InvalidSecurityGroupRuleId.NotFound', 'security group rule', absent);
      }
      return take(estate, group, new Set(ids));
    }
    const heldByKey = new Map(direction.map((rule) => [ruleKey(rule), rule]));
    const peers = direction.flatMap(({ peer }) => (peer.kind === 'group' ? [peer.id] : []));
    const named = input.IpPermissions ?? [];
    const asked = readPermissions(estate, group, named, isEgress, new Set(peers));
    if (asked.length === 0) throw missing('ipPermissions');
    const found = asked.flatMap((rule) => heldByKey.get(ruleKey(rule)) ?? []);
    const isDefaultVpc = estate.vpcs.get(group.vpc)?.isDefault === true;
    if (found.length < asked.length && !isDefaultVpc) {
      throw refusal(
        'InvalidPermission.NotFound',
        'The specified rule does not exist in this security group.',
      );
    }
    return take(estate, group, new Set(found.map((rule) => rule.id)));
  };
}

function take(estate: Estate, group: GroupRecord, ids: ReadonlySet<string>) {
  estate.groups.put({ ...group, rules: group.rules.filter((rule) => !ids.has(rule.id)) });
  return { Return: true };
}

function findGroup(estate: Estate, id: string | undefined): GroupRecord {
  if (id === undefined || id === '') throw missing('groupId');
  const group = estate.groups.find(id);
  if (group === undefined) throw notFound('InvalidGroup.NotFound', 'security group', id);
  return group;
}
