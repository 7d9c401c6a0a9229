import { describe, expect, test } from 'vitest';
import { pathDifference } from '../../../core/api/path-difference.ts';
import { compilePolicy } from '../../../core/compile/compile-policy.ts';
import type { Inventory } from '../../../core/model/inventory.ts';
import type { Mode, Policy } from '../../../core/model/policy.ts';
import { planChanges } from '../../../core/plan/plan-changes.ts';
import { inventory, NOW, OWNER, policy, rule, segment } from '../../properties/builders.ts';

/** Two web hosts, a database and a stranger, all on one flat group. */
const FLAT = inventory([
  { name: 'web1', app: 'web' },
  { name: 'web2', app: 'web' },
  { name: 'db', app: 'db' },
  { name: 'stranger' },
]);

function shop(mode: Mode): Policy {
  return policy({
    segments: [segment('db', { mode }), segment('web', { mode })],
    rules: [rule('web-to-db', 'web', 'db', ['tcp/5432'])],
  });
}

function differenceOf(wanted: Policy, now: Inventory) {
  const input = { policy: wanted, inventory: now, now: NOW, owner: OWNER };
  const { desired } = compilePolicy(input);
  const plan = planChanges({
    ...input,
    desired,
    ledger: {},
    held: new Set(),
    generation: 1,
    base: 0,
    kind: 'publish',
  });
  return pathDifference({ ...input, plan });
}

describe('pathDifference', () => {
  test.each(['observe', 'stage'] as const)('%s changes no path', (mode) => {
    expect(differenceOf(shop(mode), FLAT)).toEqual({ opened: [], closed: [] });
  });

  test('enforce closes what no rule allows, inside a segment too, and nothing else', () => {
    const { opened, closed } = differenceOf(shop('enforce'), FLAT);
    expect(opened).toEqual([]);
    const closedPaths = Object.fromEntries(
      closed.map(({ from, to, ports }) => [`${from} -> ${to}`, ports.join(' ')]),
    );
    expect(closedPaths).toMatchObject({
      'db -> web': 'all',
      'web -> web': 'all',
      '(no segment) -> db': 'all',
    });
    // One database has no second member to talk to; what leaves to strangers stays open.
    expect(closedPaths).not.toHaveProperty('db -> db');
    expect(closedPaths).not.toHaveProperty('web -> (no segment)');
    expect(closedPaths['web -> db']).toMatch(/tcp\/0-5431.*tcp\/5433-65535/);
  });

  test('a path that was shut is opened', () => {
    const shut = {
      ...FLAT,
      groups: FLAT.groups.map((group) => ({ ...group, ingress: [], egress: [] })),
    };
    const { opened, closed } = differenceOf(shop('stage'), shut);
    expect(opened).toEqual([{ from: 'web', to: 'db', ports: ['tcp/5432'] }]);
    expect(closed).toEqual([]);
  });
});
