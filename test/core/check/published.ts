import { expect } from 'vitest';
import { type CompareInput, compareEstate } from '../../../core/check/compare.ts';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import { groupsByKey } from '../../../core/compile/owned-groups.ts';
import type { Inventory, RouteTable, SecurityGroup } from '../../../core/model/inventory.ts';
import type { Policy } from '../../../core/model/policy.ts';
import {
  type Host,
  inventory,
  NOW,
  OWNER,
  policy,
  rule,
  segment,
} from '../../properties/builders.ts';
import { fresh, publish } from '../plan/plan-for.ts';

/** Estates on which a policy was published, for comparing them with what it says. */

export const POLICY = policy({
  segments: [
    segment('db', { mode: 'enforce', egress: 'closed' }),
    segment('web', { mode: 'enforce', egress: 'closed' }),
  ],
  rules: [rule('web-to-db', 'web', 'db', ['tcp/5432'])],
});
export const HOSTS: Host[] = [
  { name: 'd', app: 'db' },
  { name: 'e', app: 'db' },
  { name: 'w', app: 'web' },
];
const LOCAL: RouteTable = {
  ...{ id: 'rtb-1', vpc: 'vpc-1', main: true, subnets: [] },
  routes: [{ destination: '10.0.0.0/8', target: 'local', state: 'active' }],
};

/** The estate after the policy was published and every step of the plan done. */
export function published(
  p: Policy = POLICY,
  hosts: readonly Host[] = HOSTS,
  more: Partial<Inventory> = {},
): Inventory {
  return publish(p, fresh(inventory(hosts, { routeTables: [LOCAL], ...more }))).inventory;
}

export function compare(found: Inventory, p: Policy = POLICY, more: Partial<CompareInput> = {}) {
  const { desired } = compilePolicy({ policy: p, inventory: found, now: NOW, owner: OWNER });
  const groupIds = [...groupsByKey(found, OWNER)].map(([key, group]) => [key, group.id] as const);
  return compareEstate({
    ...{ policy: p, inventory: found, memberships: desired.memberships, now: NOW },
    groupIds: Object.fromEntries(groupIds),
    ...more,
  });
}

/** The estate with another group in place of the segment's. */
export function regrouped(
  found: Inventory,
  name: string,
  change: (group: SecurityGroup) => Partial<SecurityGroup>,
): Inventory {
  const id = groupsByKey(found, OWNER).get(`segment:${name}@vpc-1`)?.id;
  expect(id).toBeDefined();
  const groups = found.groups.map((one) => (one.id === id ? { ...one, ...change(one) } : one));
  return { ...found, groups };
}
