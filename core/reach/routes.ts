import type {
  Inventory,
  NetworkInterface,
  Peering,
  Route,
  RouteTable,
} from '../model/inventory.ts';
import { contains, specificity } from './addresses.ts';

/** Whether packets from one interface find their way to an address of another, and why not. */
export type Path =
  | { readonly kind: 'routed'; readonly by: string }
  /** Over something whose own routes are in none of the documents, such as a transit gateway. */
  | { readonly kind: 'beyond'; readonly because: string }
  | { readonly kind: 'none'; readonly because: string };

/** Targets that may lead to another VPC of the estate, by routes of their own that were not read. */
const BEYOND = /^(tgw|vgw|lgw|eni|vpce|i|cagw)-|^arn:/;

/** Whether the target of a route has routes of its own that no document of EC2 tells. */
export function isBeyond(target: string): boolean {
  return BEYOND.test(target);
}

export interface RouteTaken {
  readonly table?: string;
  readonly route?: Route | undefined;
}

/** Finds paths by the route tables, the most specific route first (AWS, "Route priority"). */
export class Routes {
  readonly #tableBySubnet = new Map<string, RouteTable>();
  readonly #mainByVpc = new Map<string, RouteTable>();
  readonly #peerings: ReadonlyMap<string, Peering>;
  readonly #listCidrs: ReadonlyMap<string, readonly string[]>;

  constructor(inventory: Inventory) {
    for (const table of inventory.routeTables) {
      for (const subnet of table.subnets) this.#tableBySubnet.set(subnet, table);
      if (table.main) this.#mainByVpc.set(table.vpc, table);
    }
    this.#peerings = new Map(inventory.peerings.map((peering) => [peering.id, peering]));
    this.#listCidrs = new Map(inventory.prefixLists.map((list) => [list.id, list.cidrs]));
  }

  path(from: NetworkInterface, to: NetworkInterface, address: string): Path {
    if (from.subnet === to.subnet) return { kind: 'routed', by: 'local' };
    const { table, route } = this.routeTo(from, address);
    if (table === undefined) return this.#withoutTable(from, to);
    if (route === undefined) return none(`${table} has no route to ${address}`);
    if (route.state === 'blackhole') {
      return none(`the route of ${table} to ${address} is a blackhole`);
    }
    if (route.target === 'local') {
      return from.vpc === to.vpc
        ? { kind: 'routed', by: 'local' }
        : none(`${table} keeps ${address} inside ${from.vpc}`);
    }
    if (route.target.startsWith('pcx-')) return this.#overPeering(route, from, to);
    const because = `${table} sends ${address} to ${route.target}, past what groups can name`;
    return isBeyond(route.target) ? { kind: 'beyond', because } : none(because);
  }

  /** The table of the interface's subnet; undefined where it could not be read. */
  tableOf({ subnet, vpc }: Pick<NetworkInterface, 'subnet' | 'vpc'>): RouteTable | undefined {
    return this.#tableBySubnet.get(subnet) ?? this.#mainByVpc.get(vpc);
  }

  /** The route that packets of an interface take to an address; no table: undefined twice. */
  routeTo(from: Pick<NetworkInterface, 'subnet' | 'vpc'>, address: string): RouteTaken {
    const table = this.tableOf(from);
    if (table === undefined) return {};
    return { table: table.id, route: this.#mostSpecific(table, address) };
  }

  /** Route tables that could not be read: the VPC's own range is always local. */
  #withoutTable(from: NetworkInterface, to: NetworkInterface): Path {
    if (from.vpc === to.vpc) return { kind: 'routed', by: 'local' };
    return none(`no route table of ${from.vpc} is known`);
  }

  #mostSpecific(table: RouteTable, address: string): Route | undefined {
    let best: { readonly route: Route; readonly size: bigint } | undefined;
    for (const route of table.routes) {
      const cidrs = route.destination.startsWith('pl-')
        ? (this.#listCidrs.get(route.destination) ?? [])
        : [route.destination];
      for (const cidr of cidrs) {
        if (!contains(cidr, address)) continue;
        const size = specificity(cidr);
        if (best === undefined || size > best.size) best = { route, size };
      }
    }
    return best?.route;
  }

  #overPeering(route: Route, from: NetworkInterface, to: NetworkInterface): Path {
    const peering = this.#peerings.get(route.target);
    if (peering?.status !== 'active') {
      return none(`${route.target} is ${peering?.status ?? 'not known'}`);
    }
    const sides = [peering.requester.vpc, peering.accepter.vpc];
    const joins = sides.includes(from.vpc) && sides.includes(to.vpc);
    return joins
      ? { kind: 'routed', by: route.target }
      : none(`${route.target} does not lead to ${to.vpc}`);
  }
}

function none(because: string): Path {
  return { kind: 'none', because };
}
