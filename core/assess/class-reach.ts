import type { Inventory, Workload } from '../model/inventory.ts';
import { type AwsReach, awsReach } from '../reach/aws-reach.ts';
import { interfaceClasses } from '../reach/classes.ts';
import { TrafficRegion } from '../reach/traffic-region.ts';

export interface Reached {
  readonly workload: string;
  readonly traffic: TrafficRegion;
}

/** Which workloads each workload may send anything to, asked once per pair of classes. */
export class ClassReach {
  readonly #reach: AwsReach;
  readonly #classes: readonly (readonly string[])[];
  readonly #classByInterface = new Map<string, number>();
  readonly #workloadByInterface = new Map<string, string>();
  readonly #answers = new Map<number, readonly TrafficRegion[]>();
  readonly #reachedByWorkload = new Map<string, readonly Reached[]>();

  constructor(inventory: Inventory) {
    this.#reach = awsReach(inventory);
    this.#classes = interfaceClasses(inventory).map((one) => one.members);
    for (const [at, members] of this.#classes.entries()) {
      for (const id of members) this.#classByInterface.set(id, at);
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
    for (const from of interfaces) {
      const row = this.#rowOf(this.#classByInterface.get(from) ?? -1);
      for (const [at, traffic] of row.entries()) {
        if (traffic.isEmpty) continue;
        for (const to of this.#classes[at] ?? []) {
          const workload = this.#workloadByInterface.get(to);
          if (workload === undefined || workload === identity.workload) continue;
          const before = found.get(workload);
          found.set(workload, before === undefined ? traffic : before.or(traffic));
        }
      }
    }
    const reached = [...found].map(([workload, traffic]) => ({ workload, traffic }));
    this.#reachedByWorkload.set(identity.workload, reached);
    return reached;
  }

  /** From one class to every class; two members stand for a class and itself. */
  #rowOf(from: number): readonly TrafficRegion[] {
    const known = this.#answers.get(from);
    if (known !== undefined) return known;
    const [source = '', second = ''] = this.#classes[from] ?? [];
    const row = this.#classes.map((members, at): TrafficRegion => {
      const to = at === from ? second : (members[0] ?? '');
      const { ipv4 = [], ipv6 = [] } = this.#reach.between(source, to);
      return TrafficRegion.ofSet(ipv4).or(TrafficRegion.ofSet(ipv6));
    });
    this.#answers.set(from, row);
    return row;
  }
}
