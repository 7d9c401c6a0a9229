import type { Inventory, NetworkInterface } from '../../core/model/inventory.ts';

export interface MeasuredRow {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly port?: number;
  readonly type?: number;
  readonly result: string;
}

export interface Ends {
  readonly inventory: Inventory;
  /** The interfaces that carry the addresses; absent where none in the estate does. */
  readonly from: NetworkInterface | undefined;
  readonly to: NetworkInterface | undefined;
}

export interface Difference {
  readonly row: MeasuredRow;
  readonly ends: Ends;
  readonly verdict: 'allow' | 'deny';
  readonly why: readonly string[];
}

/** Rows are counted by how far apart the ends are and by what stands at the far end. */
export function rowClass(row: MeasuredRow, { from, to }: Ends): string {
  if (row.source === row.destination) return 'own address';
  if (from === undefined || to === undefined) return 'address outside the estate';
  const far = to.type === 'interface' ? 'host' : to.type;
  if (from.vpc !== to.vpc) return `another VPC, ${far}`;
  return from.subnet === to.subnet ? `same subnet, ${far}` : `same VPC, ${far}`;
}

/** Types of interfaces that may stand without groups: what they let in is said in other APIs. */
const SERVICES: ReadonlySet<string> = new Set([
  ...['network_load_balancer', 'nat_gateway', 'transit_gateway', 'gateway_load_balancer'],
]);

/** Why a row may differ, by name; each is described in docs/accuracy.md. No row is named alone. */
const EXPLANATIONS: readonly { readonly name: string; fits(difference: Difference): boolean }[] = [
  {
    name: 'own address',
    fits: ({ row }) => row.source === row.destination,
  },
  {
    name: 'address outside the estate',
    fits: ({ ends }) => ends.from === undefined || ends.to === undefined,
  },
  {
    name: 'transit gateway',
    fits: ({ verdict, why }) => verdict === 'deny' && / to tgw-/.test(why.join()),
  },
  {
    name: 'service without groups',
    fits: ({ ends, verdict }) =>
      verdict === 'deny' && SERVICES.has(ends.to?.type ?? '') && ends.to?.groups.length === 0,
  },
];

export function explanationOf(difference: Difference): string | undefined {
  return EXPLANATIONS.find((one) => one.fits(difference))?.name;
}
