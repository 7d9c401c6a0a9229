/**
 * `npm run bench`: how fast it is, each number beside a baseline that was measured in the same run on
 * the same machine. docs/performance.md says what they mean and keeps the last ones.
 */
import { measureDecisions } from './decisions.ts';
import { measureLatency } from './latency.ts';
import { countRename } from './rename.ts';

/** What a benchmark prints, one line each. */
export interface BenchLine {
  readonly name: string;
  readonly value: string;
  /** The value as a multiple of the baseline's. */
  readonly ratio?: number;
  readonly baseline?: string;
}

const BENCHES: Readonly<
  Record<string, { readonly about: string; run(): Promise<readonly BenchLine[]> }>
> = {
  decisions: {
    about: '1,000 segments, 10,000 rules, 100,000 workloads: compile, decide, plan, prove',
    run: measureDecisions,
  },
  rename: {
    about: 'writes of the smallest make-before-break plan that renames a segment, by phase',
    run: countRename,
  },
  latency: {
    about: 'received to written in the sandbox, over 200 changes at 2 a second, then to saturation',
    run: measureLatency,
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are:`);
  for (const [name, { about }] of Object.entries(BENCHES))
    console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}: ${bench.about}`);
  for (const line of await bench.run()) {
    const ratio = line.ratio === undefined ? '' : `   ${line.ratio.toFixed(1)} x ${line.baseline}`;
    console.log(`${line.name.padEnd(44)} ${line.value.padStart(14)}${ratio}`);
  }
}
process.exit(0);
