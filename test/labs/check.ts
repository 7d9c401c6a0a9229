/**
 * `npm run check:labs -- <folder>...`: holds core/reach to what was measured in estates that really
 * existed. A folder has `measured.json` and raw describe output in `<region>/<Kind>.json`; or it
 * holds such folders. Exit code 1 where a row disagrees that docs/accuracy.md does not explain.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type DescribeDocuments,
  inventoryFromDescribe,
} from '../../core/inventory/from-describe.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import { awsReach } from '../../core/reach/aws-reach.ts';
import { type Ends, explanationOf, type MeasuredRow, rowClass } from './explanations.ts';

/** The kinds of describe output that decide about reachability; others in a folder are not read. */
const KINDS = [
  ...['Reservations', 'NetworkInterfaces', 'SecurityGroups', 'Vpcs', 'Subnets', 'NetworkAcls'],
  ...['RouteTables', 'VpcPeeringConnections', 'PrefixLists'],
];

interface Judged {
  readonly row: MeasuredRow;
  readonly class: string;
  /** Beyond: what decides is nothing that the evaluator reads, so that agreeing means nothing. */
  readonly verdict: 'agrees' | 'beyond' | 'explained' | 'disagrees';
  readonly passed: boolean;
  readonly text: string;
}

/** All Regions as one estate: a peering is in the output of both its sides, and counts once. */
function readEstate(folder: string): Inventory {
  const documents: Record<string, unknown[]> = {};
  for (const region of readdirSync(folder, { withFileTypes: true })) {
    if (!region.isDirectory()) continue;
    for (const kind of KINDS) {
      const file = join(folder, region.name, `${kind}.json`);
      const list = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'))[kind] : [];
      const seen = new Set((documents[kind] ?? []).map((one) => JSON.stringify(one)));
      const fresh = list.filter((one: unknown) => !seen.has(JSON.stringify(one)));
      documents[kind] = [...(documents[kind] ?? []), ...fresh];
    }
  }
  return inventoryFromDescribe(documents as DescribeDocuments, {
    takenAt: new Date().toISOString(),
  });
}

function judgeLab(folder: string): readonly Judged[] {
  const inventory = readEstate(folder);
  for (const { kind, reason } of inventory.gaps) console.log(`gap: ${kind}: ${reason}`);
  const reach = awsReach(inventory);
  const nicOf = (address: string) =>
    inventory.interfaces.find((nic) => nic.ipv4.includes(address) || nic.ipv6.includes(address));
  const rows: MeasuredRow[] = JSON.parse(readFileSync(join(folder, 'measured.json'), 'utf8'));
  return rows.map((row) => {
    const ends: Ends = { inventory, from: nicOf(row.source), to: nicOf(row.destination) };
    const probe =
      row.protocol === 'icmp'
        ? { protocol: 1, port: (row.type ?? 8) * 256 }
        : { protocol: row.protocol === 'udp' ? 17 : 6, port: row.port ?? 0 };
    const { verdict, why } = reach.explain(ends.from?.id ?? '', ends.to?.id ?? '', probe);
    // A host that refuses a port has received the packet.
    const passed = row.result !== 'filtered' && row.result !== 'none';
    const agrees = (verdict === 'allow') === passed;
    const because = explanationOf({ row, ends, verdict, why });
    const known = because === undefined ? 'disagrees' : 'explained';
    const what = row.protocol === 'icmp' ? `icmp/${row.type}` : `${row.protocol}/${row.port}`;
    return {
      row,
      class: rowClass(row, ends),
      verdict: agrees ? (because === undefined ? 'agrees' : 'beyond') : known,
      passed,
      text: `${row.source} -> ${row.destination} ${what}: measured ${row.result}, we say ${verdict} (${because ?? why.join('; ')})`,
    };
  });
}

function report(folder: string): number {
  console.log(`\n== ${basename(folder)}`);
  const judged = judgeLab(folder);
  const count = (rows: readonly Judged[], verdict: Judged['verdict']): number =>
    rows.filter((one) => one.verdict === verdict).length;
  for (const [name, rows] of [...Map.groupBy(judged, (one) => one.class)].sort()) {
    const beyond = count(rows, 'beyond') + count(rows, 'explained');
    const open = rows.filter((one) => one.passed && one.verdict === 'agrees').length;
    const agreed = `${count(rows, 'agrees')} of ${rows.length - beyond} agree (${open} passed)`;
    const rest = `${beyond} beyond it, ${count(rows, 'explained')} of them differ`;
    console.log(`${name.padEnd(36)} ${agreed}; ${rest}`);
  }
  for (const verdict of ['explained', 'disagrees'] as const) {
    for (const { text } of judged.filter((one) => one.verdict === verdict)) {
      console.log(`${verdict}: ${text}`);
    }
  }
  return count(judged, 'disagrees');
}

const folders = process.argv.slice(2).flatMap((folder) => {
  if (existsSync(join(folder, 'measured.json'))) return [folder];
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder).map((name) => join(folder, name));
  return below.filter((one) => existsSync(join(one, 'measured.json')));
});
if (folders.length === 0) {
  console.error('no folder with `measured.json` was given: npm run check:labs -- <folder>...');
  process.exitCode = 2;
} else {
  const unexplained = folders.map(report).reduce((sum, one) => sum + one, 0);
  console.log(`\n${unexplained} rows disagree without an explanation`);
  process.exitCode = unexplained === 0 ? 0 : 1;
}
