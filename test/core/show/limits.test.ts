import { describe, expect, test } from 'vitest';
import type { Growth, LimitsReport } from '../../../core/model/limits.ts';
import { assumedQuotas, growthText, limitRows } from '../../../core/show/limits.ts';

const QUOTAS = { groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 2_500 };

const slots = { foreign: 0, kept: 0, baseline: 0, openEgress: 1, segments: 1, surplus: 0 };
const nic = (id: string, now: number, during: number, after: number) => ({
  ...{ interface: `eni-${id}`, workload: `i-${id}`, now, during, after, limit: 5, slots },
});

const REPORT: LimitsReport = {
  quotas: QUOTAS,
  region: { now: 1, during: 25, after: 20, limit: 2_500 },
  rules: [
    {
      ...{ group: 'segment:web@vpc-1', direction: 'egress', family: 'ipv6' },
      ...{ now: 1, during: 3, after: 2, limit: 60 },
    },
  ],
  interfaces: [
    nic('a', 1, 3, 2),
    nic('b', 1, 2, 2),
    nic('c', 1, 3, 2),
    nic('d', 1, 3, 3),
    nic('e', 1, 3, 2),
    nic('f', 0, 3, 2),
  ],
  lists: [
    {
      ...{ list: 'pl-1', name: `offi\u001bces${'x'.repeat(40)}`, family: 'ipv4' },
      ...{ entries: 1, maxEntries: 4, rules: 2 },
    },
  ],
  growth: [],
  counted: { rules: 1, interfaces: 6, lists: 1, growth: 0 },
};

describe('limitRows', () => {
  test('holds every kind of limit, the tightest first, and those that look alike once', () => {
    expect(limitRows(REPORT)).toEqual([
      { what: 'groups on eni-a and 2 like it', now: 1, during: 3, after: 2, limit: 5 },
      { what: 'groups on eni-d', now: 1, during: 3, after: 3, limit: 5 },
      { what: 'groups on eni-f', now: 0, during: 3, after: 2, limit: 5 },
      { what: 'groups on eni-b', now: 1, during: 2, after: 2, limit: 5 },
      {
        what: `entries of pl-1 (offi·ces${'x'.repeat(31)}…)`,
        ...{ now: 1, during: 1, after: 1, limit: 4 },
      },
      {
        what: 'egress rules of segment:web@vpc-1, ipv6',
        ...{ now: 1, during: 3, after: 2, limit: 60 },
      },
      { what: 'groups in the Region', now: 1, during: 25, after: 20, limit: 2_500 },
    ]);
  });
});

describe('assumedQuotas', () => {
  test.each([
    ['groupsPerInterface', 'quota L-2AFB9258 (groups per interface)', 5],
    ['rulesPerGroup', 'quota L-0EA8095F (rules per group)', 60],
    ['groupsPerRegion', 'quota L-E79EC296 (groups per Region)', 2_500],
  ] as const)('says that %s was not read', (name, quota, value) => {
    expect(assumedQuotas({ ...QUOTAS, assumed: [name] })).toEqual([
      `${quota} could not be read; AWS's default, ${value}, is assumed`,
    ]);
  });

  test('says nothing of those that were', () => expect(assumedQuotas(QUOTAS)).toEqual([]));
});

describe('growthText', () => {
  const growth: Growth = {
    ...{ segment: 'web', vpc: 'vpc-1', room: { ingress: 14, egress: 3 }, furtherGroups: 3 },
    ...{ furtherGroupsStaged: 3, bound: 'slots', interface: 'eni-1' },
  };
  const ROOM = 'web in vpc-1: room for 14 more ingress and 3 more egress rules, then ';

  test.each([
    ['several groups', {}, '3 further groups of 60, then refused (eni-1)'],
    [
      'one group',
      { furtherGroups: 1, furtherGroupsStaged: 1 },
      '1 further group of 60, then refused (eni-1)',
    ],
    [
      'some after an interface let its foreign groups go',
      { furtherGroupsStaged: 1 },
      '3 further groups of 60, 1 of them before an interface with foreign groups waits, then refused (eni-1)',
    ],
    ['none', { furtherGroups: 0, furtherGroupsStaged: 0 }, 'refused (eni-1)'],
    [
      'no interface that is the tightest',
      { interface: undefined },
      '3 further groups of 60, then refused (slots)',
    ],
    [
      'the Region',
      { bound: 'groups in the Region' as const },
      '3 further groups of 60, then refused (groups in the Region)',
    ],
  ])('with room for %s', (_, more, expected) => {
    expect(growthText({ ...growth, ...more }, QUOTAS)).toBe(`${ROOM}${expected}`);
  });

  test('does not let a name write on the terminal', () => {
    const text = growthText({ ...growth, segment: `\u001b${'x'.repeat(100)}` }, QUOTAS);
    expect(text).toMatch(/^·x{98}… in vpc-1: /);
  });
});
