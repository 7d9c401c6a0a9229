import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DeleteSecurityGroupCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { askPeering, peer } from './group-cases.ts';
import { type Cases, cidrs, fromGroup, fromList, refused, tcp, type World } from './world.ts';

type Direction = 'ingress' | 'egress';
const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

async function authorize(
  world: World,
  GroupId: string,
  direction: Direction,
  ...IpPermissions: IpPermission[]
) {
  const request = { GroupId, IpPermissions };
  return direction === 'ingress'
    ? await world.ec2.send(new AuthorizeSecurityGroupIngressCommand(request))
    : await world.ec2.send(new AuthorizeSecurityGroupEgressCommand(request));
}

async function revoke(
  world: World,
  GroupId: string,
  direction: Direction,
  ...IpPermissions: IpPermission[]
) {
  const request = { GroupId, IpPermissions };
  return direction === 'ingress'
    ? await world.ec2.send(new RevokeSecurityGroupIngressCommand(request))
    : await world.ec2.send(new RevokeSecurityGroupEgressCommand(request));
}

const QUOTA = 'RulesPerSecurityGroupLimitExceeded';

/** A rule that is in no way well-formed. */
const MALFORMED: readonly IpPermission[] = [
  { ...tcp(443, '10.0.0.0/8'), IpProtocol: 'tpc' },
  { ...tcp(443, '10.0.0.0/8'), IpProtocol: '256' },
  { IpProtocol: 'tcp', IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
  { ...tcp(443, '10.0.0.0/8'), FromPort: 444 },
  { ...tcp(443, '10.0.0.0/8'), ToPort: 65_536 },
  tcp(443, '10.0.0.0/33'),
  tcp(443, '10.0.0.256/32'),
  tcp(443, '10.0.0.1'),
  { ...tcp(443), Ipv6Ranges: [{ CidrIpv6: '10.0.0.0/8' }] },
];

export const ruleCases: Cases = {
  async 'R1 one duplicate refuses the whole batch'(world) {
    for (const direction of DIRECTIONS) {
      const group = await world.makeGroup();
      await authorize(world, group, direction, tcp(443, '10.0.0.0/8'));
      const before = await world.rules(group, direction);
      const batch = [tcp(444, '10.2.0.0/16'), tcp(443, '10.0.0.0/8')];
      const again = authorize(world, group, direction, ...batch);
      await refused('InvalidPermission.Duplicate', again);
      expect(await world.rules(group, direction)).toEqual(before);
    }
  },

  async 'R2 CIDRs are kept in canonical form, and are the same rule in any'(world) {
    const group = await world.makeGroup();
    const six = { Ipv6Ranges: [{ CidrIpv6: '2001:DB8:0:0::1/32' }] };
    await world.allow(group, tcp(443, '100.68.0.18/18'), { ...tcp(443), ...six });
    const kept = ['tcp 443-443 100.68.0.0/18', 'tcp 443-443 2001:db8::/32'];
    expect(await world.rules(group)).toEqual(kept);
    const again = world.allow(group, tcp(443, '100.68.0.0/18'));
    await refused('InvalidPermission.Duplicate', again);
    await revoke(world, group, 'ingress', tcp(443, '100.68.1.1/18'));
    expect(await world.rules(group)).toEqual(kept.slice(1));
  },

  async 'R3 a rule named twice in one call is refused'(world) {
    const group = await world.makeGroup();
    const twice = world.allow(group, tcp(443, '10.0.0.0/8'), tcp(443, '10.1.0.0/8'));
    await refused('InvalidParameterValue', twice);
    expect(await world.rules(group)).toEqual([]);
  },

  async 'R4 sixty rules fit a direction and family, and the next refuses its batch'(world) {
    for (const direction of DIRECTIONS) {
      const group = await world.makeGroup();
      const room = 60 - (await world.rules(group, direction)).length;
      await authorize(world, group, direction, tcp(443, ...cidrs(room - 1)));
      const two = tcp(443, ...cidrs(2, 1));
      await refused(QUOTA, authorize(world, group, direction, two));
      expect(await world.rules(group, direction)).toHaveLength(59);
      await authorize(world, group, direction, tcp(443, '10.2.0.0/24'));
      await refused(QUOTA, authorize(world, group, direction, tcp(443, '10.3.0.0/24')));
      // The other family has sixty of its own.
      const six = { Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] };
      await authorize(world, group, direction, { ...tcp(443), ...six });
    }
  },

  async 'R5 a rule that names a group counts for both families'(world) {
    const [group = '', named = ''] = await world.makeGroups(2);
    const six = cidrs(60).map((_, at) => ({ CidrIpv6: `2001:db8:${at}::/48` }));
    await world.allow(group, { ...tcp(443), Ipv6Ranges: six });
    await refused(QUOTA, world.allow(group, fromGroup(443, named)));
    await world.allow(group, tcp(443, '10.0.0.0/8'));
  },

  async 'R6 a prefix list counts its maximum of entries, not what it holds'(world) {
    const group = await world.makeGroup();
    const list = await world.makeList(59, ['10.0.0.0/8']);
    await world.allow(group, fromList(443, list));
    await world.allow(group, tcp(443, '10.0.0.0/24'));
    await refused(QUOTA, world.allow(group, tcp(443, '10.0.1.0/24')));
    expect(await world.rules(group)).toHaveLength(2);
  },

  async 'R7 revoking a rule that is not there takes none away'(world) {
    for (const direction of DIRECTIONS) {
      const group = await world.makeGroup();
      await authorize(world, group, direction, tcp(443, '10.0.0.0/8'));
      const before = await world.rules(group, direction);
      const batch = [tcp(443, '10.0.0.0/8'), tcp(444, '10.0.0.0/8')];
      await refused('InvalidPermission.NotFound', revoke(world, group, direction, ...batch));
      expect(await world.rules(group, direction)).toEqual(before);
      await revoke(world, group, direction, tcp(443, '10.0.0.0/8'));
      expect(await world.rules(group, direction)).toHaveLength(before.length - 1);
    }
  },

  async 'R8 in a default VPC revoking a rule that is not there succeeds'(world) {
    const group = await world.makeGroup(await world.target.defaultVpc());
    await world.allow(group, tcp(443, '10.0.0.0/8'));
    await revoke(world, group, 'ingress', tcp(443, '10.0.0.0/8'), tcp(444, '10.0.0.0/8'));
    expect(await world.rules(group)).toEqual([]);
  },

  async 'R9 a description makes no other rule'(world) {
    const group = await world.makeGroup();
    const described = (Description: string) => ({
      ...tcp(443),
      IpRanges: [{ CidrIp: '10.0.0.0/8', Description }],
    });
    await world.allow(group, described('one'));
    await refused('InvalidPermission.Duplicate', world.allow(group, described('two')));
    await revoke(world, group, 'ingress', tcp(443, '10.0.0.0/8'));
    expect(await world.rules(group)).toEqual([]);
  },

  async 'R10 a malformed rule refuses its batch'(world) {
    const group = await world.makeGroup();
    for (const bad of MALFORMED) {
      await refused('InvalidParameterValue', world.allow(group, tcp(80, '10.0.0.0/8'), bad));
    }
    expect(await world.rules(group)).toEqual([]);
  },

  async 'R11 the group or list that a rule names has to be there'(world) {
    const group = await world.makeGroup();
    const absent = 'sg-0fffffffffffffff0';
    await refused('InvalidGroup.NotFound', world.allow(group, fromGroup(443, absent)));
    const list = 'pl-0fffffffffffffff0';
    await refused('InvalidPrefixListID.NotFound', world.allow(group, fromList(443, list)));
    expect(await world.rules(group)).toEqual([]);
  },

  async 'R12 a rule names a group of another VPC only over active peering'(world) {
    const other = await world.makeVpc('10.9.0.0/16');
    const [group, foreign] = [await world.makeGroup(), await world.makeGroup(other)];
    await refused('InvalidGroup.NotFound', world.allow(group, fromGroup(443, foreign)));
    await askPeering(world, other);
    await refused('InvalidGroup.NotFound', world.allow(group, fromGroup(443, foreign)));
    await peer(world, other);
    await world.allow(group, fromGroup(443, foreign));
    expect(await world.rules(group)).toEqual([`tcp 443-443 ${foreign}`]);
  },

  async 'R13 protocols are kept by name, and only some have ports'(world) {
    const group = await world.makeGroup();
    const IpRanges = [{ CidrIp: '10.0.0.0/8' }];
    await world.allow(
      group,
      { IpProtocol: '6', FromPort: 443, ToPort: 443, IpRanges },
      { IpProtocol: '50', IpRanges },
      { IpProtocol: '-1', IpRanges },
      { IpProtocol: 'icmp', FromPort: 8, ToPort: -1, IpRanges },
    );
    expect(await world.rules(group)).toEqual(
      ['tcp 443-443', '50', '-1', 'icmp 8--1'].map((what) => `${what} 10.0.0.0/8`).sort(),
    );
  },

  async 'R14 a call without a rule is refused'(world) {
    const group = await world.makeGroup();
    await refused('MissingParameter', world.allow(group));
  },

  async 'R15 every rule comes back with an id, by which it can be revoked'(world) {
    const group = await world.makeGroup();
    const batch = [tcp(443, '10.0.0.0/8', '10.0.0.0/16'), tcp(80, '10.0.0.0/8')];
    const { SecurityGroupRules = [] } = await authorize(world, group, 'ingress', ...batch);
    const ids = SecurityGroupRules.map((rule) => rule.SecurityGroupRuleId ?? '');
    expect(new Set(ids).size).toBe(3);
    const take = (SecurityGroupRuleIds: string[]) =>
      world.ec2.send(
        new RevokeSecurityGroupIngressCommand({ GroupId: group, SecurityGroupRuleIds }),
      );
    await take(ids.slice(0, 2));
    expect(await world.rules(group)).toEqual(['tcp 80-80 10.0.0.0/8']);
    await refused('InvalidSecurityGroupRuleId.NotFound', take(ids));
    expect(await world.rules(group)).toHaveLength(1);
  },

  async 'R16 a rule is revoked as any other when the group that it names is gone'(world) {
    const other = await world.makeVpc('10.9.0.0/16');
    await peer(world, other);
    const [named, naming] = [await world.makeGroup(), await world.makeGroup(other)];
    await authorize(world, naming, 'ingress', fromGroup(443, named), fromGroup(80, named));
    await world.ec2.send(new DeleteSecurityGroupCommand({ GroupId: named }));
    await refused(
      'InvalidGroup.NotFound',
      authorize(world, naming, 'egress', fromGroup(443, named)),
    );
    await revoke(world, naming, 'ingress', fromGroup(443, named));
    expect(await world.rules(naming)).toEqual([`tcp 80-80 ${named}`]);
    await refused(
      'InvalidPermission.NotFound',
      revoke(world, naming, 'ingress', fromGroup(443, named)),
    );
  },
};
