/**
 * `npm test`: everything that says whether this tree is right, one step after the other. The last
 * line is `N passed, N failed`; the exit code is 0 only if nothing failed and every step ran tests.
 *
 * `npm test -- unit e2e` runs the named steps alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));

interface Verdict {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly name: string;
  readonly about: string;
  run(): Promise<Verdict>;
}

const steps: readonly Step[] = [
  { name: 'types', about: 'type check', run: () => runTool('tsc', ['--noEmit']) },
  { name: 'lint', about: 'lint and format', run: () => runTool('biome', ['check', '.']) },
  {
    name: 'unit',
    about: 'unit, property, golden and infra tests',
    run: () => runVitest('unit', ['--config', 'vitest.config.ts']),
  },
  {
    name: 'e2e',
    about: 'sandbox end-to-end tests, the demo among them',
    run: () => runVitest('e2e', ['--config', 'vitest.e2e.config.ts']),
  },
];

/** A tool that passes or fails as a whole counts as one test. */
async function runTool(tool: string, args: readonly string[]): Promise<Verdict> {
  const code = await runInherited(join(root, 'node_modules', '.bin', tool), args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Counts come from vitest's own JSON report; a run without one, or without a test, has failed. */
async function runVitest(name: string, args: readonly string[]): Promise<Verdict> {
  const report = join(scratch, `${name}.json`);
  const code = await runInherited(join(root, 'node_modules', '.bin', 'vitest'), [
    'run',
    ...args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  return readVitestReport(report, code);
}

function readVitestReport(file: string, code: number): Verdict {
  let report: { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number };
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`vitest left no report in \`${file}\`: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
  const passed = report.numPassedTests;
  const broken = code !== 0 || passed === 0;
  return { passed, failed: Math.max(report.numFailedTests, broken ? 1 : 0) };
}

function runInherited(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    const known = steps.map((step) => step.name).join(', ');
    console.error(`no test step is called \`${unknown.join('`, `')}\`; there are: ${known}`);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const step of steps) {
    if (wanted.length > 0 && !wanted.includes(step.name)) continue;
    console.log(`\n== ${step.name}: ${step.about}`);
    const startedAt = performance.now();
    const verdict = await step.run();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.log(
      `== ${step.name}: ${verdict.passed} passed, ${verdict.failed} failed (${seconds} s)`,
    );
    passed += verdict.passed;
    failed += verdict.failed;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
