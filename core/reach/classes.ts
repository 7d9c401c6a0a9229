import type { Inventory, NetworkAcl, NetworkInterface } from '../model/inventory.ts';
import { toBlock } from './addresses.ts';
import { Routes } from './routes.ts';
import { SubnetAcls } from './subnet-acls.ts';

/** Interfaces that AWS cannot tell apart: the same groups, subnet and relevant addresses. */
export interface InterfaceClass {
  /** Ids in the inventory's order; never empty. */
  readonly members: readonly string[];
}

/**
 * The classes of an inventory's interfaces, in the order of their first members there. Addresses
 * count by the blocks that any rule, list, NACL entry or route names.
 */
export function interfaceClasses(inventory: Inventory): readonly InterfaceClass[] {
  const places = new AddressPlaces(blocksOf(inventory));
  const subnetOf = subnetLooks(inventory);
  const classes = Map.groupBy(inventory.interfaces, (nic) => {
    const groups = nic.groups.join();
    return `${nic.vpc} ${subnetOf(nic)} ${groups} ${places.of([...nic.ipv4, ...nic.ipv6])}`;
  });
  return [...classes.values()].map((nics) => ({ members: nics.map(({ id }) => id) }));
}

/**
 * Tells addresses apart by the blocks given, and no further: two addresses between which no block
 * begins or ends are in exactly the same blocks.
 */
export class AddressPlaces {
  readonly #edges: Readonly<Record<4 | 6, readonly bigint[]>>;

  constructor(cidrs: Iterable<string>) {
    const found = { 4: new Set<bigint>(), 6: new Set<bigint>() };
    for (const cidr of cidrs) {
      const { version, start, end } = toBlock(cidr);
      found[version === 6 ? 6 : 4].add(start).add(end + 1n);
    }
    const sorted = (edges: ReadonlySet<bigint>): readonly bigint[] =>
      [...edges].sort((a, b) => (a < b ? -1 : 1));
    this.#edges = { 4: sorted(found[4]), 6: sorted(found[6]) };
  }

  /** Equal for interfaces whose addresses are in the same blocks, one by one. */
  of(addresses: readonly string[]): string {
    const places = addresses.map((address) => {
      const { version, start } = toBlock(address);
      return `${version}:${countUpTo(this.#edges[version === 6 ? 6 : 4], start)}`;
    });
    return places.sort().join();
  }
}

/** Every block that a rule, list, NACL entry or route names. */
export function blocksOf(inventory: Inventory): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const group of inventory.groups) {
    for (const { peer } of [...group.ingress, ...group.egress]) {
      if (peer.kind === 'ipv4' || peer.kind === 'ipv6') texts.add(peer.cidr);
    }
  }
  for (const list of inventory.prefixLists) for (const cidr of list.cidrs) texts.add(cidr);
  for (const acl of inventory.networkAcls) for (const entry of acl.entries) texts.add(entry.cidr);
  for (const { routes } of inventory.routeTables) {
    for (const { destination } of routes) if (destination.includes('/')) texts.add(destination);
  }
  return texts;
}

/**
 * What AWS tells an interface's subnet by: its own id, or only its route table where its NACL lets
 * everything through both ways and all that its route table serves is local to each other, which is
 * where crossing it makes no difference.
 */
export function subnetLooks(inventory: Inventory): (nic: NetworkInterface) => string {
  const acls = new SubnetAcls(inventory);
  const routes = new Routes(inventory);
  const detours = tablesWithDetours(inventory, routes);
  return (nic) => {
    const { subnet, vpc, ipv6 } = nic;
    const acl = acls.of(nic);
    const families = ipv6.length > 0 ? (['0.0.0.0/0', '::/0'] as const) : (['0.0.0.0/0'] as const);
    const table = routes.tableOf(nic);
    const crossable = acl === undefined || families.every((all) => letsAllThrough(acl, all));
    const routed = table === undefined || !detours.has(table.id);
    return crossable && routed ? `${vpc} ${table?.id ?? 'no table'}` : subnet;
  };
}

/**
 * Tables by which an interface behind them is not local, such as where a firewall stands between
 * subnets: there it makes a difference which of them a peer is in.
 */
function tablesWithDetours(inventory: Inventory, routes: Routes): ReadonlySet<string> {
  const ways = inventory.interfaces.flatMap((nic) =>
    [...nic.ipv4, ...nic.ipv6].map((address) => routes.routeTo(nic, address)),
  );
  return new Set(
    ways.flatMap(({ table, route }) => (route?.target === 'local' ? [] : (table ?? []))),
  );
}

/** The first entry that speaks of the family allows all of it, both ways. */
function letsAllThrough(acl: NetworkAcl, all: '0.0.0.0/0' | '::/0'): boolean {
  return [true, false].every((egress) => {
    const [first] = acl.entries
      .filter((one) => one.egress === egress && one.cidr.includes(':') === all.includes(':'))
      .sort((a, b) => a.ruleNumber - b.ruleNumber);
    return first?.action === 'allow' && first.protocol === -1 && first.cidr === all;
  });
}

/** How many of the sorted edges are at or before the address. */
function countUpTo(edges: readonly bigint[], address: bigint): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
