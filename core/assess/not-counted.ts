import type { Inventory } from '../model/inventory.ts';
import { serviceWithoutGroups } from '../reach/group-rules.ts';
import { isBeyond } from '../reach/routes.ts';

/**
 * What may be open beside everything that is counted, since what decides about it was not read. Each
 * is a sentence; empty when there is nothing of the kind.
 */
export function notCounted(inventory: Inventory): readonly string[] {
  return [...unreadRoutes(inventory), ...servicesWithoutGroups(inventory)];
}

function unreadRoutes({ routeTables }: Inventory): readonly string[] {
  const destinations = new Map<string, Set<string>>();
  for (const { destination, target, state } of routeTables.flatMap(({ routes }) => routes)) {
    if (state !== 'active' || !isBeyond(target)) continue;
    destinations.set(target, (destinations.get(target) ?? new Set()).add(destination));
  }
  return [...destinations]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([target, cidrs]) => {
      const to = [...cidrs].sort().join(', ');
      return `paths over ${target} (to ${to}): where it leads was not read`;
    });
}

function servicesWithoutGroups({ interfaces }: Inventory): readonly string[] {
  const bare = interfaces.filter((nic) => serviceWithoutGroups(nic) !== undefined);
  return [...Map.groupBy(bare, (nic) => nic.type)].sort().map(([type, { length }]) => {
    const what = `${length} ${length === 1 ? 'interface' : 'interfaces'} of type ${type}`;
    return `${what}: without groups, so that other APIs say what passes`;
  });
}
