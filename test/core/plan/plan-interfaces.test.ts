import { describe, expect, test } from 'vitest';
import type { DesiredAttachment, Membership } from '../../../core/model/desired-state.ts';
import type { Control, Inventory } from '../../../core/model/inventory.ts';
import { DEFAULT_QUOTAS } from '../../../core/model/inventory.ts';
import { decideInterface } from '../../../core/plan/decide-interface.ts';
import { type InterfacePlanInput, planInterfaces } from '../../../core/plan/plan-interfaces.ts';

const GROUP_IDS = {
  'segment:web@vpc-1': 'sg-web',
  'baseline@vpc-1': 'sg-base',
  'open-egress@vpc-1': 'sg-open',
  'isolation@vpc-1': 'sg-isolation',
};
const OURS = Object.values(GROUP_IDS);
const NO_PEER = { reason: 'peer does not carry the group', message: 'm', hint: 'h' } as const;

function membership(more: Partial<Membership> = {}): Membership {
  return {
    ...{ workload: 'i-1', segments: ['web'], withheld: [], mode: 'enforce', openEgress: true },
    ...{ conflicts: [], carries: ['baseline', 'open-egress', 'segment:web'] },
    ...more,
  } as Membership;
}

type Decision = Parameters<typeof decideInterface>[0];

function decide(groups: readonly string[], more: Partial<Decision> = {}) {
  return decideInterface({
    ...{ membership: membership(), held: false, isolate: false, groupIds: GROUP_IDS },
    ...{ interface: { id: 'eni-1', vpc: 'vpc-1', groups }, ownedIds: OURS, keep: ['sg-keep'] },
    ...{ phase: 'steady', addOnly: false, uninstall: false, groupsPerInterface: 5 },
    ...more,
  });
}

/** As a record of an older kind has it: what it carries is not said. */
function unsaid(more: Partial<Membership> = {}): Membership {
  const { carries: _, ...rest } = membership(more);
  return rest;
}

describe('groups of a membership that does not say what it carries', () => {
  const groupsOf = (m: Membership, groupIds: Record<string, string> = GROUP_IDS) =>
    decide(['sg-web'], { membership: m, groupIds }).groups;

  test.each([
    ['open egress only where it enforces and says so', unsaid(), ['sg-base', 'sg-open', 'sg-web']],
    ['not where egress is closed', unsaid({ openEgress: false }), ['sg-base', 'sg-web']],
    ['not while it is staged', unsaid({ mode: 'stage' }), ['sg-base', 'sg-web']],
  ])('%s', (_, given, groups) => {
    expect(groupsOf(given)).toEqual(groups);
  });

  test('the baseline only where its group exists', () => {
    const without = { 'segment:web@vpc-1': 'sg-web' };
    const found = decide(['sg-web'], { membership: unsaid({ mode: 'stage' }), groupIds: without });
    expect(found).toMatchObject({ groups: ['sg-web'], missing: [], status: 'staged' });
  });
});

describe('what is said to be missing', () => {
  const none = { groupIds: {}, ownedIds: [] };

  test.each([
    ['held', { held: true }],
    ['an uninstall', { uninstall: true }],
    ['a VPC that is not managed', { managed: false }],
    ['observed', { membership: membership({ mode: 'observe', carries: ['segment:web'] }) }],
    ['unclassified', { membership: membership({ segments: [] }) }],
  ])('nothing for %s, which gets no group', (_, more) => {
    expect(decide(['sg-flat'], { ...none, ...more }).missing).toEqual([]);
  });

  test('one group and several, by name', () => {
    const one = decide(['sg-flat'], {
      ...none,
      membership: membership({ carries: ['segment:web'] }),
    });
    expect(one.blocked?.message).toBe('segment:web@vpc-1 is not there yet');
    const two = membership({ carries: ['segment:api', 'segment:web'] });
    expect(decide(['sg-flat'], { ...none, membership: two }).blocked?.message).toBe(
      'segment:api@vpc-1, segment:web@vpc-1 are not there yet',
    );
  });
});

describe('what stands in the way', () => {
  const all = ['sg-base', 'sg-keep', 'sg-open', 'sg-web'];

  test('blocks nobody who has only kept groups left', () => {
    expect(decide(all, { blocked: NO_PEER })).toMatchObject({ status: 'enforced', groups: all });
  });

  test('leaves open egress on who has it already', () => {
    const now = ['sg-base', 'sg-flat', 'sg-open', 'sg-web'];
    expect(decide(now, { blocked: NO_PEER })).toMatchObject({ status: 'blocked', groups: now });
  });

  test('an enforced workload stays enforced while the others attach', () => {
    expect(decide(all, { phase: 'attach' }).status).toBe('enforced');
    expect(decide([...all, 'sg-flat'], { phase: 'attach' }).status).toBe('staged');
  });

  test('one segment withheld for each that is not is no lack of segments', () => {
    const withheld = [{ segment: 'api', because: 'guardrail' }];
    const found = decide(['sg-flat'], { membership: membership({ withheld }) });
    expect(found.status).toBe('enforced');
  });

  test('a set beyond the quota is no fault of a workload that keeps it', () => {
    const six = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5', 'sg-6'];
    expect(decide(six, { held: true }).blocked).toBeUndefined();
  });

  test('a lack of slots is told before a conflict, which its membership names', () => {
    const groups = ['sg-1', 'sg-2', 'sg-3', 'sg-4'];
    const staged = membership({ mode: 'stage', carries: ['baseline', 'segment:web'] });
    expect(decide(groups, { membership: staged }).status).toBe('blocked');
    const torn = { ...staged, conflicts: ['two zones'] };
    const found = decide(groups, { membership: torn });
    expect(found).toMatchObject({ status: 'blocked', blocked: { reason: 'slots' } });
    expect(found.conflicts).toEqual(['two zones']);
  });
});

describe('a decision', () => {
  test('is told whole', () => {
    expect(decide(['sg-flat', 'sg-keep'])).toStrictEqual({
      ...{ groups: ['sg-base', 'sg-keep', 'sg-open', 'sg-web'], changed: true, role: 'enforce' },
      ...{ comingOff: ['sg-flat'], goingOn: [], status: 'enforced', missing: [], conflicts: [] },
    });
  });

  test('takes the further groups of a segment with its own', () => {
    const groupIds = { ...GROUP_IDS, 'surplus:web:2@vpc-1': 'sg-web2' };
    const found = decide(['sg-flat'], { groupIds, ownedIds: Object.values(groupIds) });
    expect(found.groups).toEqual(['sg-base', 'sg-open', 'sg-web', 'sg-web2']);
  });

  test('keeps its status while others attach, unless that would be enforced too early', () => {
    const alone = { membership: membership({ segments: [], carries: [] }), isolate: true };
    expect(decide(['sg-flat'], { ...alone, phase: 'attach' })).toMatchObject({
      ...{ status: 'unclassified', groups: ['sg-flat', 'sg-isolation'] },
    });
    const torn = membership({ conflicts: ['two zones'] });
    expect(decide(['sg-flat'], { membership: torn, phase: 'attach' }).status).toBe('conflict');
  });

  const five = ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5'];
  const slots = {
    reason: 'slots',
    message: 'interface eni-1 would carry 6 of 5 groups: 5 foreign and 1 of ours',
    hint: 'take foreign groups off it, put the workload into fewer segments, or raise the quota L-2AFB9258 (16 at most)',
  };
  const stage = membership({ mode: 'stage', carries: ['segment:web'] });

  test.each([
    ['no room', five, { membership: stage }, 'blocked', slots],
    [
      'no room for what one that is held has joined',
      five,
      { held: true, joins: ['segment:web'] },
      'held',
      slots,
    ],
    [
      'nothing to go back to',
      ['sg-web'],
      { uninstall: true },
      'unmanaged',
      {
        reason: 'would be empty',
        message: 'interface eni-1 has no group to go back to',
        hint: 'attach a group of your own to it; the ones of Bulkhead then come off',
      },
    ],
    [
      'a group that is not there',
      ['sg-flat'],
      { groupIds: {}, membership: stage },
      'blocked',
      {
        reason: 'group does not exist',
        message: 'segment:web@vpc-1 is not there yet',
        hint: 'publish the policy again; publishing makes the groups that its segments need',
      },
    ],
  ])(
    'changes nothing for want of something, and says what to do: %s',
    (_, groups, more, status, why) => {
      expect(decide(groups, more)).toMatchObject({ groups, changed: false, status, blocked: why });
    },
  );
});

interface Nic {
  readonly id: string;
  readonly groups: readonly string[];
  readonly state?: string;
  readonly control?: Control;
  readonly ledger?: readonly string[];
  /** Of what the policy asks for; `none` is nothing at all. */
  readonly attachment?: Partial<DesiredAttachment> | 'none';
  readonly membership?: Partial<Membership> | 'none';
}

/** One workload for each interface, of the same name. */
function planAll(nics: readonly Nic[], more: Partial<InterfacePlanInput> = {}) {
  return planInterfaces({
    inventory: {
      interfaces: nics.map(({ id, groups }) => ({ id, groups, workload: id, vpc: 'vpc-1' })),
      workloads: nics.map(({ id, state = 'running', control = 'attach' }) => ({
        ...{ identity: { workload: id }, control, state },
      })),
      quotas: DEFAULT_QUOTAS,
    } as unknown as Inventory,
    desired: {
      ...{ groups: [], blockedSegments: {} },
      memberships: nics.flatMap(({ id, membership: one = {} }) =>
        one === 'none' ? [] : [membership({ ...one, workload: id })],
      ),
      attachments: nics.flatMap(({ id, attachment = {} }) => {
        if (attachment === 'none') return [];
        const asked = { interface: id, workload: id, vpc: 'vpc-1', mode: 'enforce' as const };
        return [{ ...asked, owned: [], ...attachment }];
      }),
    },
    ledger: Object.fromEntries(
      nics.flatMap(({ id, ledger }) => (ledger === undefined ? [] : [[id, ledger]])),
    ),
    ...{ held: new Set<string>(), keep: ['sg-keep'], managed: new Set(['vpc-1']) },
    ...{ groupIds: GROUP_IDS, openEgressIds: {}, ours: new Set(OURS) },
    ...{ uninstall: false, addOnly: false },
    ...more,
  });
}

describe('planInterfaces', () => {
  test('plans by id, and nothing of what is terminated', () => {
    const plans = planAll([
      { id: 'eni-c', groups: ['sg-flat'] },
      { id: 'eni-a', groups: ['sg-flat'] },
      { id: 'eni-d', groups: ['sg-flat'], state: 'terminated' },
      { id: 'eni-b', groups: ['sg-flat'] },
    ]);
    expect(plans.map(({ nic }) => nic.id)).toEqual(['eni-a', 'eni-b', 'eni-c']);
  });

  test('makes before it breaks, or swaps in one write where slots are too few', () => {
    const [roomy, full] = planAll([
      { id: 'eni-a', groups: ['sg-flat'] },
      { id: 'eni-b', groups: ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5'] },
    ]);
    expect(roomy).toMatchObject({ swaps: false, loosensOrTightens: true });
    expect(roomy?.attach?.to).toEqual(['sg-base', 'sg-flat', 'sg-open', 'sg-web']);
    expect(roomy?.detach?.from).toEqual(roomy?.attach?.to);
    expect(full).toMatchObject({ swaps: true, final: ['sg-base', 'sg-open', 'sg-web'] });
    expect(full?.attach).toBeUndefined();
  });

  test('who is as he should be has no step, whatever the order of his groups', () => {
    const [plan] = planAll([{ id: 'eni-a', groups: ['sg-web', 'sg-open', 'sg-base'] }]);
    expect(plan).toMatchObject({ swaps: false, loosensOrTightens: false });
    expect(plan?.final).toEqual(['sg-base', 'sg-open', 'sg-web']);
    expect(plan?.attach ?? plan?.detach).toBeUndefined();
  });

  test('getting foreign groups back counts, getting ours alone does not', () => {
    const observe = { mode: 'observe', carries: [] } as const;
    const stage = { mode: 'stage', carries: ['segment:web'] } as const;
    const plans = planAll([
      { id: 'eni-a', groups: ['sg-flat'], ledger: ['sg-old'], membership: observe },
      { id: 'eni-b', groups: ['sg-flat'], membership: stage },
    ]);
    expect(plans.map((plan) => plan.loosensOrTightens)).toEqual([true, false]);
    expect(plans.map((plan) => plan.final)).toEqual([
      ['sg-flat', 'sg-old'],
      ['sg-flat', 'sg-web'],
    ]);
  });

  test('a step says what its interface is blocked for', () => {
    const [blocked, free] = planAll([
      { id: 'eni-a', groups: ['sg-flat'], attachment: { blocked: NO_PEER } },
      { id: 'eni-b', groups: ['sg-flat'] },
    ]);
    expect(blocked?.attach?.blocked).toEqual(NO_PEER);
    expect(blocked?.detach).toBeUndefined();
    expect(free?.attach).not.toHaveProperty('blocked');
  });

  test('plans what the policy, the ledger or a group of ours concerns, and nothing else', () => {
    const groups = ['sg-flat'];
    const plans = planAll([
      { id: 'eni-a', groups, attachment: 'none' },
      { id: 'eni-b', groups: ['sg-flat', 'sg-web'], attachment: 'none' },
      { id: 'eni-c', groups, attachment: 'none', ledger: [] },
      { id: 'eni-d', groups },
      { id: 'eni-e', groups, control: 'alias' },
    ]);
    expect(plans.map(({ nic }) => nic.id)).toEqual(['eni-b', 'eni-c', 'eni-d']);
  });

  test('who is in no segment gets back what the ledger has', () => {
    const [plan] = planAll([
      {
        ...{ id: 'eni-a', groups: ['sg-web'], ledger: ['sg-flat'] },
        ...{ attachment: 'none', membership: 'none' },
      },
    ]);
    expect(plan?.steady).toEqual({
      ...{ groups: ['sg-flat'], changed: true, comingOff: [], goingOn: [], role: 'restore' },
      ...{ status: 'unclassified', missing: [], conflicts: [] },
    });
    expect(plan?.attach?.to).toEqual(['sg-flat', 'sg-web']);
    expect(plan?.detach).toMatchObject({ from: ['sg-flat', 'sg-web'], to: ['sg-flat'] });
  });

  test('isolates whoever is to carry the group of isolation, and nobody else', () => {
    const nic = { groups: ['sg-flat'], membership: { segments: [], carries: [] } };
    const plans = planAll([
      { ...nic, id: 'eni-a', attachment: { owned: ['isolation@vpc-1'] } },
      { ...nic, id: 'eni-b', attachment: { owned: ['isolation@vpc-2'] } },
    ]);
    expect(plans.map(({ final }) => final)).toEqual([['sg-isolation'], ['sg-flat']]);
  });

  test('attaches what it can where the last group finds no room, and says so', () => {
    const keep = ['sg-1', 'sg-2', 'sg-3'];
    const [plan] = planAll([{ id: 'eni-a', groups: keep }], { keep });
    const most = ['sg-1', 'sg-2', 'sg-3', 'sg-base', 'sg-web'];
    expect(plan).toMatchObject({ final: most, swaps: false, loosensOrTightens: false });
    expect(plan?.attach?.to).toEqual(most);
    expect(plan?.detach).toBeUndefined();
    expect(plan?.steady).toMatchObject({ status: 'blocked', blocked: { reason: 'slots' } });
  });
});
