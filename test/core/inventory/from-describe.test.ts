import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAddress, canonicalCidr } from '../../../core/inventory/cidr.ts';
import {
  type DescribeDocuments,
  inventoryFromDescribe,
} from '../../../core/inventory/from-describe.ts';
import { portRange, protocolNumber } from '../../../core/inventory/groups.ts';

const read = (documents: DescribeDocuments) =>
  inventoryFromDescribe(documents, { takenAt: '2026-11-23T12:00:00Z' });

describe('CIDRs and addresses', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalCidr(text)).toBe(expected);
  });

  test.each([
    ...['300.1.1.1/8', '10.0.0.256', '010.1.1.1', '0x0a.1.1.1', '10.1', '1.2.3.4.5', '1..2.3'],
    ...['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '10.0.0.0/8/9', ' 10.0.0.0/8'],
    ...['1::2::3', '12345::/16', 'gggg::', ':::', '1:2', '1:2:3:4:5:6:7:8:9', '::1%eth0', '::/129'],
    ...['a.b.c.d', 'localhost', '', '/', '/8', '::ffff:300.1.1.1', '1:2:3:4:5:6:7::8:9'],
  ])('`%s` is never read as something else', (text) => {
    expect(canonicalCidr(text)).toBeUndefined();
  });

  test('a block is no address', () => {
    expect(canonicalAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(canonicalAddress('10.0.0.1/24')).toBeUndefined();
  });
});

describe('protocols and ports', () => {
  test.each([
    ['tcp', 6],
    ['ICMPv6', 58],
    ['-1', -1],
    [47, 47],
    ['6.5', undefined],
    ['256', undefined],
    ['', undefined],
    [null, undefined],
    // Names that every object answers to.
    ['constructor', undefined],
    ['__proto__', undefined],
  ])('protocol %s is %s', (text, expected) => {
    expect(protocolNumber(text)).toBe(expected);
  });

  test.each([
    ['TCP without ports is all', [6, undefined, undefined], [0, 65_535]],
    ['TCP of -1 is all', [6, -1, -1], [0, 65_535]],
    ['numbers as text', [17, '53', '53'], [53, 53]],
    ['ICMP without a type is any', [1, undefined, 4], [-1, -1]],
    ['a type, any code', [1, 8, -1], [8, -1]],
    ['no ports', [47, 1, 2], [-1, -1]],
  ] as const)('%s', (_, [protocol, from, to], [fromPort, toPort]) => {
    expect(portRange(protocol, from, to)).toEqual({ fromPort, toPort });
  });

  test.each([
    [6, 70_000, 70_000],
    [6, 443, 80],
    [6, 1.5, 2],
    [1, 256, -1],
  ])('protocol %s has no ports %s to %s', (protocol, from, to) => {
    expect(portRange(protocol, from, to)).toBeUndefined();
  });
});

test("a NAT gateway's interface says which gateway it is", () => {
  const nic = (NetworkInterfaceId: string, Description: string) => ({
    ...{ NetworkInterfaceId, Description, VpcId: 'vpc-1', SubnetId: 'subnet-1' },
    Association: { PublicIp: '192.0.2.9' },
  });
  const { interfaces } = read({
    NetworkInterfaces: [
      nic('eni-1', 'Interface for NAT Gateway nat-044f518facb617e97'),
      nic('eni-2', 'of a person: Interface for NAT Gateway nat-1'),
    ],
  });
  expect(interfaces.map((one) => [one.id, one.natGateway, one.publicIpv4])).toEqual([
    ['eni-1', 'nat-044f518facb617e97', '192.0.2.9'],
    ['eni-2', undefined, '192.0.2.9'],
  ]);
});

describe('what cannot be read', () => {
  test('leaves a gap, since anything could hide behind it', () => {
    const { gaps } = read({
      Vpcs: 'no list',
      SecurityGroups: [
        {
          GroupId: 'sg-1',
          IpPermissions: [
            { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '300.1.1.1/8' }] },
            { IpProtocol: 'tcp', FromPort: 1, ToPort: 2, IpRanges: [{ CidrIp: '10.1.1.1/8' }] },
          ],
        },
      ],
      NetworkAcls: [
        { NetworkAclId: 'acl-1', Entries: [{ Protocol: '6', CidrBlock: '10.0.0.0/40' }] },
      ],
      RouteTables: [{ RouteTableId: 'rtb-1', Routes: [{ GatewayId: 'local' }] }],
    });
    expect(gaps).toEqual([
      { kind: 'Vpcs', reason: 'is not a list' },
      { kind: 'SecurityGroups', reason: '1 of the entries of sg-1 cannot be read' },
      { kind: 'NetworkAcls', reason: '1 of the entries of acl-1 cannot be read' },
      { kind: 'RouteTables', reason: '1 of the entries of rtb-1 cannot be read' },
    ]);
  });

  test('an entry without an id of its kind leaves a gap, and is nothing else', () => {
    const { gaps, interfaces, groups, workloads } = read({
      NetworkInterfaces: [
        { NetworkInterfaceId: 'eni-1' },
        { NetworkInterfaceId: 'constructor' },
        { Status: 'in-use' },
        null,
      ],
      SecurityGroups: [{ GroupId: 'sg-1' }, { GroupId: 'pl-1' }],
      Reservations: [{ Instances: [{ InstanceId: '__proto__' }, { InstanceId: 'i-1' }] }],
    });
    expect(interfaces.map(({ id }) => id)).toEqual(['eni-1']);
    expect(groups.map(({ id }) => id)).toEqual(['sg-1']);
    expect(workloads.map(({ identity }) => identity.workload)).toEqual(['eni-1', 'i-1']);
    expect(gaps.map(({ kind, reason }) => `${kind}: ${reason.slice(0, 16)}`)).toEqual([
      'NetworkInterfaces: 3 of the entries',
      'SecurityGroups: 1 of the entries',
      'Reservations: 1 of the instanc',
    ]);
  });

  test('a route to a prefix list that is none leaves a gap', () => {
    const { gaps, routeTables } = read({
      RouteTables: [
        {
          RouteTableId: 'rtb-1',
          Routes: [{ DestinationPrefixListId: 'pl-1' }, { DestinationPrefixListId: '10.0.0.0/40' }],
        },
      ],
    });
    expect(routeTables[0]?.routes.map(({ destination }) => destination)).toEqual(['pl-1']);
    expect(gaps).toEqual([
      { kind: 'RouteTables', reason: '1 of the entries of rtb-1 cannot be read' },
    ]);
  });

  test('never throws', () => {
    const kinds = ['Reservations', 'NetworkInterfaces', 'SecurityGroups', 'Vpcs', 'Subnets'];
    const more = ['NetworkAcls', 'RouteTables', 'VpcPeeringConnections', 'PrefixLists', 'Tasks'];
    const key = fc.constantFrom(
      ...['GroupId', 'IpPermissions', 'IpRanges', 'CidrIp', 'IpProtocol', 'FromPort', 'Entries'],
      ...['Instances', 'InstanceId', 'NetworkInterfaceId', 'Groups', 'Tags', 'Routes', 'Protocol'],
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.constantFrom(null, true, -1, 1e99, 'tcp', 'sg-1', '300.1.1.1/8', '::', '__proto__'),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(key, tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    const documents = fc.dictionary(fc.constantFrom(...kinds, ...more), value);
    fc.assert(
      fc.property(documents, (found) => {
        expect(read(found as DescribeDocuments).takenAt).toBe('2026-11-23T12:00:00Z');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('interfaces', () => {
  const nic = (id: string, more: object) => ({ NetworkInterfaceId: id, ...more });

  test('have all their addresses and groups, sorted', () => {
    const { interfaces } = read({
      NetworkInterfaces: [
        nic('eni-1', {
          PrivateIpAddress: '10.0.0.2',
          PrivateIpAddresses: [
            { PrivateIpAddress: '10.0.0.2' },
            { PrivateIpAddress: '10.0.0.1' },
            { PrivateIpAddress: '10.0.0.300' },
          ],
          Ipv6Addresses: [{ Ipv6Address: '2001:DB8::1' }],
          Groups: [{ GroupId: 'sg-2' }, { GroupName: 'no id' }, { GroupId: 'sg-1' }],
        }),
      ],
    });
    expect(interfaces[0]).toMatchObject({
      ipv4: ['10.0.0.1', '10.0.0.2'],
      ipv6: ['2001:db8::1'],
      groups: ['sg-1', 'sg-2'],
    });
  });

  test('belong to a workload that is there: to their instance, else to themselves', () => {
    const { interfaces, workloads } = read({
      Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }],
      NetworkInterfaces: [
        nic('eni-1', { Attachment: { InstanceId: 'i-1' } }),
        nic('eni-2', { Attachment: { InstanceId: 'i-2' } }),
      ],
    });
    expect(interfaces.map(({ workload }) => workload)).toEqual(['i-1', 'eni-2']);
    expect(workloads.map((one) => one.identity.workload)).toEqual(['eni-2', 'i-1']);
  });
});

test('NACL entries come out by direction and number, whatever their order', () => {
  const entry = (RuleNumber: number, Egress: boolean) => ({
    ...{ RuleNumber, Egress, Protocol: '6', RuleAction: 'allow', CidrBlock: '0.0.0.0/0' },
  });
  const { networkAcls } = read({
    NetworkAcls: [
      { NetworkAclId: 'acl-1', Entries: [entry(9, true), entry(20, false), entry(3, false)] },
    ],
  });
  expect(networkAcls[0]?.entries.map((one) => one.ruleNumber)).toEqual([3, 20, 9]);
});

describe('quotas', () => {
  const quotas = (Quotas: unknown) =>
    inventoryFromDescribe({ Quotas }, { takenAt: '2026-11-23T12:00:00Z' }).quotas;

  test("are those of the account; what is missing is AWS's default, and named", () => {
    const read = [
      { QuotaCode: 'L-0EA8095F', Value: 100 },
      { QuotaCode: 'L-2AFB9258', Value: 10 },
    ];
    expect(quotas(read)).toEqual({
      ...{ rulesPerGroup: 100, groupsPerInterface: 10, groupsPerRegion: 2_500 },
      assumed: ['groupsPerRegion'],
    });
    expect(quotas([...read, { QuotaCode: 'L-E79EC296', Value: 3_000 }])).toEqual({
      ...{ rulesPerGroup: 100, groupsPerInterface: 10, groupsPerRegion: 3_000 },
    });
    expect(quotas(undefined)).toMatchObject({ rulesPerGroup: 60, groupsPerInterface: 5 });
    expect(quotas(undefined).assumed).toHaveLength(3);
  });
});
