import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../../../policies/generate.ts';
import { lint, places } from './lint.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const yamlIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).filter((file) => /\.ya?ml$/.test(file));

const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => `examples/${entry.name}`);
const folders = ['policies', ...examples];
const files = folders.flatMap((folder) => yamlIn(folder).map((file) => `${folder}/${file}`));

test.each(Object.entries(generatedFiles()))(
  '%s is what `npm run generate` writes',
  (file, text) => {
    expect(read(file)).toBe(text);
  },
);

test.each(folders)('%s lints clean', (folder) => {
  const sources = yamlIn(folder).map((file): [string, string] => [file, read(`${folder}/${file}`)]);
  expect(sources.map(([file]) => file)).toContain('root.yaml');
  expect(places(lint(...sources).diagnostics)).toEqual([]);
});

test('the policy of a first deploy only observes', () => {
  const sources = yamlIn('policies').map((file): [string, string] => [
    file,
    read(`policies/${file}`),
  ]);
  const modes = lint(...sources).policy?.segments.map(({ mode }) => mode);
  expect(new Set(modes)).toEqual(new Set(['observe']));
});

describe('the schema that editors use', () => {
  // `id` of a definition names it for people; ajv of draft 7 knows `$id` alone.
  const accepts = new Ajv({ strict: false }).compile(JSON.parse(read('policies/schema.json')));

  test.each(files)('accepts %s', (file) => {
    accepts(parse(read(file)));
    expect(accepts.errors).toBeNull();
  });

  const good = {
    apiVersion: 'bulkhead/v1',
    segments: { web: { select: { tags: { app: 'web' } } } },
    rules: [{ id: 'r', from: 'web', to: ['web'], allow: 'tcp/443', why: 'w' }],
  };
  const [rule] = good.rules;
  const { web } = good.segments;

  test('accepts a small policy', () => {
    expect(accepts(good)).toBe(true);
  });

  test.each([
    { name: 'a misspelt section', file: { ...good, segmnets: {} } },
    { name: 'a misspelt key of a rule', file: { ...good, rules: [{ ...rule, form: 'web' }] } },
    {
      name: 'a misspelt key deep in a selector',
      file: { ...good, segments: { web: { select: { all: [{ not: { tag: { a: 'b' } } }] } } } },
    },
    { name: 'a rule without a reason', file: { ...good, rules: [{ ...rule, why: undefined }] } },
    {
      name: 'a mode that is none',
      file: { ...good, segments: { web: { ...web, mode: 'enforc' } } },
    },
    { name: 'a version that is none', file: { ...good, apiVersion: 'bulkhead/v2' } },
  ])('refuses $name', ({ file }) => {
    expect(accepts(JSON.parse(JSON.stringify(file)))).toBe(false);
  });
});
