import { keysOfStems, managedVpcs } from '../compile/owned-groups.ts';
import type { Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface, Workload } from '../model/inventory.ts';
import type { Policy } from '../model/policy.ts';
import { AddressPlaces, blocksOf, subnetLooks } from '../reach/classes.ts';
import type { CheckEnd } from './policy-traffic.ts';
import { WrittenNames } from './written-names.ts';

export interface CompareInput {
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly memberships: readonly Membership[];
  /** Id of each owned group by its key. */
  readonly groupIds: Readonly<Record<string, string>>;
  /** VPCs whose workloads enforce, once their policy says so; by default those that the policy tags. */
  readonly vpcs?: readonly string[];
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Workloads of which it is known why they are not as the policy says, e.g. held, with the reason. */
  readonly excused?: ReadonlyMap<string, string>;
}

/** One interface of a workload, as a comparison sees it. */
export interface End {
  readonly nic: NetworkInterface;
  readonly check: CheckEnd;
  readonly name: string;
  /** Carries every group that its segments ask for. */
  readonly attached: boolean;
  readonly ingressEnforced: boolean;
  readonly egressEnforced: boolean;
  /** Ends of one class get the same answers. */
  readonly class: string;
  readonly excuse: string | undefined;
  /** As `check`, without the names of rules that are not written on its groups. */
  readonly owed: CheckEnd;
}

/** Ends that get the same answers, together; the first two stand for all of them. */
export function readClasses(input: CompareInput): readonly (readonly End[])[] {
  return [...Map.groupBy(readEnds(input), (end) => end.class).values()];
}

function readEnds(input: CompareInput): readonly End[] {
  const { inventory, memberships } = input;
  const membershipById = new Map(memberships.map((one) => [one.workload, one]));
  const workloadById = new Map(inventory.workloads.map((one) => [one.identity.workload, one]));
  const places = addressPlaces(input);
  const subnetOf = subnetLooks(inventory);
  const written = new WrittenNames(input.policy, inventory, memberships);
  const managed = new Set(input.vpcs ?? managedVpcs(input.policy, inventory));
  return inventory.interfaces.flatMap((nic): End[] => {
    const workload = workloadById.get(nic.workload);
    if (workload === undefined || nic.ipv4.length + nic.ipv6.length === 0) return [];
    return [
      readEnd(input, {
        ...{ nic, workload, membership: membershipById.get(nic.workload) },
        ...{ places, subnetOf, written, managed },
      }),
    ];
  });
}

interface EndParts {
  readonly nic: NetworkInterface;
  readonly workload: Workload;
  readonly membership: Membership | undefined;
  readonly places: AddressPlaces;
  readonly subnetOf: (nic: NetworkInterface) => string;
  readonly written: WrittenNames;
  readonly managed: ReadonlySet<string>;
}

function readEnd({ groupIds, excused }: CompareInput, parts: EndParts): End {
  const { nic, workload, membership, written, managed } = parts;
  const { identity } = workload;
  const carries = membership?.carries ?? [];
  const keys = keysOfStems(carries, nic.vpc, (key) => groupIds[key] !== undefined);
  const ids = keys.flatMap((key) => groupIds[key] ?? []);
  const isWritten = carries.length > 0 && ids.length === keys.length;
  const attached = isWritten && ids.every((id) => nic.groups.includes(id));
  // By what the policy asks, not by what it carries or what exists: a foreign group put on by hand is a
  // hole, and so is a host that EC2 does not let us write, though its VPC may have no groups for it.
  const enforced =
    managed.has(nic.vpc) &&
    carries.length > 0 &&
    workload.control === 'attach' &&
    membership?.mode === 'enforce';
  const withheld = (membership?.withheld ?? []).map(({ segment }) => segment);
  const check: CheckEnd = {
    identity,
    ipv4: nic.ipv4,
    ipv6: nic.ipv6,
    groups: nic.groups,
    withheld,
    baseline: (membership?.mode ?? 'observe') !== 'observe',
  };
  return {
    nic,
    check,
    name:
      identity.name === undefined ? identity.workload : `${identity.name} (${identity.workload})`,
    attached,
    ingressEnforced: enforced,
    egressEnforced: enforced && membership?.openEgress === false,
    excuse: excused?.get(identity.workload) ?? keptByConflict(membership),
    owed: { ...check, muted: written.unwritten(nic, membership) },
    class: JSON.stringify([
      membership?.segments ?? [],
      withheld,
      membership?.mode,
      membership?.openEgress,
      enforced,
      nic.groups,
      parts.subnetOf(nic),
      parts.places.of([...nic.ipv4, ...nic.ipv6]),
    ]),
  };
}

/** Tells addresses apart by every block that AWS or the policy speaks of. */
function addressPlaces({ inventory, policy }: CompareInput): AddressPlaces {
  const named = policy.networks.flatMap(({ cidrs, except }) => [...cidrs, ...except]);
  return new AddressPlaces([...blocksOf(inventory), ...named]);
}

/** Nothing is written for it, as segments are withheld: it keeps what it has until that is resolved. */
function keptByConflict(membership: Membership | undefined): string | undefined {
  if (membership?.mode !== 'observe' || membership.withheld.length === 0) return undefined;
  return membership.conflicts[0];
}
