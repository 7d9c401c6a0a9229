import { describe, expect, test } from 'vitest';
import { GROUP_TAG, OWNER_TAG } from '../../../core/compile/owned-groups.ts';
import type { GroupRule } from '../../../core/model/inventory.ts';
import type { Plan } from '../../../core/model/plan.ts';
import type { Policy } from '../../../core/model/policy.ts';
import { applySteps, type Estate } from '../../properties/apply-steps.ts';
import {
  group,
  type Host,
  inventory,
  OWNER,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import { fresh, idsOf, planFor, publish, START, TWO, webAndDb, withInventory } from './plan-for.ts';

/** The estate with the rules of one group changed by hand. */
function edited(
  estate: Estate,
  id: string,
  change: (rules: readonly GroupRule[]) => GroupRule[],
): Estate {
  const groups = estate.inventory.groups.map((g) =>
    g.id === id ? { ...g, ingress: change(g.ingress) } : g,
  );
  return { ...estate, inventory: { ...estate.inventory, groups } };
}

describe('the steps of a plan', () => {
  test('observing writes nothing', () => {
    expect(planFor(webAndDb('observe'), START)).toMatchObject({
      id: 'plan-7',
      generation: 7,
      base: 6,
      kind: 'publish',
      steps: [],
    });
  });

  test('staging makes groups without default egress, then rules, then attaches', () => {
    expect(idsOf(planFor(webAndDb('stage'), START))).toEqual([
      'create:open-egress@vpc-1',
      'create:segment:db@vpc-1',
      'create:segment:web@vpc-1',
      'revoke-default:segment:db@vpc-1:ipv4',
      'revoke-default:segment:web@vpc-1:ipv4',
      'authorize:open-egress@vpc-1:egress',
      'authorize:segment:db@vpc-1:ingress',
      'authorize:segment:web@vpc-1:egress',
      'attach:eni-d',
      'attach:eni-w',
    ]);
  });

  test('groups that do not exist yet are named by key, and waited for', () => {
    const { steps } = planFor(webAndDb('stage'), START);
    expect(steps.find((step) => step.id === 'attach:eni-d')).toMatchObject({
      from: ['sg-flat'],
      to: ['segment:db@vpc-1', 'sg-flat'],
      after: [
        'authorize:segment:db@vpc-1:ingress',
        'authorize:segment:web@vpc-1:egress',
        'create:segment:db@vpc-1',
        'revoke-default:segment:db@vpc-1:ipv4',
      ],
    });
  });

  test('enforcing after staging is one detach an interface', () => {
    const staged = publish(webAndDb('stage'), START);
    const plan = planFor(webAndDb('enforce'), staged);
    expect(idsOf(plan)).toEqual(['attach:eni-w', 'detach:eni-d', 'detach:eni-w']);
    expect(plan.steps.at(-1)).toMatchObject({
      from: ['sg-flat', 'sg-open-egress@vpc-1', 'sg-segment:web@vpc-1'],
      to: ['sg-open-egress@vpc-1', 'sg-segment:web@vpc-1'],
      after: ['attach:eni-w'],
    });
  });

  test('in a VPC with IPv6 the default egress of that family goes by a step of its own', () => {
    const dual = { ...START.inventory, vpcs: [vpc('vpc-1', { ipv6: ['2001:db8::/56'] })] };
    expect(idsOf(planFor(webAndDb('stage'), fresh(dual)))).toContain(
      'revoke-default:segment:db@vpc-1:ipv6',
    );
  });

  test('a renamed segment: new group, both attached, old one detached, emptied and deleted', () => {
    const before = policy({
      segments: [segment('old', { select: { tags: { app: ['web'] } }, egress: 'closed' })],
    });
    const after = policy({
      segments: [segment('new', { select: { tags: { app: ['web'] } }, egress: 'closed' })],
    });
    expect(idsOf(planFor(after, publish(before, START)))).toEqual([
      'create:segment:new@vpc-1',
      'revoke-default:segment:new@vpc-1:ipv4',
      'attach:eni-w',
      'detach:eni-w',
      'delete:segment:old@vpc-1',
    ]);
  });

  test('a rename costs two writes a member and four a peer that it sends to and receives from', () => {
    const named = (name: string): Policy =>
      policy({
        segments: [
          segment(name, { select: { tags: { app: ['web'] } }, egress: 'closed' }),
          segment('db', { egress: 'closed' }),
        ],
        rules: [rule('to', name, 'db', ['tcp/1']), rule('from', 'db', name, ['tcp/2'])],
      });
    const [members, peers] = [3, 1];
    const hosts = Array.from({ length: members }, (_, at) => ({ name: `w${at}`, app: 'web' }));
    const settled = publish(named('old'), fresh(inventory([{ name: 'd', app: 'db' }, ...hosts])));
    // Beside those: make, clear and fill the new group (4), empty and delete the old one (3).
    expect(planFor(named('new'), settled).steps).toHaveLength(2 * members + 4 * peers + 7);
  });

  test('a rule that goes is revoked after every attach and detach, on both sides', () => {
    const enforced = publish(webAndDb('enforce', ['tcp/5432', 'tcp/9000']), START);
    const plan = planFor(webAndDb('enforce'), enforced);
    expect(idsOf(plan)).toEqual([
      'revoke:segment:db@vpc-1:ingress',
      'revoke:segment:web@vpc-1:egress',
    ]);
  });

  test('hand edits to our groups are reverted', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const foreign: GroupRule = {
      protocol: 6,
      fromPort: 22,
      toPort: 22,
      peer: { kind: 'ipv4', cidr: '0.0.0.0/0' },
    };
    const added = edited(enforced, 'sg-segment:db@vpc-1', (rules) => [...rules, foreign]);
    expect(planFor(webAndDb('enforce'), added).steps).toMatchObject([
      { kind: 'revoke', phase: 'revoke', rules: [foreign] },
    ]);
    const removed = edited(enforced, 'sg-segment:db@vpc-1', () => []);
    expect(idsOf(planFor(webAndDb('enforce'), removed))).toEqual([
      'authorize:segment:db@vpc-1:ingress',
    ]);
  });

  test('a group left by a plan that died loses its default egress before it is attached', () => {
    const { steps } = planFor(webAndDb('stage'), START);
    const died = applySteps(START, steps.slice(0, 3));
    const again = idsOf(planFor(webAndDb('stage'), died));
    expect(again.indexOf('revoke-early:segment:web@vpc-1:egress')).toBeLessThan(
      again.indexOf('attach:eni-w'),
    );
    expect(again).toContain('revoke-early:segment:web@vpc-1:egress');
  });

  test('only where the rule quota forces it is a rule revoked first, and one that nothing replaces', () => {
    const quotas = { groupsPerInterface: 5, rulesPerGroup: 3, groupsPerRegion: 2_500 };
    const small = fresh(inventory(TWO, { quotas }));
    const enforced = publish(webAndDb('enforce', ['tcp/10', 'tcp/20', 'tcp/30']), small);
    const plan = planFor(webAndDb('enforce', ['tcp/10', 'tcp/20', 'tcp/30-31']), enforced);
    expect(idsOf(plan).filter((id) => id.startsWith('revoke-early'))).toHaveLength(2);
    const roomy = {
      ...enforced,
      inventory: { ...enforced.inventory, quotas: { ...quotas, rulesPerGroup: 4 } },
    };
    expect(idsOf(planFor(webAndDb('enforce', ['tcp/10', 'tcp/20', 'tcp/30-31']), roomy))).toEqual([
      'authorize:segment:db@vpc-1:ingress',
      'authorize:segment:web@vpc-1:egress',
      'revoke:segment:db@vpc-1:ingress',
      'revoke:segment:web@vpc-1:egress',
    ]);
    const one = planFor(webAndDb('enforce', ['tcp/10', 'tcp/30-31', 'tcp/40']), roomy);
    expect(one.steps.find((s) => s.id === 'revoke-early:segment:db@vpc-1:ingress')).toMatchObject({
      phase: 'create',
      rules: [{ fromPort: 20 }],
    });
  });
});

describe('a rule that comes while its group is full', () => {
  const quotas = { groupsPerInterface: 5, rulesPerGroup: 3, groupsPerRegion: 2_500 };
  const small = fresh(inventory(TWO, { quotas }));
  const before = publish(webAndDb('enforce', ['tcp/10', 'tcp/20', 'tcp/30']), small);

  test('goes into a further group; the ones that are there stay, and nothing is revoked', () => {
    // It sorts before all others.
    const after = webAndDb('enforce', ['tcp/1', 'tcp/10', 'tcp/20', 'tcp/30']);
    const plan = planFor(after, before);
    expect(idsOf(plan).filter((id) => /^(revoke|authorize)/.test(id))).toEqual([
      'revoke-default:surplus:db:2@vpc-1:ipv4',
      'revoke-default:surplus:web:2@vpc-1:ipv4',
      'authorize:surplus:db:2@vpc-1:ingress',
      'authorize:surplus:web:2@vpc-1:egress',
    ]);
    expect(plan.warnings).toEqual([]);
    expect(idsOf(planFor(after, applySteps(before, plan.steps)))).toEqual([]);
  });

  test('a further group goes when the first has room for all, and not before that holds them', () => {
    const full = publish(webAndDb('enforce', ['tcp/1', 'tcp/10', 'tcp/20', 'tcp/30']), before);
    const less = webAndDb('enforce', ['tcp/1', 'tcp/10', 'tcp/30']);
    const plan = planFor(less, full);
    expect(plan.warnings).toEqual([
      expect.stringMatching(
        /^1 egress rule of segment:web@vpc-1 must be revoked before .* \(3 rules/,
      ),
      expect.stringMatching(/^1 ingress rule of segment:db@vpc-1 must be revoked before/),
    ]);
    const end = applySteps(full, plan.steps);
    expect(end.inventory.groups.filter((g) => g.name.includes('/rules-'))).toEqual([]);
    expect(idsOf(planFor(less, end))).toEqual([]);
  });
});

describe('what a plan leaves alone', () => {
  test('foreign groups and those of another deployment', () => {
    const theirs = group('sg-theirs', 'vpc-1', {
      tags: { [OWNER_TAG]: 'Other', [GROUP_TAG]: 'segment:web@vpc-1' },
    });
    const estate = fresh(inventory(TWO, { groups: [theirs] }));
    const { steps } = planFor(webAndDb('enforce'), estate, { kind: 'uninstall' });
    expect(steps).toEqual([]);
  });

  test('a group that a held workload keeps, with its rules', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const gone = policy({ segments: [segment('db', { egress: 'closed' })] });
    const plan = planFor(gone, enforced, { held: new Set(['i-w']) });
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toContainEqual(expect.stringContaining('group segment:web@vpc-1 stays'));
  });

  test('a group that a foreign rule names, which is said', () => {
    const staged = publish(webAndDb('stage'), START);
    const names = group('sg-foreign', 'vpc-1', {
      ingress: [
        {
          protocol: 6,
          fromPort: 1,
          toPort: 1,
          peer: { kind: 'group', id: 'sg-segment:web@vpc-1' },
        },
      ],
    });
    const i = { ...staged.inventory, groups: [...staged.inventory.groups, names] };
    const plan = planFor(webAndDb('observe'), { ...staged, inventory: i });
    expect(idsOf(plan)).not.toContain('delete:segment:web@vpc-1');
    expect(idsOf(plan)).toContain('delete:segment:db@vpc-1');
    expect(plan.warnings).toContain(
      'group segment:web@vpc-1 stays: a rule of foreign group sg-foreign names it',
    );
  });

  test('with gaps in the inventory nothing is removed, and the gap is named', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const gaps = [{ kind: 'interfaces', reason: 'RequestLimitExceeded' }];
    const plan = planFor(policy({}), { ...enforced, inventory: { ...enforced.inventory, gaps } });
    expect(plan).toMatchObject({ addOnly: true, steps: [] });
    expect(plan.warnings[0]).toContain('interfaces (RequestLimitExceeded)');
  });

  test('an interface that we may not write, and the group it was born in', () => {
    const born = group('sg-own', 'vpc-1', {
      tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: 'segment:web@vpc-1' },
    });
    const host: Host = { name: 'w', app: 'web', control: 'alias', groups: ['sg-flat', 'sg-own'] };
    const plan = planFor(policy({}), fresh(inventory([host], { groups: [born] })));
    expect(plan.steps).toEqual([]);
  });

  test('but not a ledger that nobody came to put back', () => {
    const stranded = fresh(
      inventory([{ name: 'w', app: 'web', groups: ['sg-other'] }], {
        groups: [group('sg-other', 'vpc-1')],
      }),
    );
    const plan = planFor(webAndDb('observe'), { ...stranded, ledger: { 'eni-w': ['sg-flat'] } });
    expect(plan.steps).toMatchObject([{ id: 'attach:eni-w', to: ['sg-flat', 'sg-other'] }]);
  });

  test('a ledger that names a group which is gone restores the rest, and says so', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const ledger = { 'eni-w': ['sg-flat', 'sg-gone'] };
    const plan = planFor(webAndDb('enforce'), { ...enforced, ledger }, { kind: 'uninstall' });
    expect(plan.warnings).toContain('the ledger of eni-w names sg-gone, which no longer exists');
    expect(plan.steps.find((s) => s.id === 'detach:eni-w')).toMatchObject({ to: ['sg-flat'] });
  });

  test('nor the ledger of an interface that is gone, of which nothing is said', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const ledger = { ...enforced.ledger, 'eni-gone': ['sg-gone'] };
    const plan = planFor(webAndDb('enforce'), { ...enforced, ledger });
    expect([plan.steps, plan.warnings]).toEqual([[], []]);
  });

  test('in an inventory with gaps a group of the ledger may be there all the same', () => {
    const gaps = [{ kind: 'SecurityGroups', reason: 'RequestLimitExceeded' }];
    const enforced = withInventory(publish(webAndDb('enforce'), START), { gaps });
    const ledger = { 'eni-w': ['sg-gone'] };
    const plan = planFor(webAndDb('enforce'), { ...enforced, ledger }, { kind: 'uninstall' });
    expect(plan.steps).toMatchObject([
      { id: 'attach:eni-w', to: ['sg-gone', 'sg-open-egress@vpc-1', 'sg-segment:web@vpc-1'] },
    ]);
    expect(plan.warnings.filter((one) => one.includes('no longer exists'))).toEqual([]);
  });

  test('a blocked workload stays staged, and the plan says why', () => {
    const blocked = webAndDb('enforce');
    const segments = blocked.segments.map((s) =>
      s.name === 'db' ? { ...s, mode: 'observe' as const } : s,
    );
    const staged = publish({ ...blocked, segments }, START);
    const nic = staged.inventory.interfaces.find((n) => n.id === 'eni-w');
    expect(nic?.groups).toEqual(['sg-flat', 'sg-segment:web@vpc-1']);
    expect(planFor({ ...blocked, segments }, staged).warnings).toEqual([
      expect.stringContaining('1 workload (i-w) blocked: peer does not carry the group'),
    ]);
  });

  test('a demotion names who enforces already and loses the flows with who is demoted', () => {
    const enforced = publish(webAndDb('enforce'), START);
    const segments = webAndDb('enforce').segments.map((s) =>
      s.name === 'db' ? { ...s, mode: 'observe' as const } : s,
    );
    const plan = planFor({ ...webAndDb('enforce'), segments }, enforced);
    expect(plan.warnings).toEqual([
      '1 workload (i-w) enforced already, and the rules with this peer let nothing through: peer does not carry the group: 1 running member of peer `db` does not carry its group: i-d (the segment is observed); stage or adopt the peer first',
    ]);
  });
});

describe('uninstalling', () => {
  test('puts the foreign groups back before ours come off, and leaves none of ours', () => {
    const enforced = publish(webAndDb('enforce'), START);
    expect(enforced.ledger).toEqual({ 'eni-d': ['sg-flat'], 'eni-w': ['sg-flat'] });
    const plan = planFor(webAndDb('enforce'), enforced, { kind: 'uninstall' });
    expect(plan.steps.map((step) => step.phase)).toEqual([
      'attach',
      'attach',
      'detach',
      'detach',
      'revoke',
      'revoke',
      'revoke',
      'delete',
      'delete',
      'delete',
    ]);
    expect(applySteps(enforced, plan.steps)).toEqual(START);
  });

  test('a group whose interface has nothing to go back to stays', () => {
    const born = fresh(
      inventory([{ name: 'w', app: 'web', groups: ['sg-own'] }], {
        groups: [
          group('sg-own', 'vpc-1', {
            tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: 'segment:web@vpc-1' },
          }),
        ],
      }),
    );
    const plan = planFor(webAndDb('enforce'), born, { kind: 'uninstall' });
    expect(plan.steps).toEqual([]);
    expect(plan.warnings.join()).toContain('would be empty');
  });
});

describe('change guard', () => {
  const fleet = (name: string, count: number): Host[] =>
    Array.from({ length: count }, (_, at) => ({ name: `${name}${at}`, app: name }));
  const forty = fresh(inventory([...fleet('web', 30), ...fleet('db', 10)]));
  const finding = (plan: Plan, name: string) => plan.guard.find((f) => f.segment === name);

  test('staging passes, enforcing for the first time does not', () => {
    expect(finding(planFor(webAndDb('stage'), forty), '*')).toEqual({
      segment: '*',
      changed: 0,
      members: 40,
      share: 0,
      limit: 0.2,
      exceeded: false,
    });
    const enforce = planFor(webAndDb('enforce'), publish(webAndDb('stage'), forty));
    expect(finding(enforce, '*')).toMatchObject({ changed: 40, members: 40, exceeded: true });
    expect(finding(enforce, 'db')).toMatchObject({ changed: 10, members: 10, exceeded: true });
  });

  test('exactly the share still passes; a segment can exceed it where the estate does not', () => {
    const small = fresh(inventory([...fleet('web', 8), ...fleet('db', 2)]));
    const staged = publish(webAndDb('stage'), small);
    const p = webAndDb('stage');
    const enforceDb = {
      ...p,
      segments: p.segments.map((s) => (s.name === 'db' ? { ...s, mode: 'enforce' as const } : s)),
    };
    const plan = planFor(enforceDb, staged);
    expect(finding(plan, '*')).toMatchObject({ share: 0.2, exceeded: false });
    expect(finding(plan, 'db')).toMatchObject({ share: 1, exceeded: true });
    expect(finding(plan, 'web')).toBeUndefined();
  });

  test('demotion and uninstalling count', () => {
    const enforced = publish(webAndDb('enforce'), forty);
    expect(finding(planFor(webAndDb('stage'), enforced), '*')).toMatchObject({ exceeded: true });
    const removal = planFor(webAndDb('enforce'), enforced, { kind: 'uninstall' });
    expect(finding(removal, '*')).toMatchObject({ changed: 40, exceeded: true });
  });

  test('a rule that narrows what enforced members may do counts, a wider one does not', () => {
    const enforced = publish(webAndDb('enforce', ['tcp/10-20']), forty);
    expect(finding(planFor(webAndDb('enforce', ['tcp/10-15']), enforced), '*')).toMatchObject({
      changed: 40,
    });
    expect(finding(planFor(webAndDb('enforce', ['tcp/10-30']), enforced), '*')).toMatchObject({
      changed: 0,
    });
  });

  test('not for members who are staged, since what they had stays open', () => {
    const staged = publish(webAndDb('stage', ['tcp/10-20']), forty);
    const narrower = planFor(webAndDb('stage', ['tcp/10-15']), staged);
    expect(idsOf(narrower)).toContain('revoke:segment:db@vpc-1:ingress');
    expect(finding(narrower, '*')).toMatchObject({ changed: 0, members: 40 });
  });

  test('one of several rules that covers an old one is enough', () => {
    const enforced = publish(webAndDb('enforce', ['tcp/10-20']), forty);
    const plan = planFor(webAndDb('enforce', ['tcp/10-30', 'tcp/99']), enforced);
    expect(idsOf(plan)).toContain('revoke:segment:db@vpc-1:ingress');
    expect(finding(plan, '*')).toMatchObject({ changed: 0 });
  });

  test('stopped workloads do not count', () => {
    const stopped = fresh(inventory([{ name: 'w', app: 'web', state: 'stopped' }]));
    expect(finding(planFor(webAndDb('enforce'), stopped), '*')).toBeUndefined();
    const half = fresh(inventory([...TWO, { name: 'w2', app: 'web', state: 'stopped' }]));
    expect(finding(planFor(webAndDb('enforce'), half), 'web')).toMatchObject({ members: 1 });
  });
});
