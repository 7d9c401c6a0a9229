import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plannedInventory } from '../../../core/api/planned-inventory.ts';
import type { GroupRule, Inventory } from '../../../core/model/inventory.ts';
import type { Plan, PlanStep } from '../../../core/model/plan.ts';
import { applySteps, type Estate } from '../../properties/apply-steps.ts';
import { group, inventory, NOW, OWNER, vpc } from '../../properties/builders.ts';
import { planFor } from '../../properties/plan-for.ts';
import { arbitraryInventory, arbitraryPolicy } from '../../properties/worlds.ts';

const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 50) };

/** The AWS of the plan laws makes ids of new groups as `sg-<key>`; here the id is the key. */
function shape(inventory: Inventory): unknown {
  const idOf = (id: string): string => id.replace(/^sg-(?=[^@]+@)/, '');
  const rules = (list: readonly GroupRule[]): readonly string[] =>
    list
      .map(({ peer, ...ports }) => {
        const named = peer.kind === 'group' ? { ...peer, id: idOf(peer.id) } : peer;
        return JSON.stringify([ports, named]);
      })
      .sort();
  return {
    groups: Object.fromEntries(
      inventory.groups.map((group) => [
        idOf(group.id),
        [rules(group.ingress), rules(group.egress)],
      ]),
    ),
    interfaces: inventory.interfaces.map(({ id, groups }) => [id, groups.map(idOf).sort()]),
  };
}

test('is what an AWS that took every step would read as, twice in a row', () => {
  fc.assert(
    fc.property(
      fc.record({ inventory: arbitraryInventory(), a: arbitraryPolicy(), b: arbitraryPolicy() }),
      ({ inventory, a, b }) => {
        let estate: Estate = { inventory, ledger: {} };
        for (const policy of [a, b]) {
          const plan = planFor(policy, estate);
          const planned = plannedInventory(estate.inventory, plan, OWNER);
          estate = applySteps(estate, plan.steps);
          expect(shape(planned)).toEqual(shape(estate.inventory));
        }
      },
    ),
    RUNS,
  );
});

describe('of a plan', () => {
  const KEY = 'segment:web@vpc-1';
  const base = { after: [], direction: 'egress' as const, group: KEY };
  const ports = { protocol: 6, fromPort: 443, toPort: 443 };
  const ours = (id: string, owner = OWNER, more = {}) =>
    group(id, 'vpc-1', { tags: { 'bulkhead:owner': owner, 'bulkhead:group': KEY }, ...more });

  function afterSteps(steps: readonly PlanStep[], now: Inventory): Inventory {
    const numbers = { generation: 1, base: 0, policyVersion: 'sha256:test' };
    const rest = { kind: 'publish' as const, addOnly: false, guard: [], warnings: [] };
    const plan: Plan = { id: 'plan-1', ...numbers, createdAt: NOW, ...rest, steps };
    return plannedInventory(now, plan, OWNER);
  }

  const create: PlanStep = {
    ...{ id: 'create', after: [], kind: 'create-group', phase: 'create', group: KEY },
    ...{ vpc: 'vpc-1', name: 'Bulkhead/segment/web', description: 'members of web' },
  };
  const attach: PlanStep = {
    ...{ id: 'attach', after: [], kind: 'attach', phase: 'attach', interface: 'eni-web' },
    ...{ workload: 'i-web', from: ['sg-flat'], to: ['sg-flat', KEY] },
  };
  const allowWeb: PlanStep = {
    ...{ ...base, id: 'authorize', kind: 'authorize', phase: 'create' },
    rules: [{ ...ports, peer: { kind: 'owned', key: KEY }, because: ['web-to-web'] }],
  };

  const anywhere = { protocol: -1, fromPort: -1, toPort: -1 };
  const overIpv4 = { ...anywhere, peer: { kind: 'ipv4', cidr: '0.0.0.0/0' } };
  const overIpv6 = { ...anywhere, peer: { kind: 'ipv6', cidr: '::/0' } };

  test.each([
    ['over IPv4', [], 'vpc-2', [overIpv4]],
    ['over IPv6 where its VPC has it', ['2001:db8::/56'], 'vpc-2', [overIpv4, overIpv6]],
    ['over IPv4 where another VPC has IPv6', ['2001:db8::/56'], 'vpc-1', [overIpv4]],
  ])('a new group is as AWS makes it, open to anywhere %s', (_, ipv6, home, egress) => {
    const vpcs = [vpc('vpc-1'), vpc('vpc-2', { ipv6 })];
    const now = inventory([{ name: 'web' }], { vpcs });
    const { groups } = afterSteps([{ ...create, vpc: home }, attach, allowWeb], now);
    expect(groups.map(({ id }) => id)).toEqual([KEY, 'sg-flat', 'sg-flat-vpc-2']);
    expect(groups[0]).toEqual({
      id: KEY,
      name: 'Bulkhead/segment/web',
      description: 'members of web',
      vpc: home,
      account: '000000000000',
      tags: { 'bulkhead:owner': OWNER, 'bulkhead:group': KEY },
      ingress: [],
      egress: [...egress, { ...ports, peer: { kind: 'group', id: KEY } }],
    });
  });

  test('a group that exists is meant by its id, and never one of another deployment', () => {
    const now = inventory([{ name: 'lone' }, { name: 'web' }], {
      groups: [ours('sg-1-theirs', 'Other'), ours('sg-1-web'), ours('sg-2-theirs', 'Other')],
    });
    const planned = afterSteps([attach, allowWeb], now);
    expect(planned.interfaces.map(({ id, groups }) => [id, groups])).toEqual([
      ['eni-lone', ['sg-flat']],
      ['eni-web', ['sg-1-web', 'sg-flat']],
    ]);
    expect(planned.groups.map(({ id, egress }) => [id, egress])).toEqual([
      ['sg-1-theirs', []],
      ['sg-1-web', [{ ...ports, peer: { kind: 'group', id: 'sg-1-web' } }]],
      ['sg-2-theirs', []],
      ['sg-flat', now.groups[0]?.egress],
    ]);
  });

  test('only the rules that are revoked go, and only the group that is deleted', () => {
    const list = { ...ports, peer: { kind: 'prefixList', id: 'pl-1' } as const };
    const other = { ...ports, peer: { kind: 'prefixList', id: 'pl-2' } as const };
    const near = { ...ports, peer: { kind: 'ipv4', cidr: '10.0.0.0/8' } as const };
    const far = { ...ports, peer: { kind: 'ipv4', cidr: '192.0.2.0/24' } as const };
    const rules = { ingress: [list], egress: [list, other, near, far] };
    const now = inventory([], { groups: [ours('sg-web', OWNER, rules), ours('sg-old', 'Other')] });
    const revoke: PlanStep = {
      ...base,
      id: 'r',
      kind: 'revoke',
      phase: 'revoke',
      rules: [list, near],
    };
    const remove: PlanStep = {
      ...{ id: 'd', after: [], kind: 'delete-group', phase: 'delete' },
      ...{ group: 'segment:old@vpc-1', groupId: 'sg-old' },
    };
    expect(afterSteps([revoke, remove], now)).toEqual({
      ...now,
      groups: [now.groups[0], { ...now.groups[1], egress: [other, far] }],
    });
  });
});
