import type { Inventory, NetworkInterface } from '../model/inventory.ts';
import type { TrafficSet } from '../model/traffic.ts';
import { OutsideReach } from './outside.ts';
import { TrafficRegion } from './traffic-region.ts';

/** Public addresses far apart: what is open to all of them is open to the world. */
const ANYWHERE = {
  ipv4: ['8.8.8.8', '93.184.216.34', '185.199.108.153'],
  ipv6: ['2001:4860:4860::8888', '2606:2800:220:1::1', '2a00:1450:4001:81b::200e'],
} as const;

/**
 * What anybody on the internet may send to an interface: it has a public address, its subnet has a
 * route to an internet gateway, its groups and both directions of its NACL let it through.
 */
export class WorldReach {
  readonly #outside: OutsideReach;

  constructor(inventory: Inventory) {
    this.#outside = new OutsideReach(inventory);
  }

  /** Empty when nothing is open. IPv4 and IPv6 together. */
  into(nic: NetworkInterface): TrafficSet {
    const ipv6 = nic.ipv6.length === 0 ? TrafficRegion.nothing : this.#open(nic, 'ipv6');
    return this.#open(nic, 'ipv4').or(ipv6).toSet();
  }

  #open(nic: NetworkInterface, family: 'ipv4' | 'ipv6'): TrafficRegion {
    return ANYWHERE[family]
      .map((address) =>
        this.#outside.hasInternet(nic, address)
          ? this.#outside.admitted(nic, address)
          : TrafficRegion.nothing,
      )
      .reduce((both, region) => both.and(region));
  }
}
