import { describe, expect, test } from 'vitest';
import { GROUP_TAG, OWNER_TAG } from '../../../core/compile/owned-groups.ts';
import type { GroupRule } from '../../../core/model/inventory.ts';
import type { Plan, PlanStep } from '../../../core/model/plan.ts';
import type { Policy } from '../../../core/model/policy.ts';
import type { Estate } from '../../properties/apply-steps.ts';
import {
  group,
  type Host,
  inventory,
  network,
  OWNER,
  policy,
  rule,
  segment,
  vpc,
} from '../../properties/builders.ts';
import {
  fresh,
  idsOf,
  planFor,
  publish,
  START,
  stepOf,
  TWO,
  webAndDb,
  withInventory,
} from './plan-for.ts';

const DB = 'segment:db@vpc-1';
const WEB = 'segment:web@vpc-1';
const ALL = { protocol: -1, fromPort: -1, toPort: -1 };

/** The rules of a step by port and peer. */
function rulesOf(step: PlanStep | undefined): readonly string[] {
  if (step === undefined || !('rules' in step)) return [];
  return step.rules.map(({ fromPort, peer }) => {
    if ('cidr' in peer) return `${fromPort} ${peer.cidr}`;
    return `${fromPort} ${'key' in peer ? peer.key : peer.id}`;
  });
}

function withRuleQuota(estate: Estate, rulesPerGroup: number): Estate {
  return withInventory(estate, { quotas: { ...estate.inventory.quotas, rulesPerGroup } });
}

describe('a new group', () => {
  const plan = () => planFor(webAndDb('stage', ['tcp/10']), START);

  test("is made, rid of AWS's egress to anywhere, and filled", () => {
    const before = { direction: 'egress', group: DB, phase: 'create' };
    expect(plan().steps.filter((step) => 'group' in step && step.group === DB)).toEqual([
      {
        ...{ id: `create:${DB}`, kind: 'create-group', phase: 'create', after: [], group: DB },
        ...{ vpc: 'vpc-1', name: 'Bulkhead/segment/db' },
        description: 'Bulkhead: members of segment db',
      },
      {
        ...{ ...before, id: `revoke-default:${DB}:ipv4`, kind: 'revoke', after: [`create:${DB}`] },
        rules: [{ ...ALL, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } }],
      },
      {
        ...{ ...before, id: `authorize:${DB}:ingress`, kind: 'authorize', direction: 'ingress' },
        after: [`create:${DB}`, `create:${WEB}`],
        rules: [
          {
            ...{ protocol: 6, fromPort: 10, toPort: 10, because: ['r'] },
            peer: { kind: 'owned', key: WEB },
          },
        ],
      },
    ]);
  });

  test("keeps AWS's egress to anywhere where that is wanted, and gets what AWS may not have put", () => {
    expect(rulesOf(stepOf(plan(), 'authorize:open-egress@vpc-1:egress'))).toEqual(['-1 ::/0']);
    expect(idsOf(plan()).filter((id) => id.startsWith('revoke-default:open'))).toEqual([]);
  });

  test('has egress over IPv6 only in a VPC that has IPv6', () => {
    const vpcs = [vpc('vpc-1'), vpc('vpc-2', { ipv6: ['2001:db8::/56'], ipv4: ['10.9.0.0/16'] })];
    const hosts: Host[] = [...TWO, { name: 'd2', app: 'db', vpc: 'vpc-2', ipv4: '10.9.0.1' }];
    const dual = planFor(webAndDb('stage'), fresh(inventory(hosts, { vpcs })));
    expect(idsOf(dual).filter((id) => id.startsWith('revoke-default:segment:db'))).toEqual([
      `revoke-default:${DB}:ipv4`,
      'revoke-default:segment:db@vpc-2:ipv4',
      'revoke-default:segment:db@vpc-2:ipv6',
    ]);
    expect(stepOf(dual, 'revoke-default:segment:db@vpc-2:ipv6')).toMatchObject({
      rules: [{ ...ALL, peer: { kind: 'ipv6', cidr: '::/0' } }],
    });
  });

  test('waits for no foreign group that its rules name', () => {
    const partner = group('sg-partner', 'vpc-1', { tags: { role: 'partner' } });
    const p: Policy = {
      ...webAndDb('stage'),
      networks: [network('partner', { securityGroups: { ids: ['sg-partner'], tags: {} } })],
      rules: [rule('r', ['web', 'partner'], 'db', ['tcp/10'])],
    };
    const step = stepOf(
      planFor(p, fresh(inventory(TWO, { groups: [partner] }))),
      `authorize:${DB}:ingress`,
    );
    expect(rulesOf(step).toSorted()).toEqual([`10 ${WEB}`, '10 sg-partner']);
    expect(step?.after).toEqual([`create:${DB}`, `create:${WEB}`]);
  });
});

describe('rules of a group that is there', () => {
  test('are revoked by a step that waits for nobody where nobody moves', () => {
    const settled = publish(webAndDb('enforce', ['tcp/10', 'tcp/20']), START);
    const plan = planFor(webAndDb('enforce', ['tcp/10']), settled);
    expect(plan.steps).toEqual([
      {
        ...{ id: `revoke:${DB}:ingress`, kind: 'revoke', phase: 'revoke', after: [], group: DB },
        direction: 'ingress',
        rules: [
          { protocol: 6, fromPort: 20, toPort: 20, peer: { kind: 'group', id: `sg-${WEB}` } },
        ],
      },
      {
        ...{ id: `revoke:${WEB}:egress`, kind: 'revoke', phase: 'revoke', after: [], group: WEB },
        direction: 'egress',
        rules: [{ protocol: 6, fromPort: 20, toPort: 20, peer: { kind: 'group', id: `sg-${DB}` } }],
      },
    ]);
    expect(plan.warnings).toEqual([]);
  });

  test('that only come are no rules that go early', () => {
    const settled = publish(webAndDb('enforce', ['tcp/10']), START);
    const plan = planFor(webAndDb('enforce', ['tcp/10', 'tcp/20']), settled);
    expect(idsOf(plan)).toEqual([`authorize:${DB}:ingress`, `authorize:${WEB}:egress`]);
    expect(plan.warnings).toEqual([]);
  });
});

describe('the quota of one family', () => {
  const named = (name: string, cidr: string) => network(name, { cidrs: [cidr] });
  const networks = [
    named('four', '198.51.100.0/24'),
    named('six', '2001:db8:6::/48'),
    named('six-too', '2001:db8:9::/48'),
    named('six-new', '2001:db8:c::/48'),
  ];
  const from = (froms: readonly string[], ports: readonly string[] = ['tcp/1']): Policy => ({
    ...webAndDb('enforce'),
    networks,
    rules: [rule('r', froms, 'db', ports)],
  });
  const early = (plan: Plan) => rulesOf(stepOf(plan, `revoke-early:${DB}:ingress`));
  const late = (plan: Plan) => rulesOf(stepOf(plan, `revoke:${DB}:ingress`));

  test('drives out no rule of the other', () => {
    const settled = withRuleQuota(publish(from(['four', 'six', 'six-too']), START), 2);
    const plan = planFor(from(['six-too', 'six-new']), settled);
    expect(early(plan)).toEqual(['1 2001:db8:6::/48']);
    expect(late(plan)).toEqual(['1 198.51.100.0/24']);
  });

  test('counts what the other has driven out already as gone', () => {
    const settled = withRuleQuota(publish(from(['web'], ['tcp/1', 'tcp/3']), START), 2);
    // A rule about a group counts in both families; beside the new one IPv6 has one more.
    const p = {
      ...from(['web'], ['tcp/5']),
      rules: [rule('a', 'web', 'db', ['tcp/5']), rule('b', 'six', 'db', ['tcp/5'])],
    };
    const plan = planFor(p, settled);
    expect(early(plan)).toEqual([`1 sg-${WEB}`, `3 sg-${WEB}`]);
    expect(late(plan)).toEqual([]);
  });
});

describe('a group that nobody wants', () => {
  const three: Host[] = [...TWO, { name: 'c', app: 'cache' }];
  const closed = (name: string) => segment(name, { egress: 'closed' });
  const before = policy({
    segments: ['cache', 'db', 'web'].map(closed),
    rules: [rule('r', 'web', ['cache', 'db'], ['tcp/1']), rule('s', 'cache', 'web', ['tcp/2'])],
  });
  const settled = publish(before, fresh(inventory(three)));

  test('but a held workload keeps, loses only the rules that name a group which goes', () => {
    const plan = planFor(policy({ segments: [closed('cache')] }), settled, {
      held: new Set(['i-w']),
    });
    expect(rulesOf(stepOf(plan, `revoke:${WEB}:egress`))).toEqual([`1 sg-${DB}`]);
    expect(stepOf(plan, `revoke:${WEB}:ingress`)).toBeUndefined();
    expect(idsOf(plan).filter((id) => id.startsWith('delete'))).toEqual([`delete:${DB}`]);
  });

  test('two that held workloads keep go on naming each other', () => {
    const plan = planFor(policy({ segments: [closed('cache')] }), settled, {
      held: new Set(['i-d', 'i-w']),
    });
    expect(plan.steps).toEqual([]);
  });

  test('is emptied and deleted, wherever its rules lead', () => {
    const plan = planFor(policy({ segments: [closed('cache')] }), settled);
    expect(rulesOf(stepOf(plan, `revoke:${WEB}:egress`)).toSorted()).toEqual([
      '1 sg-segment:cache@vpc-1',
      `1 sg-${DB}`,
    ]);
    expect(stepOf(plan, `delete:${WEB}`)).toMatchObject({
      ...{ kind: 'delete-group', phase: 'delete', group: WEB, groupId: `sg-${WEB}` },
    });
  });

  const anywhere: GroupRule = { ...ALL, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } };
  const unused = group('sg-unused', 'vpc-1', {
    tags: { [OWNER_TAG]: OWNER, [GROUP_TAG]: WEB },
    egress: [anywhere],
  });

  test('and nobody carries goes at once', () => {
    const plan = planFor(policy({}), fresh(inventory(TWO, { groups: [unused] })));
    expect(plan.steps).toEqual([
      {
        ...{ id: `revoke:${WEB}:egress`, kind: 'revoke', phase: 'revoke', after: [], group: WEB },
        ...{ direction: 'egress', rules: [anywhere] },
      },
      {
        ...{ id: `delete:${WEB}`, kind: 'delete-group', phase: 'delete', group: WEB },
        ...{ after: [`revoke:${WEB}:egress`], groupId: 'sg-unused' },
      },
    ]);
  });

  test('stays with its rules while the inventory has gaps, whoever names it', () => {
    const gaps = [{ kind: 'Subnets', reason: 'denied' }];
    const names = group('sg-foreign', 'vpc-1', {
      ingress: [{ ...ALL, peer: { kind: 'group', id: 'sg-unused' } }],
    });
    const plan = planFor(policy({}), fresh(inventory(TWO, { groups: [names, unused], gaps })));
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toEqual([
      'the inventory lacks Subnets (denied); nothing is removed until it is full',
    ]);
  });
});
