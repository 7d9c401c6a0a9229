import { describe, expect, test } from 'vitest';
import type { PlanStep } from '../../../core/model/plan.ts';
import type { Estate } from '../../properties/apply-steps.ts';
import { group, type Host, inventory, policy, segment } from '../../properties/builders.ts';
import {
  fresh,
  planFor,
  publish,
  START,
  stepOf,
  TWO,
  webAndDb,
  withInventory,
} from './plan-for.ts';

/** The estate as it is, where a group may hold so many rules. */
function withRuleQuota(estate: Estate, rulesPerGroup: number): Estate {
  return withInventory(estate, { quotas: { ...estate.inventory.quotas, rulesPerGroup } });
}

function portsOf(step: PlanStep | undefined): readonly number[] {
  return step !== undefined && 'rules' in step ? step.rules.map((one) => one.fromPort) : [];
}

const INGRESS = 'segment:db@vpc-1:ingress';

describe('rules that must go before others fit', () => {
  const published = publish(webAndDb('enforce', ['tcp/10-20', 'tcp/30']), START);

  test('are none where the quota has room', () => {
    const plan = planFor(webAndDb('enforce', ['tcp/10-25', 'tcp/40']), published);
    expect(stepOf(plan, `revoke-early:${INGRESS}`)).toBeUndefined();
    expect(portsOf(stepOf(plan, `revoke:${INGRESS}`))).toEqual([10, 30]);
  });

  test('are as few as the quota asks for, first the one that no new rule takes over', () => {
    const plan = planFor(webAndDb('enforce', ['tcp/10-25', 'tcp/40']), withRuleQuota(published, 3));
    const early = stepOf(plan, `revoke-early:${INGRESS}`);
    expect(early?.phase).toBe('create');
    expect(portsOf(early)).toEqual([30]);
    expect(portsOf(stepOf(plan, `revoke:${INGRESS}`))).toEqual([10]);
    expect(stepOf(plan, `authorize:${INGRESS}`)?.after).toContain(`revoke-early:${INGRESS}`);
  });

  test('are all where nothing else fits', () => {
    const plan = planFor(webAndDb('enforce', ['tcp/10-25', 'tcp/40']), withRuleQuota(published, 2));
    expect(portsOf(stepOf(plan, `revoke-early:${INGRESS}`))).toEqual([10, 30]);
    expect(stepOf(plan, `revoke:${INGRESS}`)).toBeUndefined();
  });

  test('are none where nothing new comes, even beyond the quota', () => {
    const plan = planFor(webAndDb('enforce', ['tcp/30']), withRuleQuota(published, 1));
    expect(stepOf(plan, `revoke-early:${INGRESS}`)).toBeUndefined();
    expect(portsOf(stepOf(plan, `revoke:${INGRESS}`))).toEqual([10]);
  });
});

describe('what a step waits for', () => {
  test('rules wait for the groups that they stand on and name', () => {
    const plan = planFor(webAndDb('enforce', ['tcp/1']), START);
    expect(stepOf(plan, `authorize:${INGRESS}`)?.after).toEqual([
      'create:segment:db@vpc-1',
      'create:segment:web@vpc-1',
    ]);
    const wider = planFor(
      webAndDb('enforce', ['tcp/1', 'tcp/2']),
      publish(webAndDb('enforce', ['tcp/1']), START),
    );
    expect(stepOf(wider, `authorize:${INGRESS}`)?.after).toEqual([]);
  });

  test('rules and groups go after the interfaces that they served', () => {
    const staged = publish(webAndDb('stage', ['tcp/1']), START);
    const left = policy({
      segments: [segment('db', { mode: 'stage', egress: 'closed' })],
      rules: [],
    });
    const plan = planFor(left, staged);
    expect(stepOf(plan, `revoke:${INGRESS}`)?.after).toContain('detach:eni-w');
    const gone = stepOf(plan, 'delete:segment:web@vpc-1');
    expect(gone?.after).toContain('detach:eni-w');
    expect(gone?.after).toContain(`revoke:${INGRESS}`);
  });

  test('an interface waits for the groups that it gains, and not for those that it has', () => {
    const staged = publish(webAndDb('stage', ['tcp/1']), START);
    const enforce = planFor(webAndDb('enforce', ['tcp/1', 'tcp/2']), staged);
    // Of what it gains everything is there; the new rule is on a group that it has.
    expect(stepOf(enforce, 'attach:eni-w')?.after).toEqual([]);
    const first = planFor(webAndDb('enforce', ['tcp/1']), START);
    expect(stepOf(first, 'attach:eni-w')?.after).toContain('create:open-egress@vpc-1');
    expect(stepOf(enforce, 'detach:eni-w')?.after).toContain('attach:eni-w');
  });
});

describe('what a reader is told', () => {
  test('who keeps a group alive that nobody wants, and how many of them are held', () => {
    const hosts: Host[] = [...TWO, { name: 'x', app: 'web' }];
    const staged = publish(webAndDb('stage', ['tcp/1']), fresh(inventory(hosts)));
    const left = policy({ segments: [segment('db', { mode: 'stage' })], rules: [] });
    const plan = planFor(left, staged, { held: new Set(['i-x']) });
    expect(plan.warnings.filter((one) => one.includes('segment:web@'))).toEqual([
      'group segment:web@vpc-1 stays although nothing wants it: 1 workload (i-x) carrying it (1 held)',
    ]);
  });

  test('who keeps it beside those that are held, once each and by name', () => {
    const [db, web] = TWO;
    const born: Host = { name: 'x', app: 'web', control: 'alias', groups: ['sg-flat'] };
    const staged = publish(
      webAndDb('stage'),
      fresh(inventory([born, ...[web, db].flatMap((h) => h ?? [])])),
    );
    const carrying = staged.inventory.interfaces.map((nic) =>
      nic.id === 'eni-x' ? { ...nic, groups: ['sg-flat', 'sg-segment:web@vpc-1'] } : nic,
    );
    const left = policy({ segments: [segment('db', { mode: 'stage', egress: 'closed' })] });
    const plan = planFor(left, withInventory(staged, { interfaces: carrying }), {
      held: new Set(['i-w']),
    });
    expect(plan.warnings.filter((one) => one.includes('segment:web@'))).toEqual([
      'group segment:web@vpc-1 stays although nothing wants it: 2 workloads (i-w, i-x) carrying it (1 held)',
    ]);
  });

  test('who swaps its groups in one write', () => {
    const kept = ['sg-1', 'sg-2', 'sg-3', 'sg-4'];
    const named = (name: string) =>
      policy(
        { segments: [segment(name, { select: { tags: { app: ['db'] } }, egress: 'closed' })] },
        { keepSecurityGroups: kept },
      );
    const hosts: Host[] = [{ name: 'd', app: 'db', groups: kept }];
    const groups = kept.map((id) => group(id, 'vpc-1'));
    const full = publish(named('old'), fresh(inventory(hosts, { groups })));
    const plan = planFor(named('new'), full);
    expect(stepOf(plan, 'attach:eni-d')).toBeUndefined();
    expect(stepOf(plan, 'detach:eni-d')).toMatchObject({
      from: [...kept, 'sg-segment:old@vpc-1'],
      to: ['segment:new@vpc-1', ...kept],
    });
    expect(plan.warnings).toEqual([
      'i-d swaps the groups of eni-d in one write, for want of slots; a peer that moves later may miss it for a moment',
    ]);
  });

  test('five of many workloads by name', () => {
    const told = (count: number): string | undefined => {
      const hosts = Array.from({ length: count }, (_, at) => ({ name: `w${at}`, app: 'web' }));
      const estate = fresh(inventory(hosts));
      const staged = publish(webAndDb('stage', ['tcp/1']), estate);
      const held = new Set(hosts.map(({ name }) => `i-${name}`));
      const plan = planFor(policy({ segments: [segment('db', {})], rules: [] }), staged, { held });
      return plan.warnings.find((one) => one.includes('segment:web@'))?.split('wants it: ')[1];
    };
    expect(told(5)).toBe('5 workloads (i-w0, i-w1, i-w2, i-w3, i-w4) carrying it (5 held)');
    expect(told(6)).toBe('6 workloads (i-w0, i-w1, i-w2, i-w3, i-w4, ...) carrying it (6 held)');
  });
});
