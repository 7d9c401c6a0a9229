import type { Inventory, NetworkAcl, NetworkInterface, RouteTable } from '../model/inventory.ts';
import type { TrafficSet } from '../model/traffic.ts';
import { contains } from './addresses.ts';
import { ruleRegion } from './group-rules.ts';
import { allowedByAcl, answerable } from './network-acls.ts';
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
  readonly #groups: ReadonlyMap<string, Inventory['groups'][number]>;
  readonly #lists: ReadonlyMap<string, readonly string[]>;
  readonly #inventory: Inventory;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.#groups = new Map(inventory.groups.map((group) => [group.id, group]));
    this.#lists = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
  }

  /** Empty when nothing is open. IPv4 and IPv6 together. */
  into(nic: NetworkInterface): TrafficSet {
    const ipv4 = nic.publicIpv4 === undefined ? TrafficRegion.nothing : this.#open(nic, 'ipv4');
    const ipv6 = nic.ipv6.length === 0 ? TrafficRegion.nothing : this.#open(nic, 'ipv6');
    return ipv4.or(ipv6).toSet();
  }

  #open(nic: NetworkInterface, family: 'ipv4' | 'ipv6'): TrafficRegion {
    return ANYWHERE[family]
      .map((address) => this.#from(nic, address))
      .reduce((both, region) => both.and(region));
  }

  #from(nic: NetworkInterface, address: string): TrafficRegion {
    if (!this.#hasGateway(nic, address)) return TrafficRegion.nothing;
    let region = TrafficRegion.nothing;
    for (const rule of nic.groups.flatMap((id) => this.#groups.get(id)?.ingress ?? [])) {
      if (this.#names(rule.peer, address)) region = region.or(ruleRegion(rule));
    }
    const acl = this.#aclOf(nic);
    if (acl === undefined || region.isEmpty) return region;
    const back = answerable(allowedByAcl(acl, 'egress', address));
    return region.and(allowedByAcl(acl, 'ingress', address)).and(back);
  }

  #names(peer: Inventory['groups'][number]['ingress'][number]['peer'], address: string): boolean {
    if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return contains(peer.cidr, address);
    if (peer.kind !== 'prefixList') return false;
    return (this.#lists.get(peer.id) ?? []).some((cidr) => contains(cidr, address));
  }

  #aclOf(nic: NetworkInterface): NetworkAcl | undefined {
    const { networkAcls } = this.#inventory;
    return (
      networkAcls.find((acl) => acl.subnets.includes(nic.subnet)) ??
      networkAcls.find((acl) => acl.vpc === nic.vpc && acl.isDefault)
    );
  }

  /** The most specific route to the address leads to an internet gateway. */
  #hasGateway(nic: NetworkInterface, address: string): boolean {
    const table = this.#tableOf(nic);
    const routes = (table?.routes ?? []).filter(
      ({ destination }) => destination.includes('/') && contains(destination, address),
    );
    const [best] = routes.sort((a, b) => prefixLength(b.destination) - prefixLength(a.destination));
    return best?.state === 'active' && best.target.startsWith('igw-');
  }

  #tableOf(nic: NetworkInterface): RouteTable | undefined {
    const { routeTables } = this.#inventory;
    return (
      routeTables.find((table) => table.subnets.includes(nic.subnet)) ??
      routeTables.find((table) => table.vpc === nic.vpc && table.main)
    );
  }
}

function prefixLength(cidr: string): number {
  return Number(cidr.split('/')[1]);
}
