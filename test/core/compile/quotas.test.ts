import { describe, expect, test } from 'vitest';
import type { DesiredAttachment } from '../../../core/model/desired-state.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { group, type Host, inventory, policy, rule, segment } from '../../properties/builders.ts';
import { compile, errorsOf, ours } from './compiled.ts';

type Ledger = Readonly<Record<string, readonly string[]>>;

const attachmentOf = (
  p: Policy,
  i: Inventory,
  nic: string,
  ledger: Ledger = {},
): DesiredAttachment | undefined =>
  compile(p, i, { ledger }).desired.attachments.find((a) => a.interface === nic);

const db = segment('db');
const p = policy({
  segments: [db, segment('web')],
  rules: [rule('r', 'web', 'db', ['tcp/5432'])],
});
const hosts = (peer: Partial<Host> = {}): Host[] => [
  { name: 'w', app: 'web' },
  { name: 'd', app: 'db', ...peer },
];

describe('slots', () => {
  const crowd = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-flat'];
  const groups = crowd.filter((id) => id !== 'sg-flat').map((id) => group(id, 'vpc-1'));

  test('an interface without room to stage is blocked, and blocks its rule peers', () => {
    const i = inventory(hosts({ groups: crowd }), { groups });
    expect(attachmentOf(p, i, 'eni-d')?.blocked).toEqual({
      reason: 'slots',
      message: 'interface eni-d would carry 6 of 5 groups while staged: 5 foreign and 1 of ours',
      hint: 'cheapest first: raise the quota L-2AFB9258 from 5 to 6 (6 x 60 = 360 of 1000); or take sg-1 off it: without rules, and no rule names it',
    });
    expect(attachmentOf(p, i, 'eni-w')?.blocked?.message).toContain('lacks free slots');
  });

  test('what enforcing had taken off comes back when a segment is staged again, and takes room', () => {
    const few = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-gone'];
    const i = inventory(hosts({ groups: ['sg-flat'] }), { groups });
    const mode = (one: 'stage' | 'enforce') => ({
      ...p,
      segments: p.segments.map((segment) => ({ ...segment, mode: one })),
    });
    const blocked = (one: 'stage' | 'enforce', ledger: Ledger) =>
      attachmentOf(mode(one), i, 'eni-d', ledger)?.blocked?.message;
    expect(blocked('stage', { 'eni-d': few })).toBe(
      'interface eni-d would carry 6 of 5 groups while staged: 5 foreign and 1 of ours',
    );
    expect(blocked('stage', { 'eni-d': few.slice(1) })).toBeUndefined();
    expect(blocked('enforce', { 'eni-d': few })).toBeUndefined();
  });

  test('nor does one that carries more than it could, for staging nothing', () => {
    const few = { groupsPerInterface: 2, rulesPerGroup: 60, groupsPerRegion: 100 };
    const tagged = ['sg-1', 'sg-2'].map((id) => group(id, 'vpc-1'));
    const i = inventory(
      [{ name: 'x', groups: ['sg-1', 'sg-2', 'sg-flat', 'sg-segment:web@vpc-1'] }],
      {
        quotas: few,
        groups: [...tagged, ours('segment:web@vpc-1')],
      },
    );
    expect(attachmentOf(p, i, 'eni-x')).toEqual({
      ...{ interface: 'eni-x', workload: 'i-x', vpc: 'vpc-1', mode: 'observe', owned: [] },
    });
  });

  test.each([
    { name: 'open egress waits for the write that takes foreign groups off', spare: 4, keep: [] },
    { name: 'kept groups take slots as others do', spare: 4, keep: ['sg-1'] },
    { name: 'but where all are kept there is nothing to stage', spare: 5, keep: crowd },
  ])('$name', ({ spare, keep }) => {
    const i = inventory([{ name: 'w', app: 'web', groups: crowd.slice(5 - spare) }], { groups });
    const keeping = { ...p, settings: { ...p.settings, keepSecurityGroups: keep } };
    expect(attachmentOf(keeping, i, 'eni-w')?.blocked).toBeUndefined();
    const one = { name: 'w', app: 'web', groups: crowd };
    const full = attachmentOf(keeping, inventory([one], { groups }), 'eni-w')?.blocked;
    expect(full?.reason).toBe(keep === crowd ? undefined : 'slots');
  });
});

describe('a set that no interface could ever carry', () => {
  const quotas = { groupsPerInterface: 4, rulesPerGroup: 60, groupsPerRegion: 2_500 };
  const inWeb = (name: string) =>
    segment(name, {
      ...{ select: { tags: { app: ['web'] } }, egress: 'closed' },
      location: { file: `${name}.yaml`, line: 1, column: 1 },
    });
  const many = policy({ segments: ['a', 'b', 'c', 'd', 'e'].map(inWeb) });
  const set = ['a', 'b', 'c', 'd', 'e'].map((name) => `segment:${name}@vpc-1`).join(' ');
  const webs = (count: number): Host[] =>
    Array.from({ length: count }, (_, at) => ({ name: `w${at}`, app: 'web' }));

  test('is refused with the numbers, at the first segment', () => {
    expect(compile(many, inventory(webs(1), { quotas })).diagnostics).toEqual([
      {
        ...{ file: 'a.yaml', line: 1, column: 1, severity: 'error' },
        code: 'too-many-groups-on-interface',
        message: `1 interfaces (eni-w0) would carry 5 of 4 groups: 0 kept, and ${set}`,
        hint: 'cheapest first: raise the quota L-2AFB9258 from 4 to 5 (5 x 60 = 300 of 1000); or take these workloads out of `a` (their rules then no longer hold for them)',
      },
    ]);
  });

  test.each([
    { count: 5, named: 'eni-w0, eni-w1, eni-w2, eni-w3, eni-w4' },
    { count: 7, named: 'eni-w0, eni-w1, eni-w2, eni-w3, eni-w4, ...' },
  ])('of $count interfaces five are named', ({ count, named }) => {
    const [first] = errorsOf(many, inventory(webs(count), { quotas }));
    expect(first?.message).toBe(
      `${count} interfaces (${named}) would carry 5 of 4 groups: 0 kept, and ${set}`,
    );
  });

  test('the numbers are those of the interface that keeps most; each set is an error', () => {
    const keep = ['sg-1', 'sg-2', 'sg-3', 'sg-4'];
    const keeping = { ...many, settings: { ...many.settings, keepSecurityGroups: keep } };
    const other = { ...inWeb('other'), select: { tags: { app: ['other'] } } };
    const i = inventory(
      [
        { name: 'w0', app: 'web' },
        { name: 'w1', app: 'web', groups: ['sg-1', 'sg-2'] },
        { name: 'w2', app: 'web', groups: ['sg-1'] },
        { name: 'o', app: 'other', groups: keep },
        { name: 'x', groups: [...keep, 'sg-flat'] },
      ],
      { quotas, groups: keep.map((id) => group(id, 'vpc-1', { tags: { 'bulkhead:keep': '' } })) },
    );
    const world = { ...keeping, segments: [...keeping.segments, other] };
    expect(errorsOf(world, i).map(({ file, message }) => [file, message])).toEqual([
      [
        'a.yaml',
        `3 interfaces (eni-w0, eni-w1, eni-w2) would carry 7 of 4 groups: 2 kept, and ${set}`,
      ],
      [
        'other.yaml',
        '1 interfaces (eni-o) would carry 5 of 4 groups: 4 kept, and segment:other@vpc-1',
      ],
    ]);
  });

  test('where nothing helps that is said, also of what only waits', () => {
    const one = { groupsPerInterface: 1, rulesPerGroup: 1_000, groupsPerRegion: 100 };
    const two = policy({ segments: [inWeb('a'), inWeb('b')] });
    const i = inventory(webs(1), { quotas: one });
    expect(errorsOf(two, i).map(({ hint }) => hint)).toEqual([
      'take these workloads out of `a` (their rules then no longer hold for them)',
    ]);
    expect(attachmentOf(two, i, 'eni-w0')?.blocked).toEqual({
      reason: 'slots',
      message: 'interface eni-w0 would carry 3 of 1 groups while staged: 1 foreign and 2 of ours',
      hint: 'no single change is enough; put the workload into fewer segments first',
    });
    const kept = { ...two, settings: { ...two.settings, keepSecurityGroups: ['sg-flat'] } };
    expect(errorsOf(kept, i).map(({ hint }) => hint)).toEqual([
      'no single change is enough: put these workloads into fewer segments, and name fewer or larger networks or peers in the costliest rules',
    ]);
  });
});

describe('quotas', () => {
  const quotas = { groupsPerInterface: 5, rulesPerGroup: 3, groupsPerRegion: 2_500 };

  test('more rules than one group takes: a further group, which members carry as well', () => {
    const i = inventory(hosts(), { quotas });
    const rules = [
      rule('cheap', 'web', 'db', ['tcp/1']),
      rule('dear', 'web', 'db', ['tcp/10', 'tcp/20', 'tcp/30']),
    ];
    const { desired, diagnostics } = compile({ ...p, rules }, i);
    expect(diagnostics).toEqual([]);
    const ports = (key: string) =>
      desired.groups.find((group) => group.key === key)?.ingress.map((one) => one.fromPort);
    expect(ports('segment:db@vpc-1')).toEqual([1, 10, 20]);
    expect(ports('surplus:db:2@vpc-1')).toEqual([30]);
    const owned = desired.attachments.map((one) => one.owned.filter((key) => key.includes('db')));
    expect(owned).toContainEqual(['segment:db@vpc-1', 'surplus:db:2@vpc-1']);
    // Nobody's rule names a group that is there for room alone.
    const named = desired.groups.flatMap((group) =>
      [...group.ingress, ...group.egress].flatMap(({ peer }) =>
        peer.kind === 'owned' ? [peer.key] : [],
      ),
    );
    expect(named.filter((key) => key.startsWith('surplus:'))).toEqual([]);
  });

  test('no slots for the further groups: how many of how many, the costliest rules first', () => {
    const i = inventory(hosts(), { quotas: { ...quotas, groupsPerInterface: 2 } });
    const ports = Array.from({ length: 7 }, (_, at) => `tcp/${10 * (at + 1)}`);
    const rules = [rule('cheap', 'web', 'db', ['tcp/1']), rule('dear', 'web', 'db', ports)];
    const { diagnostics } = compile({ ...p, rules }, i);
    const errors = diagnostics.filter((one) => one.severity === 'error');
    expect(errors.map((one) => one.code)).toContain('too-many-groups-on-interface');
    const [first] = errors;
    expect(first?.message).toMatch(/of 2 groups: 0 kept, and .*surplus:/);
    expect(first?.message).toMatch(/the costliest: `dear` 7, `cheap` 1$/);
    expect(first?.hint).toContain('L-0EA8095F');
  });

  test('a prefix list counts its maximum size, in its own family', () => {
    const list = { id: 'pl-1', name: 'mirror', family: 'ipv6' as const, maxEntries: 4 };
    const i = inventory(hosts(), {
      quotas,
      prefixLists: [{ ...list, owner: 'AWS', cidrs: [], tags: {} }],
    });
    const networks = [{ ...networkOf('mirror'), prefixList: 'pl-1' }];
    const { diagnostics } = compile(
      { ...p, networks, rules: [rule('r', 'web', 'mirror', ['tcp/1'])] },
      i,
    );
    expect(diagnostics.map((d) => d.message)).toEqual([
      'segment:web@vpc-1 needs 4 of 3 egress rules for ipv6; the costliest: `r` 4',
    ]);
  });

  test('too many groups in the Region', () => {
    const i = inventory(hosts(), { quotas: { ...quotas, groupsPerRegion: 3 } });
    expect(compile(p, i).diagnostics).toMatchObject([
      {
        severity: 'error',
        code: 'too-many-groups-in-region',
        message: 'the Region would hold 4 of 3 security groups: 1 exist, 3 would be added',
      },
    ]);
  });
});

function networkOf(name: string) {
  const location = { file: 'test.yaml', line: 1, column: 1 };
  return { name, cidrs: [], except: [], includesWorkloads: false, location };
}
