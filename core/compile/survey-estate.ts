import type { Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface, Workload } from '../model/inventory.ts';
import { decideMembership } from './decide-membership.ts';
import type { PolicyIndex } from './index-policy.ts';
import { groupsByKey, managedVpcs } from './owned-groups.ts';
import { reachableVpcs } from './vpc-reach.ts';

/** A workload with all that later stages ask about it, so that nobody has to look it up again. */
export interface Resident {
  readonly workload: Workload;
  readonly membership: Membership;
  /** Sorted by id. */
  readonly interfaces: readonly NetworkInterface[];
  /** VPCs that it has an interface in. */
  readonly vpcs: ReadonlySet<string>;
}

/** The inventory in the light of the policy: who is in what, and where. */
export interface Estate {
  readonly index: PolicyIndex;
  readonly inventory: Inventory;
  readonly owner: string;
  /** Foreign groups by interface that came off and may come back. */
  readonly ledger: Readonly<Record<string, readonly string[]>>;
  readonly managed: ReadonlySet<string>;
  readonly reach: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sorted by workload. */
  readonly residents: readonly Resident[];
  /** Ids of the owned groups that exist, by key. */
  readonly groupIds: ReadonlyMap<string, string>;
  readonly ourIds: ReadonlySet<string>;
  /** Not terminated ones; withheld segments do not count. */
  readonly membersBySegment: ReadonlyMap<string, readonly Resident[]>;
  /** VPCs in which each segment has running members. */
  readonly runningVpcsBySegment: ReadonlyMap<string, ReadonlySet<string>>;
}

export function surveyEstate(index: PolicyIndex, inventory: Inventory, owner: string): Estate {
  const residents = residentsOf(index, inventory);
  const membersBySegment = new Map<string, Resident[]>();
  for (const resident of residents) {
    if (resident.workload.state === 'terminated') continue;
    for (const segment of resident.membership.segments) {
      const members = membersBySegment.get(segment);
      if (members === undefined) membersBySegment.set(segment, [resident]);
      else members.push(resident);
    }
  }
  const groupIds = new Map([...groupsByKey(inventory, owner)].map(([key, g]) => [key, g.id]));
  return {
    index,
    inventory,
    owner,
    ledger: {},
    managed: new Set(managedVpcs(index.policy, inventory)),
    reach: reachableVpcs(inventory),
    residents,
    groupIds,
    ourIds: new Set(groupIds.values()),
    membersBySegment,
    runningVpcsBySegment: runningVpcs(membersBySegment),
  };
}

const NO_INTERFACES: readonly NetworkInterface[] = [];

function residentsOf(index: PolicyIndex, inventory: Inventory): readonly Resident[] {
  const interfaces = interfacesByWorkload(inventory);
  // Most workloads stand in one VPC: they share one set for each.
  const alone = new Map<string, ReadonlySet<string>>();
  const vpcsOf = (nics: readonly NetworkInterface[]): ReadonlySet<string> => {
    const vpc = nics[0]?.vpc;
    if (nics.some((nic) => nic.vpc !== vpc)) return new Set(nics.map((nic) => nic.vpc));
    const known = alone.get(vpc ?? '') ?? new Set(vpc === undefined ? [] : [vpc]);
    alone.set(vpc ?? '', known);
    return known;
  };
  return [...inventory.workloads]
    .sort((a, b) => (a.identity.workload < b.identity.workload ? -1 : 1))
    .map((workload) => {
      const nics = interfaces.get(workload.identity.workload) ?? NO_INTERFACES;
      const membership = decideMembership(index, workload.identity);
      return { workload, membership, interfaces: nics, vpcs: vpcsOf(nics) };
    });
}

function interfacesByWorkload(
  inventory: Inventory,
): ReadonlyMap<string, readonly NetworkInterface[]> {
  const found = new Map<string, NetworkInterface[]>();
  for (const nic of [...inventory.interfaces].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const known = found.get(nic.workload);
    if (known === undefined) found.set(nic.workload, [nic]);
    else known.push(nic);
  }
  return found;
}

function runningVpcs(
  membersBySegment: ReadonlyMap<string, readonly Resident[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...membersBySegment].map(([segment, members]) => {
      const vpcs = new Set<string>();
      for (const { workload, vpcs: own } of members) {
        if (workload.state === 'running') for (const vpc of own) vpcs.add(vpc);
      }
      return [segment, new Set([...vpcs].sort())] as const;
    }),
  );
}
