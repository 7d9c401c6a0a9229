import fc from 'fast-check';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Network, Policy, Segment } from '../../core/model/policy.ts';
import {
  baselineEntry,
  flatId,
  group,
  guardrail,
  type Host,
  inventory,
  network,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from './builders.ts';

/** A policy and an estate that it may be applied to; nothing is applied yet. */
export interface World {
  readonly policy: Policy;
  readonly inventory: Inventory;
}

const VPCS = ['vpc-1', 'vpc-2', 'vpc-3'] as const;
const APPS = ['a0', 'a1', 'a2', 'a3'] as const;
const TIERS = ['t0', 't1', 't2'] as const;
const ZONES = ['red', 'blue'] as const;
const SEGMENTS = ['s0', 's1', 's2', 's3', 's4'] as const;
const PORTS = [
  'tcp/443',
  'tcp/8080-8081',
  'tcp/8081-8090',
  'udp/53',
  'icmp/8',
  '47',
  'all',
] as const;

/** Group that a policy may keep, in every VPC. */
const keepId = (vpcId: string): string => `sg-keep-${vpcId}`;
/** Group of a load balancer, in every VPC; its rules name the flat group. */
const edgeId = (vpcId: string): string => `sg-edge-${vpcId}`;

/** One world in which anything may overlap with anything. */
export function arbitraryWorld(): fc.Arbitrary<World> {
  return fc.record({ policy: arbitraryPolicy(), inventory: arbitraryInventory() });
}

/** Policies over the names that arbitraryInventory uses, so that any two fit the same estate. */
export function arbitraryPolicy(): fc.Arbitrary<Policy> {
  return fc
    .record({
      segments: fc.tuple(...SEGMENTS.map(arbitrarySegment)),
      used: fc.subarray([...SEGMENTS], { minLength: 1 }),
      rules: fc.array(arbitraryRule(), { maxLength: 6 }),
      zoned: fc.constantFrom(undefined, ...ZONES),
      baseline: fc.subarray(['mirror', 'office'] as const),
      guardrails: fc.array(arbitraryGuardrail(), { maxLength: 2 }),
      keeps: fc.boolean(),
      unclassified: fc.constantFrom('observe' as const, 'isolate' as const),
    })
    .map((drawn) => {
      const segments = drawn.segments.filter((s) => drawn.used.includes(s.name as 's0'));
      const names = new Set([...segments.map((s) => s.name), ...NETWORKS]);
      const known = (ends: readonly string[]) => ends.filter((end) => names.has(end));
      const rules = drawn.rules
        .map(({ from, to, allow }, at) => rule(`r${at}`, known(from), known(to), allow))
        .filter((r) => r.from.length > 0 && r.to.length > 0)
        .filter((r) => [...r.from, ...r.to].some((end) => end.startsWith('s')));
      return policy(
        {
          segments,
          networks: networks(drawn.zoned),
          rules,
          baseline: drawn.baseline.map((to) => baselineEntry(`b-${to}`, { to }, ['tcp/443'])),
          guardrails: drawn.guardrails.map(({ deny, except }, at) =>
            guardrail(`g${at}`, deny, except),
          ),
          zones: ZONES.map((name) => ({
            name,
            subnetTags: {},
            location: { file: 'test.yaml', line: 1, column: 1 },
          })),
        },
        {
          keepSecurityGroups: drawn.keeps ? VPCS.map(keepId) : [],
          unclassified: drawn.unclassified,
        },
      );
    });
}

const NETWORKS = ['office', 'inside', 'mirror', 'edge'] as const;

function networks(zone: string | undefined): Network[] {
  return [
    network('edge', { securityGroups: { ids: [], tags: { role: ['edge'] } } }),
    network('inside', { cidrs: ['10.1.0.0/16'], includesWorkloads: true }),
    network('mirror', { prefixList: 'com.amazonaws.*.s3' }),
    network('office', {
      cidrs: ['198.51.100.0/24', '2001:db8:12::/48'],
      except: ['198.51.100.64/26'],
      ...(zone === undefined ? {} : { zone }),
    }),
  ];
}

function arbitrarySegment(name: string): fc.Arbitrary<Segment> {
  const tags = fc.oneof(
    fc.record({ app: fc.subarray([...APPS], { minLength: 1, maxLength: 2 }) }),
    fc.record({ tier: fc.subarray([...TIERS], { minLength: 1, maxLength: 1 }) }),
    fc.record({
      app: fc.constantFrom(...APPS).map((app) => [app]),
      tier: fc.constantFrom(...TIERS).map((tier) => [tier]),
    }),
  );
  const select = fc.oneof(
    { weight: 4, arbitrary: tags.map((t) => ({ tags: t as Record<string, string[]> })) },
    { weight: 1, arbitrary: tags.map((t) => ({ not: { tags: t as Record<string, string[]> } })) },
    { weight: 1, arbitrary: fc.constant({ tags: { app: ['a*'] } }) },
  );
  return fc
    .record({
      select,
      mode: fc.constantFrom('observe', 'stage', 'enforce', 'enforce', 'enforce'),
      egress: fc.constantFrom('open', 'closed'),
      zone: fc.constantFrom(undefined, undefined, undefined, ...ZONES),
      bornIn: fc.subarray(['vpc-1', 'vpc-2']),
    })
    .map(({ zone, ...more }) =>
      segment(name, { ...more, ...(zone === undefined ? {} : { zone }) }),
    );
}

function arbitraryRule() {
  const end = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<string>(...SEGMENTS) },
    { weight: 1, arbitrary: fc.constantFrom<string>(...NETWORKS) },
  );
  const ends = fc.uniqueArray(end, { minLength: 1, maxLength: 2 });
  const allow = fc.uniqueArray(fc.constantFrom<string>(...PORTS), { minLength: 1, maxLength: 3 });
  return fc.record({ from: ends, to: ends, allow });
}

function arbitraryGuardrail() {
  const atom = fc.oneof(
    fc.constantFrom(...ZONES).map((zone) => ({ zone })),
    fc.constantFrom<string>(...SEGMENTS).map((name) => ({ segment: name })),
  );
  const matcher = fc.oneof(
    atom,
    atom.map((not) => ({ not })),
  );
  return fc.record({
    deny: fc.record({ from: matcher, to: matcher }),
    except: fc.subarray(['r0', 'r1', 'b-mirror']),
  });
}

/** Two managed VPCs, peered or not, and one that is not managed; hosts on foreign groups alone. */
export function arbitraryInventory(): fc.Arbitrary<Inventory> {
  return fc
    .record({
      hosts: fc.array(arbitraryHost(), { minLength: 1, maxLength: 8 }),
      peered: fc.constantFrom('active', 'active', 'pending-acceptance'),
      groupsPerInterface: fc.constantFrom(10, 10, 5),
      // Few enough that segments need further groups for their rules now and then.
      rulesPerGroup: fc.constantFrom(200, 200, 6, 3),
    })
    .map(({ hosts, peered, groupsPerInterface, rulesPerGroup }) =>
      inventory(
        hosts.map(({ extra, ...host }, at) => place(host, extra, at)),
        {
          vpcs: VPCS.map((id, at) =>
            vpc(id, {
              ipv4: [`10.${at + 1}.0.0/16`],
              tags: id === 'vpc-3' ? {} : { segmentation: 'bulkhead' },
            }),
          ),
          groups: VPCS.flatMap(foreignGroups),
          peerings: [peering('vpc-1', 'vpc-2', { status: peered }), peering('vpc-1', 'vpc-3')],
          prefixLists: [
            {
              id: 'pl-s3',
              name: 'com.amazonaws.us-east-1.s3',
              family: 'ipv4',
              maxEntries: 5,
              owner: 'AWS',
              cidrs: ['52.216.0.0/15'],
              tags: {},
            },
          ],
          quotas: { groupsPerInterface, rulesPerGroup, groupsPerRegion: 2_500 },
        },
      ),
    );
}

type Extra = 'none' | 'keep' | 'edge';

function arbitraryHost() {
  return fc.record({
    app: fc.constantFrom(...APPS),
    tier: fc.constantFrom(...TIERS),
    vpc: fc.constantFrom<string>('vpc-1', 'vpc-1', 'vpc-1', 'vpc-2', 'vpc-2', 'vpc-3'),
    extra: fc.constantFrom<Extra>('none', 'none', 'keep', 'edge'),
    control: fc.constantFrom('attach', 'attach', 'attach', 'attach', 'attach', 'visible'),
    state: fc.constantFrom('running', 'running', 'running', 'stopped'),
  });
}

function place(
  drawn: { app: string; tier: string; vpc: string; control: string; state: string },
  extra: Extra,
  at: number,
): Host {
  const more = { none: [], keep: [keepId(drawn.vpc)], edge: [edgeId(drawn.vpc)] }[extra];
  return {
    name: `h${at}`,
    tags: { app: drawn.app, tier: drawn.tier },
    vpc: drawn.vpc,
    state: drawn.state,
    control: drawn.control as 'attach' | 'visible',
    groups: [flatId(drawn.vpc), ...more],
    ipv4: `10.${drawn.vpc.slice('vpc-'.length)}.0.${at + 10}`,
  };
}

function foreignGroups(vpcId: string) {
  const tcp = (port: number) => ({ protocol: 6, fromPort: port, toPort: port });
  return [
    group(keepId(vpcId), vpcId, {
      tags: { 'bulkhead:keep': 'true' },
      ingress: [{ ...tcp(22), peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } }],
    }),
    group(edgeId(vpcId), vpcId, {
      tags: { role: 'edge' },
      ingress: [{ ...tcp(443), peer: { kind: 'group', id: flatId(vpcId) } }],
      egress: [{ ...tcp(8080), peer: { kind: 'group', id: flatId(vpcId) } }],
    }),
  ];
}
