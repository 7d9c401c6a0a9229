import { describe, expect, test } from 'vitest';
import type { Estate } from '../../properties/apply-steps.ts';
import { inventory } from '../../properties/builders.ts';
import { planFor, publish, START, TWO, webAndDb, withInventory } from './plan-for.ts';

const UNTIL =
  'until the plan is done they may reach, or be reached by, what neither policy allows; publish in steps to avoid it';

const TWO_PORTS = webAndDb('enforce', ['tcp/5432', 'tcp/22']);

/** Two more hosts of `web`, which carry nothing of ours yet. */
function withTwoMore(estate: Estate): Estate {
  const more = inventory([...TWO, { name: 'x', app: 'web' }, { name: 'y', app: 'web' }]);
  const isNew = (workload: string): boolean => ['i-x', 'i-y'].includes(workload);
  return withInventory(estate, {
    interfaces: [
      ...estate.inventory.interfaces,
      ...more.interfaces.filter(({ workload }) => isNew(workload)),
    ],
    workloads: [
      ...estate.inventory.workloads,
      ...more.workloads.filter(({ identity }) => isNew(identity.workload)),
    ],
  });
}

/** The host of `web` is one of `db` by now. */
function withWebMoved(estate: Estate): Estate {
  return withInventory(estate, {
    workloads: estate.inventory.workloads.map((one) =>
      one.identity.workload === 'i-w'
        ? { ...one, identity: { ...one.identity, tags: { app: 'db' } } }
        : one,
    ),
  });
}

describe('what a plan says of what it opens for a moment', () => {
  test('one who leaves a segment while its rules come', () => {
    const moved = withWebMoved(publish(webAndDb('enforce'), START));
    expect(planFor(TWO_PORTS, moved).warnings).toEqual([
      `1 workload (i-w) leaves while rules come (group segment:web@vpc-1): ${UNTIL}`,
    ]);
  });

  test('many who join one while its rules go', () => {
    const joined = withTwoMore(publish(TWO_PORTS, START));
    expect(planFor(webAndDb('enforce'), joined).warnings).toEqual([
      `2 workloads (i-x, i-y) join while rules go (group segment:web@vpc-1): ${UNTIL}`,
    ]);
  });

  test('nothing of who joins while rules come, or while they stay', () => {
    expect(planFor(TWO_PORTS, withTwoMore(publish(webAndDb('enforce'), START))).warnings).toEqual(
      [],
    );
    expect(planFor(TWO_PORTS, withTwoMore(publish(TWO_PORTS, START))).warnings).toEqual([]);
  });
});
