import { describe, expect, test } from 'vitest';
import { measureLimits, withLimits } from '../../../core/limits/measure-limits.ts';
import type {
  DesiredAttachment,
  DesiredGroup,
  DesiredRule,
} from '../../../core/model/desired-state.ts';
import type { GroupRule, Inventory, Quotas } from '../../../core/model/inventory.ts';
import type { Plan, PlanStep } from '../../../core/model/plan.ts';
import { group, inventory, NOW, OWNER, policy } from '../../properties/builders.ts';
import { ours } from '../compile/compiled.ts';

const quotas: Quotas = { groupsPerInterface: 5, rulesPerGroup: 10, groupsPerRegion: 20 };
const WEB = 'segment:web@vpc-1';

const cidrRule = (port: number, cidr = '192.0.2.0/24'): GroupRule & DesiredRule => ({
  ...{ protocol: 6, fromPort: port, toPort: port, because: ['r'] },
  peer: cidr.includes(':') ? { kind: 'ipv6', cidr } : { kind: 'ipv4', cidr },
});
const listRule = (id: string): GroupRule & DesiredRule => ({
  ...cidrRule(443),
  peer: { kind: 'prefixList', id },
});

const wanted = (key: string, more: Partial<DesiredGroup> = {}): DesiredGroup => ({
  ...{ key, vpc: 'vpc-1', name: key, description: '', ingress: [], egress: [] },
  ...more,
});

const attachment = (name: string, owned: readonly string[]): DesiredAttachment => ({
  ...{ interface: `eni-${name}`, workload: `i-${name}`, vpc: 'vpc-1', mode: 'enforce' },
  owned,
});

const base = { id: '', after: [] };
const create = (key: string): PlanStep => ({
  ...{ ...base, kind: 'create-group', phase: 'create', group: key },
  ...{ vpc: 'vpc-1', name: key, description: '' },
});
const authorize = (rules: readonly DesiredRule[], key = WEB): PlanStep => ({
  ...{ ...base, kind: 'authorize', phase: 'create', group: key, direction: 'egress', rules },
});
const revoke = (rules: readonly GroupRule[], phase: 'create' | 'revoke' = 'revoke'): PlanStep => ({
  ...{ ...base, kind: 'revoke', phase, group: WEB, direction: 'egress', rules },
});
const change = (name: string, kind: 'attach' | 'detach', to: readonly string[]): PlanStep => ({
  ...{ ...base, kind, phase: kind, interface: `eni-${name}`, workload: `i-${name}`, from: [], to },
});
const remove: PlanStep = {
  ...{
    ...base,
    kind: 'delete-group',
    phase: 'delete',
    group: 'unnamed:sg-1@vpc-1',
    groupId: 'sg-1',
  },
};

const planOf = (steps: readonly PlanStep[], more: Partial<Plan> = {}): Plan => ({
  ...{ id: 'plan-1', generation: 1, base: 0, policyVersion: '', createdAt: NOW },
  ...{ kind: 'publish', addOnly: false, guard: [], warnings: [], steps },
  ...more,
});

interface Input {
  readonly inventory?: Inventory;
  readonly groups?: readonly DesiredGroup[];
  readonly attachments?: readonly DesiredAttachment[];
  readonly steps?: readonly PlanStep[];
  readonly plan?: Partial<Plan>;
  readonly keep?: readonly string[];
}

const inputOf = ({
  groups = [],
  attachments = [],
  steps = [],
  plan = {},
  keep = [],
  ...more
}: Input) => ({
  ...{ inventory: inventory([], { quotas }), owner: OWNER, ...more },
  policy: policy({}, { keepSecurityGroups: keep }),
  ...{
    desired: { groups, attachments, memberships: [], blockedSegments: {} },
    plan: planOf(steps, plan),
  },
});
const measure = (input: Input) => measureLimits(inputOf(input));

test('a plan carries its own report', () => {
  const input = inputOf({ groups: [wanted(WEB)], steps: [create(WEB)] });
  expect(withLimits(input)).toEqual({ ...input.plan, limits: measureLimits(input) });
});

test('nothing wanted, nothing there', () => {
  expect(measure({})).toEqual({
    quotas,
    region: { now: 1, during: 1, after: 1, limit: 20 },
    ...{ rules: [], interfaces: [], lists: [], growth: [] },
    counted: { rules: 0, interfaces: 0, lists: 0, growth: 0 },
  });
});

test('an uninstall speaks of groups and interfaces alone', () => {
  const list = { id: 'pl-1', name: 'mirror', family: 'ipv4' as const, maxEntries: 5 };
  const input: Input = {
    inventory: inventory([{ name: 'w', groups: ['sg-segment:web@vpc-1'] }], {
      ...{ quotas, groups: [ours(WEB, { egress: [cidrRule(1)] })] },
      prefixLists: [{ ...list, owner: 'me', cidrs: [], tags: {} }],
    }),
    groups: [wanted(WEB, { egress: [cidrRule(1), listRule('pl-1')] })],
    attachments: [attachment('w', [WEB])],
    steps: [change('w', 'detach', ['sg-flat']), remove],
  };
  const uninstall = measure({ ...input, plan: { kind: 'uninstall' } });
  expect(uninstall).toMatchObject({
    region: { now: 2, during: 2, after: 1 },
    interfaces: [{ now: 1, during: 1, after: 1, slots: { foreign: 1, segments: 0 } }],
    counted: { rules: 0, interfaces: 1, lists: 0, growth: 0 },
  });
  expect([uninstall.rules, uninstall.lists, uninstall.growth]).toEqual([[], [], []]);
  expect(measure(input).counted).toEqual({ rules: 1, interfaces: 1, lists: 1, growth: 1 });
});

describe('rules of a group', () => {
  const at = (rules: readonly GroupRule[], steps: readonly PlanStep[], lists = {}) =>
    measure({
      inventory: inventory([], { quotas, groups: [ours(WEB, { egress: rules })], ...lists }),
      groups: [wanted(WEB, { egress: [cidrRule(1)] })],
      steps,
    }).rules;
  const egress = { group: WEB, direction: 'egress', limit: 10 } as const;
  const three = [cidrRule(1), cidrRule(2), cidrRule(3)];

  test('what goes late is there beside what comes', () => {
    expect(at(three, [authorize([cidrRule(4), cidrRule(5)]), revoke(three.slice(1))])).toEqual([
      { ...egress, family: 'ipv4', now: 3, during: 5, after: 3 },
    ]);
  });

  test('what a quota forces out early is not', () => {
    const steps = [
      revoke(three.slice(1), 'create'),
      authorize([cidrRule(4)]),
      revoke([cidrRule(1)]),
    ];
    expect(at(three, steps)).toEqual([{ ...egress, family: 'ipv4', now: 3, during: 3, after: 1 }]);
  });

  test('each family for itself; a group counts in both, a list what it may hold', () => {
    const list = { id: 'pl-6', name: 'six', family: 'ipv6' as const, maxEntries: 4 };
    const prefixLists = [{ ...list, owner: 'me', cidrs: [], tags: {} }];
    const named: GroupRule & DesiredRule = {
      ...cidrRule(1),
      peer: { kind: 'group', id: 'sg-flat' },
    };
    const six = cidrRule(1, '2001:db8::/48');
    const steps = [authorize([listRule('pl-6'), cidrRule(9)]), revoke([six]), authorize([named])];
    expect(at([six, named], steps, { prefixLists })).toEqual([
      { ...egress, family: 'ipv6', now: 2, during: 7, after: 6 },
      { ...egress, family: 'ipv4', now: 1, during: 3, after: 3 },
    ]);
  });

  test('the egress that AWS puts into a new group counts while it stays, and goes before anything comes', () => {
    const everything: GroupRule = {
      ...{ protocol: -1, fromPort: -1, toPort: -1, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } },
    };
    const of = (steps: readonly PlanStep[]) => measure({ groups: [wanted(WEB)], steps }).rules;
    expect(of([create(WEB)])).toEqual([{ ...egress, family: 'ipv4', now: 0, during: 1, after: 1 }]);
    const gone = revoke([everything], 'create');
    expect(of([create(WEB), gone])).toEqual([]);
    expect(of([create(WEB), gone, authorize([cidrRule(1), cidrRule(2)])])).toEqual([
      { ...egress, family: 'ipv4', now: 0, during: 2, after: 2 },
    ]);
  });

  test('of groups to be deleted nothing is said', () => {
    const groups = [ours('segment:old@vpc-1', { egress: [cidrRule(1)] })];
    expect(measure({ inventory: inventory([], { quotas, groups }) }).rules).toEqual([]);
  });
});

describe('slots of an interface', () => {
  const keys = ['baseline', 'open-egress', 'segment:web', 'surplus:web:2', 'isolation'];
  const groups = [
    ...keys.map((key) => ours(`${key}@vpc-1`)),
    ours('by hand@vpc-1', { id: 'sg-hand' }),
    group('sg-kept', 'vpc-1'),
  ];
  const of = (to: readonly string[], more: Partial<Input> = {}) =>
    measure({
      inventory: inventory([{ name: 'w' }], { quotas, groups }),
      steps: [change('w', 'attach', ['sg-flat', ...to]), change('w', 'detach', to)],
      keep: ['sg-kept'],
      ...more,
    }).interfaces[0];
  const none = { foreign: 0, kept: 0, baseline: 0, openEgress: 0, segments: 0, surplus: 0 };

  test.each([
    { to: ['sg-flat', 'sg-else'], slots: { foreign: 2 } },
    { to: ['sg-kept', 'sg-flat'], slots: { kept: 1, foreign: 1 } },
    { to: ['sg-baseline@vpc-1'], slots: { baseline: 1 } },
    { to: ['sg-open-egress@vpc-1'], slots: { openEgress: 1 } },
    { to: ['sg-segment:web@vpc-1', 'segment:new@vpc-1'], slots: { segments: 2 } },
    { to: ['sg-surplus:web:2@vpc-1', 'surplus:new:2@vpc-1'], slots: { surplus: 2 } },
    { to: ['sg-isolation@vpc-1', 'sg-hand'], slots: { segments: 2 } },
  ])('$to: $slots', ({ to, slots }) => {
    expect(of(to)).toEqual({
      ...{ interface: 'eni-w', workload: 'i-w', now: 1, during: to.length + 1, after: to.length },
      ...{ limit: 5, slots: { ...none, ...slots } },
    });
  });

  test('one that no step changes is counted if it is ours, as it is', () => {
    const i = inventory([{ name: 'w' }, { name: 'x' }], { quotas, groups });
    const { interfaces } = measure({ inventory: i, attachments: [attachment('w', [])] });
    expect(interfaces).toEqual([
      {
        ...{ interface: 'eni-w', workload: 'i-w', now: 1, during: 1, after: 1, limit: 5 },
        slots: { ...none, foreign: 1 },
      },
    ]);
  });
});

describe('the Region', () => {
  test('has old and new groups while the plan runs', () => {
    const { region } = measure({ steps: [create(WEB), create('baseline@vpc-1'), remove] });
    expect(region).toEqual({ now: 1, during: 3, after: 2, limit: 20 });
  });
});

describe('prefix lists', () => {
  const list = (id: string, entries: number, maxEntries: number) => ({
    ...{ id, name: `name of ${id}`, family: 'ipv4' as const, maxEntries, owner: 'me', tags: {} },
    cidrs: Array.from({ length: entries }, (_, at) => `192.0.${at}.0/24`),
  });

  test('are those that rules of ours name, the fullest first', () => {
    const prefixLists = [
      list('pl-0', 0, 0),
      list('pl-1', 1, 4),
      list('pl-2', 3, 6),
      list('pl-3', 5, 5),
      list('pl-4', 5, 50),
    ];
    const i = inventory([], { quotas, prefixLists });
    const groups = [
      wanted('baseline@vpc-1', { egress: ['pl-0', 'pl-2', 'pl-4'].map(listRule) }),
      wanted(WEB, {
        ingress: [listRule('pl-2'), cidrRule(1)],
        egress: [listRule('pl-1'), listRule('pl-9')],
      }),
    ];
    const { lists, counted } = measure({ inventory: i, groups });
    const use = (id: string, entries: number, maxEntries: number, rules: number) => ({
      ...{ list: id, name: `name of ${id}`, family: 'ipv4', entries, maxEntries, rules },
    });
    expect(lists).toEqual([
      ...[use('pl-2', 3, 6, 2), use('pl-1', 1, 4, 1)],
      ...[use('pl-4', 5, 50, 1), use('pl-0', 0, 0, 1)],
    ]);
    expect(counted.lists).toBe(4);
  });
});

describe('of an estate without end', () => {
  const many = Array.from({ length: 60 }, (_, at) => String(at).padStart(2, '0'));
  const prefixLists = many.map((name) => ({
    ...{ id: `pl-${name}`, name, family: 'ipv4' as const, maxEntries: 1, owner: 'me', tags: {} },
    cidrs: [],
  }));
  const key = (name: string) => `segment:s${name}@vpc-1`;

  const groupsOf: Record<string, string[]> = { 33: ['sg-1', 'sg-2', 'sg-3'], 44: ['sg-1', 'sg-2'] };

  test('fifty of each are kept, the tightest first, and all are counted', () => {
    const report = measure({
      inventory: inventory(
        many.map((name) => ({ name, groups: groupsOf[name] ?? ['sg-1'] })),
        { quotas: { ...quotas, groupsPerRegion: 500 }, prefixLists },
      ),
      groups: many.map((name) =>
        wanted(key(name), { egress: [listRule(`pl-${name}`), listRule('pl-44')] }),
      ),
      attachments: many.map((name) => attachment(name, [key(name)])),
      steps: [
        authorize([cidrRule(1)], key('22')),
        ...many.map((name) => authorize([cidrRule(1), cidrRule(2)], key(name))),
        change('55', 'attach', ['sg-1', 'sg-2', 'sg-3']),
        change('55', 'detach', ['sg-1']),
      ],
    });
    expect(report.counted).toEqual({ rules: 60, interfaces: 60, lists: 60, growth: 60 });
    const kept = [report.rules, report.interfaces, report.lists, report.growth];
    expect(kept.map((one) => one.length)).toEqual([50, 50, 50, 50]);
    expect(report.rules[0]?.group).toBe(key('22'));
    // Two reach three; the one that has three in the end is tighter.
    expect(report.interfaces.slice(0, 4).map((one) => one.interface)).toEqual([
      ...['eni-33', 'eni-55', 'eni-44', 'eni-00'],
    ]);
  });
});
