import { type CheckEnd, PolicyTraffic } from '../../core/check/policy-traffic.ts';
import { subtractSets } from '../../core/check/traffic-union.ts';
import { decideMembership } from '../../core/compile/decide-membership.ts';
import { indexPolicy } from '../../core/compile/index-policy.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { TrafficSet } from '../../core/model/traffic.ts';
import { awsReach } from '../../core/reach/aws-reach.ts';

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly traffic: TrafficSet;
}

/** A flow that the policy allows and AWS did not let through after one write. */
export interface LostFlow extends Flow {
  readonly after: string;
}

/**
 * Every pair of interfaces between which the policy allows something, to be held against what AWS
 * lets pass after each single write. What it expects comes from the policy, what it sees from groups.
 */
export class FlowWatch {
  readonly #flows: readonly Flow[];
  readonly lost: LostFlow[] = [];
  writes = 0;

  /** `inventory`: as before the first write; its pairs are the ones that are watched. */
  constructor(policy: Policy, inventory: Inventory) {
    this.#flows = allowedFlows(policy, inventory);
  }

  /** Pairs of interfaces that are watched. */
  get pairs(): number {
    return this.#flows.length;
  }

  /** Judges all pairs on what AWS shows after the write called `after`. */
  judge(inventory: Inventory, after: string): void {
    const reach = awsReach(inventory);
    this.writes += 1;
    for (const flow of this.#flows) {
      const real = reach.between(flow.from, flow.to).ipv4 ?? [];
      const missing = subtractSets(flow.traffic, real);
      if (missing.length > 0) this.lost.push({ ...flow, traffic: missing, after });
    }
  }
}

function allowedFlows(policy: Policy, inventory: Inventory): readonly Flow[] {
  const index = indexPolicy(policy, { now: inventory.takenAt });
  const said = new PolicyTraffic(policy, {
    now: inventory.takenAt,
    prefixLists: inventory.prefixLists,
    groups: inventory.groups,
  });
  const workloads = new Map(inventory.workloads.map((one) => [one.identity.workload, one]));
  const ends = inventory.interfaces.flatMap((nic): { id: string; check: CheckEnd }[] => {
    const workload = workloads.get(nic.workload);
    if (workload === undefined || workload.control !== 'attach') return [];
    const { identity } = workload;
    if (decideMembership(index, identity).segments.length === 0) return [];
    const { ipv4, ipv6, groups } = nic;
    return [{ id: nic.id, check: { identity, ipv4, ipv6, groups, baseline: true } }];
  });
  return ends.flatMap((from) =>
    ends.flatMap((to): Flow[] => {
      if (from.id === to.id) return [];
      const all = said.between(from.check, to.check).traffic.ipv4 ?? [];
      // ICMPv6 never stands in an IPv4 packet.
      const none = { protocolFrom: 58, protocolTo: 58, from: 0, to: 65_535 };
      const traffic = subtractSets(all, [none]);
      return traffic.length === 0 ? [] : [{ from: from.id, to: to.id, traffic }];
    }),
  );
}
