/**
 * `npm run check:labs -- <folder>...`: holds what `explain` says of AWS to what was measured in estates
 * that really existed. A folder has `measured.json` and raw describe output in `<region>/<Kind>.json`; or it
 * holds such folders. Exit code 1 where a row disagrees that docs/accuracy.md does not explain.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { explainPath } from '../../core/api/explain.ts';
import {
  type DescribeDocuments,
  inventoryFromDescribe,
} from '../../core/inventory/from-describe.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import { type Ends, explanationOf, type MeasuredRow, rowClass } from './explanations.ts';

/** The kinds of describe output that decide about reachability; others in a folder are not read. */
const KINDS = [
  ...['Reservations', 'NetworkInterfaces', 'SecurityGroups', 'Vpcs', 'Subnets', 'NetworkAcls'],
  ...['RouteTables', 'VpcPeeringConnections', 'PrefixLists'],
];

interface Judged {
  readonly row: MeasuredRow;
  readonly class: string;
  /** Unknown: that is what we say, since what decides is nothing that was read. */
  readonly verdict: 'agrees' | 'unknown' | 'explained' | 'disagrees';
  readonly passed: boolean;
  /** Why it is unknown or explained. */
  readonly because: string;
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
  const nicOf = (address: string) =>
    inventory.interfaces.find(
      (nic) =>
        nic.ipv4.includes(address) || nic.ipv6.includes(address) || nic.publicIpv4 === address,
    );
  const now = new Date().toISOString();
  const rows: MeasuredRow[] = JSON.parse(readFileSync(join(folder, 'measured.json'), 'utf8'));
  return rows.map((row) => {
    const ends: Ends = { inventory, from: nicOf(row.source), to: nicOf(row.destination) };
    const port =
      row.protocol === 'icmp' ? `icmp/${row.type ?? 8}/0` : `${row.protocol}/${row.port}`;
    const found = explainPath({ inventory, from: row.source, to: row.destination, port, now });
    if (found.kind !== 'answer') throw new Error(found.message);
    const { verdict, why } = found.answer.aws;
    // A host that refuses a port has received the packet.
    const passed = row.result !== 'filtered' && row.result !== 'none';
    const because = explanationOf({ row, ends, verdict, why });
    const agrees = (verdict === 'allow') === passed;
    const differs = because === undefined ? 'disagrees' : 'explained';
    return {
      row,
      passed,
      class: rowClass(row, ends),
      verdict: verdict === 'unknown' ? 'unknown' : agrees ? 'agrees' : differs,
      because: because ?? why[0] ?? '',
      text: `${row.source} -> ${row.destination} ${port}: measured ${row.result}, we say ${verdict} (${because ?? why.join('; ')})`,
    };
  });
}

function report(folder: string): number {
  console.log(`\n== ${basename(folder)}`);
  const judged = judgeLab(folder);
  const count = (rows: readonly Judged[], verdict: Judged['verdict']): number =>
    rows.filter((one) => one.verdict === verdict).length;
  for (const [name, rows] of [...Map.groupBy(judged, (one) => one.class)].sort()) {
    const judgedRows = rows.length - count(rows, 'unknown') - count(rows, 'explained');
    const open = rows.filter((one) => one.passed && one.verdict === 'agrees').length;
    const agreed = `${count(rows, 'agrees')} of ${judgedRows} agree (${open} passed)`;
    const rest = `${count(rows, 'unknown')} unknown, ${count(rows, 'explained')} explained`;
    console.log(`${name.padEnd(36)} ${agreed}; ${rest}`);
  }
  for (const verdict of ['unknown', 'explained'] as const) {
    const rows = judged.filter((one) => one.verdict === verdict);
    for (const [because, of] of Map.groupBy(rows, (one) => one.because)) {
      const passed = of.filter((one) => one.passed).length;
      console.log(`${verdict}: ${because}: ${of.length} rows, of which ${passed} passed`);
    }
  }
  for (const { text } of judged.filter((one) => one.verdict === 'disagrees')) {
    console.log(`disagrees: ${text}`);
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
