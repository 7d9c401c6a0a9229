import {
  addressesOf,
  addressSpace,
  effectiveCidrs,
  holdsWholeVpc,
} from '../compile/network-peers.ts';
import type { Membership } from '../model/desired-state.ts';
import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { Network, Policy } from '../model/policy.ts';

/**
 * Which names of rules are written on the groups of which interfaces. Where one is not, a flow that
 * the policy allows by it can be missing without being a cut; compiling has warned of it.
 *
 * - A segment that only observes has no group.
 * - A network does not serve the workloads inside it, unless it says `includesWorkloads`; then those
 *   of segments all of whose members in the VPC are inside.
 */
export class WrittenNames {
  readonly #observed: readonly string[];
  readonly #closed: readonly string[];
  readonly #open: readonly Network[];
  readonly #addresses = new Map<string, string[]>();
  readonly #inventory: Inventory;
  readonly #covered = new Map<string, boolean>();

  constructor(policy: Policy, inventory: Inventory, memberships: readonly Membership[]) {
    this.#inventory = inventory;
    this.#observed = policy.segments.filter((one) => one.mode === 'observe').map((one) => one.name);
    this.#open = policy.networks.filter((one) => one.includesWorkloads);
    this.#closed = policy.networks.filter((one) => !one.includesWorkloads).map((one) => one.name);
    if (this.#open.length > 0) this.#collectAddresses(memberships);
  }

  /** Names that are not written on the interface's groups. */
  unwritten(nic: NetworkInterface, membership: Membership | undefined): readonly string[] {
    const segments = (membership?.segments ?? []).filter((one) => !this.#observed.includes(one));
    const missed = this.#open.filter(
      (network) => !segments.some((segment) => this.#covers(network, segment, nic.vpc)),
    );
    return [...this.#observed, ...this.#closed, ...missed.map((one) => one.name)];
  }

  #collectAddresses(memberships: readonly Membership[]): void {
    const segmentsById = new Map(memberships.map((one) => [one.workload, one.segments]));
    const ended = new Set(
      this.#inventory.workloads
        .filter((one) => one.state === 'terminated')
        .map((one) => one.identity.workload),
    );
    for (const nic of this.#inventory.interfaces) {
      if (ended.has(nic.workload)) continue;
      for (const segment of segmentsById.get(nic.workload) ?? []) {
        const key = `${segment} ${nic.vpc}`;
        const known = this.#addresses.get(key) ?? [];
        known.push(...addressesOf(nic));
        this.#addresses.set(key, known);
      }
    }
  }

  #covers(network: Network, segment: string, vpcId: string): boolean {
    const key = JSON.stringify([network.name, segment, vpcId]);
    const known = this.#covered.get(key);
    if (known !== undefined) return known;
    const space = addressSpace(effectiveCidrs(network));
    const vpc = this.#inventory.vpcs.find((one) => one.id === vpcId);
    const addresses = this.#addresses.get(`${segment} ${vpcId}`) ?? [];
    const covered =
      (vpc !== undefined && holdsWholeVpc(space, vpc)) ||
      (addresses.length > 0 && addresses.every((address) => space.holdsAddress(address)));
    this.#covered.set(key, covered);
    return covered;
  }
}
