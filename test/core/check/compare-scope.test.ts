import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../../core/api/traffic-text.ts';
import type { Disagreement } from '../../../core/check/compare.ts';
import type { GroupRule, Inventory } from '../../../core/model/inventory.ts';
import {
  group,
  inventory,
  network,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { compare, HOSTS, POLICY, published, regrouped } from './published.ts';

const told = (list: readonly Disagreement[]): readonly string[] =>
  list
    .map(({ from, to, family, traffic }) => {
      const what = trafficTexts(traffic).join(' ');
      return `${from.slice(4)} > ${to.slice(4)} ${family} ${what}`;
    })
    .sort();

const silent = (found: Inventory): Inventory => regrouped(found, 'web', () => ({ egress: [] }));

describe('ICMP is of IPv4, and ICMPv6 of IPv6', () => {
  /** Hosts of both families, with a rule by hand on both sides, between the groups. */
  function both(protocol: number): Inventory {
    const found = published();
    const any = {
      protocol,
      fromPort: -1,
      toPort: -1,
      peer: { kind: 'ipv6', cidr: '::/0' },
    } as const;
    const four: GroupRule = { ...any, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } };
    const opened = regrouped(
      regrouped(found, 'web', ({ egress }) => ({ egress: [...egress, any, four] })),
      'db',
      ({ ingress }) => ({ ingress: [...ingress, any, four] }),
    );
    const interfaces = opened.interfaces.map((nic, at) => ({ ...nic, ipv6: [`2001:db8::${at}`] }));
    return { ...opened, interfaces };
  }

  test.each([
    [1, ['w > d ipv4 icmp', 'w > e ipv4 icmp']],
    [58, ['w > d ipv6 icmpv6', 'w > e ipv6 icmpv6']],
    [47, ['w > d ipv4 47', 'w > d ipv6 47', 'w > e ipv4 47', 'w > e ipv6 47']],
  ])('a hole of protocol %s', (protocol, expected) => {
    expect(told(compare(both(protocol)).holes)).toEqual(expected);
  });
});

describe('across VPCs', () => {
  const vpcs = [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })];
  const hosts = [
    { name: 'd', app: 'db', vpc: 'vpc-2', ipv4: '10.1.0.1' },
    { name: 'w', app: 'web' },
  ];
  const routes = (own: string, other: string) => [
    { destination: own, target: 'local', state: 'active' as const },
    { destination: other, target: 'pcx-vpc-1-vpc-2', state: 'active' as const },
  ];
  const [near, far] = ['10.0.0.0/16', '10.1.0.0/16'] as const;
  const routeTables = [
    { id: 'rtb-1', vpc: 'vpc-1', main: true, subnets: [], routes: routes(near, far) },
    { id: 'rtb-2', vpc: 'vpc-2', main: true, subnets: [], routes: routes(far, near) },
  ];
  const joined = published(POLICY, hosts, {
    vpcs,
    routeTables,
    peerings: [peering('vpc-1', 'vpc-2')],
  });

  test('what a peering joins must pass, whichever side asked for it', () => {
    expect(compare(joined)).toMatchObject({ holes: [], cuts: [], pairs: 2 });
    expect(told(compare(silent(joined)).cuts)).toEqual(['w > d ipv4 tcp/5432']);
    const turned = peering('vpc-2', 'vpc-1');
    const peerings = [{ ...turned, id: 'pcx-vpc-1-vpc-2' }];
    expect(told(compare(silent({ ...joined, peerings })).cuts)).toEqual(['w > d ipv4 tcp/5432']);
  });

  test.each([
    ['nothing joins', []],
    ['a peering joined once', [peering('vpc-1', 'vpc-2', { status: 'deleted' })]],
    ['a peering into another Region joins', [peering('vpc-1', 'vpc-2', { region: 'eu-west-1' })]],
    ['a peering of others joins', [peering('vpc-1', 'vpc-3'), peering('vpc-3', 'vpc-2')]],
  ])('no cut is found where %s: no rule can name the other group there', (_, peerings) => {
    expect(compare(silent({ ...joined, peerings }))).toMatchObject({ cuts: [], holes: [] });
  });
});

test('where a route leads over a firewall, hosts of one subnet do not stand for another', () => {
  const routes = [
    { destination: '10.0.0.0/8', target: 'local', state: 'active' as const },
    { destination: '10.0.0.0/24', target: 'vpce-firewall', state: 'active' as const },
  ];
  const table = { id: 'rtb-1', vpc: 'vpc-1', main: true, subnets: [], routes };
  const hosts = [...HOSTS, { name: 'x', app: 'web' }];
  const found = published(POLICY, hosts, { routeTables: [table] });
  const apart = found.interfaces.map((nic) =>
    nic.id === 'eni-w' ? { ...nic, subnet: 'subnet-other' } : nic,
  );
  expect(told(compare({ ...found, interfaces: apart }).cuts)).toEqual([
    'w > d ipv4 tcp/5432',
    'w > e ipv4 tcp/5432',
  ]);
});

describe('kept groups', () => {
  const keeping = { ...POLICY, settings: { ...POLICY.settings, keepSecurityGroups: ['sg-kept'] } };
  const opensAll: GroupRule = {
    protocol: -1,
    fromPort: -1,
    toPort: -1,
    peer: { kind: 'ipv4', cidr: '0.0.0.0/0' },
  };
  const kept = group('sg-kept', 'vpc-1', { ingress: [opensAll], egress: [opensAll] });
  const hosts = HOSTS.map((one) => ({ ...one, groups: ['sg-flat', 'sg-kept'] }));

  test('are allowances of their own, and nothing else is', () => {
    const found = published(keeping, hosts, { groups: [kept] });
    expect(found.interfaces.map(({ groups }) => groups.includes('sg-kept'))).toEqual([
      true,
      true,
      true,
    ]);
    expect(compare(found, keeping)).toMatchObject({ holes: [], cuts: [] });
    const ssh = {
      protocol: 6,
      fromPort: 22,
      toPort: 22,
      peer: { kind: 'ipv4', cidr: '0.0.0.0/0' },
    } as const;
    const opened = regrouped(
      regrouped(found, 'web', ({ egress }) => ({ egress: [...egress, ssh] })),
      'db',
      ({ ingress }) => ({ ingress: [...ingress, ssh] }),
    );
    expect(told(compare(opened, keeping).holes)).toEqual([
      'w > d ipv4 tcp/22',
      'w > e ipv4 tcp/22',
    ]);
    // What they let through counts against no cut.
    expect(compare(silent(found), keeping).cuts).toEqual([]);
  });
});

describe('networks that include workloads', () => {
  const including = (...cidrs: string[]) =>
    policy({
      segments: POLICY.segments,
      networks: [network('inside', { cidrs, includesWorkloads: true })],
      rules: [rule('inside', 'inside', 'db', ['tcp/22'])],
    });

  test.each([
    ['all of a VPC', ['10.0.0.0/16'], ['w > d ipv4 tcp/22', 'w > e ipv4 tcp/22']],
    ['all members of a segment', ['10.0.0.12/32'], ['w > d ipv4 tcp/22', 'w > e ipv4 tcp/22']],
    ['one member of two', ['10.0.0.13/32'], []],
  ])('must let those reach whom they hold as %s', (_, cidrs, expected) => {
    const hosts = cidrs[0] === '10.0.0.13/32' ? [...HOSTS, { name: 'x', app: 'web' }] : HOSTS;
    const asked = including(...cidrs);
    const found = published(asked, hosts);
    expect(compare(found, asked).cuts).toEqual([]);
    expect(told(compare(silent(found), asked).cuts)).toEqual(expected);
  });
});

describe('the count', () => {
  test('is of all pairs, though only a thousand are named of a kind', () => {
    const open = policy({ segments: [segment('db', { mode: 'enforce' })] });
    const hosts = Array.from({ length: 34 }, (_, at) => ({ name: `h${at}`, app: 'db' }));
    const found = published(open, hosts);
    const interfaces = found.interfaces.map((nic) => ({ ...nic, groups: ['sg-flat'] }));
    const flat = { ...found, interfaces };
    const result = compare(flat, open);
    expect(result).toMatchObject({ pairs: 34 * 33, classes: 1, excused: [] });
    expect(result.count).toEqual({ holes: 34 * 33, cuts: 0, excused: 0 });
    expect(result.holes).toHaveLength(1_000);
    const excused = new Map(hosts.map(({ name }) => [`i-${name}`, 'held']));
    const held = compare(flat, open, { excused });
    expect(held.count).toEqual({ holes: 0, cuts: 0, excused: 34 * 33 });
    expect(held.excused).toHaveLength(1_000);
    expect(held.excused[0]).toEqual({
      ...{ kind: 'hole', from: 'eni-h0', to: 'eni-h1', fromName: 'i-h0', toName: 'i-h1' },
      ...{ family: 'ipv4', because: 'held', traffic: result.holes[0]?.traffic },
    });
  });

  test('leaves out interfaces of nobody and without addresses', () => {
    const found = published();
    const [nic] = inventory([{ name: 'lone' }]).interfaces;
    const bare = found.interfaces.map((one, at) => (at === 0 ? { ...one, ipv4: [] } : one));
    const more = nic === undefined ? bare : [...bare, nic];
    expect(compare({ ...found, interfaces: more })).toMatchObject({ pairs: 2, classes: 2 });
    expect(compare({ ...found, interfaces: [] })).toMatchObject({ pairs: 0, classes: 0 });
  });
});
