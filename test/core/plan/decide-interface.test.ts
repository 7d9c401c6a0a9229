import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Membership } from '../../../core/model/desired-state.ts';
import {
  decideInterface,
  type InterfaceDecisionInput,
} from '../../../core/plan/decide-interface.ts';

const groupIds = {
  'segment:web@vpc-1': 'sg-web',
  'segment:api@vpc-1': 'sg-api',
  'baseline@vpc-1': 'sg-base',
  'open-egress@vpc-1': 'sg-open',
  'isolation@vpc-1': 'sg-isolation',
};
const blocked = { reason: 'peer does not carry the group', message: 'm', hint: 'h' } as const;

function membership(more: Partial<Membership> = {}): Membership {
  return {
    workload: 'i-1',
    segments: ['web'],
    withheld: [],
    mode: 'enforce',
    openEgress: true,
    conflicts: [],
    carries: ['baseline', 'open-egress', 'segment:web'],
    ...more,
  };
}

const closed = membership({ openEgress: false, carries: ['baseline', 'segment:web'] });
const staged = membership({ mode: 'stage', carries: ['baseline', 'segment:web'] });
const observed = membership({ mode: 'observe', carries: [] });
const nobody = membership({ segments: [], mode: 'observe', carries: [] });

function decide(
  groups: readonly string[],
  more: Partial<Omit<InterfaceDecisionInput, 'interface'>> = {},
) {
  return decideInterface({
    membership: membership(),
    held: false,
    isolate: false,
    interface: { id: 'eni-1', vpc: 'vpc-1', groups },
    groupIds,
    openEgressId: 'sg-open',
    ownedIds: [...Object.values(groupIds), 'sg-old'],
    keep: ['sg-keep'],
    phase: 'steady',
    addOnly: false,
    uninstall: false,
    groupsPerInterface: 5,
    ...more,
  });
}

describe('what an interface ends with', () => {
  test.each([
    {
      name: 'observe: foreign groups as they are',
      groups: ['sg-flat'],
      more: { membership: observed },
      to: ['sg-flat'],
      status: 'observed',
    },
    {
      name: 'observe: ours off, the ledger back',
      groups: ['sg-base', 'sg-web'],
      more: { membership: observed, ledger: ['sg-flat'] },
      to: ['sg-flat'],
      status: 'observed',
    },
    {
      name: 'stage: ours beside the foreign ones',
      groups: ['sg-flat'],
      more: { membership: staged },
      to: ['sg-base', 'sg-flat', 'sg-web'],
      status: 'staged',
    },
    {
      name: 'stage after enforce: the ledger back, open egress off',
      groups: ['sg-base', 'sg-open', 'sg-web'],
      more: { membership: staged, ledger: ['sg-flat'] },
      to: ['sg-base', 'sg-flat', 'sg-web'],
      status: 'staged',
    },
    {
      name: 'enforce: kept and ours',
      groups: ['sg-flat', 'sg-keep'],
      more: {},
      to: ['sg-base', 'sg-keep', 'sg-open', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'enforce: a group that nobody wants any more comes off',
      groups: ['sg-base', 'sg-old', 'sg-open'],
      more: {},
      to: ['sg-base', 'sg-open', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'blocked: as staged',
      groups: ['sg-flat'],
      more: { blocked },
      to: ['sg-base', 'sg-flat', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked but enforced already: not demoted',
      groups: ['sg-base', 'sg-open', 'sg-web'],
      more: { blocked, ledger: ['sg-flat'] },
      to: ['sg-base', 'sg-open', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'blocked while egress is to be closed: it stays open',
      groups: ['sg-base', 'sg-open', 'sg-web'],
      more: { membership: closed, blocked },
      to: ['sg-base', 'sg-open', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked while egress is to be closed, and nobody wants that group any more',
      groups: ['sg-base', 'sg-flat', 'sg-nobodys', 'sg-web'],
      more: {
        ...{ membership: closed, blocked, openEgressId: 'sg-nobodys' },
        ownedIds: ['sg-nobodys'],
      },
      to: ['sg-base', 'sg-flat', 'sg-nobodys', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked but closed already: not opened',
      groups: ['sg-base', 'sg-web'],
      more: { membership: closed, blocked },
      to: ['sg-base', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'blocked: a group that nobody wants any more stays',
      groups: ['sg-base', 'sg-old', 'sg-open'],
      more: { blocked },
      to: ['sg-base', 'sg-old', 'sg-open', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked by what nobody wants any more: egress is opened all the same',
      groups: ['sg-base', 'sg-old', 'sg-web'],
      more: { blocked },
      to: ['sg-base', 'sg-old', 'sg-open', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked beside foreign groups: what nobody wants any more comes off, as while staged',
      groups: ['sg-base', 'sg-flat', 'sg-old'],
      more: { blocked },
      to: ['sg-base', 'sg-flat', 'sg-web'],
      status: 'blocked',
    },
    {
      name: 'blocked, without room for what nobody wants any more',
      groups: ['sg-base', 'sg-keep', 'sg-old', 'sg-open'],
      more: { blocked, groupsPerInterface: 4 },
      to: ['sg-base', 'sg-keep', 'sg-open', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'egress is closed',
      groups: ['sg-base', 'sg-open', 'sg-web'],
      more: { membership: closed },
      to: ['sg-base', 'sg-web'],
      status: 'enforced',
    },
    {
      name: 'held: nothing',
      groups: ['sg-flat', 'sg-old'],
      more: { held: true },
      to: ['sg-flat', 'sg-old'],
      status: 'held',
    },
    {
      name: 'unclassified: as observed',
      groups: ['sg-flat'],
      more: { membership: nobody },
      to: ['sg-flat'],
      status: 'unclassified',
    },
    {
      name: 'unclassified and isolated: kept and isolation',
      groups: ['sg-flat', 'sg-keep'],
      more: { membership: nobody, isolate: true },
      to: ['sg-isolation', 'sg-keep'],
      status: 'unclassified',
    },
    {
      name: 'uninstall: the ledger',
      groups: ['sg-base', 'sg-open', 'sg-web'],
      more: { uninstall: true, ledger: ['sg-a', 'sg-b'] },
      to: ['sg-a', 'sg-b'],
      status: 'unmanaged',
    },
    {
      name: 'uninstall without a ledger: ours off',
      groups: ['sg-flat', 'sg-web'],
      more: { uninstall: true },
      to: ['sg-flat'],
      status: 'unmanaged',
    },
    {
      name: 'uninstall counts more than held',
      groups: ['sg-old'],
      more: { uninstall: true, held: true, ledger: ['sg-flat'] },
      to: ['sg-flat'],
      status: 'unmanaged',
    },
    {
      name: 'no longer managed: as before',
      groups: ['sg-web'],
      more: { managed: false, ledger: ['sg-flat'] },
      to: ['sg-flat'],
      status: 'unmanaged',
    },
    {
      name: 'phase attach: adds only',
      groups: ['sg-flat', 'sg-old'],
      more: { phase: 'attach' },
      to: ['sg-base', 'sg-flat', 'sg-old', 'sg-open', 'sg-web'],
      status: 'staged',
    },
    {
      name: 'phase attach, short of slots: open egress waits',
      groups: ['sg-a', 'sg-b', 'sg-flat'],
      more: { phase: 'attach' },
      to: ['sg-a', 'sg-b', 'sg-base', 'sg-flat', 'sg-web'],
      status: 'staged',
    },
    {
      name: 'gaps: adds only',
      groups: ['sg-flat'],
      more: { addOnly: true },
      to: ['sg-base', 'sg-flat', 'sg-open', 'sg-web'],
      status: 'staged',
    },
  ] as const)('$name', ({ groups, more, to, status }) => {
    const decision = decide(groups, more);
    expect([decision.groups, decision.status]).toEqual([to, status]);
    expect(decision.changed).toBe(groups.join() !== to.join());
  });

  test('foreign groups that move are told, and the role follows from the set', () => {
    const off = decide(['sg-flat', 'sg-keep']);
    expect(off).toMatchObject({ comingOff: ['sg-flat'], goingOn: [], role: 'enforce' });
    const back = decide(['sg-web'], { membership: observed, ledger: ['sg-flat'] });
    expect(back).toMatchObject({ comingOff: [], goingOn: ['sg-flat'], role: 'restore' });
    expect(decide(['sg-flat'], { membership: staged }).role).toBe('restore');
  });

  test('a group that does not exist yet is missing, and until then nothing comes off', () => {
    const { 'segment:web@vpc-1': _, ...rest } = groupIds;
    expect(decide(['sg-api', 'sg-flat'], { groupIds: rest })).toMatchObject({
      groups: ['sg-api', 'sg-base', 'sg-flat', 'sg-open'],
      missing: ['segment:web@vpc-1'],
      status: 'blocked',
      blocked: { reason: 'group does not exist' },
    });
  });

  test('without room nothing changes, and the numbers are told', () => {
    const groups = ['sg-a', 'sg-b', 'sg-c', 'sg-d', 'sg-e'];
    expect(decide(groups, { membership: staged })).toMatchObject({
      groups,
      changed: false,
      status: 'blocked',
      blocked: {
        reason: 'slots',
        message: 'interface eni-1 would carry 7 of 5 groups: 5 foreign and 2 of ours',
      },
    });
  });

  test('an interface that was born on our groups alone keeps them rather than none', () => {
    expect(decide(['sg-web'], { uninstall: true })).toMatchObject({
      groups: ['sg-web'],
      changed: false,
      blocked: { reason: 'would be empty' },
    });
  });

  test('a conflict that leaves nothing to write leaves everything as it is', () => {
    const conflict = membership({
      segments: [],
      withheld: [{ segment: 'web', because: 'two zones' }],
      mode: 'observe',
      conflicts: ['two zones'],
      carries: [],
    });
    expect(decide(['sg-web'], { membership: conflict, ledger: ['sg-flat'] })).toMatchObject({
      groups: ['sg-web'],
      changed: false,
      status: 'conflict',
      conflicts: ['two zones'],
    });
  });
});

test('one that is in conflict and blocked is blocked, and not in conflict alone', () => {
  const torn = membership({ conflicts: ['two zones'] });
  expect(decide(['sg-flat'], { membership: torn })).toMatchObject({ status: 'conflict' });
  expect(decide(['sg-flat'], { membership: torn, blocked })).toMatchObject({
    ...{ groups: ['sg-base', 'sg-flat', 'sg-web'], status: 'blocked', conflicts: ['two zones'] },
  });
});

describe('laws', () => {
  const ids = ['sg-a', 'sg-b', 'sg-flat', 'sg-keep', 'sg-old', ...Object.values(groupIds)];
  const foreign = ['sg-a', 'sg-b', 'sg-flat'];
  const input = fc.record({
    membership: fc.constantFrom(
      membership(),
      membership({ carries: ['segment:api', 'segment:web'], openEgress: false }),
      staged,
      observed,
      nobody,
    ),
    held: fc.constantFrom(false, false, true),
    isolate: fc.boolean(),
    groups: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 6 }),
    ledger: fc.subarray([...foreign, 'sg-keep']),
    phase: fc.constantFrom('attach' as const, 'steady' as const),
    addOnly: fc.constantFrom(false, false, true),
    blocks: fc.boolean(),
    uninstall: fc.constantFrom(false, false, true),
    groupsPerInterface: fc.constantFrom(4, 5, 16),
  });
  type Drawn = typeof input extends fc.Arbitrary<infer T> ? T : never;
  const run = ({ groups, blocks, ...more }: Drawn) =>
    decide(groups, { ...more, ...(blocks ? { blocked } : {}) });
  const law = (name: string, holds: (drawn: Drawn) => void) =>
    test(name, () => fc.assert(fc.property(input, holds), { numRuns: 2_000 }));

  law('attach and gaps never take a group off', (drawn) => {
    if (drawn.phase === 'steady' && !drawn.addOnly) return;
    expect(run(drawn).groups).toEqual(expect.arrayContaining(drawn.groups));
  });

  law('an enforced interface holds no foreign group but kept ones', (drawn) => {
    const { status, groups, role } = run(drawn);
    if (status !== 'enforced') return;
    expect(groups.filter((id) => foreign.includes(id))).toEqual([]);
    expect(role).toBe('enforce');
  });

  law('held never changes, unless by uninstalling', (drawn) => {
    if (!drawn.held || drawn.uninstall) return;
    expect(run(drawn).changed).toBe(false);
  });

  law('deciding again on the result changes nothing', (drawn) => {
    expect(run({ ...drawn, groups: [...run(drawn).groups] }).changed).toBe(false);
  });

  law('the set is never empty and never grows over the limit', (drawn) => {
    const { groups, changed } = run(drawn);
    expect(groups.length).toBeGreaterThan(0);
    if (changed) expect(groups.length).toBeLessThanOrEqual(drawn.groupsPerInterface);
  });

  law('uninstalling in the steady phase gives back the ledger as a set', (drawn) => {
    if (drawn.ledger.length === 0) return;
    const enforcedNow = drawn.groups.filter((id) => !foreign.includes(id) && id !== 'sg-keep');
    const { groups } = run({
      ...drawn,
      groups: enforcedNow.length === 0 ? ['sg-web'] : enforcedNow,
      uninstall: true,
      phase: 'steady',
      addOnly: false,
    });
    expect(groups).toEqual([...drawn.ledger].sort());
  });

  law('foreign groups that move are exactly the difference', (drawn) => {
    const { groups, comingOff, goingOn } = run(drawn);
    const isForeign = (id: string) => foreign.includes(id) || id === 'sg-keep';
    const off = drawn.groups.filter((id) => isForeign(id) && !groups.includes(id));
    expect([...comingOff].sort()).toEqual([...off].sort());
    expect(goingOn).toEqual(groups.filter((id) => isForeign(id) && !drawn.groups.includes(id)));
  });
});
