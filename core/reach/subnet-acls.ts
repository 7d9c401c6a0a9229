import type { Inventory, NetworkAcl, NetworkInterface } from '../model/inventory.ts';
import type { Direction } from '../model/plan.ts';
import { TCP, UDP } from '../model/traffic.ts';
import { allowedByAcl, answerable, decidingEntry, EPHEMERAL } from './network-acls.ts';
import { TrafficRegion } from './traffic-region.ts';
import type { Probe } from './verdict.ts';

/** A packet on its way out of an interface's subnet toward an address, or in from one. */
export interface Crossing {
  readonly nic: Pick<NetworkInterface, 'subnet' | 'vpc'>;
  readonly direction: Direction;
  readonly address: string;
}

/** The NACL of each subnet, and what it does to the packets that cross it and to their answers. */
export class SubnetAcls {
  readonly #bySubnet = new Map<string, NetworkAcl>();
  readonly #defaultByVpc = new Map<string, NetworkAcl>();

  constructor({ networkAcls }: Pick<Inventory, 'networkAcls'>) {
    for (const acl of networkAcls) {
      if (acl.isDefault) this.#defaultByVpc.set(acl.vpc, acl);
      for (const subnet of acl.subnets) this.#bySubnet.set(subnet, acl);
    }
  }

  /** Undefined where it could not be read: such a subnet filters nothing here. */
  of({ subnet, vpc }: Crossing['nic']): NetworkAcl | undefined {
    return this.#bySubnet.get(subnet) ?? this.#defaultByVpc.get(vpc);
  }

  /** Traffic that crosses and whose answers come back. */
  passing({ nic, direction, address }: Crossing): TrafficRegion {
    const acl = this.of(nic);
    if (acl === undefined) return TrafficRegion.everything;
    const answers = answerable(allowedByAcl(acl, against(direction), address));
    return allowedByAcl(acl, direction, address).and(answers);
  }

  /** What of the first NACL in the way stops a probe or its answers; undefined: nothing does. */
  denial(crossings: readonly Crossing[], probe: Probe): string | undefined {
    for (const crossing of crossings) {
      const because = this.#denialOf(crossing, probe);
      if (because !== undefined) return because;
    }
    return undefined;
  }

  #denialOf({ nic, direction, address }: Crossing, probe: Probe): string | undefined {
    const acl = this.of(nic);
    if (acl === undefined) return undefined;
    const entry = decidingEntry(acl, direction, { address, ...probe });
    if (entry?.action !== 'allow') {
      const name = entry === undefined ? 'the last entry' : `entry ${entry.ruleNumber}`;
      return `${direction} of NACL ${acl.id}: ${name} denies ${address}`;
    }
    const back = against(direction);
    const answers = answerable(allowedByAcl(acl, back, address));
    if (answers.has(probe.protocol, probe.port)) return undefined;
    const hasPorts = probe.protocol === TCP || probe.protocol === UDP;
    const ports = hasPorts ? ` on some of the ports ${EPHEMERAL.from}-${EPHEMERAL.to}` : '';
    return `the answers do not get back: ${back} of NACL ${acl.id} denies ${address}${ports}`;
  }
}

function against(direction: Direction): Direction {
  return direction === 'ingress' ? 'egress' : 'ingress';
}
