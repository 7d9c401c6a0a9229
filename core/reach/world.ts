import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { TrafficSet } from '../model/traffic.ts';
import { OutsideReach } from './outside.ts';
import { TrafficRegion } from './traffic-region.ts';

/** Public addresses far apart: what is open to all of them is open to the world. */
const ANYWHERE = {
  ipv4: ['8.8.8.8', '93.184.216.34', '185.199.108.153'],
  ipv6: ['2001:4860:4860::8888', '2606:2800:220:1::1', '2a00:1450:4001:81b::200e'],
} as const;

export interface WorldOpening {
  readonly address: string;
  readonly traffic: TrafficSet;
}

/**
 * What anybody on the internet may send to an interface: it has a public address, its subnet has a
 * route to an internet gateway, its groups and both directions of its NACL let it through.
 */
export class WorldReach {
  readonly #outside: OutsideReach;

  constructor(inventory: Inventory) {
    this.#outside = new OutsideReach(inventory);
  }

  /** Addresses of the interface that are open to everybody, and for what: one a family. */
  into(nic: NetworkInterface): readonly WorldOpening[] {
    return [nic.publicIpv4, nic.ipv6[0]]
      .filter((address) => address !== undefined)
      .map((address) => ({ address, traffic: this.#open(nic, address).toSet() }))
      .filter(({ traffic }) => traffic.length > 0);
  }

  #open(nic: NetworkInterface, own: string): TrafficRegion {
    return ANYWHERE[own.includes(':') ? 'ipv6' : 'ipv4']
      .map((address) =>
        this.#outside.hasInternet(nic, address)
          ? this.#outside.admitted(nic, address)
          : TrafficRegion.nothing,
      )
      .reduce((both, region) => both.and(region));
  }
}
