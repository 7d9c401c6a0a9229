import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  baselineEntry,
  group,
  guardrail,
  inventory,
  network,
  OWNER,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { compile, rulesByGroup } from './compiled.ts';

const closed = { egress: 'closed' } as const;
const web = segment('web', closed);
const db = segment('db', closed);
const webToDb = rule('web-to-db', 'web', 'db', ['tcp/5432']);
const two = inventory([
  { name: 'w', app: 'web' },
  { name: 'd', app: 'db' },
]);

describe('groups and rules', () => {
  test('a flow is written on both sides, and nothing else is', () => {
    expect(rulesByGroup(policy({ segments: [db, web], rules: [webToDb] }), two)).toEqual({
      'segment:db@vpc-1': { in: ['6:5432-5432 segment:web@vpc-1'], out: [] },
      'segment:web@vpc-1': { in: [], out: ['6:5432-5432 segment:db@vpc-1'] },
    });
  });

  test('a VPC that is not managed gets nothing', () => {
    const elsewhere = inventory([{ name: 'w', app: 'web' }], {
      vpcs: [vpc('vpc-1', { tags: {} })],
    });
    const p = policy({ segments: [web] });
    expect(compile(p, elsewhere).desired).toMatchObject({ groups: [], attachments: [] });
    expect(compile(policy({ segments: [web] }, { vpcTags: {} }), two).desired.groups).toEqual([]);
  });

  test('an observed segment has no group, and rules that name it wait', () => {
    const p = policy({ segments: [{ ...db, mode: 'observe' }, web], rules: [webToDb] });
    expect(rulesByGroup(p, two)).toEqual({ 'segment:web@vpc-1': { in: [], out: [] } });
  });

  test('a peer without members gets its group beside whoever names it; bornIn adds more', () => {
    const p = policy({ segments: [{ ...db, bornIn: ['vpc-2'] }, web], rules: [webToDb] });
    const apart = inventory([{ name: 'w', app: 'web' }], { vpcs: [vpc('vpc-1'), vpc('vpc-2')] });
    expect(Object.keys(rulesByGroup(p, apart))).toEqual([
      'segment:db@vpc-1',
      'segment:db@vpc-2',
      'segment:web@vpc-1',
      'segment:web@vpc-2',
    ]);
  });

  test('open egress goes anywhere in both families; baseline and isolation are groups of their own', () => {
    const p = policy(
      {
        segments: [segment('web')],
        networks: [network('mirror', { cidrs: ['192.0.2.0/24'] })],
        baseline: [baselineEntry('updates', { to: 'mirror' }, ['tcp/443'])],
      },
      { unclassified: 'isolate' },
    );
    expect(rulesByGroup(p, two)).toEqual({
      'baseline@vpc-1': { in: [], out: ['6:443-443 192.0.2.0/24'] },
      'isolation@vpc-1': { in: [], out: [] },
      'open-egress@vpc-1': { in: [], out: ['-1:-1--1 0.0.0.0/0', '-1:-1--1 ::/0'] },
      'segment:web@vpc-1': { in: [], out: [] },
    });
  });

  test('an expired rule is not compiled', () => {
    const old = { ...webToDb, expires: '2026-11-22' };
    const rules = rulesByGroup(policy({ segments: [db, web], rules: [old] }), two);
    expect(rules['segment:db@vpc-1']).toEqual({ in: [], out: [] });
  });
});

describe('networks', () => {
  const from = (more: Parameters<typeof network>[1]) =>
    policy({
      segments: [web],
      networks: [network('n', more)],
      rules: [rule('r', 'n', 'web', ['tcp/443', 'icmp/8', 'icmpv6/128'])],
    });
  const ingress = (p: Policy, i: Inventory) => rulesByGroup(p, i)['segment:web@vpc-1']?.in;

  test('exceptions are cut out exactly, families keep to their own ICMP', () => {
    const p = from({ cidrs: ['10.200.0.0/30', '2001:db8::/48'], except: ['10.200.0.1/32'] });
    expect(ingress(p, two)).toEqual([
      '1:8--1 10.200.0.0/32',
      '6:443-443 10.200.0.0/32',
      '1:8--1 10.200.0.2/31',
      '6:443-443 10.200.0.2/31',
      '6:443-443 2001:db8::/48',
      '58:128--1 2001:db8::/48',
    ]);
  });

  test('neighbouring addresses of two networks merge where the traffic is the same', () => {
    const p = policy({
      segments: [web],
      networks: [
        network('a', { cidrs: ['10.9.0.0/24'] }),
        network('b', { cidrs: ['10.9.1.0/24'] }),
      ],
      rules: [rule('r1', ['a', 'b'], 'web', ['tcp/443']), rule('r2', 'a', 'web', ['tcp/80'])],
    });
    expect(ingress(p, two)).toEqual(['6:443-443 10.9.0.0/23', '6:80-80 10.9.0.0/24']);
  });

  test('prefix lists by glob keep to their family; foreign groups by tag need to be in reach', () => {
    const list = { id: 'pl-1', name: 'com.amazonaws.us-east-1.s3', family: 'ipv4' as const };
    const more = { maxEntries: 3, owner: 'AWS', cidrs: [], tags: {} };
    const estate = inventory([{ name: 'w', app: 'web' }], {
      vpcs: [vpc('vpc-1'), vpc('vpc-2')],
      prefixLists: [{ ...list, ...more }],
      groups: [
        group('sg-near', 'vpc-1', { tags: { role: 'edge' } }),
        group('sg-far', 'vpc-2', { tags: { role: 'edge' } }),
      ],
    });
    expect(ingress(from({ prefixList: 'com.amazonaws.*.s3' }), estate)).toEqual([
      '1:8--1 pl-1',
      '6:443-443 pl-1',
    ]);
    const edge = from({ securityGroups: { ids: [], tags: { role: ['edge'] } } });
    expect(ingress(edge, estate)).toEqual([
      '1:8--1 sg-near',
      '6:443-443 sg-near',
      '58:128--1 sg-near',
    ]);
  });

  test('a group of ours is never a network, whatever its tags', () => {
    const tags = { role: 'edge', 'bulkhead:owner': OWNER };
    const estate = inventory([{ name: 'w', app: 'web' }], {
      groups: [group('sg-ours', 'vpc-1', { tags })],
    });
    const edge = from({ securityGroups: { ids: ['sg-ours'], tags: { role: ['edge'] } } });
    expect(ingress(edge, estate)).toEqual([]);
  });

  test('a network that names nothing here is reported', () => {
    const { diagnostics } = compile(from({ prefixList: 'pl-none' }), two);
    expect(diagnostics.map((d) => [d.severity, d.code])).toEqual([['warning', 'network-is-empty']]);
  });

  const inside = (cidr: string) =>
    policy({
      segments: [db, web],
      networks: [network('n', { cidrs: [cidr], includesWorkloads: true })],
      rules: [rule('r', 'web', 'n', ['tcp/22'])],
    });

  test('workloads inside a network get the flow on their groups too', () => {
    const rules = rulesByGroup(inside('10.0.0.0/8'), two);
    expect(rules['segment:db@vpc-1']?.in).toEqual(['6:22-22 segment:web@vpc-1']);
    expect(rules['segment:web@vpc-1']?.out).toEqual(['6:22-22 10.0.0.0/8']);
  });

  test('a segment that lies half inside stays without, and that is reported', () => {
    const estate = inventory([
      { name: 'w', app: 'web', ipv4: '10.0.5.1' },
      { name: 'd1', app: 'db', ipv4: '10.0.7.1' },
      { name: 'd2', app: 'db', ipv4: '10.0.9.1' },
    ]);
    const p = inside('10.0.7.0/24');
    expect(rulesByGroup(p, estate)['segment:db@vpc-1']?.in).toEqual([]);
    expect(compile(p, estate).diagnostics[0]).toMatchObject({
      code: 'segment-partly-in-network',
      message: 'only some members of db in vpc-1 lie in network `n` of rule `r`',
    });
  });

  test('addresses that a guardrail keeps apart are cut out of the network', () => {
    const p = inside('10.0.0.0/30');
    const guarded = {
      ...p,
      segments: [{ ...db, zone: 'pci' }, web],
      guardrails: [guardrail('g', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } })],
    };
    const estate = inventory([
      { name: 'w', app: 'web', ipv4: '10.0.5.1' },
      { name: 'd', app: 'db', ipv4: '10.0.0.2' },
    ]);
    expect(rulesByGroup(guarded, estate)).toMatchObject({
      'segment:db@vpc-1': { in: [] },
      'segment:web@vpc-1': { out: ['6:22-22 10.0.0.0/31', '6:22-22 10.0.0.3/32'] },
    });
  });
});

describe('several VPCs', () => {
  const p = policy({ segments: [db, web], rules: [webToDb] });
  const hosts = [
    { name: 'w', app: 'web', vpc: 'vpc-1' },
    { name: 'd', app: 'db', vpc: 'vpc-2' },
  ];
  const vpcs = [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })];

  test('an active peering within the Region carries group references', () => {
    const estate = inventory(hosts, { vpcs, peerings: [peering('vpc-1', 'vpc-2')] });
    expect(rulesByGroup(p, estate)).toEqual({
      'segment:db@vpc-2': { in: ['6:5432-5432 segment:web@vpc-1'], out: [] },
      'segment:web@vpc-1': { in: [], out: ['6:5432-5432 segment:db@vpc-2'] },
    });
    expect(compile(p, estate).diagnostics).toEqual([]);
  });

  test.each([
    { name: 'no peering', peerings: [] },
    {
      name: 'a pending one',
      peerings: [peering('vpc-1', 'vpc-2', { status: 'pending-acceptance' })],
    },
    {
      name: 'one to another Region',
      peerings: [peering('vpc-1', 'vpc-2', { region: 'eu-west-1' })],
    },
  ])('with $name the pair is reported and never allowed', ({ peerings }) => {
    const estate = inventory(hosts, { vpcs, peerings });
    expect(rulesByGroup(p, estate)).toMatchObject({
      'segment:web@vpc-1': { out: ['6:5432-5432 segment:db@vpc-1'] },
      'segment:db@vpc-2': { in: ['6:5432-5432 segment:web@vpc-2'] },
    });
    expect(compile(p, estate).diagnostics).toMatchObject([
      { severity: 'warning', code: 'not-nameable-by-group', file: 'test.yaml' },
    ]);
  });
});

describe('guardrails at compile', () => {
  const guarded = (id: string) =>
    policy({
      segments: [{ ...db, zone: 'pci' }, web],
      rules: [rule(id, 'web', 'db', ['tcp/5432'])],
      guardrails: [
        guardrail('g', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } }, ['excepted']),
      ],
    });

  test('a forbidden pair is left out and reported where the rule stands', () => {
    expect(rulesByGroup(guarded('r'), two)['segment:db@vpc-1']).toEqual({ in: [], out: [] });
    expect(compile(guarded('r'), two).diagnostics).toMatchObject([
      { severity: 'warning', code: 'guardrail-forbids-pair', file: 'test.yaml', line: 1 },
    ]);
  });

  test('an excepted rule crosses', () => {
    expect(rulesByGroup(guarded('excepted'), two)['segment:db@vpc-1']?.in).toHaveLength(1);
    expect(compile(guarded('excepted'), two).diagnostics).toEqual([]);
  });

  test('a baseline entry that one zone may not use is written for the others alone', () => {
    const p = policy({
      segments: [{ ...db, zone: 'pci' }, web],
      networks: [network('office', { cidrs: ['198.51.100.0/24'] })],
      baseline: [baselineEntry('ssh', { from: 'office' }, ['tcp/22'])],
      guardrails: [guardrail('g', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } })],
    });
    expect(rulesByGroup(p, two)).toEqual({
      'segment:db@vpc-1': { in: [], out: [] },
      'segment:web@vpc-1': { in: ['6:22-22 198.51.100.0/24'], out: [] },
    });
    expect(compile(p, two).diagnostics).toEqual([]);
  });
});
