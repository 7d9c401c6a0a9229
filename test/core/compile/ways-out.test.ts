import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GroupRule, Inventory, Quotas, SecurityGroup } from '../../../core/model/inventory.ts';
import type { Diagnostic, Policy, Segment } from '../../../core/model/policy.ts';
import {
  allowance,
  baselineEntry,
  group,
  inventory,
  network,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';
import { arbitraryInventory, arbitraryPolicy } from '../../properties/worlds.ts';
import { errorsOf, ours } from './compiled.ts';

const waysOf = (p: Policy, i: Inventory): readonly string[] =>
  (errorsOf(p, i)[0]?.hint ?? '').replace('cheapest first: ', '').split('; or ');

const DEFAULTS: Quotas = { groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 2_500 };

/** The hint, carried out as far as it speaks of quotas. */
function raised(quotas: Quotas, way: string): Quotas {
  const to = (code: string): number | undefined => {
    const found = new RegExp(`${code} from \\d+ to (\\d+)`).exec(way)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    groupsPerInterface: to('L-2AFB9258') ?? quotas.groupsPerInterface,
    rulesPerGroup: to('L-0EA8095F') ?? quotas.rulesPerGroup,
    groupsPerRegion: to('L-E79EC296') ?? quotas.groupsPerRegion,
  };
}

function oneLess(enough: Quotas, before: Quotas): Quotas {
  const less = (name: 'groupsPerInterface' | 'rulesPerGroup' | 'groupsPerRegion') =>
    enough[name] === before[name] ? before[name] : enough[name] - 1;
  return {
    groupsPerInterface: less('groupsPerInterface'),
    rulesPerGroup: less('rulesPerGroup'),
    groupsPerRegion: less('groupsPerRegion'),
  };
}

/** What an error is about: interfaces, or a segment's rules in one direction and family. */
function subjectsOf({ message, code }: Diagnostic): readonly string[] {
  if (code === 'too-many-groups-on-interface') return message.match(/eni-h\d+/g) ?? [];
  const rules = /^(?:segment|surplus):?([^:@]*).* (\w+) rules for (\w+);/.exec(message);
  return [rules === null ? code : rules.slice(1).join(' ')];
}

/** One host in so many segments, each of which sends to all others of a port. */
function crowded(names: readonly string[], more: Partial<Segment> = {}): Policy {
  const all = names.map((name) =>
    segment(name, { select: { tags: { app: ['web'] } }, egress: 'closed', ...more }),
  );
  return policy({ segments: all });
}

describe('an interface that lacks slots', () => {
  const host = { name: 'w', app: 'web' };

  test('raising the quota by as little as is enough comes first, within 16 and the product', () => {
    const at = (quotas: Partial<Quotas>) =>
      inventory([host], { quotas: { ...DEFAULTS, ...quotas } });
    const seven = crowded(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(waysOf(seven, at({}))[0]).toBe(
      'raise the quota L-2AFB9258 from 5 to 7 (7 x 60 = 420 of 1000)',
    );
    // 7 x 150 is more than AWS allows, so that quota is no way out, and none of the others either.
    expect(waysOf(seven, at({ rulesPerGroup: 150 }))).toEqual([
      expect.stringMatching(/^take these workloads out of `a`, `b` /),
    ]);
  });

  test('egress: open costs a slot, and to close it is said only where it is enough', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const five = crowded(names, { egress: 'open' });
    const at = inventory([host], { quotas: DEFAULTS });
    const closing = waysOf(five, at).find((way) => way.includes('egress: closed'));
    expect(closing).toMatch(/^say `egress: closed` in `a`, `b`, `c`, `d`, `e`/);
    expect(errorsOf(crowded(names), at)).toEqual([]);
    const six = crowded([...names, 'f'], { egress: 'open' });
    expect(waysOf(six, at).join()).not.toContain('egress: closed');
  });

  test('kept groups may be dropped, those that do nothing first', () => {
    const keep = ['sg-k1', 'sg-k2'];
    const kept = (ids: readonly string[]): Policy => {
      const p = crowded(['a', 'b', 'c', 'd']);
      return { ...p, settings: { ...p.settings, keepSecurityGroups: ids } };
    };
    const tags = { 'bulkhead:keep': 'true' };
    const ssh = { protocol: 6, fromPort: 22, toPort: 22, peer: { kind: 'group', id: 'sg-k1' } };
    const at = (rules: object[]) =>
      inventory([{ ...host, groups: ['sg-flat', ...keep] }], {
        quotas: DEFAULTS,
        groups: keep.map((id) =>
          group(id, 'vpc-1', { tags, ...(id === 'sg-k1' ? { ingress: rules as never } : {}) }),
        ),
      });
    expect(waysOf(kept(keep), at([ssh]))[1]).toBe(
      'stop keeping sg-k2: without rules, and no rule names it',
    );
    expect(errorsOf(kept(['sg-k1']), at([ssh]))).toEqual([]);
  });

  test('surplus groups: more rules a group, fewer ports, or fewer segments', () => {
    const quotas = { groupsPerInterface: 3, rulesPerGroup: 4, groupsPerRegion: 100 };
    const ports = Array.from({ length: 13 }, (_, at) => `tcp/${10 * at + 1}`);
    const p = policy({
      segments: [
        segment('db', { egress: 'closed' }),
        segment('more', { egress: 'closed', select: { tags: { app: ['db'] } } }),
        segment('web', { mode: 'stage' }),
      ],
      rules: [rule('dear', 'web', 'db', ports)],
    });
    const at = inventory([{ name: 'd', app: 'db' }], { quotas });
    expect(errorsOf(p, at)[0]?.message).toContain('would carry 5 of 3 groups: 0 kept');
    expect(errorsOf(p, at)[0]?.message).toMatch(/the costliest: `dear` 13$/);
    expect(waysOf(p, at)).toEqual([
      'raise the quota L-2AFB9258 from 3 to 5 (5 x 4 = 20 of 1000)',
      'raise the quota L-0EA8095F from 4 to 7 (3 x 7 = 21 of 1000)',
      'give `dear` one range of ports for each protocol, which saves 12 rules of `db` and opens the ports between',
      'take these workloads out of `db` (their rules then no longer hold for them)',
    ]);
    const oneRange = { ...p, rules: [rule('dear', 'web', 'db', ['tcp/1-121'])] };
    expect(errorsOf(oneRange, at)).toEqual([]);
  });

  const ports = (count: number, from = 1) =>
    Array.from({ length: count }, (_, at) => `tcp/${from + 10 * at}`);
  /** Each of the segments may send on so many ports to `far`, which has nobody. */
  const talking = (rulesBySegment: Readonly<Record<string, number>>): Policy => {
    const p = crowded(Object.keys(rulesBySegment));
    const rules = Object.entries(rulesBySegment).map(([name, count]) =>
      rule(`r-${name}`, name, 'far', ports(count)),
    );
    return { ...p, segments: [...p.segments, segment('far', { mode: 'stage' })], rules };
  };
  const quotasOf = (groupsPerInterface: number, rulesPerGroup: number): Inventory =>
    inventory([host], { quotas: { groupsPerInterface, rulesPerGroup, groupsPerRegion: 100 } });

  test('both quotas, where neither alone is enough, up to 16 groups', () => {
    expect(waysOf(talking({ a: 20, b: 20 }), quotasOf(1, 1))).toEqual([
      'raise the quotas L-2AFB9258 from 1 to 2 and L-0EA8095F from 1 to 20 (2 x 20 = 40 of 1000)',
    ]);
    const sixteen = Object.fromEntries([...'abcdefghijklmnop'].map((name) => [name, 2]));
    expect(waysOf(talking(sixteen), quotasOf(1, 1))[0]).toBe(
      'raise the quotas L-2AFB9258 from 1 to 16 and L-0EA8095F from 1 to 2 (16 x 2 = 32 of 1000)',
    );
    expect(waysOf(talking({ ...sixteen, q: 2 }), quotasOf(1, 1)).join()).not.toContain('quota');
  });

  test('an interface has 16 groups at the most, a product of 1,000 is within the limit', () => {
    const names = [...'abcdefghijklmnop'];
    expect(waysOf(crowded(names), quotasOf(15, 62))[0]).toBe(
      'raise the quota L-2AFB9258 from 15 to 16 (16 x 62 = 992 of 1000)',
    );
    expect(waysOf(crowded([...names, 'q']), quotasOf(16, 1)).join()).not.toContain('quota');
    expect(waysOf(crowded(names.slice(0, 10)), quotasOf(9, 100))[0]).toBe(
      'raise the quota L-2AFB9258 from 9 to 10 (10 x 100 = 1000 of 1000)',
    );
    expect(waysOf(talking({ a: 200 }), quotasOf(5, 39))[1]).toBe(
      'raise the quota L-0EA8095F from 39 to 40 (5 x 40 = 200 of 1000)',
    );
  });

  test('the baseline takes a slot that closing egress does not give back', () => {
    const names = ['a', 'b', 'c', 'd'];
    const withBaseline = (of: Policy): Policy => ({
      ...of,
      networks: [network('n', { cidrs: ['192.0.2.0/24'] })],
      baseline: [baselineEntry('updates', { to: 'n' }, ['tcp/443'])],
    });
    const closing = (of: Policy) =>
      waysOf(withBaseline(of), quotasOf(5, 60)).filter((way) => way.includes('egress'));
    expect(closing(crowded(names, { egress: 'open' }))).toEqual([
      'say `egress: closed` in `a`, `b`, `c`, `d`, once its rules name all that it sends',
    ]);
    expect(closing(crowded([...names, 'e'], { egress: 'open' }))).toEqual([]);
    expect(closing(crowded([...names, 'e']))).toEqual([]);
  });

  test.each([
    { few: ['a', 'b', 'c', 'd'], said: 'stop keeping 2 of sg-k1, sg-k2, sg-k3' },
    { few: ['a', 'b', 'c'], said: 'stop keeping 1 of sg-k1, sg-k2, sg-k3' },
    { few: ['a', 'b', 'c', 'd', 'e'], said: 'stop keeping 3 of sg-k1, sg-k2, sg-k3' },
    { few: ['a', 'b', 'c', 'd', 'e', 'f'], said: undefined },
  ])('kept groups that do something: $said', ({ few, said }) => {
    const keep = ['sg-k1', 'sg-k2', 'sg-k3'];
    const ssh = {
      protocol: 6,
      fromPort: 22,
      toPort: 22,
      peer: { kind: 'ipv4', cidr: '10.0.0.0/8' },
    };
    const named = { ...ssh, peer: { kind: 'group', id: 'sg-k3' } };
    const groups = [
      group('sg-k1', 'vpc-1', { ingress: [ssh as GroupRule] }),
      group('sg-k2', 'vpc-1', { egress: [ssh as GroupRule] }),
      group('sg-k3', 'vpc-1'),
      group('sg-other', 'vpc-1', { egress: [named as GroupRule] }),
    ];
    const i = inventory([{ ...host, groups: keep }], { quotas: DEFAULTS, groups });
    const p = crowded(few);
    const kept = { ...p, settings: { ...p.settings, keepSecurityGroups: keep } };
    expect(waysOf(kept, i).find((way) => way.startsWith('stop'))).toBe(
      said && `${said}, with what they allow in the policy first`,
    );
  });

  test('several that do nothing are named, as many as have to go', () => {
    const keep = ['sg-k1', 'sg-k2', 'sg-k3'];
    const i = inventory([{ ...host, groups: keep }], {
      ...{ quotas: DEFAULTS, groups: keep.map((id) => group(id, 'vpc-1')) },
    });
    const p = crowded(['a', 'b', 'c', 'd']);
    const kept = { ...p, settings: { ...p.settings, keepSecurityGroups: keep } };
    expect(waysOf(kept, i)).toContain(
      'stop keeping sg-k1, sg-k2: without rules, and no rule names it',
    );
  });

  test('segments: those first that need most groups, then by name, as few as are enough', () => {
    const leaving = (p: Policy, i: Inventory) =>
      waysOf(p, i).filter((way) => way.startsWith('take these workloads'));
    const out = (names: string) => [
      `take these workloads out of ${names} (their rules then no longer hold for them)`,
    ];
    const p = talking({ a: 1, b: 5, c: 1, d: 3 });
    expect(leaving(p, quotasOf(5, 2))).toEqual(out('`b`'));
    expect(leaving(p, quotasOf(4, 2))).toEqual(out('`b`'));
    expect(leaving(p, quotasOf(2, 2))).toEqual(out('`b`, `d`'));
    expect(leaving(p, quotasOf(1, 2))).toEqual(out('`b`, `d`, `a`'));
    expect(leaving(talking({ b: 3 }), quotasOf(1, 2))).toEqual([]);
  });

  describe('ports of one rule as one range', () => {
    const merging = (p: Policy, i: Inventory) =>
      waysOf(p, i).filter((way) => way.startsWith('give'));
    const give = (id: string, saved: number, name: string) => [
      `give \`${id}\` one range of ports for each protocol, which saves ${saved} rules of \`${name}\` and opens the ports between`,
    ];

    test('only where that is enough', () => {
      expect(merging(talking({ a: 5 }), quotasOf(1, 1))).toEqual(give('r-a', 4, 'a'));
      expect(merging(talking({ a: 5, b: 1 }), quotasOf(1, 1))).toEqual([]);
      expect(merging(talking({ a: 1, b: 5 }), quotasOf(2, 1))).toEqual(give('r-b', 4, 'b'));
    });

    test('one a protocol and peer, and none that another rule shares', () => {
      const base = talking({ a: 0 });
      const near = segment('near', { mode: 'stage' });
      const of = (...rules: Policy['rules']): Policy => ({
        ...base,
        segments: [...base.segments, near],
        rules,
      });
      const both = of(rule('r', 'a', ['far', 'near'], [...ports(3), 'udp/1', 'udp/9']));
      expect(merging(both, quotasOf(1, 4))).toEqual(give('r', 6, 'a'));
      expect(merging(both, quotasOf(1, 3))).toEqual([]);
      const shared = of(rule('r', 'a', 'far', ports(4)), rule('s', 'a', 'far', ports(3)));
      expect(merging(shared, quotasOf(1, 3))).toEqual([]);
      const dearer = of(rule('r', 'a', 'far', ports(4)), rule('s', 'a', 'far', ports(3, 5)));
      expect(merging(dearer, quotasOf(1, 4))).toEqual(give('r', 3, 'a'));
      expect(merging(dearer, quotasOf(1, 5))).toEqual(give('r', 3, 'a'));
    });

    test('on either side of the flow', () => {
      const p = talking({ a: 0 });
      const into = { ...p, rules: [rule('r', 'far', 'a', ports(3))] };
      expect(merging(into, quotasOf(1, 2))).toEqual(give('r', 2, 'a'));
    });
  });

  test('what a hint says of quotas is enough, and one less is not', () => {
    const quotas = fc.record({
      groupsPerInterface: fc.integer({ min: 1, max: 4 }),
      rulesPerGroup: fc.integer({ min: 1, max: 5 }),
    });
    const numRuns = Number(process.env.PROPERTY_RUNS ?? 150);
    let seen = 0;
    fc.assert(
      fc.property(arbitraryPolicy(), arbitraryInventory(), quotas, (p, world, few) => {
        const at = (q: Partial<Quotas>): Inventory => ({
          ...world,
          quotas: { ...world.quotas, ...few, ...q },
        });
        for (const error of errorsOf(p, at({}))) {
          const stays = (q: Quotas): boolean =>
            errorsOf(p, at(q)).some((one) =>
              subjectsOf(one).some((s) => subjectsOf(error).includes(s)),
            );
          for (const way of error.hint.split('; or ').filter((one) => one.includes('raise'))) {
            seen += 1;
            const enough = raised(at({}).quotas, way);
            expect([way, stays(enough)]).toEqual([way, false]);
            if (way.includes('quotas')) continue;
            expect([way, stays(oneLess(enough, at({}).quotas))]).toEqual([way, true]);
          }
        }
      }),
      { numRuns },
    );
    expect(seen).toBeGreaterThan(numRuns / 3);
  });
});

describe('a group that lacks room', () => {
  const list = { id: 'pl-1', name: 'mirror', family: 'ipv4' as const, tags: {} };
  const at = (
    entries: number,
    more: Partial<Inventory['prefixLists'][number]>,
    quotas = DEFAULTS,
  ) =>
    inventory([{ name: 'w', app: 'web' }], {
      ...{
        quotas,
        prefixLists: [{ ...list, maxEntries: entries, owner: 'me', cidrs: [], ...more }],
      },
    });
  const p = policy({
    segments: [segment('web', { mode: 'stage' })],
    networks: [network('mirror', { prefixList: 'pl-1' })],
    rules: [rule('r', 'web', 'mirror', ['tcp/443'])],
  });

  test('for a list: the quota, the list itself, or the rule', () => {
    expect(waysOf(p, at(100, { cidrs: ['192.0.2.0/24'] }))).toEqual([
      'raise the quota L-0EA8095F from 60 to 100 (5 x 100 = 500 of 1000)',
      'resize prefix list pl-1 from 100 to at most 60 entries (it holds 1)',
      'name fewer or larger networks or peers in `r`; without it the rest fits',
    ]);
    expect(errorsOf(p, at(60, {}))).toEqual([]);
  });

  test('where the product forbids that, fewer groups an interface, if nobody needs as many', () => {
    expect(waysOf(p, at(300, { owner: 'AWS' }))).toEqual([
      'lower the quota L-2AFB9258 from 5 to 3 (no interface needs more than 2) and raise L-0EA8095F from 60 to 300',
      'name fewer or larger networks or peers in `r`; without it the rest fits',
    ]);
    const lowered = { ...DEFAULTS, groupsPerInterface: 3, rulesPerGroup: 300 };
    expect(errorsOf(p, at(300, { owner: 'AWS' }, lowered))).toEqual([]);
    expect(waysOf(p, at(600, { owner: 'AWS' })).join()).not.toContain('quota');
  });

  test('as few groups an interface as one carries, or will beside what it has', () => {
    const trading = (groups: readonly string[], entries: number) => {
      const i = at(entries, { owner: 'AWS' });
      const interfaces = i.interfaces.map((nic) => ({ ...nic, groups }));
      return waysOf(p, { ...i, interfaces }).find((way) => way.startsWith('lower'));
    };
    const lower = (slots: number, most: number, rules: number) =>
      `lower the quota L-2AFB9258 from 5 to ${slots} (no interface needs more than ${most}) and raise L-0EA8095F from 60 to ${rules}`;
    expect(trading(['sg-1', 'sg-flat'], 333)).toBe(lower(3, 3, 333));
    expect(trading(['sg-1', 'sg-2', 'sg-flat'], 333)).toBeUndefined();
    expect(trading(['sg-1', 'sg-flat'], 250)).toBe(lower(4, 3, 250));
  });

  test('of several lists those alone that weigh here, as far as their entries fit', () => {
    const others = [
      { ...list, id: 'pl-2', name: 'more', maxEntries: 50, owner: 'me', cidrs: [] },
      {
        ...list,
        id: 'pl-6',
        name: 'six',
        family: 'ipv6' as const,
        maxEntries: 50,
        owner: 'me',
        cidrs: [],
      },
    ];
    const lists = ['pl-1', 'pl-2', 'pl-6', 'pl-none'];
    const several = policy({
      segments: [segment('web', { mode: 'stage' }), segment('db', { mode: 'stage' })],
      networks: [
        ...lists.map((id) => network(id, { prefixList: id })),
        network('n', { cidrs: ['192.0.2.0/24'] }),
      ],
      rules: [
        ...[...lists, 'n'].map((id) => rule(`to-${id}`, 'web', id, ['tcp/443'])),
        rule('to-db', 'web', 'db', ['tcp/1']),
      ],
    });
    const i = at(70, { cidrs: ['192.0.2.0/24', '192.0.3.0/24'] });
    // The segment spreads over groups by itself; only the list that no group takes is in the way.
    expect(waysOf(several, { ...i, prefixLists: [...i.prefixLists, ...others] })).toEqual([
      'raise the quota L-0EA8095F from 60 to 70 (5 x 70 = 350 of 1000)',
      'resize prefix list pl-1 from 70 to at most 60 entries (it holds 2)',
      'name fewer or larger networks or peers in `to-pl-1`; without it the rest fits',
    ]);
  });

  describe('the baseline, whose group is one', () => {
    const cidrs = (count: number) => Array.from({ length: count }, (_, n) => `192.0.${2 * n}.0/24`);
    const based = (...entries: readonly (readonly [id: string, peer: string])[]): Policy =>
      policy({
        segments: [segment('web', { mode: 'stage' })],
        networks: [
          network('list', { prefixList: 'pl-1' }),
          network('four', { cidrs: cidrs(4) }),
          network('three', { cidrs: cidrs(3) }),
        ],
        baseline: entries.map(([id, to]) => baselineEntry(id, { to }, [`tcp/${10 * to.length}`])),
      });
    const of = (p_: Policy, i: Inventory) =>
      waysOf(p_, i).filter((way) => !way.startsWith('raise'));
    const few = (rules: number, entries = 1, more = {}) =>
      at(entries, more, { ...DEFAULTS, rulesPerGroup: rules });

    test('a list is resized to what the others leave, if it holds no more', () => {
      const p_ = based(['b', 'four'], ['l', 'list']);
      expect(of(p_, few(6, 10))[0]).toBe(
        'resize prefix list pl-1 from 10 to at most 2 entries (it holds 0)',
      );
      expect(of(p_, few(6, 10, { cidrs: cidrs(2) }))[0]).toContain(
        'to at most 2 entries (it holds 2)',
      );
      expect(of(p_, few(6, 10, { cidrs: cidrs(3) })).join()).not.toContain('resize');
      expect(of(p_, few(5, 10))[0]).toContain('to at most 1 entries');
      expect(of(p_, few(4, 10)).join()).not.toContain('resize');
    });

    test('the fewest rules go, the costliest first, those of a shared peer together', () => {
      const drop = (names: string) => [
        `name fewer or larger networks or peers in ${names}; without it the rest fits`,
      ];
      const two = based(['a', 'three'], ['b', 'four']);
      expect(of(two, few(3))).toEqual(drop('`b`'));
      expect(of(two, few(2))).toEqual(drop('`b`, `a`'));
      const shared = based(['a', 'four'], ['b', 'four'], ['c', 'three']);
      expect(of(shared, few(6))).toEqual(drop('`a`, `b`'));
    });

    test('where four rules would have to go, no way is named', () => {
      const p_ = based(['a', 'four'], ['b', 'three'], ['c', 'list'], ['d', 'list']);
      const apart = {
        ...p_,
        baseline: p_.baseline.map((entry, n) => ({
          ...entry,
          allow: [allowance(`tcp/${10 * n + 1}`)],
        })),
      };
      expect(errorsOf(apart, few(1, 2, { owner: 'AWS' })).map(({ hint }) => hint)).toEqual([
        'raise the quota L-0EA8095F from 1 to 11 (5 x 11 = 55 of 1000)',
      ]);
      const huge = few(1, 1_100, { owner: 'AWS' });
      expect(errorsOf(apart, huge).map(({ message, hint }) => [message, hint])).toEqual([
        [
          'baseline@vpc-1 needs 2207 of 1 egress rules for ipv4; the costliest: `c` 1100, `d` 1100, `a` 4',
          'name fewer or larger networks or peers in these rules',
        ],
      ]);
    });
  });
});

describe('a Region that lacks groups', () => {
  const web = policy({ segments: [segment('web', { egress: 'closed' })] });
  const gone = (name: string) => ours(`segment:${name}@vpc-1`);
  const waysAt = (groupsPerRegion: number, groups: readonly SecurityGroup[]) =>
    waysOf(
      web,
      inventory([{ name: 'w', app: 'web' }], { quotas: { ...DEFAULTS, groupsPerRegion }, groups }),
    );
  const named = (id: string): GroupRule => ({
    ...{ protocol: 6, fromPort: 22, toPort: 22, peer: { kind: 'group', id } },
  });

  test('the quota; what our own plan removes; what nobody uses', () => {
    const groups = [
      gone('gone'),
      group('sg-idle', 'vpc-1', { ingress: [named('sg-idle')] }),
      group('sg-default', 'vpc-1', { name: 'default' }),
    ];
    expect(waysAt(4, groups)).toEqual([
      'raise the quota L-E79EC296 from 4 to 5',
      'publish in two steps, what goes first: 1 of our groups is no longer wanted',
      'delete 1 of the 1 groups that no interface carries and no rule names (sg-idle), unless a launch template does',
    ]);
    expect(waysAt(5, groups)).toEqual(['']);
  });

  test('each only where it is enough, and only groups that nobody names', () => {
    const idle = ['sg-1', 'sg-2', 'sg-3'].map((id) => group(id, 'vpc-1'));
    const naming = group('sg-9', 'vpc-1', {
      ingress: [named('sg-3')],
      egress: [named('sg-4'), { ...named(''), peer: { kind: 'ipv4', cidr: '192.0.2.0/24' } }],
    });
    const groups = [gone('gone'), gone('lost'), ...idle, naming, group('sg-4', 'vpc-1')];
    expect(waysAt(7, groups)).toEqual([
      'raise the quota L-E79EC296 from 7 to 9',
      'publish in two steps, what goes first: 2 of our groups are no longer wanted',
      'delete 2 of the 3 groups that no interface carries and no rule names (sg-1, sg-2), unless a launch template does',
    ]);
    expect(waysAt(6, groups)).toEqual([
      'raise the quota L-E79EC296 from 6 to 9',
      'delete 3 of the 3 groups that no interface carries and no rule names (sg-1, sg-2, sg-9), unless a launch template does',
    ]);
    expect(waysAt(5, groups)).toEqual(['raise the quota L-E79EC296 from 5 to 9']);
  });

  test('groups of ours that stay are not counted, five of what nobody uses are named', () => {
    const idle = Array.from({ length: 7 }, (_, at) => group(`sg-${at}`, 'vpc-1'));
    const stays = [ours('segment:other@vpc-1'), ...idle];
    const other = segment('other', { bornIn: ['vpc-1'], egress: 'closed' });
    const at = (groupsPerRegion: number) =>
      waysOf(
        { ...web, segments: [...web.segments, other] },
        inventory([{ name: 'w', app: 'web' }], {
          ...{ quotas: { ...DEFAULTS, groupsPerRegion }, groups: stays },
        }),
      );
    const deleting = (count: number, ids: string) => [
      `raise the quota L-E79EC296 from ${10 - count} to 10`,
      `delete ${count} of the 7 groups that no interface carries and no rule names (${ids}), unless a launch template does`,
    ];
    expect(at(5)).toEqual(deleting(5, 'sg-0, sg-1, sg-2, sg-3, sg-4'));
    expect(at(4)).toEqual(deleting(6, 'sg-0, sg-1, sg-2, sg-3, sg-4, ...'));
  });

  test('one that is over the quota already is refused nothing that adds no group', () => {
    const groups = [ours('segment:web@vpc-1'), group('sg-1', 'vpc-1')];
    expect(waysAt(1, groups)).toEqual(['']);
  });
});
