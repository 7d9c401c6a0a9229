import type { Inventory, RulePeer, SecurityGroup } from '../model/inventory.ts';
import { contains } from '../reach/addresses.ts';
import type { End } from './ends.ts';
import type { PolicyTraffic } from './policy-traffic.ts';

export interface CandidateInput {
  /** One that stands for each class. */
  readonly ends: readonly End[];
  readonly inventory: Inventory;
  readonly said: PolicyTraffic;
}

/** An ordered pair of classes, by position. */
export type Pair = readonly [from: number, to: number];

/**
 * The pairs of classes that can disagree at all; every other pair passes nothing where nothing may
 * pass. That is what makes a whole estate comparable: security groups and policies only ever allow,
 * so that the pairs on which either has something to say are few.
 *
 * - A hole needs a rule of the end that is closed: ingress of an enforced destination, or egress of
 *   a source with closed egress.
 * - A cut needs a rule of the policy that joins the two.
 */
export function candidatePairs(input: CandidateInput): readonly Pair[] {
  const size = input.ends.length;
  const keys = new Set<number>();
  for (const [from, to] of [...openPairs(input), ...promisedPairs(input)])
    keys.add(from * size + to);
  return [...keys].map((key) => [Math.floor(key / size), key % size]);
}

function* openPairs(input: CandidateInput): Generator<Pair> {
  const groups = new Map(input.inventory.groups.map((group) => [group.id, group]));
  const peers = new PeerIndex(input);
  for (const [at, end] of input.ends.entries()) {
    const own = end.nic.groups.flatMap((id) => groups.get(id) ?? []);
    if (end.ingressEnforced) for (const from of peers.of(own, 'ingress')) yield [from, at];
    if (end.egressEnforced) for (const to of peers.of(own, 'egress')) yield [at, to];
  }
}

/** Which classes the peer of a rule may mean. */
class PeerIndex {
  readonly #ends: readonly End[];
  readonly #byGroup = new Map<string, number[]>();
  readonly #byBlocks = new Map<string, readonly number[]>();
  readonly #lists: ReadonlyMap<string, readonly string[]>;

  constructor({ ends, inventory }: CandidateInput) {
    this.#ends = ends;
    this.#lists = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
    for (const [at, { nic }] of ends.entries()) {
      for (const id of nic.groups) {
        const known = this.#byGroup.get(id);
        if (known === undefined) this.#byGroup.set(id, [at]);
        else known.push(at);
      }
    }
  }

  of(groups: readonly SecurityGroup[], direction: 'ingress' | 'egress'): ReadonlySet<number> {
    const found = new Set<number>();
    for (const { peer } of groups.flatMap((group) => group[direction])) {
      for (const at of this.#meant(peer)) found.add(at);
    }
    return found;
  }

  #meant(peer: RulePeer): readonly number[] {
    switch (peer.kind) {
      case 'group':
        return this.#byGroup.get(peer.id) ?? [];
      case 'prefixList':
        return (this.#lists.get(peer.id) ?? []).flatMap((cidr) => this.#inside(cidr));
      default:
        return this.#inside(peer.cidr);
    }
  }

  #inside(cidr: string): readonly number[] {
    const known = this.#byBlocks.get(cidr);
    if (known !== undefined) return known;
    const found = [...this.#ends.entries()]
      .filter(([, { nic }]) => [...nic.ipv4, ...nic.ipv6].some((one) => contains(cidr, one)))
      .map(([at]) => at);
    this.#byBlocks.set(cidr, found);
    return found;
  }
}

function* promisedPairs({ ends, said }: CandidateInput): Generator<Pair> {
  const byName = new Map<string, number[]>();
  const served: number[] = [];
  for (const [at, end] of ends.entries()) {
    if (!end.attached) continue;
    if (end.owed.baseline === true) served.push(at);
    for (const name of said.heardNames(end.owed)) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [at]);
      else known.push(at);
    }
  }
  const meant = (names: readonly string[] | 'served'): readonly number[] =>
    names === 'served' ? served : names.flatMap((name) => byName.get(name) ?? []);
  for (const join of said.joins()) {
    const destinations = meant(join.to);
    if (destinations.length === 0) continue;
    for (const from of meant(join.from)) for (const to of destinations) yield [from, to];
  }
}
