/**
 * A test runner for Stryker that loads the tests of core once and runs those that reach a mutant in
 * its own process: milliseconds instead of the second or two that starting vitest takes each time.
 * core is synchronous and pure, so that nothing is left behind by a mutant; every so often the quick
 * tests run without one, to be sure.
 */
import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INSTRUMENTER_CONSTANTS, type MutantCoverage } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { type CollectedTest, collected } from './collected.ts';

/** What `npm run test:mutation` holds mutants to, where MUTATION_TESTS says nothing else. */
const TESTS = process.env.MUTATION_TESTS ?? 'test/core/**/*.test.ts,test/properties/*.test.ts';

/** Mutants between two runs of the quick tests without any. */
const CHECK_EVERY = 200;
const QUICK_MS_MAX = 100;

/** The globals of instrumented code (Stryker, "instrumenter"). */
interface Instrumentation {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: MutantCoverage | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}

const holder = globalThis as unknown as Record<string, Instrumentation>;
holder[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
const instrumentation = holder[INSTRUMENTER_CONSTANTS.NAMESPACE] ?? {};

interface KnownTest extends CollectedTest {
  readonly id: string;
}

class InProcessRunner implements TestRunner {
  readonly #tests = new Map<string, KnownTest>();
  /** How long each test took when it last passed. */
  readonly #msById = new Map<string, number>();
  #runs = 0;

  capabilities() {
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    // Fewer draws: each mutant meets the laws again.
    process.env.PROPERTY_RUNS ??= '15';
    process.env.AGREEMENT_WORLDS ??= '30';
    const shim = pathToFileURL(join(import.meta.dirname, 'vitest-shim.ts')).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'vitest' && context.parentURL !== shim
          ? { url: shim, shortCircuit: true }
          : next(specifier, context),
    });
    await import(pathToFileURL(resolve('test/seed.ts')).href);
    for (const file of TESTS.split(',')
      .flatMap((pattern) => globSync(pattern))
      .sort()) {
      const before = collected.length;
      await import(pathToFileURL(resolve(file)).href);
      for (const [at, one] of collected.slice(before).entries()) {
        // By number too, since rows of a table may have one name.
        const id = `${file}#${at + 1} ${one.name}`;
        this.#tests.set(id, { id, ...one });
      }
    }
  }

  async dryRun(): Promise<DryRunResult> {
    instrumentation.activeMutant = undefined;
    const tests: TestResult[] = [];
    for (const one of this.#tests.values()) {
      instrumentation.currentTestId = one.id;
      tests.push(await runOne(one));
    }
    instrumentation.currentTestId = undefined;
    const { mutantCoverage } = instrumentation;
    return {
      status: DryRunStatus.Complete,
      tests,
      ...(mutantCoverage === undefined ? {} : { mutantCoverage }),
    };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    this.#runs += 1;
    if (this.#runs % CHECK_EVERY === 0) await this.#check();
    instrumentation.hitCount = options.hitLimit === undefined ? undefined : 0;
    instrumentation.hitLimit = options.hitLimit;
    instrumentation.activeMutant = options.activeMutant.id;
    const tests: TestResult[] = [];
    for (const one of this.#fastestFirst(options.testFilter)) {
      const result = await runOne(one);
      tests.push(result);
      if (result.status === TestStatus.Success) this.#msById.set(one.id, result.timeSpentMs);
      if (result.status === TestStatus.Failed && !options.disableBail) break;
    }
    instrumentation.activeMutant = undefined;
    const tooOften = determineHitLimitReached(instrumentation.hitCount, options.hitLimit);
    return toMutantRunResult(tooOften ?? { status: DryRunStatus.Complete, tests });
  }

  #fastestFirst(ids: readonly string[] = [...this.#tests.keys()]): readonly KnownTest[] {
    const wanted = ids.map((id) => {
      const one = this.#tests.get(id);
      if (one === undefined) throw new Error(`no test is called \`${id}\``);
      return one;
    });
    const msOf = (one: KnownTest): number => this.#msById.get(one.id) ?? Number(isLaw(one));
    return wanted.sort((a, b) => msOf(a) - msOf(b));
  }

  /** A mutant that left something behind would make every later one look killed. */
  async #check(): Promise<void> {
    instrumentation.activeMutant = undefined;
    instrumentation.hitLimit = undefined;
    for (const one of this.#tests.values()) {
      if ((this.#msById.get(one.id) ?? Number.POSITIVE_INFINITY) > QUICK_MS_MAX) continue;
      const result = await runOne(one);
      if (result.status === TestStatus.Failed) {
        throw new Error(`without a mutant \`${one.id}\` fails: ${result.failureMessage}`);
      }
    }
  }
}

/** Laws draw many worlds; until it is known how long they take, they come last. */
function isLaw(one: KnownTest): boolean {
  return one.id.startsWith('test/properties/');
}

async function runOne(one: KnownTest): Promise<TestResult> {
  const startedAt = performance.now();
  const told = () => ({
    ...{ id: one.id, name: one.name, fileName: resolve(one.id.split('#')[0] ?? '') },
    timeSpentMs: performance.now() - startedAt,
  });
  try {
    await one.run();
    return { ...told(), status: TestStatus.Success };
  } catch (error) {
    const failureMessage = error instanceof Error ? error.message : String(error);
    return { ...told(), status: TestStatus.Failed, failureMessage };
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
];
