import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plannedInventory } from '../../../core/api/planned-inventory.ts';
import type { GroupRule, Inventory } from '../../../core/model/inventory.ts';
import { applySteps, type Estate } from '../../properties/apply-steps.ts';
import { OWNER } from '../../properties/builders.ts';
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
