import type { Inventory } from '../model/inventory.ts';

/**
 * For each VPC the VPCs whose groups its rules can name: itself, and those over an active peering
 * within the Region (aws-facts: "SG references across VPC boundaries").
 */
export function reachableVpcs(inventory: Inventory): ReadonlyMap<string, ReadonlySet<string>> {
  const reach = new Map<string, Set<string>>(
    inventory.vpcs.map((vpc) => [vpc.id, new Set([vpc.id])]),
  );
  for (const { status, requester, accepter } of inventory.peerings) {
    if (status !== 'active') continue;
    if (requester.region !== inventory.region || accepter.region !== inventory.region) continue;
    reach.get(requester.vpc)?.add(accepter.vpc);
    reach.get(accepter.vpc)?.add(requester.vpc);
  }
  return reach;
}
