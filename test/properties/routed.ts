import type { Inventory } from '../../core/model/inventory.ts';

/** Adds what reachability needs beside groups: routes, and IPv6 addresses for every other host. */
export function routed(inventory: Inventory): Inventory {
  const peered = (vpc: string) =>
    inventory.peerings.filter(
      ({ status, requester, accepter }) =>
        status === 'active' && [requester.vpc, accepter.vpc].includes(vpc),
    );
  const other = (vpc: string, { requester, accepter }: Inventory['peerings'][number]) =>
    inventory.vpcs.find((one) => one.id !== vpc && [requester.vpc, accepter.vpc].includes(one.id));
  return {
    ...inventory,
    vpcs: inventory.vpcs.map((one) => ({ ...one, ipv6: [`2001:db8:${one.id.slice(4)}::/64`] })),
    interfaces: inventory.interfaces.map((nic, at) =>
      at % 2 === 0 ? { ...nic, ipv6: [`2001:db8:${nic.vpc.slice(4)}::${at + 1}`] } : nic,
    ),
    routeTables: inventory.vpcs.map(({ id, ipv4 }) => ({
      id: `rtb-${id}`,
      vpc: id,
      main: true,
      subnets: [],
      routes: [
        ...[...ipv4, `2001:db8:${id.slice(4)}::/64`].map((destination) => ({
          destination,
          target: 'local',
          state: 'active' as const,
        })),
        ...peered(id).flatMap((peering) => {
          const far = other(id, peering);
          return far === undefined
            ? []
            : [...far.ipv4, `2001:db8:${far.id.slice(4)}::/64`].map((destination) => ({
                destination,
                target: peering.id,
                state: 'active' as const,
              }));
        }),
      ],
    })),
  };
}
