import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Inventory, Quotas } from '../../../core/model/inventory.ts';
import type { Diagnostic, Policy, Segment } from '../../../core/model/policy.ts';
import {
  group,
  inventory,
  network,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';
import { arbitraryInventory, arbitraryPolicy } from '../../properties/worlds.ts';
import { errorsOf } from './compiled.ts';

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
});

describe('a Region that lacks groups', () => {
  test('the quota; what our own plan removes; what nobody uses', () => {
    const quotas = { ...DEFAULTS, groupsPerRegion: 4 };
    const ours = { 'bulkhead:owner': OWNER, 'bulkhead:group': 'segment:gone@vpc-1' };
    const groups = [
      group('sg-gone', 'vpc-1', { tags: ours }),
      group('sg-idle', 'vpc-1'),
      group('sg-default', 'vpc-1', { name: 'default' }),
    ];
    const at = inventory([{ name: 'w', app: 'web' }], { quotas, groups });
    const web = policy({ segments: [segment('web', { egress: 'closed' })] });
    expect(waysOf(web, at)).toEqual([
      'raise the quota L-E79EC296 from 4 to 5',
      'publish in two steps, what goes first: 1 of our groups is no longer wanted',
      'delete 1 of the 1 groups that no interface carries and no rule names (sg-idle), unless a launch template does',
    ]);
  });
});
