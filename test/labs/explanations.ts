import type { PathVerdict } from '../../core/api/path-verdict.ts';
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
  readonly verdict: PathVerdict;
  readonly why: readonly string[];
}

/** Rows are counted by how far apart the ends are and by what stands at the far end. */
export function rowClass(row: MeasuredRow, { from, to }: Ends): string {
  if (row.source === row.destination) return 'own address';
  if (from === undefined || to === undefined) return 'address outside the estate';
  if ([from, to].some((nic, at) => nic.publicIpv4 === [row.source, row.destination][at])) {
    return 'by public address';
  }
  const far = to.type === 'interface' ? 'host' : to.type;
  if (from.vpc !== to.vpc) return `another VPC, ${far}`;
  return from.subnet === to.subnet ? `same subnet, ${far}` : `same VPC, ${far}`;
}

/** Why a row is unknown or differs, by name; docs/accuracy.md describes each. No row is named alone. */
const EXPLANATIONS: readonly { readonly name: string; fits(difference: Difference): boolean }[] = [
  {
    name: 'transit gateway',
    fits: ({ verdict, why }) => verdict === 'unknown' && / to tgw-/.test(why.join()),
  },
  {
    name: 'service without groups',
    fits: ({ verdict, why }) => verdict === 'unknown' && / has no groups; /.test(why.join()),
  },
  {
    name: 'neither end in the estate',
    fits: ({ ends }) => ends.from === undefined && ends.to === undefined,
  },
  {
    name: 'far end outside the estate',
    fits: ({ ends, verdict }) =>
      (ends.from === undefined || ends.to === undefined) && verdict !== 'deny',
  },
];

export function explanationOf(difference: Difference): string | undefined {
  return EXPLANATIONS.find((one) => one.fits(difference))?.name;
}
