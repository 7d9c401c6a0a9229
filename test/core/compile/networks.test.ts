import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Network, Policy } from '../../../core/model/policy.ts';
import {
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
} from '../../properties/builders.ts';
import { compile, rulesByGroup } from './compiled.ts';

const closed = { egress: 'closed' } as const;
const web = segment('web', closed);
const db = segment('db', closed);
const vault = segment('vault', { ...closed, zone: 'pci' });
const intoPci = guardrail('in', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } });
const outOfPci = guardrail('out', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } });

const codesOf = (p: Policy, i: Inventory) => compile(p, i).diagnostics.map(({ code }) => code);

describe('a network of foreign groups', () => {
  const edge = (more: Partial<Network['securityGroups']> = {}) =>
    network('edge', { securityGroups: { ids: ['sg-edge', 'sg-other'], tags: {}, ...more } });
  const guarded = (from: string, to: string, more: Partial<Policy> = {}) =>
    policy({
      segments: [db, vault, web],
      networks: [edge()],
      rules: [rule('r', from, to, ['tcp/443'])],
      guardrails: [intoPci, outOfPci],
      ...more,
    });
  const estate = (hosts: readonly Host[], more: Partial<Inventory> = {}) =>
    inventory([{ name: 'w', app: 'web' }, ...hosts], {
      groups: [group('sg-edge', 'vpc-1'), group('sg-other', 'vpc-1')],
      ...more,
    });
  const inVault: Host = { name: 'v', app: 'vault', groups: ['sg-edge', 'sg-flat'] };
  const outOf = (p: Policy, i: Inventory, ledger = {}) =>
    rulesByGroup(p, i, { ledger })['segment:web@vpc-1'];

  test.each([
    {
      name: 'is out of the rule where one on it may not be reached',
      policy: guarded('web', 'edge'),
      rules: { in: [], out: ['6:443-443 sg-other'] },
    },
    {
      name: 'is out of the rule where one on it may not reach us',
      policy: guarded('edge', 'web'),
      rules: { in: ['6:443-443 sg-other'], out: [] },
    },
    {
      name: 'stays where the guardrail excepts the rule',
      policy: guarded('web', 'edge', { guardrails: [{ ...intoPci, except: ['r'] }] }),
      rules: { in: [], out: ['6:443-443 sg-edge', '6:443-443 sg-other'] },
    },
    {
      name: 'stays where there is no guardrail',
      policy: guarded('web', 'edge', { guardrails: [] }),
      rules: { in: [], out: ['6:443-443 sg-edge', '6:443-443 sg-other'] },
    },
    {
      name: 'stays where the guardrail looks at who sends, which we do not',
      policy: guarded('edge', 'web', { guardrails: [intoPci] }),
      rules: { in: ['6:443-443 sg-edge', '6:443-443 sg-other'], out: [] },
    },
    {
      name: 'stays where the guardrail looks the other way',
      policy: guarded('web', 'edge', { guardrails: [outOfPci] }),
      rules: { in: [], out: ['6:443-443 sg-edge', '6:443-443 sg-other'] },
    },
  ])('one of them $name', ({ policy: p, rules }) => {
    expect(outOf(p, estate([inVault]))).toEqual(rules);
    const all = [...rules.in, ...rules.out].length === 2;
    expect(codesOf(p, estate([inVault]))).toEqual(all ? [] : ['guardrail-closes-group']);
  });

  test('a group that comes back with a demotion counts as carried', () => {
    const i = estate([{ ...inVault, groups: ['sg-flat'] }]);
    expect(outOf(guarded('web', 'edge'), i)?.out).toHaveLength(2);
    expect(outOf(guarded('web', 'edge'), i, { 'eni-v': ['sg-edge'] })?.out).toEqual([
      '6:443-443 sg-other',
    ]);
  });

  test('one that the segment itself could reach, but one of its members may not, is out', () => {
    const contractors = segment('contractors', { select: { tags: { who: ['contractor'] } } });
    const p = guarded('web', 'edge', {
      segments: [contractors, vault, web],
      guardrails: [guardrail('g', { from: { segment: 'contractors' }, to: { zone: 'pci' } })],
    });
    expect(outOf(p, estate([inVault]))?.out).toHaveLength(2);
    const joined = estate([inVault, { name: 'x', app: 'web', tags: { who: 'contractor' } }]);
    expect(outOf(p, joined)?.out).toEqual(['6:443-443 sg-other']);
  });

  test('all out: reported once a group, and not as an empty network', () => {
    const both = { ...inVault, groups: ['sg-edge', 'sg-other'] };
    const i = estate([both, { ...both, name: 'v2' }]);
    expect(outOf(guarded('web', 'edge'), i)).toEqual({ in: [], out: [] });
    expect(codesOf(guarded('web', 'edge'), i)).toEqual([
      'guardrail-closes-group',
      'guardrail-closes-group',
    ]);
  });

  test('a workload still looks like a member of a segment that is withheld from it', () => {
    const agents = segment('agents', { select: { tags: { agent: ['yes'] } } });
    const p = guarded('web', 'edge', {
      segments: [agents, vault, web],
      rules: [rule('a', 'web', 'agents', ['tcp/1']), rule('r', 'web', 'edge', ['tcp/443'])],
      guardrails: [
        guardrail('g', { from: { segment: 'web' }, to: { segment: 'agents' } }, ['a']),
        { ...intoPci, except: ['r'] },
      ],
    });
    const i = estate([{ name: 'v', app: 'vault', tags: { agent: 'yes' }, groups: ['sg-other'] }]);
    expect(compile(p, i).desired.memberships[0]?.withheld).toMatchObject([{ segment: 'agents' }]);
    expect(outOf(p, i)?.out).toEqual(['6:1-1 segment:agents@vpc-1', '6:443-443 sg-edge']);
  });

  test('one in another VPC is named from there and over peering alone', () => {
    const vpcs = [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })];
    const far = { vpcs, groups: [group('sg-edge', 'vpc-2')] };
    const p = guarded('web', 'edge');
    expect(outOf(p, estate([], far))).toEqual({ in: [], out: [] });
    expect(outOf(p, estate([], { ...far, peerings: [peering('vpc-2', 'vpc-1')] }))).toEqual({
      in: [],
      out: ['6:443-443 sg-edge'],
    });
  });

  test('by tags: all that are named, and none of them without tags', () => {
    const tagged = group('sg-9', 'vpc-1', { tags: { role: 'edge' } });
    const i = inventory([{ name: 'w', app: 'web' }], { groups: [tagged] });
    const by = (tags: Record<string, readonly string[]>) =>
      outOf(guarded('web', 'edge', { networks: [edge({ ids: [], tags })] }), i)?.out;
    expect(by({ role: ['edge'] })).toEqual(['6:443-443 sg-9']);
    expect(by({})).toEqual([]);
  });
});

describe('a network of a prefix list', () => {
  const list = (id: string, name: string) => ({
    ...{ id, name, family: 'ipv4' as const, maxEntries: 1, owner: 'me', cidrs: [], tags: {} },
  });
  const i = inventory([{ name: 'w', app: 'web' }], {
    prefixLists: [list('pl-1', 'mirrors'), list('pl-2', 'pl-1'), list('pl-3', 'mirrors')],
  });

  test.each([
    { wanted: 'pl-1', named: ['pl-1'] },
    { wanted: 'mirrors', named: ['pl-1', 'pl-3'] },
    { wanted: 'mirror', named: [] },
    { wanted: 'm*s', named: ['pl-1', 'pl-3'] },
  ])('$wanted: $named', ({ wanted, named }) => {
    const p = policy({
      segments: [web],
      networks: [network('n', { prefixList: wanted })],
      rules: [rule('r', 'web', 'n', ['tcp/443'])],
    });
    expect(rulesByGroup(p, i)['segment:web@vpc-1']?.out).toEqual(
      named.map((id) => `6:443-443 ${id}`),
    );
  });
});

describe('workloads inside a network', () => {
  const inside = (cidrs: readonly string[], more: Partial<Policy> = {}, open = true) =>
    policy({
      segments: [db, vault, web],
      networks: [network('n', { cidrs, includesWorkloads: open })],
      rules: [rule('out', 'web', 'n', ['tcp/22']), rule('in', 'n', 'web', ['tcp/80'])],
      ...more,
    });
  const hosts: readonly Host[] = [
    { name: 'd', app: 'db', ipv4: '10.0.7.1' },
    { name: 'w', app: 'web', ipv4: '10.0.5.1' },
  ];
  const dbRules = (p: Policy, i: Inventory) => rulesByGroup(p, i)['segment:db@vpc-1'];
  const both = {
    in: ['6:22-22 segment:web@vpc-1'],
    out: ['6:80-80 segment:web@vpc-1'],
  };
  const none = { in: [], out: [] };

  test.each([
    { name: 'all members inside', policy: inside(['10.0.7.0/24']), rules: both },
    { name: 'the whole VPC inside', policy: inside(['10.0.0.0/8']), rules: both },
    { name: 'all members outside', policy: inside(['10.0.9.0/24']), rules: none },
    { name: 'a network of the other family', policy: inside(['::/0']), rules: none },
    {
      name: 'a network that holds no workloads',
      policy: inside(['10.0.7.0/24'], {}, false),
      rules: none,
    },
    {
      name: 'a guardrail between',
      policy: inside(['10.0.7.0/24'], {
        guardrails: [
          guardrail('a', { from: { segment: 'web' }, to: { segment: 'db' } }),
          guardrail('b', { from: { segment: 'db' }, to: { segment: 'web' } }),
        ],
      }),
      rules: none,
    },
    {
      name: 'a guardrail one way',
      policy: inside(['10.0.7.0/24'], {
        guardrails: [guardrail('a', { from: { segment: 'web' }, to: { segment: 'db' } })],
      }),
      rules: { in: [], out: both.out },
    },
    {
      name: 'a guardrail that excepts one rule',
      policy: inside(['10.0.7.0/24'], {
        guardrails: [
          guardrail('a', { from: { segment: 'web' }, to: { segment: 'db' } }, ['out']),
          guardrail('b', { from: { segment: 'db' }, to: { segment: 'web' } }),
        ],
      }),
      rules: { in: both.in, out: [] },
    },
  ])('$name', ({ policy: p, rules }) => {
    expect(dbRules(p, inventory(hosts))).toEqual(rules);
  });

  const two = [vpc('vpc-1'), vpc('vpc-2', { ipv4: ['10.1.0.0/16'] })];
  const elsewhere: Host = { name: 'd2', app: 'db', vpc: 'vpc-2', ipv4: '10.1.0.9' };

  test('members in another VPC do not count here, and cannot be named from there', () => {
    const i = inventory([...hosts, elsewhere], { vpcs: two });
    const rules = rulesByGroup(inside(['10.0.7.0/24']), i);
    expect([rules['segment:db@vpc-1'], rules['segment:db@vpc-2']]).toEqual([both, none]);
    expect(codesOf(inside(['10.0.7.0/24']), i)).not.toContain('segment-partly-in-network');
  });

  test('a group in a peered VPC names those of the carrier that it reaches', () => {
    const peered = inventory([hosts[1] ?? elsewhere, elsewhere], {
      vpcs: two,
      peerings: [peering('vpc-1', 'vpc-2')],
    });
    expect(rulesByGroup(inside(['10.1.0.0/16']), peered)['segment:db@vpc-2']).toEqual(both);
    const apart = { ...peered, peerings: [] };
    expect(rulesByGroup(inside(['10.1.0.0/16']), apart)['segment:db@vpc-2']).toEqual(none);
  });

  test('a VPC is inside when all its CIDRs of both families are', () => {
    const dual = { vpcs: [vpc('vpc-1', { ipv6: ['2001:db8::/56'] })] };
    const empty = inventory([{ name: 'w', app: 'web' }], dual);
    const born = { ...db, bornIn: ['vpc-1'] };
    const of = (cidrs: readonly string[]) =>
      dbRules(inside(cidrs, { segments: [born, web] }), empty);
    expect(of(['10.0.0.0/16'])).toEqual(none);
    expect(of(['10.0.0.0/16', '2001:db8::/48'])).toEqual(both);
  });

  test('a VPC whose CIDRs nobody knows is not inside', () => {
    const i = inventory(hosts, { vpcs: [vpc('vpc-1', { ipv4: [] })] });
    expect(dbRules(inside(['10.0.9.0/24']), i)).toEqual(none);
  });

  test('an interface is inside by all its addresses or the segment is partly', () => {
    const withV6 = inventory(hosts);
    const i = {
      ...withV6,
      interfaces: withV6.interfaces.map((nic) => ({ ...nic, ipv6: ['2001:db8::1'] })),
    };
    expect(dbRules(inside(['10.0.7.0/24']), i)).toEqual(none);
    expect(codesOf(inside(['10.0.7.0/24']), i)).toEqual([
      'segment-partly-in-network',
      'segment-partly-in-network',
    ]);
    expect(dbRules(inside(['10.0.7.0/24', '2001:db8::/64']), i)).toEqual(both);
  });

  describe('whom a guardrail keeps apart are cut out', () => {
    const near: Host = { name: 'v', app: 'vault', ipv4: '10.0.7.1' };
    const webRules = (p: Policy, i: Inventory) => rulesByGroup(p, i)['segment:web@vpc-1'];
    const i = inventory([near, { name: 'w', app: 'web', ipv4: '10.0.5.1' }]);
    const rest = ['10.0.7.0/32', '10.0.7.2/31'];
    const out = (cidrs: readonly string[]) => cidrs.map((cidr) => `6:22-22 ${cidr}`);
    const into = (cidrs: readonly string[]) => cidrs.map((cidr) => `6:80-80 ${cidr}`);

    test.each([
      {
        name: 'nobody',
        guardrails: [],
        cut: { in: into(['10.0.7.0/30']), out: out(['10.0.7.0/30']) },
      },
      {
        name: 'into it',
        guardrails: [intoPci],
        cut: { in: into(['10.0.7.0/30']), out: out(rest) },
      },
      {
        name: 'out of it',
        guardrails: [outOfPci],
        cut: { in: into(rest), out: out(['10.0.7.0/30']) },
      },
      {
        name: 'both, with a rule excepted',
        guardrails: [{ ...intoPci, except: ['out'] }, outOfPci],
        cut: { in: into(rest), out: out(['10.0.7.0/30']) },
      },
    ])('$name', ({ guardrails, cut }) => {
      expect(webRules(inside(['10.0.7.0/30'], { guardrails }), i)).toEqual(cut);
    });

    test('with each of their addresses, and with those of a withheld segment', () => {
      const more = {
        ...i,
        interfaces: i.interfaces.map((nic) =>
          nic.id === 'eni-v' ? { ...nic, ipv4: ['10.0.7.1', '10.0.7.2', '10.0.9.9'] } : nic,
        ),
      };
      const p = inside(['10.0.7.0/30'], { guardrails: [intoPci] });
      expect(webRules(p, more)?.out).toEqual(out(['10.0.7.0/32', '10.0.7.3/32']));
    });
  });
});
