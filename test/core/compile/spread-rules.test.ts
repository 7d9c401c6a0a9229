import { describe, expect, test } from 'vitest';
import { surplusKey } from '../../../core/compile/owned-groups.ts';
import type { ListWeight } from '../../../core/compile/rule-weight.ts';
import { countGroups, spreadRules } from '../../../core/compile/spread-rules.ts';
import type { DesiredGroup, DesiredPeer, DesiredRule } from '../../../core/model/desired-state.ts';
import type { GroupRule } from '../../../core/model/inventory.ts';
import { OWNER } from '../../properties/builders.ts';
import { ours } from './compiled.ts';

const WEB = 'segment:web@vpc-1';
const LIMIT = 3;
const list = (family: 'ipv4' | 'ipv6', maxEntries: number): ListWeight => ({
  ...{ family, maxEntries, owner: 'AWS', cidrs: [] },
});
const lists = new Map([
  ['pl-two', list('ipv4', 2)],
  ['pl-too', list('ipv4', 2)],
  ['pl-six', list('ipv6', 3)],
]);

/** `pl-...` is a list, `sg-...` a group, anything else an owned group; on the port 443. */
function rule(peer: string): DesiredRule {
  return { protocol: 6, fromPort: 443, toPort: 443, peer: peerOf(peer), because: ['r'] };
}

function peerOf(text: string): DesiredPeer {
  if (text.startsWith('pl-')) return { kind: 'prefixList', id: text };
  if (text.startsWith('v6-')) return { kind: 'ipv6', cidr: text };
  return { kind: 'group', id: text };
}

const desired = (
  ingress: readonly string[],
  egress: readonly string[] = [],
  key = WEB,
): DesiredGroup => ({
  ...{ key, vpc: 'vpc-1', name: `${OWNER}/segment/web`, description: 'members of web' },
  ...{ ingress: ingress.map(rule), egress: egress.map(rule) },
});

/** The peers of each group in each direction; `there` says what the groups that exist hold. */
function spread(group: DesiredGroup, there: Readonly<Record<string, readonly string[]>> = {}) {
  const existing = Object.entries(there).map(([key, peers]) => {
    const ingress = peers.map((peer) => rule(peer) as GroupRule);
    return [key, ours(key, { ingress })] as const;
  });
  const groups = spreadRules([group], {
    ...{ limit: LIMIT, lists, owner: OWNER, existing: new Map(existing) },
  });
  const peers = (rules: readonly DesiredRule[]) =>
    rules.map(({ peer }) => ('id' in peer ? peer.id : 'cidr' in peer ? peer.cidr : peer.key));
  return Object.fromEntries(
    groups.map((one) => [one.key, [peers(one.ingress), peers(one.egress)]]),
  );
}

const SECOND = surplusKey('web', 2, 'vpc-1');
const THIRD = surplusKey('web', 3, 'vpc-1');

describe('rules that one group cannot hold', () => {
  test.each([
    { name: 'all that it holds stays in one', of: ['a', 'b', 'c'], groups: [['a', 'b', 'c']] },
    { name: 'one more takes a second', of: ['a', 'b', 'c', 'd'], groups: [['a', 'b', 'c'], ['d']] },
    {
      name: 'a list takes what it may hold, and what is small fills the gap',
      of: ['a', 'b', 'pl-two', 'c', 'd'],
      groups: [
        ['a', 'b', 'c'],
        ['pl-two', 'd'],
      ],
    },
    {
      name: 'families have a limit each',
      of: ['pl-two', 'pl-six', 'v6-a'],
      groups: [['pl-two', 'pl-six'], ['v6-a']],
    },
    {
      name: 'a group counts in both',
      of: ['pl-six', 'a'],
      groups: [['pl-six'], ['a']],
    },
    {
      name: 'a list that nobody knows counts as one',
      of: ['pl-none', 'a', 'b', 'c'],
      groups: [['pl-none', 'a', 'b'], ['c']],
    },
  ])('$name', ({ of, groups }) => {
    const keys = [WEB, SECOND, THIRD];
    expect(spread(desired(of))).toEqual(
      Object.fromEntries(groups.map((peers, at) => [keys[at], [peers, []]])),
    );
    expect(countGroups(of.map(rule), { limit: LIMIT, lists })).toBe(groups.length);
  });

  test('each direction takes as few groups as it needs, the other has none there', () => {
    expect(spread(desired(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd', 'e', 'f', 'g']))).toEqual({
      [WEB]: [
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ],
      [SECOND]: [['d'], ['d', 'e', 'f']],
      [THIRD]: [[], ['g']],
    });
  });

  test('the first keeps its name, the others are called after the segment', () => {
    const name = 'x'.repeat(300);
    const group = { ...desired(['a', 'b', 'c', 'd']), key: `segment:${name}@vpc-1` };
    const of = (one: DesiredGroup) =>
      spreadRules([one], { limit: LIMIT, lists, owner: OWNER, existing: new Map() }).map(
        ({ ingress, egress, ...rest }) => rest,
      );
    expect(of(desired(['a', 'b', 'c', 'd']))).toEqual([
      { key: WEB, vpc: 'vpc-1', name: `${OWNER}/segment/web`, description: 'members of web' },
      {
        ...{ key: SECOND, vpc: 'vpc-1', name: `${OWNER}/rules-2/web` },
        description: 'Bulkhead: further rules of segment web',
      },
    ]);
    const [, long] = of(group);
    expect([long?.name.length, long?.description.length]).toEqual([255, 255]);
  });

  test('groups of no segment are left as they are, whatever they hold', () => {
    const baseline = desired(['a', 'b', 'c', 'd'], [], 'baseline@vpc-1');
    expect(spread(baseline)).toEqual({ 'baseline@vpc-1': [['a', 'b', 'c', 'd'], []] });
  });

  test('all come back in the order of their keys', () => {
    const groups = spreadRules(
      [desired(['a', 'b', 'c', 'd']), desired([], [], 'segment:db@vpc-1')],
      { limit: LIMIT, lists, owner: OWNER, existing: new Map() },
    );
    expect(groups.map(({ key }) => key)).toEqual(['segment:db@vpc-1', WEB, SECOND]);
  });
});

describe('rules that stand in one of the groups', () => {
  test.each([
    {
      name: 'stay there, whatever comes before them',
      of: ['a', 'b', 'c', 'd'],
      there: { [WEB]: ['c', 'd'], [SECOND]: ['a'] },
      groups: [['b', 'c', 'd'], ['a']],
    },
    {
      name: 'stay in the first where they stand in both',
      of: ['a', 'b', 'c', 'd'],
      there: { [WEB]: ['a'], [SECOND]: ['a', 'b'] },
      groups: [['a', 'c', 'd'], ['b']],
    },
    {
      name: 'that go leave their room last: what is new goes where there is room beside them',
      of: ['a', 'b', 'c', 'd'],
      there: { [WEB]: ['a', 'x', 'y'], [SECOND]: ['b'] },
      groups: [['a'], ['b', 'c', 'd']],
    },
    {
      name: 'that go make room where there is none beside them',
      of: ['a', 'b', 'c', 'd', 'e'],
      there: { [WEB]: ['a', 'x', 'y'], [SECOND]: ['b', 'c', 'z'] },
      groups: [
        ['a', 'd', 'e'],
        ['b', 'c'],
      ],
    },
    {
      name: 'move where they leave gaps that the others do not fit into',
      of: ['pl-two', 'a', 'pl-too', 'b'],
      there: { [WEB]: ['a', 'b'] },
      groups: [
        ['pl-two', 'a'],
        ['pl-too', 'b'],
      ],
    },
    {
      name: 'count no more than the group takes',
      of: ['a', 'b', 'c', 'd'],
      there: { [WEB]: ['a', 'b', 'c', 'd'] },
      groups: [['a', 'b', 'c'], ['d']],
    },
    {
      name: 'in a group that is needed no more come back to the others',
      of: ['a', 'b', 'c', 'd'],
      there: { [WEB]: ['a'], [SECOND]: ['b'], [THIRD]: ['c', 'd'] },
      groups: [['a', 'c', 'd'], ['b']],
    },
    {
      name: 'all come into one group as soon as it holds them',
      of: ['a', 'b', 'c'],
      there: { [WEB]: ['a'], [SECOND]: ['b', 'c'] },
      groups: [['a', 'b', 'c']],
    },
  ])('$name', ({ of, there, groups }) => {
    const keys = [WEB, SECOND, THIRD];
    expect(spread(desired(of), there)).toEqual(
      Object.fromEntries(groups.map((peers, at) => [keys[at], [peers, []]])),
    );
  });

  test('are known by the id of the group that they name', () => {
    const named: DesiredRule = { ...rule(''), peer: { kind: 'owned', key: 'segment:db@vpc-1' } };
    const group = { ...desired(['a', 'b', 'c']), ingress: [...['a', 'b', 'c'].map(rule), named] };
    const peer = { kind: 'group', id: 'sg-segment:db@vpc-1' } as const;
    const existing = new Map([
      ['segment:db@vpc-1', ours('segment:db@vpc-1')],
      [WEB, ours(WEB, { ingress: [{ ...rule(''), peer }] })],
    ]);
    const [first] = spreadRules([group], { limit: LIMIT, lists, owner: OWNER, existing });
    expect(first?.ingress).toContainEqual(named);
  });
});
