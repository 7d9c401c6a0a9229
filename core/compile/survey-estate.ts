import type { Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface, Workload } from '../model/inventory.ts';
import { decideMembership } from './decide-membership.ts';
import type { PolicyIndex } from './index-policy.ts';
import { groupsByKey, managedVpcs } from './owned-groups.ts';
import { reachableVpcs } from './vpc-reach.ts';

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
  readonly memberships: readonly Membership[];
  readonly membershipByWorkload: ReadonlyMap<string, Membership>;
  readonly interfacesByWorkload: ReadonlyMap<string, readonly NetworkInterface[]>;
  /** VPCs that each workload has an interface in; absent without any. */
  readonly vpcsByWorkload: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ids of the owned groups that exist, by key. */
  readonly groupIds: ReadonlyMap<string, string>;
  readonly ourIds: ReadonlySet<string>;
  /** Not terminated ones; withheld segments do not count. */
  readonly membersBySegment: ReadonlyMap<string, readonly Workload[]>;
  /** VPCs in which each segment has running members. */
  readonly runningVpcsBySegment: ReadonlyMap<string, ReadonlySet<string>>;
}

export function surveyEstate(index: PolicyIndex, inventory: Inventory, owner: string): Estate {
  const workloads = [...inventory.workloads].sort((a, b) =>
    a.identity.workload < b.identity.workload ? -1 : 1,
  );
  const memberships = workloads.map((workload) => decideMembership(index, workload.identity));
  const membersBySegment = new Map<string, Workload[]>();
  workloads.forEach((workload, at) => {
    if (workload.state === 'terminated') return;
    for (const segment of memberships[at]?.segments ?? []) {
      const members = membersBySegment.get(segment);
      if (members === undefined) membersBySegment.set(segment, [workload]);
      else members.push(workload);
    }
  });
  const groupIds = new Map([...groupsByKey(inventory, owner)].map(([key, g]) => [key, g.id]));
  const nicsByWorkload = interfacesByWorkload(inventory);
  const vpcsByWorkload = vpcsOfEach(nicsByWorkload);
  return {
    index,
    inventory,
    owner,
    ledger: {},
    managed: new Set(managedVpcs(index.policy, inventory)),
    reach: reachableVpcs(inventory),
    memberships,
    membershipByWorkload: new Map(memberships.map((m) => [m.workload, m])),
    interfacesByWorkload: nicsByWorkload,
    vpcsByWorkload,
    groupIds,
    ourIds: new Set(groupIds.values()),
    membersBySegment,
    runningVpcsBySegment: runningVpcs(membersBySegment, vpcsByWorkload),
  };
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

/** Most workloads stand in one VPC: they share one set for each. */
function vpcsOfEach(
  nicsByWorkload: ReadonlyMap<string, readonly NetworkInterface[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const alone = new Map<string, ReadonlySet<string>>();
  const found = new Map<string, ReadonlySet<string>>();
  for (const [workload, nics] of nicsByWorkload) {
    const vpc = nics[0]?.vpc ?? '';
    if (nics.some((nic) => nic.vpc !== vpc)) {
      found.set(workload, new Set(nics.map((nic) => nic.vpc)));
      continue;
    }
    const known = alone.get(vpc) ?? new Set([vpc]);
    alone.set(vpc, known);
    found.set(workload, known);
  }
  return found;
}

function runningVpcs(
  membersBySegment: ReadonlyMap<string, readonly Workload[]>,
  vpcsByWorkload: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...membersBySegment].map(([segment, members]) => {
      const vpcs = new Set<string>();
      for (const { state, identity } of members) {
        if (state !== 'running') continue;
        for (const vpc of vpcsByWorkload.get(identity.workload) ?? NOWHERE) vpcs.add(vpc);
      }
      return [segment, new Set([...vpcs].sort())] as const;
    }),
  );
}

const NOWHERE: ReadonlySet<string> = new Set();

/** VPCs that the workload has an interface in. */
export function vpcsOf(estate: Estate, workload: Workload): ReadonlySet<string> {
  return estate.vpcsByWorkload.get(workload.identity.workload) ?? NOWHERE;
}
