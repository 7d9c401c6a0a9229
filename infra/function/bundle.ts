import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** CommonJS packages inside an ES module bundle still ask for Node's own modules by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);";

export interface BundleOptions {
  /** File in functions/, without the ending; exports `handler`. */
  readonly entry: string;
  /** Folder whose files are put beside the code, below the same name. */
  readonly folder?: string;
}

/**
 * One function as an asset: a single ES module with the SDK inside, so that the version that was
 * tested is the version that runs, and a source map. Bundled in this process by esbuild; the Docker
 * image that CDK's type demands is never used.
 */
export function bundleFunction(options: BundleOptions): Code {
  return Code.fromAsset(join(root, 'functions'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // CDK bundles once per distinct options, and does not look into the function below.
      command: [options.entry, options.folder ?? ''],
      local: {
        tryBundle(outputFolder: string): boolean {
          buildEntry(options.entry, outputFolder);
          if (options.folder !== undefined) copyFolder(options.folder, outputFolder);
          return true;
        },
      },
    },
  });
}

/** Writes index.mjs and its source map. */
export function buildEntry(entry: string, outputFolder: string): void {
  buildSync({
    absWorkingDir: root,
    entryPoints: [join(root, 'functions', `${entry}.ts`)],
    outfile: join(outputFolder, 'index.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minifySyntax: true,
    minifyWhitespace: true,
    // Names stay: error classes are told apart by name.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'error',
  });
}

/** Plain files of one folder, without its subfolders. */
function copyFolder(folder: string, outputFolder: string): void {
  const target = join(outputFolder, folder);
  mkdirSync(target);
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (!entry.isFile() || !/\.ya?ml$/.test(entry.name)) continue;
    writeFileSync(join(target, entry.name), readFileSync(join(root, folder, entry.name)));
  }
}
