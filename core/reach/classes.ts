import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import { type Block, toBlock } from './addresses.ts';

/** Interfaces that AWS cannot tell apart: the same groups, subnet and relevant addresses. */
export interface InterfaceClass {
  /** Sorted ids; never empty. */
  readonly members: readonly string[];
}

/**
 * The classes of an inventory's interfaces, sorted by their first member. Addresses count by the
 * blocks that any rule, list, NACL entry or route names: two addresses between which no block begins
 * or ends are in exactly the same blocks.
 */
export function interfaceClasses(inventory: Inventory): readonly InterfaceClass[] {
  const edges = edgesOf(inventory);
  const members = new Map<string, string[]>();
  for (const nic of inventory.interfaces) {
    const key = keyOf(nic, edges);
    const found = members.get(key);
    if (found === undefined) members.set(key, [nic.id]);
    else found.push(nic.id);
  }
  return [...members.values()]
    .map((ids) => ({ members: ids.sort() }))
    .sort((a, b) => ((a.members[0] ?? '') < (b.members[0] ?? '') ? -1 : 1));
}

/** Sorted first addresses of everything that a block of the family may begin or end at. */
interface Edges {
  readonly 4: readonly bigint[];
  readonly 6: readonly bigint[];
}

function edgesOf(inventory: Inventory): Edges {
  const found = { 4: new Set<bigint>(), 6: new Set<bigint>() };
  for (const { version, start, end } of blocksOf(inventory)) {
    found[version === 6 ? 6 : 4].add(start).add(end + 1n);
  }
  const sorted = (edges: ReadonlySet<bigint>): readonly bigint[] =>
    [...edges].sort((a, b) => (a < b ? -1 : 1));
  return { 4: sorted(found[4]), 6: sorted(found[6]) };
}

function blocksOf(inventory: Inventory): readonly Block[] {
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
  return [...texts].filter((text) => text !== '').map(toBlock);
}

function keyOf(nic: NetworkInterface, edges: Edges): string {
  const places = [...nic.ipv4, ...nic.ipv6].map((address) => {
    const { version, start } = toBlock(address);
    return `${version}:${countUpTo(edges[version === 6 ? 6 : 4], start)}`;
  });
  return `${nic.vpc} ${nic.subnet} ${nic.groups.join()} ${places.sort().join()}`;
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
