import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import { measureLimits } from '../../../core/limits/measure-limits.ts';
import type { Inventory, Quotas } from '../../../core/model/inventory.ts';
import type { Growth } from '../../../core/model/limits.ts';
import type { Plan } from '../../../core/model/plan.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { growthText } from '../../../core/show/limits.ts';
import {
  baselineEntry,
  group,
  guardrail,
  type Host,
  inventory,
  NOW,
  network,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';
import { errorsOf, ours } from '../compile/compiled.ts';

const quotas: Quotas = { groupsPerInterface: 5, rulesPerGroup: 10, groupsPerRegion: 100 };
const NO_STEPS: Plan = {
  ...{ id: 'plan-1', generation: 1, base: 0, policyVersion: '', createdAt: NOW, kind: 'publish' },
  ...{ addOnly: false, steps: [], guard: [], warnings: [] },
};

/** As if all that is wanted were there: only the end counts for growth. */
function growthOf(p: Policy, i: Inventory): readonly Growth[] {
  const { desired } = compilePolicy({ policy: p, inventory: i, now: NOW, owner: OWNER });
  const input = { inventory: i, desired, policy: p, plan: NO_STEPS, owner: OWNER };
  return measureLimits(input).growth;
}

const closed = { egress: 'closed' } as const;
const web = segment('web', closed);
const ports = (count: number) => Array.from({ length: count }, (_, at) => `tcp/${10 * at + 1}`);
const office = network('office', { cidrs: ['198.51.100.0/24', '2001:db8::/48'] });

describe('a segment grows', () => {
  test('by what its groups still take in the fuller family, then by groups', () => {
    const p = policy({
      segments: [web],
      networks: [office, network('six', { cidrs: ['2001:db8:9::/48'] })],
      rules: [
        rule('in', 'office', 'web', ports(3)),
        rule('in6', 'six', 'web', ports(2)),
        rule('out', 'web', 'office', ports(12)),
      ],
    });
    expect(growthOf(p, inventory([{ name: 'w', app: 'web' }], { quotas }))).toEqual([
      {
        ...{ segment: 'web', vpc: 'vpc-1', room: { ingress: 15, egress: 8 } },
        ...{ furtherGroups: 3, furtherGroupsStaged: 2, bound: 'slots', interface: 'eni-w' },
      },
    ]);
  });

  test('without a member by what any interface could carry', () => {
    const born = policy({
      segments: [segment('web', { bornIn: ['vpc-1'] })],
      networks: [office],
      baseline: [baselineEntry('b', { to: 'office' }, ['tcp/443'])],
    });
    expect(growthOf(born, inventory([], { quotas }))).toEqual([
      {
        ...{ segment: 'web', vpc: 'vpc-1', room: { ingress: 10, egress: 10 } },
        ...{ furtherGroups: 5, furtherGroupsStaged: 5, bound: 'slots' },
      },
    ]);
  });

  test('as far as its fullest interfaces let it: in the end, and while foreign groups are on', () => {
    const keep = ['sg-k1', 'sg-k2'];
    const foreign = ['sg-1', 'sg-2', 'sg-3'];
    const p = policy({ segments: [segment('web')] }, { keepSecurityGroups: keep });
    const hosts: Host[] = [
      { name: 'a', app: 'web' },
      { name: 'b', app: 'web', groups: keep },
      { name: 'c', app: 'web', groups: ['sg-k1'] },
      { name: 'd', app: 'web', groups: foreign },
      { name: 'x', groups: [...keep, ...foreign] },
    ];
    const groups = [...keep, ...foreign].map((id) => group(id, 'vpc-1'));
    const slots = (i: readonly Host[]) => {
      const [first] = growthOf(p, inventory(i, { quotas, groups }));
      return [first?.furtherGroups, first?.furtherGroupsStaged, first?.interface];
    };
    // Two of ours (open egress is one, which waits while foreign groups are on), two kept.
    expect(slots(hosts)).toEqual([1, 1, 'eni-b']);
    expect(slots(hosts.toReversed())).toEqual([1, 1, 'eni-b']);
    expect(slots([...hosts.slice(2)])).toEqual([2, 1, 'eni-c']);
    expect(slots(hosts.slice(0, 1))).toEqual([3, 3, 'eni-a']);
    expect(slots(hosts.slice(3))).toEqual([3, 1, 'eni-d']);
    expect(slots([...hosts.slice(0, 1), ...hosts.slice(3)])).toEqual([3, 1, 'eni-a']);
  });

  test('groups of ours that an interface carries are no foreign ones', () => {
    const i = inventory([{ name: 'w', app: 'web', groups: ['sg-segment:web@vpc-1', 'sg-flat'] }], {
      ...{ quotas, groups: [ours('segment:web@vpc-1')] },
    });
    expect(growthOf(policy({ segments: [web] }), i)).toMatchObject([
      { furtherGroups: 4, furtherGroupsStaged: 3 },
    ]);
  });

  test('by its slots, if as many groups are left in the Region', () => {
    const at = (groupsPerRegion: number) =>
      growthOf(
        policy({ segments: [web] }),
        inventory([{ name: 'w', app: 'web' }], { quotas: { ...quotas, groupsPerRegion } }),
      ).map(({ furtherGroups, bound }) => [furtherGroups, bound]);
    expect(at(5)).toEqual([[4, 'slots']]);
    expect(at(4)).toEqual([[3, 'groups in the Region']]);
  });

  test('those with the least room come first', () => {
    const p = policy({
      segments: ['a', 'b', 'c', 'd'].map((name) => segment(name, { ...closed, bornIn: ['vpc-1'] })),
      networks: [office],
      rules: [
        rule('a', 'office', 'a', ports(2)),
        rule('b', 'b', 'office', ports(9)),
        rule('c', 'office', 'c', ports(8)),
      ],
    });
    const order = (hosts: readonly Host[]) =>
      growthOf(p, inventory(hosts, { quotas })).map((one) => one.segment);
    expect(order([])).toEqual(['b', 'c', 'a', 'd']);
    expect(order([{ name: 'd', app: 'd' }])).toEqual(['d', 'b', 'c', 'a']);
  });
});

describe('addresses that a guardrail cuts out of a network', () => {
  const intoPci = guardrail('in', { from: { not: { zone: 'pci' } }, to: { zone: 'pci' } });
  const outOfPci = guardrail('out', { from: { zone: 'pci' }, to: { not: { zone: 'pci' } } });
  const vault = segment('vault', { ...closed, zone: 'pci' });
  const cidr = '10.0.7.0/24';
  const inside = network('inside', { cidrs: [cidr], includesWorkloads: true });
  const guarded = (more: Partial<Policy> = {}): Policy =>
    policy({
      segments: [vault, web],
      networks: [inside, office],
      rules: [rule('r', 'web', 'inside', ['tcp/22'])],
      guardrails: [intoPci],
      ...more,
    });
  /** One interface has room for one further group of ten rules. */
  const few = { ...quotas, groupsPerInterface: 2 };
  const at = (addresses: readonly number[], of: Quotas = few) =>
    inventory(
      [
        { name: 'w', app: 'web', ipv4: '10.0.5.1' },
        ...addresses.map((n) => ({ name: `v${n}`, app: 'vault', ipv4: `10.0.7.${n}` })),
      ],
      { quotas: of },
    );
  const cutsOf = (p: Policy, i = at([])) =>
    growthOf(p, i).find((one) => one.segment === 'web')?.cutAddresses;

  /** Each halves one of the widest CIDRs that are left. */
  const WORST = [0, 128, 64, 192, 32, 96, 160, 224];

  test('so many fit wherever they lie, and one more does not where it costs most', () => {
    // 1 of 20 rules is taken; they cost 7, 6, 5 and 5 more.
    expect(cutsOf(guarded())).toBe(3);
    const refused = (count: number) =>
      errorsOf(guarded(), at(WORST.slice(0, count))).map(({ code }) => code);
    expect(refused(3)).toEqual([]);
    expect(refused(4)).toEqual(['too-many-groups-on-interface']);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 255 }), { maxLength: 3 }), (addresses) => {
        expect(errorsOf(guarded(), at(addresses))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('what was cut is reckoned with', () => {
    const roomy = { ...few, rulesPerGroup: 30 };
    for (let count = 0; count < WORST.length; count += 1) {
      const before = WORST.slice(0, count);
      expect(cutsOf(guarded(), at(before, roomy))).toBe(14 - count);
    }
  });

  test.each<{ name: string; policy: Policy; fit: number | undefined }>([
    { name: 'not where nothing is guarded', policy: guarded({ guardrails: [] }), fit: undefined },
    {
      name: 'not where the guardrail looks the other way',
      policy: guarded({ guardrails: [outOfPci] }),
      fit: undefined,
    },
    {
      name: 'not where it excepts the rule',
      policy: guarded({ guardrails: [{ ...intoPci, except: ['r'] }] }),
      fit: undefined,
    },
    {
      name: 'not of a network without workloads',
      policy: guarded({ networks: [{ ...inside, includesWorkloads: false }, office] }),
      fit: undefined,
    },
    {
      name: 'not of another network of the same segment',
      policy: guarded({ rules: [rule('r', 'web', 'office', ['tcp/22'])] }),
      fit: undefined,
    },
    {
      name: 'not where each is a rule already',
      policy: guarded({ networks: [{ ...inside, cidrs: ['10.0.7.0/31'] }] }),
      fit: undefined,
    },
    {
      name: 'not where each is an address already',
      policy: guarded({ networks: [{ ...inside, cidrs: ['10.0.7.0/32', '10.0.7.2/32'] }] }),
      fit: undefined,
    },
    {
      name: 'out of that network alone, where the rule names others too',
      policy: guarded({ rules: [rule('r', 'web', ['inside', 'office', 'vault'], ['tcp/22'])] }),
      fit: 3,
    },
    {
      name: 'out of what it became with its neighbour',
      policy: guarded({
        networks: [
          { ...inside, cidrs: ['10.0.7.0/25'] },
          network('next', { cidrs: ['10.0.7.128/25'] }),
        ],
        rules: [rule('r', 'web', 'inside', ['tcp/22']), rule('s', 'web', 'next', ['tcp/22'])],
      }),
      fit: 3,
    },
    {
      name: 'also where only workloads of no segment are kept apart',
      policy: guarded({
        segments: [{ ...web, zone: 'lab' }],
        networks: [{ ...inside, zone: 'lab' }],
        guardrails: [guardrail('g', { from: { zone: 'lab' }, to: { not: { zone: 'lab' } } })],
      }),
      fit: 3,
    },
    {
      name: 'of who may send',
      policy: guarded({ rules: [rule('r', 'inside', 'web', ['tcp/22'])], guardrails: [outOfPci] }),
      fit: 3,
    },
    {
      name: 'for each kind of traffic',
      policy: guarded({ rules: [rule('r', 'web', 'inside', ['tcp/22', 'udp/53'])] }),
      fit: 1,
    },
    {
      name: 'beside all other rules',
      policy: guarded({
        rules: [rule('r', 'web', 'inside', ['tcp/22']), rule('s', 'web', 'office', ports(9))],
      }),
      fit: 1,
    },
    {
      name: 'in the direction and family with the least room',
      policy: guarded({
        networks: [{ ...inside, cidrs: [cidr, '2001:db8::/117'] }],
        rules: [rule('r', 'web', 'inside', ['tcp/22']), rule('s', 'inside', 'web', ['tcp/22'])],
        guardrails: [intoPci, outOfPci],
      }),
      fit: 2,
    },
    {
      name: 'by a baseline entry that not everybody has',
      policy: guarded({
        networks: [{ ...inside, zone: 'lab' }],
        rules: [],
        baseline: [baselineEntry('b', { to: 'inside' }, ['tcp/22'])],
        guardrails: [
          intoPci,
          guardrail('lab', { from: { segment: 'vault' }, to: { zone: 'lab' } }),
        ],
      }),
      fit: 3,
    },
  ])('$name: $fit', ({ policy: p, fit }) => {
    expect(cutsOf(p)).toBe(fit);
  });

  test('a segment that has room for few of them comes first', () => {
    const other = segment('other', { ...closed, bornIn: ['vpc-1'] });
    const p = guarded({
      segments: [other, vault, { ...web, bornIn: ['vpc-1'] }],
      rules: [rule('r', 'web', 'inside', ['tcp/22']), rule('s', 'other', 'office', ports(5))],
    });
    const order = growthOf(p, inventory([], { quotas: few })).map((one) => one.segment);
    expect(order).toEqual(['web', 'other']);
  });

  test('they are said of a segment', () => {
    const [growth] = growthOf(guarded(), at([]));
    expect(growth && growthText(growth, few)).toBe(
      'web in vpc-1: room for 10 more ingress and 9 more egress rules, then 1 further group of 10, ' +
        '0 of them before an interface with foreign groups waits, then refused (eni-w); ' +
        '3 more addresses that guardrails cut out of its networks fit for certain',
    );
  });
});
