import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DescribeDocuments } from '../../../core/inventory/from-describe.ts';
import { read } from './read.ts';

describe('what cannot be read', () => {
  test('leaves a gap, since anything could hide behind it', () => {
    const { gaps } = read(
      {
        Vpcs: 'no list',
        ...{ Quotas: null, Tasks: undefined, PrefixListEntries: {} },
        SecurityGroups: [{ GroupId: 'sg-1', IpPermissions: [{ IpProtocol: 'ipx' }] }],
        NetworkAcls: [{ NetworkAclId: 'acl-1', Entries: [{ Protocol: '6' }] }],
        RouteTables: [{ RouteTableId: 'rtb-1', Routes: [{ GatewayId: 'local' }] }],
      },
      { gaps: [{ kind: 'Subnets', reason: 'RequestLimitExceeded' }] },
    );
    expect(gaps).toEqual([
      { kind: 'Subnets', reason: 'RequestLimitExceeded' },
      { kind: 'Vpcs', reason: 'is not a list' },
      { kind: 'Quotas', reason: 'is not a list' },
      { kind: 'SecurityGroups', reason: '1 of the entries of sg-1 cannot be read' },
      { kind: 'NetworkAcls', reason: '1 of the entries of acl-1 cannot be read' },
      { kind: 'RouteTables', reason: '1 of the entries of rtb-1 cannot be read' },
    ]);
  });

  test('an entry without an id of its kind leaves a gap, and is nothing else', () => {
    const found = read({
      NetworkInterfaces: [
        { NetworkInterfaceId: 'eni-1' },
        { NetworkInterfaceId: 'constructor' },
        { Status: 'in-use' },
        null,
      ],
      SecurityGroups: [{ GroupId: 'sg-1' }, { GroupId: 'pl-1' }],
      ...{ Vpcs: [{ VpcId: 'sg-1' }], Subnets: [{ SubnetId: 'vpc-1' }], NetworkAcls: [{}] },
      ...{ RouteTables: ['rtb-1'], VpcPeeringConnections: [{ VpcPeeringConnectionId: 'x-1' }] },
      ...{ PrefixLists: [{ PrefixListId: 'list' }], Tasks: [{ taskArn: 'task/main/t1' }] },
      Reservations: [
        { Instances: [{ InstanceId: '__proto__' }, { InstanceId: 'i-1' }] },
        { Instances: 'no list' },
        {},
      ],
    });
    const { gaps, interfaces, groups, workloads } = found;
    expect(interfaces.map(({ id }) => id)).toEqual(['eni-1']);
    expect(groups.map(({ id }) => id)).toEqual(['sg-1']);
    expect(workloads.map(({ identity }) => identity.workload)).toEqual(['eni-1', 'i-1']);
    const { vpcs, subnets, networkAcls, routeTables, peerings, prefixLists } = found;
    expect([vpcs, subnets, networkAcls, routeTables, peerings, prefixLists].flat()).toEqual([]);
    const entries = 'of the entries have no';
    expect(gaps.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
      `NetworkInterfaces: 3 ${entries} NetworkInterfaceId that begins with eni-`,
      `SecurityGroups: 1 ${entries} GroupId that begins with sg-`,
      `Vpcs: 1 ${entries} VpcId that begins with vpc-`,
      `Subnets: 1 ${entries} SubnetId that begins with subnet-`,
      `NetworkAcls: 1 ${entries} NetworkAclId that begins with acl-`,
      `RouteTables: 1 ${entries} RouteTableId that begins with rtb-`,
      `VpcPeeringConnections: 1 ${entries} VpcPeeringConnectionId that begins with pcx-`,
      `PrefixLists: 1 ${entries} PrefixListId that begins with pl-`,
      `Tasks: 1 ${entries} taskArn that begins with arn:`,
      'Reservations: 3 of the instances have no InstanceId that begins with i-',
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

describe('what was read', () => {
  test('of nothing is nothing, at no place', () => {
    expect(read({}, { takenAt: '2026-11-24T00:00:00Z' })).toEqual({
      ...{ takenAt: '2026-11-24T00:00:00Z', account: '', region: '', gaps: [] },
      ...{ vpcs: [], subnets: [], interfaces: [], workloads: [], groups: [], prefixLists: [] },
      ...{ networkAcls: [], routeTables: [], peerings: [] },
      quotas: {
        ...{ groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 2_500 },
        assumed: ['groupsPerInterface', 'rulesPerGroup', 'groupsPerRegion'],
      },
    });
  });

  test('is of the account that was named, else of that of the first group', () => {
    const documents = { SecurityGroups: [{ GroupId: 'sg-1', OwnerId: '111111111111' }] };
    expect(read(documents).account).toBe('111111111111');
    expect(read(documents, { account: '222222222222' }).account).toBe('222222222222');
  });

  test('comes out by id, in whatever order AWS lists it', () => {
    const nics = ['eni-3', 'eni-1', 'eni-2'].map((NetworkInterfaceId) => ({ NetworkInterfaceId }));
    const instances = ['i-2', 'i-3', 'i-1'].map((InstanceId) => ({ InstanceId }));
    const { interfaces, workloads } = read({
      NetworkInterfaces: nics,
      Reservations: instances.map((one) => ({ Instances: [one] })),
    });
    expect(interfaces.map(({ id }) => id)).toEqual(['eni-1', 'eni-2', 'eni-3']);
    expect(workloads.map(({ identity }) => identity.workload)).toEqual([
      ...['eni-1', 'eni-2', 'eni-3', 'i-1', 'i-2', 'i-3'],
    ]);
  });
});

describe('quotas', () => {
  const quotas = (Quotas: unknown) => read({ Quotas }).quotas;

  test("are those of the account; what is missing is AWS's default, and named", () => {
    const some = [
      { QuotaCode: 'L-0EA8095F', Value: 100 },
      { QuotaCode: 'L-2AFB9258', Value: 10 },
    ];
    expect(quotas(some)).toEqual({
      ...{ rulesPerGroup: 100, groupsPerInterface: 10, groupsPerRegion: 2_500 },
      assumed: ['groupsPerRegion'],
    });
    expect(quotas([...some, { QuotaCode: 'L-E79EC296', Value: 3_000 }])).toEqual({
      ...{ rulesPerGroup: 100, groupsPerInterface: 10, groupsPerRegion: 3_000 },
    });
    expect(quotas([{ QuotaCode: 'L-E79EC296', Value: '2500' }]).assumed).toEqual([
      ...['groupsPerInterface', 'rulesPerGroup'],
    ]);
  });

  test.each([-1, 0, 2.5])('a quota of %d cannot be one, and is assumed', (Value) => {
    const { groupsPerRegion, assumed } = quotas([{ QuotaCode: 'L-E79EC296', Value }]);
    expect(groupsPerRegion).toBe(2_500);
    expect(assumed).toContain('groupsPerRegion');
  });
});
