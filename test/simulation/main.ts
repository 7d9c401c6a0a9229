/**
 * `npm run simulate -- --seed 7` replays one seed with its trace; `-- --seeds 1..500` plays a range
 * and prints the seeds that fail, and the totals; `--with uninstall` only those that have that feature.
 */
import { parseArgs } from 'node:util';
import { drawFeatures, type Feature } from './features.ts';
import { simulate } from './simulate.ts';
import { Totals } from './totals.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    with: { type: 'string' },
    quiet: { type: 'boolean' },
  },
});

async function main(): Promise<number> {
  const totals = new Totals();
  if (values.seed !== undefined) {
    const trace = values.quiet === true ? undefined : (line: string) => console.log(line);
    totals.add(await simulate(Number(values.seed), trace));
  } else {
    const [first = 1, last = first] = (values.seeds ?? '1..20').split('..').map(Number);
    for (let seed = first; seed <= last; seed += 1) {
      if (values.with !== undefined && !drawFeatures(seed).has(values.with as Feature)) continue;
      const outcome = await simulate(seed);
      totals.add(outcome);
      for (const text of outcome.complaints.slice(0, 5)) console.log(`seed ${seed}: ${text}`);
    }
  }
  console.log(totals.text());
  return totals.failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
