import { excludeCidr, parseCidr } from 'cidr-tools';
import { matchesPattern, matchesTags } from '../identity/match.ts';
import type { DesiredPeer } from '../model/desired-state.ts';
import type {
  Inventory,
  NetworkInterface,
  PrefixList,
  SecurityGroup,
  Vpc,
} from '../model/inventory.ts';
import type { Network } from '../model/policy.ts';
import { ownerOf } from './owned-groups.ts';

/** The fewest CIDRs of a network, in order, exceptions cut out exactly. */
export function effectiveCidrs(
  network: Network,
  alsoExcept: readonly string[] = [],
): readonly string[] {
  return excludeCidr([...network.cidrs], [...network.except, ...alsoExcept]);
}

export function cidrPeers(cidrs: readonly string[]): readonly DesiredPeer[] {
  return cidrs.map((cidr) => ({ kind: cidr.includes(':') ? 'ipv6' : 'ipv4', cidr }));
}

/** Prefix lists that a network names, by id or by a glob over names. */
export function namedPrefixLists(network: Network, inventory: Inventory): readonly PrefixList[] {
  const wanted = network.prefixList;
  if (wanted === undefined) return [];
  return inventory.prefixLists.filter((list) =>
    wanted.startsWith('pl-') ? list.id === wanted : matchesPattern([wanted], list.name),
  );
}

/** Foreign groups that a network names; one of ours is never a network. */
export function namedGroups(
  network: Network,
  inventory: Inventory,
  owner: string,
): readonly SecurityGroup[] {
  const wanted = network.securityGroups;
  if (wanted === undefined) return [];
  const byTags = Object.keys(wanted.tags).length > 0;
  return inventory.groups.filter(
    (group) =>
      ownerOf(group) !== owner &&
      (wanted.ids.includes(group.id) || (byTags && matchesTags(wanted.tags, group.tags))),
  );
}

/** Answers whether addresses lie in a network. */
export interface AddressSpace {
  holdsAddress(address: string): boolean;
  holdsCidr(cidr: string): boolean;
}

export function addressSpace(cidrs: readonly string[]): AddressSpace {
  const ranges = cidrs.map((cidr) => parseCidr(cidr));
  const holds = (text: string): boolean => {
    const asked = parseCidr(text);
    return ranges.some(
      (r) => r.version === asked.version && r.start <= asked.start && asked.end <= r.end,
    );
  };
  // Merged ranges are maximal, so that a CIDR lies in the space iff it lies in one range.
  return { holdsAddress: holds, holdsCidr: holds };
}

export function addressesOf(nic: NetworkInterface): readonly string[] {
  return [...nic.ipv4, ...nic.ipv6];
}

/** True when nothing in the VPC can ever have an address outside the space. */
export function holdsWholeVpc(space: AddressSpace, vpc: Vpc): boolean {
  const cidrs = [...vpc.ipv4, ...vpc.ipv6];
  return cidrs.length > 0 && cidrs.every((cidr) => space.holdsCidr(cidr));
}
