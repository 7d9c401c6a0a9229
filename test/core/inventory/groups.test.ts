import { describe, expect, test } from 'vitest';
import { portRange, protocolNumber } from '../../../core/inventory/groups.ts';
import { read } from './read.ts';

describe('protocols and ports', () => {
  test.each([
    ['tcp', 6],
    ['udp', 17],
    ['icmp', 1],
    ['ICMPv6', 58],
    ['-1', -1],
    [47, 47],
    ['0', 0],
    ['255', 255],
    ['6.5', undefined],
    ['256', undefined],
    ['-2', undefined],
    ['', undefined],
    [' ', undefined],
    [null, undefined],
    [true, undefined],
    // Names that every object answers to.
    ['constructor', undefined],
    ['__proto__', undefined],
  ])('protocol %j is %s', (text, expected) => {
    expect(protocolNumber(text)).toBe(expected);
  });

  test.each([
    ['TCP without ports is all', [6, undefined, undefined], [0, 65_535]],
    ['TCP of -1 is all', [6, -1, -1], [0, 65_535]],
    ['TCP from a port, without an end', [6, 1024, undefined], [1024, 65_535]],
    ['TCP from a port to -1', [6, 1024, -1], [1024, 65_535]],
    ['UDP up to the last port', [17, 65_535, 65_535], [65_535, 65_535]],
    ['numbers as text', [17, '53', '53'], [53, 53]],
    ['ICMP without a type is any', [1, undefined, 4], [-1, -1]],
    ['ICMP of type -1 is any', [1, -1, 4], [-1, -1]],
    ['a type, any code', [1, 8, -1], [8, -1]],
    ['a type without a code', [1, 8, undefined], [8, -1]],
    ['the last type and code', [58, 255, 255], [255, 255]],
    ['a type and a code of ICMPv6', [58, 1, 4], [1, 4]],
    ['ICMPv6 without a type is any', [58, undefined, undefined], [-1, -1]],
    ['no ports', [47, 1, 2], [-1, -1]],
  ] as const)('%s', (_, [protocol, from, to], [fromPort, toPort]) => {
    expect(portRange(protocol, from, to)).toEqual({ fromPort, toPort });
  });

  test.each([
    [6, 70_000, 70_000],
    [6, 443, 80],
    [6, 1.5, 2],
    [6, -2, 80],
    [17, 80, -2],
    [17, 80, 65_536],
    [1, 256, -1],
    [58, 1, 256],
  ])('protocol %s has no ports %s to %s', (protocol, from, to) => {
    expect(portRange(protocol, from, to)).toBeUndefined();
  });
});

/** A group with these permissions, and what could not be read of it. */
function permitted(IpPermissions: unknown, IpPermissionsEgress?: unknown) {
  const { groups, gaps } = read({
    SecurityGroups: [{ GroupId: 'sg-1', IpPermissions, IpPermissionsEgress }],
  });
  return { ingress: groups[0]?.ingress, egress: groups[0]?.egress, gaps };
}

const HTTPS = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 };
const https = { protocol: 6, fromPort: 443, toPort: 443 };

describe('a security group', () => {
  test('comes out with a rule for each peer, sorted', () => {
    const { groups, gaps, account } = read({
      SecurityGroups: [
        {
          ...{ GroupId: 'sg-2', GroupName: 'web', Description: 'of the shop', VpcId: 'vpc-1' },
          ...{ OwnerId: '123456789012', Tags: [{ Key: 'app', Value: 'shop' }] },
          IpPermissions: [
            {
              ...HTTPS,
              IpRanges: [
                { CidrIp: '192.0.2.1/24', Description: 'office' },
                { CidrIp: '10.0.0.0/8' },
              ],
              Ipv6Ranges: [{ CidrIpv6: '2001:DB8::/32', Description: 'six' }],
              PrefixListIds: [{ PrefixListId: 'pl-1', Description: 'list' }],
              UserIdGroupPairs: [{ GroupId: 'sg-9', UserId: '123456789012' }],
            },
          ],
          IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        },
        { GroupId: 'sg-1', GroupName: 'empty', VpcId: 'vpc-1', OwnerId: '000000000000' },
      ],
    });
    expect(gaps).toEqual([]);
    expect(account).toBe('123456789012');
    expect(groups).toEqual([
      {
        ...{ id: 'sg-1', name: 'empty', description: '', vpc: 'vpc-1', account: '000000000000' },
        ...{ tags: {}, ingress: [], egress: [] },
      },
      {
        ...{ id: 'sg-2', name: 'web', description: 'of the shop', vpc: 'vpc-1' },
        ...{ account: '123456789012', tags: { app: 'shop' } },
        ingress: [
          { ...https, peer: { kind: 'group', id: 'sg-9' } },
          { ...https, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } },
          { ...https, peer: { kind: 'ipv4', cidr: '192.0.2.0/24' }, description: 'office' },
          { ...https, peer: { kind: 'ipv6', cidr: '2001:db8::/32' }, description: 'six' },
          { ...https, peer: { kind: 'prefixList', id: 'pl-1' }, description: 'list' },
        ],
        egress: [
          { protocol: -1, fromPort: -1, toPort: -1, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } },
        ],
      },
    ]);
  });

  test('has a rule once, however often and in whatever words it is told', () => {
    const to = (CidrIp: string) => ({ ...HTTPS, IpRanges: [{ CidrIp }] });
    const { ingress, egress, gaps } = permitted(
      [to('10.1.0.0/8'), { ...to('10.0.0.0/8'), IpProtocol: '6', FromPort: '443' }],
      [to('10.0.0.0/8'), to('10.0.0.0/9'), { ...to('10.0.0.0/8'), ToPort: 444 }],
    );
    expect(ingress).toEqual([{ ...https, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } }]);
    expect(egress).toEqual([
      { ...https, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } },
      { ...https, peer: { kind: 'ipv4', cidr: '10.0.0.0/9' } },
      { ...https, toPort: 444, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } },
    ]);
    expect(gaps).toEqual([]);
  });

  test('a permission for nobody is none, and no gap', () => {
    expect(permitted([HTTPS], [{ IpProtocol: '-1', IpRanges: [] }])).toEqual({
      ...{ ingress: [], egress: [], gaps: [] },
    });
  });

  test.each([
    ['a protocol', { IpProtocol: 'ipx', IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
    ['its ports', { ...HTTPS, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
    ['an IPv4 block', { ...HTTPS, IpRanges: [{ CidrIp: '10.0.0.0/40' }] }],
    ['an IPv6 block', { ...HTTPS, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/200' }] }],
    ['a prefix list', { ...HTTPS, PrefixListIds: [{ Description: 'which?' }] }],
    ['a group', { ...HTTPS, UserIdGroupPairs: [{ GroupName: 'default' }] }],
    ['a peer that is no object', { ...HTTPS, IpRanges: ['10.0.0.0/8'] }],
    ['a list of peers that is none', { ...HTTPS, IpRanges: '10.0.0.0/8' }],
    ['a permission that is no object', null],
  ])('a gap, and no rule, for what cannot be read: %s', (_, permission) => {
    const gaps = [{ kind: 'SecurityGroups', reason: '1 of the entries of sg-1 cannot be read' }];
    expect(permitted([permission])).toEqual({ ingress: [], egress: [], gaps });
    expect(permitted([], [permission])).toEqual({ ingress: [], egress: [], gaps });
  });

  test('a gap also where the rest of a permission can be read, which then counts', () => {
    const half = { ...HTTPS, IpRanges: [{ CidrIp: '300.1.1.1/8' }, { CidrIp: '10.0.0.0/8' }] };
    expect(permitted([half, half], 'no list')).toEqual({
      ingress: [{ ...https, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } }],
      egress: [],
      gaps: [{ kind: 'SecurityGroups', reason: '3 of the entries of sg-1 cannot be read' }],
    });
  });
});
