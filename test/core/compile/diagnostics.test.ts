import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Diagnostic, Policy } from '../../../core/model/policy.ts';
import {
  baselineEntry,
  group,
  guardrail,
  inventory,
  network,
  peering,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { compile, ours } from './compiled.ts';

const at = { file: 'shop.yaml', line: 7, column: 3 };
const closed = { egress: 'closed' } as const;
const web = segment('web', closed);
const db = segment('db', closed);
const webToDb = rule('r', 'web', 'db', ['tcp/5432'], { location: at });
const two = inventory([
  { name: 'w', app: 'web' },
  { name: 'd', app: 'db' },
]);
const intoPci = guardrail('g', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } });
const quotas = { groupsPerInterface: 5, rulesPerGroup: 3, groupsPerRegion: 100 };
const list = { id: 'pl-1', name: 'mirror', owner: 'AWS', cidrs: [], tags: {} };

interface Case {
  readonly code: string;
  readonly severity?: Diagnostic['severity'];
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly message: string;
  readonly hint: string;
  /** Where not at the rule. */
  readonly location?: Diagnostic | typeof at;
}

const cases: readonly Case[] = [
  {
    code: 'guardrail-forbids-pair',
    policy: policy({
      segments: [{ ...db, zone: 'pci' }, web],
      rules: [webToDb],
      guardrails: [intoPci],
    }),
    inventory: two,
    message: 'rule `r` from `web` to `db` is forbidden by guardrail `g` (test)',
    hint: "the pair is left out; remove it from the rule, or list `r` under the guardrail's `except`",
  },
  {
    code: 'network-is-empty',
    policy: policy({
      segments: [web],
      networks: [network('mirror', { prefixList: 'pl-none' })],
      rules: [rule('r', 'web', 'mirror', ['tcp/443'], { location: at })],
    }),
    inventory: two,
    message: 'network `mirror` of rule `r` names nothing that exists here',
    hint: 'nothing is allowed by it; check the prefix list, the groups or the exceptions it names',
  },
  {
    code: 'guardrail-closes-group',
    policy: policy({
      segments: [{ ...db, zone: 'pci' }, web],
      networks: [network('edge', { securityGroups: { ids: ['sg-edge'], tags: {} } })],
      rules: [rule('r', 'web', 'edge', ['tcp/443'], { location: at })],
      guardrails: [intoPci],
    }),
    inventory: inventory(
      [
        { name: 'd', app: 'db', groups: ['sg-edge', 'sg-flat'] },
        { name: 'w', app: 'web' },
      ],
      { groups: [group('sg-edge', 'vpc-1')] },
    ),
    message:
      'rule `r` leaves group sg-edge of network `edge` out: it is on a workload that a guardrail keeps apart (i-d, guardrail `g`)',
    hint: "take the group off that workload, or list `r` under the guardrail's `except`",
  },
  {
    code: 'segment-partly-in-network',
    policy: policy({
      segments: [db, segment('cache', closed), web],
      networks: [network('n', { cidrs: ['10.0.7.0/24'], includesWorkloads: true })],
      rules: [rule('r', 'n', 'web', ['tcp/22'], { location: at })],
    }),
    inventory: inventory([
      { name: 'c1', app: 'cache', ipv4: '10.0.7.1' },
      { name: 'c2', app: 'cache', ipv4: '10.0.9.1' },
      { name: 'd1', app: 'db', ipv4: '10.0.7.2' },
      { name: 'd2', app: 'db', ipv4: '10.0.9.2' },
      { name: 'w', app: 'web', ipv4: '10.0.8.1' },
    ]),
    message: 'only some members of cache in vpc-1, db in vpc-1 lie in network `n` of rule `r`',
    hint: 'the rule is not written on their groups; name the segment in the rule, or split it',
  },
  {
    code: 'kept-group-not-tagged',
    policy: policy(
      { segments: [web] },
      { keepSecurityGroups: ['sg-tagged', 'sg-bare', 'sg-elsewhere'] },
    ),
    inventory: inventory([{ name: 'w', app: 'web' }], {
      groups: [
        group('sg-tagged', 'vpc-1', { tags: { 'bulkhead:keep': '' } }),
        group('sg-bare', 'vpc-1'),
      ],
    }),
    location: { file: 'root.yaml', line: 1, column: 1 },
    message: 'group sg-bare is kept by the settings but lacks the tag `bulkhead:keep`',
    hint: 'tag it, else IAM refuses every write that enforces a workload which carries it',
  },
  {
    code: 'too-many-rules-in-group',
    severity: 'error',
    policy: policy({
      segments: [web],
      networks: [
        network('mirror', { prefixList: 'pl-1' }),
        network('office', { cidrs: ['192.0.2.0/24'] }),
      ],
      baseline: [
        {
          ...baselineEntry('updates', { to: 'mirror' }, ['tcp/443']),
          location: at,
        },
        baselineEntry('time', { to: 'office' }, ['udp/123', 'udp/223']),
      ],
    }),
    inventory: inventory([{ name: 'w', app: 'web' }], {
      quotas,
      prefixLists: [{ ...list, family: 'ipv4', maxEntries: 500 }],
    }),
    message:
      'baseline@vpc-1 needs 502 of 3 egress rules for ipv4; the costliest: `updates` 500, `time` 2',
    hint: 'name fewer or larger networks or peers in `updates`; without it the rest fits',
  },
  {
    code: 'too-many-groups-in-region',
    severity: 'error',
    policy: policy({ segments: [db, web] }),
    inventory: inventory(
      [
        { name: 'w', app: 'web' },
        { name: 'd', app: 'db' },
      ],
      { quotas: { ...quotas, groupsPerRegion: 2 }, groups: [ours('segment:db@vpc-1')] },
    ),
    location: { file: 'root.yaml', line: 1, column: 1 },
    message: 'the Region would hold 3 of 2 security groups: 2 exist, 1 would be added',
    hint: 'raise the quota L-E79EC296 from 2 to 3',
  },
];

test.each(cases)('$code', ({ policy: p, inventory: i, message, hint, ...more }) => {
  const { code, severity = 'warning', location = at } = more;
  expect(compile(p, i).diagnostics).toEqual([{ ...location, severity, code, message, hint }]);
});

describe('not-nameable-by-group', () => {
  const vpcs = [
    vpc('vpc-1'),
    vpc('vpc-2', { ipv4: ['10.1.0.0/16'] }),
    vpc('vpc-3', { ipv4: ['10.2.0.0/16'], ipv6: ['2001:db8:2::/56'] }),
  ];
  const hosts = (...places: readonly [name: string, app: string, vpc: string, state?: string][]) =>
    places.map(([name, app, home, state = 'running']) => ({ name, app, vpc: home, state }));
  const route = (
    target: string,
    destination: string,
    state: 'active' | 'blackhole' = 'active',
  ) => ({
    target,
    destination,
    state,
  });
  const messagesOf = (i: Inventory, p = policy({ segments: [db, web], rules: [webToDb] })) =>
    compile(p, i).diagnostics.map((one) => one.message);
  const apart = hosts(['w', 'web', 'vpc-1'], ['d', 'db', 'vpc-2']);
  const cut = '`db` in vpc-2 is reached by no VPC of `web`; `web` in vpc-1 reaches no VPC of `db`';

  test('is a warning at the rule, which says what to do', () => {
    expect(
      compile(policy({ segments: [db, web], rules: [webToDb] }), inventory(apart, { vpcs }))
        .diagnostics,
    ).toEqual([
      {
        ...at,
        severity: 'warning',
        code: 'not-nameable-by-group',
        message: `rule \`r\` is not nameable by group: ${cut}`,
        hint: 'those flows are not allowed; peer the VPCs, or name the addresses as a network',
      },
    ]);
  });

  test.each([
    {
      name: 'only the members that nobody reaches are named',
      hosts: [...apart, ...hosts(['w2', 'web', 'vpc-2'])],
      said: ['rule `r` is not nameable by group: `web` in vpc-1 reaches no VPC of `db`'],
    },
    {
      name: 'nor are those that reach one of several',
      hosts: [...apart, ...hosts(['d2', 'db', 'vpc-1'])],
      said: ['rule `r` is not nameable by group: `db` in vpc-2 is reached by no VPC of `web`'],
    },
    {
      name: 'where one end has no running member nothing is missed',
      hosts: hosts(['w', 'web', 'vpc-1'], ['d', 'db', 'vpc-2', 'stopped']),
      said: [],
    },
    { name: 'nor where one has none at all', hosts: hosts(['w', 'web', 'vpc-1']), said: [] },
  ])('$name', ({ hosts: all, said }) => {
    expect(messagesOf(inventory(all, { vpcs }))).toEqual(said);
  });

  test.each([
    { name: 'a transit gateway', routes: [route('tgw-1', '10.1.0.0/16')], routed: true },
    { name: 'a wider destination', routes: [route('vgw-1', '10.0.0.0/8')], routed: true },
    {
      name: 'one of several routes',
      routes: [route('local', '10.0.0.0/16'), route('eni-1', '10.1.0.0/16')],
      routed: true,
    },
    { name: 'a peering elsewhere', routes: [route('pcx-1', '10.1.0.0/16')], routed: true },
    { name: 'an internet gateway', routes: [route('igw-1', '0.0.0.0/0')], routed: false },
    { name: 'a blackhole', routes: [route('tgw-1', '10.1.0.0/16', 'blackhole')], routed: false },
    { name: 'a prefix list', routes: [route('tgw-1', 'pl-1')], routed: false },
    { name: 'some other network', routes: [route('tgw-1', '10.2.0.0/16')], routed: false },
    {
      name: 'a gateway whose name only contains one',
      routes: [route('x-tgw-1', '10.1.0.0/16')],
      routed: false,
    },
  ])('a route by $name: $routed', ({ routes, routed }) => {
    const table = { id: 'rtb-1', vpc: 'vpc-1', main: true, subnets: [], routes };
    const i = inventory(apart, { vpcs, routeTables: [table] });
    const said = routed
      ? `${cut}; vpc-1 to vpc-2 is routed, but not by peering within the Region`
      : cut;
    expect(messagesOf(i)).toEqual([`rule \`r\` is not nameable by group: ${said}`]);
  });

  test('a route is looked for in the tables of the source alone, over either family', () => {
    const far = hosts(['w', 'web', 'vpc-1'], ['d', 'db', 'vpc-3']);
    const routes = [route('tgw-1', '2001:db8:2::/48')];
    const from = (home: string) =>
      messagesOf(
        inventory(far, {
          vpcs,
          routeTables: [{ id: 'rtb-1', vpc: home, main: true, subnets: [], routes }],
        }),
      ).join();
    expect(from('vpc-1')).toContain('vpc-1 to vpc-3 is routed');
    expect(from('vpc-2')).not.toContain('is routed');
  });

  test('a pair that can be named is no matter of routes', () => {
    const i = inventory(apart, {
      vpcs,
      peerings: [peering('vpc-1', 'vpc-2')],
      routeTables: [
        {
          id: 'rtb-1',
          vpc: 'vpc-1',
          main: true,
          subnets: [],
          routes: [route('pcx-1', '10.1.0.0/16')],
        },
      ],
    });
    expect(messagesOf(i)).toEqual([]);
  });
});

describe('the list', () => {
  test('is sorted by where things stand, and says nothing twice', () => {
    const from = (id: string, line: number, column: number, file = 'a.yaml') =>
      rule(id, 'web', ['none', 'none'], ['tcp/1'], { location: { file, line, column } });
    const p = policy({
      segments: [web],
      networks: [network('none', { prefixList: 'pl-none' })],
      rules: [
        from('r1', 1, 1, 'b.yaml'),
        from('r2', 10, 1),
        from('r3', 9, 10),
        from('r4', 9, 9),
        from('r6', 9, 9),
        from('r5', 9, 9),
      ],
    });
    const said = compile(p, two).diagnostics.map((d) => /`(r\d)`/.exec(d.message)?.[1]);
    expect(said).toEqual(['r4', 'r5', 'r6', 'r3', 'r2', 'r1']);
  });
});
