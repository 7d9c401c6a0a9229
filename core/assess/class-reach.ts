import type { Inventory, Workload } from '../model/inventory.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { type InterfaceClass, interfaceClasses } from '../reach/classes.ts';
import { TrafficRegion } from '../reach/traffic-region.ts';

export interface Reached {
  readonly workload: string;
  readonly traffic: TrafficRegion;
}

/** What a class may send to the members of another. */
interface ClassTraffic extends InterfaceClass {
  readonly traffic: TrafficRegion;
}

/** Which workloads each workload may send anything to, asked once per pair of classes. */
export class ClassReach {
  readonly #reach: AwsReach;
  readonly #classes: readonly InterfaceClass[];
  readonly #classByInterface = new Map<string, InterfaceClass>();
  readonly #workloadByInterface = new Map<string, string>();
  readonly #rows = new Map<InterfaceClass, readonly ClassTraffic[]>();
  readonly #reachedByWorkload = new Map<string, readonly Reached[]>();

  constructor(inventory: Inventory) {
    this.#reach = awsReach(inventory);
    this.#classes = interfaceClasses(inventory);
    for (const one of this.#classes) {
      for (const id of one.members) this.#classByInterface.set(id, one);
    }
    for (const { identity, interfaces } of inventory.workloads) {
      for (const id of interfaces) this.#workloadByInterface.set(id, identity.workload);
    }
  }

  /** Other workloads that it may send anything to, each once; traffic of all its interfaces. */
  reachedFrom({ identity, interfaces }: Workload): readonly Reached[] {
    const known = this.#reachedByWorkload.get(identity.workload);
    if (known !== undefined) return known;
    const found = new Map<string, TrafficRegion>();
    for (const { members, traffic } of interfaces.flatMap((id) => this.#rowOf(id))) {
      for (const to of members) {
        const workload = this.#workloadByInterface.get(to);
        if (workload === undefined || workload === identity.workload) continue;
        found.set(workload, (found.get(workload) ?? TrafficRegion.nothing).or(traffic));
      }
    }
    const reached = [...found].map(([workload, traffic]) => ({ workload, traffic }));
    this.#reachedByWorkload.set(identity.workload, reached);
    return reached;
  }

  /** The classes that an interface reaches. One member stands for a class, another for its own. */
  #rowOf(from: string): readonly ClassTraffic[] {
    const source = this.#classByInterface.get(from);
    if (source === undefined) return [];
    const known = this.#rows.get(source);
    if (known !== undefined) return known;
    const row = this.#classes
      .map(({ members }) => ({ members, traffic: this.#between(from, members) }))
      .filter(({ traffic }) => !traffic.isEmpty);
    this.#rows.set(source, row);
    return row;
  }

  #between(from: string, members: readonly string[]): TrafficRegion {
    const to = members.find((id) => id !== from);
    if (to === undefined) return TrafficRegion.nothing;
    const { ipv4 = [], ipv6 = [] } = this.#reach.between(from, to);
    return TrafficRegion.ofSet(ipv4).or(TrafficRegion.ofSet(ipv6));
  }
}
