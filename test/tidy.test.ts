import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;

/** The import table of the design: what each folder may import beside itself and Node. */
const MAY_IMPORT: Record<string, { folders: RegExp; packages: RegExp }> = {
  core: { folders: /^core\//, packages: /^(zod|yaml|cidr-tools|ip-bigint)$/ },
  engine: { folders: /^(engine|core)\//, packages: /^$/ },
  aws: {
    folders: /^(aws|core)\/|^engine\/(ports|ec2-errors|latency)\.ts$/,
    packages: /^(@aws-sdk\/|@smithy\/|@aws-crypto\/)/,
  },
  functions: {
    folders: /^(functions|core|engine|aws)\//,
    packages: /^(@middy\/|zod$|@aws-lambda-powertools\/|aws-lambda$)/,
  },
  cli: {
    folders: /^(cli|core|engine|aws)\//,
    packages: /^(commander|picocolors|cli-table3|ora|zod)$/,
  },
  infra: {
    folders: /^infra\/|^functions\/env\.ts$/,
    packages: /^(aws-cdk-lib|constructs|cdk-nag|esbuild)/,
  },
};

/** What core must not touch, so that a decision depends on nothing but its arguments. */
const IMPURE =
  /\basync\b|\bawait\b|process\.env|\bDate\.now\b|\bnew Date\(\)|Math\.random|\bsetTimeout\b/;

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|py)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules'));
}

const folders = [...Object.keys(MAY_IMPORT), 'sandbox', 'policies', 'test', 'bench'].filter(
  (folder) => readdirSync(root).includes(folder),
);
const sources = folders.flatMap(sourcesBelow);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Comments may speak of anything; only code counts. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

function importsOf(file: string): string[] {
  const found = withoutComments(read(file)).matchAll(
    /^\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|import\('([^']+)'\)/gm,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function forbiddenImports(file: string): string[] {
  const folder = file.split('/')[0] ?? '';
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) return [];
  return importsOf(file).filter((name) => {
    if (name.startsWith('.')) {
      return !allowed.folders.test(relative(root, resolve(root, dirname(file), name)));
    }
    const builtin = name.startsWith('node:') || builtinModules.includes(name);
    return builtin ? folder === 'core' && name !== 'node:crypto' : !allowed.packages.test(name);
  });
}

/**
 * Lengths of functions by their braces: a line that opens a function, up to the line with the same
 * indentation that closes it. Formatted code (biome) makes that exact enough.
 */
function longFunctions(file: string): string[] {
  const lines = read(file).split('\n');
  const long: string[] = [];
  lines.forEach((line, start) => {
    const opens =
      /^(\s*)(?:export )?(?:default )?(?:async )?function\b.*\{$/.exec(line) ??
      /^(\s*)(?:(?:public|private|override|static|async|readonly) )*#?\w+\(.*\).*\{$/.exec(line) ??
      /^(\s*)(?:export )?const \w+ = .*=> \{$/.exec(line);
    if (opens === null || /^\s*(if|for|while|switch|catch|describe|test|it)\b/.test(line)) return;
    const end = lines.findIndex((other, at) => at > start && other.startsWith(`${opens[1]}}`));
    const length = end - start + 1;
    if (length > FUNCTION_LINES_MAX) long.push(`${file}:${start + 1}: ${length} lines`);
  });
  return long;
}

describe('tidy', () => {
  test('sources were found in every folder of the layout', () => {
    for (const folder of Object.keys(MAY_IMPORT)) expect(sourcesBelow(folder)).not.toEqual([]);
  });

  test('each folder imports only what the import table allows', () => {
    const wrong = sources.flatMap((file) =>
      forbiddenImports(file).map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('core is pure: no async, clock, chance or environment', () => {
    const wrong = sourcesBelow('core').filter((file) => IMPURE.test(withoutComments(read(file))));
    expect(wrong).toEqual([]);
  });

  test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
    const long = sources.filter((file) => read(file).split('\n').length - 1 > FILE_LINES_MAX);
    expect(long).toEqual([]);
  });

  test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
    expect(sources.filter((file) => file.endsWith('.ts')).flatMap(longFunctions)).toEqual([]);
  });

  test('no folder is called utils, common, helpers, shared or misc', () => {
    const bad = sources.filter((file) =>
      /(^|\/)(utils?|common|helpers?|shared|misc)[/.]/.test(file),
    );
    expect(bad).toEqual([]);
  });

  test('no test is switched off and nothing is left to do', () => {
    const off = /\b(?:it|test|describe)\.(?:skip|only|todo)\(|\b(?:TODO|FIXME|XXX)\b/;
    const self = relative(root, fileURLToPath(import.meta.url));
    const bad = sources.filter((file) => file !== self && off.test(read(file)));
    expect(bad).toEqual([]);
  });

  test('the two evaluators share no code', () => {
    const crossing = [...sourcesBelow('core/check'), ...sourcesBelow('core/reach')].flatMap(
      (file) =>
        importsOf(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => relative(root, resolve(root, dirname(file), name)))
          .filter((target) =>
            file.startsWith('core/reach/')
              ? !/^core\/(reach|model)\//.test(target)
              : file === 'core/check/policy-traffic.ts' && /^core\/(reach|compile)\//.test(target),
          )
          .map((target) => `${file} imports ${target}`),
    );
    expect(crossing).toEqual([]);
  });
});
