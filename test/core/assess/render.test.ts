import { describe, expect, test } from 'vitest';
import type { Assessment, GroupPath, PolicyEffect } from '../../../core/assess/assess.ts';
import { renderAssessment, renderMarkdown } from '../../../core/assess/render.ts';

const QUOTAS = { groupsPerInterface: 5, rulesPerGroup: 60, groupsPerRegion: 2_500 };

/** Two workloads, of which one may send something to the other. */
const SMALL: Assessment = {
  takenAt: '2026-11-23T12:00:00Z',
  account: '000000000000',
  region: 'us-east-1',
  gaps: [],
  notCounted: [],
  workloads: 2,
  interfaces: 3,
  flatness: {
    ...{ pairs: 2, open: 1, share: 0.5, groupedBy: ['app', 'tier'] },
    groups: [{ name: 'shop/web', workloads: 2 }],
    paths: [{ from: 'shop/web', to: 'shop/api', pairs: 1, open: 1, traffic: ['tcp/80'] }],
  },
  blastRadius: {
    median: 0,
    max: 1,
    workloads: [
      { workload: 'i-1', name: 'web', reaches: 1, share: 1, reachedBy: 0 },
      { workload: 'i-2', reaches: 0, share: 0, reachedBy: 1 },
    ],
  },
  openToWorld: [
    { workload: 'i-1', interface: 'eni-1', address: '192.0.2.1', traffic: ['tcp/80', 'tcp/443'] },
  ],
  quotas: {
    groupsInRegion: { used: 2, limit: 2_500 },
    rulesOfGroups: [
      { group: 'sg-1', name: 'web', direction: 'ingress', family: 'ipv4', used: 45, limit: 60 },
    ],
    groupsOfInterfaces: [{ interface: 'eni-1', used: 1, limit: 5 }],
    entriesOfLists: [{ list: 'pl-1', name: 'offices', used: 1, limit: 3 }],
    product: { used: 300, limit: 1_000 },
    assumed: [],
  },
};

const NO_GROWTH = { rules: 0, interfaces: 0, lists: 0, growth: 0 };

const EFFECT: PolicyEffect = {
  segments: [
    { name: 'web', workloads: 1 },
    { name: 'api', workloads: 0 },
  ],
  unclassified: ['i-2'],
  steps: 7,
  difference: {
    opened: [{ from: 'web', to: 'api', ports: ['tcp/80', 'udp/53'] }],
    closed: [{ from: 'api', to: 'web', ports: ['udp', 'icmp'] }],
  },
  openAfter: 0,
  shareAfter: 0,
  warnings: ['two ends are not nameable by group'],
  limits: {
    quotas: QUOTAS,
    region: { now: 1, during: 1, after: 1, limit: 2_500 },
    ...{ rules: [], interfaces: [], lists: [], counted: NO_GROWTH },
    growth: [
      {
        ...{ segment: 'web', vpc: 'vpc-1', room: { ingress: 3, egress: 4 } },
        ...{ furtherGroups: 0, furtherGroupsStaged: 0, bound: 'slots', interface: 'eni-1' },
      },
    ],
  },
};

describe('an assessment', () => {
  test('reads, section by section, on a terminal', () => {
    expect(renderAssessment({ ...SMALL, policy: EFFECT })).toBe(
      `Estate
  account 000000000000, Region us-east-1, as of 2026-11-23T12:00:00Z
  2 workloads with 3 interfaces
  50 % flat: 1 of 2 pairs of workloads may exchange something

Who may reach whom, by app/tier
  from      to        open pairs  traffic
  shop/web  shop/api  1 of 1      tcp/80

Blast radius
  from one workload an attacker reaches 0 others (median), 1 at most, of 1
  workload   reaches    reached by
  web (i-1)  1 (100 %)  0
  i-2        0 (0 %)    1

Open to the world
  workload  address    traffic
  i-1       192.0.2.1  tcp/80 tcp/443

Quotas, the fullest first
  quota                                   used
  ingress rules, ipv4: sg-1 (web)         45 of 60 (75 %)
  entries of pl-1 (offices)               1 of 3 (33 %)
  rules per group x groups per interface  300 of 1000 (30 %)
  groups on eni-1                         1 of 5 (20 %)
  groups in the Region                    2 of 2500 (< 0.1 %)

What the policy would do
  2 segments; 1 workloads in none
  50 % flat now, 0 % after 7 steps
  1 paths open, 1 close
  warning: two ends are not nameable by group
  web in vpc-1: room for 3 more ingress and 4 more egress rules, then refused (eni-1)
          from  to   traffic
  opens   web   api  tcp/80 udp/53
  closes  api   web  udp icmp
`,
    );
  });

  test('and as Markdown, with lists and tables', () => {
    const paths = [{ from: 'a|b', to: '-', pairs: 2, open: 1, traffic: ['tcp/80', 'tcp/443'] }];
    const flatness = { ...SMALL.flatness, paths };
    expect(renderMarkdown({ ...SMALL, flatness, openToWorld: [] })).toBe(
      `# How segmented is this estate?

## Estate

- account 000000000000, Region us-east-1, as of 2026-11-23T12:00:00Z
- 2 workloads with 3 interfaces
- 50 % flat: 1 of 2 pairs of workloads may exchange something

## Who may reach whom, by app/tier

| from | to | open pairs | traffic |
| --- | --- | --- | --- |
| a\\|b | - | 1 of 2 | tcp/80 \\| tcp/443 |

## Blast radius

- from one workload an attacker reaches 0 others (median), 1 at most, of 1

| workload | reaches | reached by |
| --- | --- | --- |
| web (i-1) | 1 (100 %) | 0 |
| i-2 | 0 (0 %) | 1 |

## Open to the world

- nothing is open to the world, by what was read

## Quotas, the fullest first

| quota | used |
| --- | --- |
| ingress rules, ipv4: sg-1 (web) | 45 of 60 (75 %) |
| entries of pl-1 (offices) | 1 of 3 (33 %) |
| rules per group x groups per interface | 300 of 1000 (30 %) |
| groups on eni-1 | 1 of 5 (20 %) |
| groups in the Region | 2 of 2500 (< 0.1 %) |
`,
    );
  });
});

/** One section of what the terminal shows, without its title. */
function section(title: string, assessment: Assessment): readonly string[] {
  const found = renderAssessment(assessment)
    .split('\n\n')
    .find((one) => one.startsWith(title));
  return (found ?? '').trimEnd().split('\n').slice(1);
}

describe('the estate', () => {
  test('says what is unknown, what was not read and what not counted', () => {
    const bare = { ...SMALL, account: '', region: '', gaps: ['nacls: denied'] };
    expect(section('Estate', { ...bare, notCounted: ['paths over tgw-1'] })).toEqual([
      '  account (unknown), Region (unknown), as of 2026-11-23T12:00:00Z',
      '  2 workloads with 3 interfaces',
      '  50 % flat: 1 of 2 pairs of workloads may exchange something',
      '  not read: nacls: denied',
      '  not counted: paths over tgw-1',
    ]);
  });

  test.each([
    [0, '0 %'],
    [0.0009, '< 0.1 %'],
    [0.001, '0.1 %'],
    [0.0099, '1.0 %'],
    [0.01, '1 %'],
    [0.555, '56 %'],
    [1, '100 %'],
  ])('a share of %d is %s', (share, expected) => {
    const flatness = { ...SMALL.flatness, share };
    expect(section('Estate', { ...SMALL, flatness })[2]).toContain(`  ${expected} flat: `);
  });
});

describe('the paths', () => {
  const path = (from: string, open: number, traffic = ['tcp/80']): GroupPath => ({
    ...{ from, to: 'api', pairs: 9, open, traffic },
  });
  const pathsOf = (paths: readonly GroupPath[], groupedBy: readonly string[] = []) =>
    section('Who', { ...SMALL, flatness: { ...SMALL.flatness, groupedBy, paths } });

  test('that most pairs may use come first, with some of their traffic', () => {
    const four = ['a', 'b', 'c', 'd'];
    expect(pathsOf([path('few', 1, four.slice(1)), path('many', 9, four)])).toEqual([
      '  from  to   open pairs  traffic',
      '  many  api  9 of 9      a | b | c | ...',
      '  few   api  1 of 9      b | c | d',
    ]);
  });

  test('are named by who has no tag in common', () => {
    const flatness = { ...SMALL.flatness, groupedBy: [] };
    expect(renderAssessment({ ...SMALL, flatness })).toContain(
      '\nWho may reach whom, by VPC or fleet\n',
    );
  });

  test('are cut, and none is none', () => {
    const many = Array.from({ length: 16 }, (_, at) => path(`group ${at}`, 1));
    expect(pathsOf(many).slice(0, 2)).toEqual([
      '  the first 15 of 16 open paths',
      '  from      to   open pairs  traffic',
    ]);
    expect(pathsOf(many)).toHaveLength(17);
    expect(pathsOf(many.slice(1))).toHaveLength(16);
    expect(pathsOf([])).toEqual([]);
  });

  test('do not let a name write on the terminal', () => {
    const [, line] = pathsOf([{ ...path('\u001b[31mred', 1), to: 'x'.repeat(40) }]);
    expect(line).toBe(`  ·[31mred  ${'x'.repeat(31)}…  1 of 9      tcp/80`);
  });
});

describe('the other lists', () => {
  test('are cut as well', () => {
    const [radius] = SMALL.blastRadius.workloads;
    const [open] = SMALL.openToWorld;
    if (radius === undefined || open === undefined) throw new Error('nothing to list');
    const workloads = Array.from({ length: 20 }, () => radius);
    const many: Assessment = {
      ...SMALL,
      workloads: 20,
      blastRadius: { ...SMALL.blastRadius, workloads },
      openToWorld: Array.from({ length: 17 }, () => open),
    };
    expect(section('Blast', many).slice(0, 2)).toEqual([
      '  from one workload an attacker reaches 0 others (median), 1 at most, of 19',
      '  the first 15 of 20 workloads',
    ]);
    expect(section('Open', many)[0]).toBe('  the first 15 of 17 addresses');
  });

  test('of an estate without workloads, nobody reaches anybody', () => {
    const blastRadius = { median: 0, max: 0, workloads: [] };
    expect(section('Blast', { ...SMALL, workloads: 0, blastRadius })).toEqual([
      '  from one workload an attacker reaches 0 others (median), 0 at most, of 0',
    ]);
  });

  test('of quotas hold the fullest of each kind, and say which limits were not read', () => {
    const [group] = SMALL.quotas.rulesOfGroups;
    if (group === undefined) throw new Error('no group');
    const quotas: Assessment['quotas'] = {
      groupsInRegion: { used: 0, limit: 0 },
      rulesOfGroups: [9, 8, 7, 6, 5, 4].map((used) => ({ ...group, used })),
      groupsOfInterfaces: [4, 3, 2, 1].map((used) => ({
        interface: `eni-${used}`,
        used,
        limit: 5,
      })),
      entriesOfLists: [4, 3, 2, 1].map((used) => ({ list: 'pl', name: 'l', used, limit: 400 })),
      product: { used: 300, limit: 1_000 },
      assumed: ['rulesPerGroup'],
    };
    expect(section('Quotas', { ...SMALL, quotas })).toEqual([
      "  quota L-0EA8095F (rules per group) could not be read; AWS's default, 60, is assumed",
      '  quota                                   used',
      '  groups in the Region                    0 of 0 (100 %)',
      '  groups on eni-4                         4 of 5 (80 %)',
      '  groups on eni-3                         3 of 5 (60 %)',
      '  groups on eni-2                         2 of 5 (40 %)',
      '  rules per group x groups per interface  300 of 1000 (30 %)',
      '  ingress rules, ipv4: sg-1 (web)         9 of 60 (15 %)',
      '  ingress rules, ipv4: sg-1 (web)         8 of 60 (13 %)',
      '  ingress rules, ipv4: sg-1 (web)         7 of 60 (12 %)',
      '  ingress rules, ipv4: sg-1 (web)         6 of 60 (10 %)',
      '  ingress rules, ipv4: sg-1 (web)         5 of 60 (8 %)',
      '  entries of pl (l)                       4 of 400 (1 %)',
      '  entries of pl (l)                       3 of 400 (0.8 %)',
      '  entries of pl (l)                       2 of 400 (0.5 %)',
    ]);
  });

  test('of what a policy changes are cut too, and so is how segments may grow', () => {
    const [growth] = EFFECT.limits.growth;
    const [opened] = EFFECT.difference.opened;
    if (growth === undefined || opened === undefined) throw new Error('nothing to list');
    const policy = {
      ...EFFECT,
      warnings: [`bad\u202e${'x'.repeat(400)}`],
      difference: { opened: Array.from({ length: 16 }, () => opened), closed: [] },
      limits: { ...EFFECT.limits, growth: Array.from({ length: 6 }, () => growth) },
    };
    const lines = section('What', { ...SMALL, policy });
    const grows =
      '  web in vpc-1: room for 3 more ingress and 4 more egress rules, then refused (eni-1)';
    expect(lines.slice(2, 11)).toEqual([
      '  16 paths open, 0 close',
      `  warning: bad·${'x'.repeat(386)}…`,
      ...[grows, grows, grows, grows, grows],
      '  the first 15 of 16 paths',
      '         from  to   traffic',
    ]);
    expect(lines).toHaveLength(26);
  });
});
