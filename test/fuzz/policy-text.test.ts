import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Diagnostic, Policy, PolicySource } from '../../core/model/policy.ts';
import { decodeSource } from '../../core/policy/decode.ts';
import { MESSAGES } from '../../core/policy/messages.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { FUZZ_RUNS, hostileText, type Json } from './hostile.ts';
import { EXAMPLE, editedDocuments } from './policies.ts';

const NOW = '2026-11-23T12:00:00Z';
/** What a finding must never be, as a text that says so. */
function whatIsWrong(found: Diagnostic): string[] {
  const text = `${found.message} ${found.hint}`;
  const unquoted = text.replaceAll(found.file, '').replace(/`[^`]*`/g, '');
  const entry = Object.entries(MESSAGES).find(([code]) => code === found.code)?.[1];
  const checks: readonly (readonly [boolean, string])[] = [
    [entry?.severity !== found.severity, `${found.code} is not in the registry like this`],
    [!(found.line >= 1 && found.column >= 1), `${found.line}:${found.column} is no place`],
    [/undefined|\[object/.test(unquoted), `it leaks: ${text}`],
    // What is quoted from a file never reaches a terminal as a command.
    [/[\p{Cc}\p{Cs}\u202a-\u202e]/u.test(text), `it is not safe to print: ${JSON.stringify(text)}`],
    [text.length > 2_000, `it is ${text.length} characters long`],
  ];
  return checks.flatMap(([isWrong, what]) => (isWrong ? what : []));
}

/** What every reading owes to whoever wrote the text, whatever it was. */
function holdPromises(sources: readonly PolicySource[]): Policy | undefined {
  const { policy, diagnostics } = parsePolicy(sources, { now: NOW });
  expect(diagnostics.flatMap(whatIsWrong)).toEqual([]);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(policy === undefined).toBe(errors.length > 0);
  const other = parsePolicy(sources.toReversed(), { now: NOW });
  expect(JSON.stringify(other)).toBe(JSON.stringify({ ...(policy && { policy }), diagnostics }));
  return policy;
}

const FRAGMENTS = [
  ...['&a ', '*a', '<<: *a', '<<: [*a, *a]', '? ', ': ', '- ', '!!binary ', '!<tag:x> ', '|', '>-'],
  ...['---\n', '...\n', '%YAML 9.9\n', '\t', '#', "'", '"', '{', '}', '[', ']', ',', '\n', '\r'],
  ...['  ', '\u0000', '\ufeff', '\u0085', '"\\u202e"', '"\\xff"', '__proto__: 1\n', 'a: &a [*a]\n'],
];

interface TextEdit {
  readonly how: 'insert' | 'cut' | 'double' | 'move';
  readonly at: number;
  readonly length: number;
  readonly fragment: string;
}

const textEdits = fc.array(
  fc.record<TextEdit>({
    how: fc.constantFrom<TextEdit['how']>('insert', 'cut', 'double', 'move'),
    at: fc.nat({ max: 5_000 }),
    length: fc.nat({ max: 60 }),
    fragment: fc.oneof(fc.constantFrom(...FRAGMENTS), hostileText),
  }),
  { minLength: 1, maxLength: 6 },
);

function editText(text: string, { how, at, length, fragment }: TextEdit): string {
  const start = at % (text.length + 1);
  const piece = text.slice(start, start + length);
  const rest = text.slice(start + length);
  if (how === 'insert') return text.slice(0, start) + fragment + text.slice(start);
  if (how === 'cut') return text.slice(0, start) + rest;
  if (how === 'double') return text.slice(0, start) + piece + piece + rest;
  return rest + piece + text.slice(0, start);
}

test('the example is a policy, so that its mutants come near to one', () => {
  expect(holdPromises(EXAMPLE)).toBeDefined();
});

test('text that is nearly a policy', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1 }), textEdits, fc.boolean(), (which, edits, isRenamed) => {
      const file = isRenamed ? `${edits[0]?.fragment.slice(0, 500)}.yaml` : EXAMPLE[which]?.file;
      const sources = EXAMPLE.map((source, at) =>
        at === which ? { file: file ?? '', text: edits.reduce(editText, source.text) } : source,
      );
      holdPromises(sources);
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 2) },
  );
});

/** What is written is in force, or told as an error: nothing is left out without a word. */
function expectEveryEntry(policy: Policy, documents: readonly Json[]): void {
  const { zones, networks, services, segments, rules, baseline, guardrails, assertions } = policy;
  const read = { zones, networks, services, segments, rules, baseline, guardrails };
  for (const [section, entries] of Object.entries({ ...read, assert: assertions })) {
    const written = documents.map(
      (document) => Object.keys(Object(document)[section] ?? {}).length,
    );
    const sum = written.reduce((a, b) => a + b);
    expect(`${section}: ${Object.keys(entries).length}`).toBe(`${section}: ${sum}`);
  }
  const settings = documents.some((document) => Object.hasOwn(Object(document), 'settings'));
  expect(policy.settings.location !== undefined).toBe(settings);
}

test('documents of the right shape that hold the wrong things', () => {
  let accepted = 0;
  fc.assert(
    fc.property(editedDocuments, fc.boolean(), (documents, asJson) => {
      const sources = documents.map(({ file, document }) => ({
        file,
        text: asJson
          ? JSON.stringify(document)
          : stringify(document, { aliasDuplicateObjects: true }),
      }));
      const policy = holdPromises(sources);
      if (policy === undefined) return;
      accepted += 1;
      expectEveryEntry(
        policy,
        documents.map(({ document }) => document),
      );
    }),
    { numRuns: Math.ceil(FUZZ_RUNS / 2) },
  );
  // A search that is refused at the door every time would say nothing of what lies behind it.
  expect(accepted).toBeGreaterThan(FUZZ_RUNS / 100);
});

test('text that is no policy at all', () => {
  const soup = fc
    .array(fc.oneof(fc.constantFrom(...FRAGMENTS, 'a', 'segments', 'rules'), hostileText), {
      maxLength: 40,
    })
    .map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(soup, fc.boolean(), (text, rooted) => {
      holdPromises([
        { file: 'root.yaml', text: rooted ? `apiVersion: bulkhead/v1\n${text}` : text },
      ]);
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test('bytes that are nearly UTF-8', () => {
  const bytes = fc.array(fc.tuple(fc.nat({ max: 3_000 }), fc.nat({ max: 255 })), { maxLength: 4 });
  fc.assert(
    fc.property(bytes, fc.uint8Array({ maxLength: 12 }), (changes, end) => {
      const text = Buffer.concat([Buffer.from(`${EXAMPLE[0]?.text}# é€𝄞\n`), end]);
      for (const [at, byte] of changes) text[at % text.length] = byte;
      const { source, diagnostics } = decodeSource('root.yaml', text);
      expect(source === undefined).toBe(diagnostics.length > 0);
      if (source !== undefined) holdPromises([source]);
      for (const { line, column } of diagnostics) {
        // The first bad byte is at the place that is told: up to there everything decodes.
        const before = text
          .toString('latin1')
          .split('\n')
          .slice(0, line - 1)
          .join('\n').length;
        expect(column).toBeGreaterThanOrEqual(1);
        expect(() =>
          new TextDecoder('utf-8', { fatal: true }).decode(text.subarray(0, before)),
        ).not.toThrow();
      }
    }),
    { numRuns: FUZZ_RUNS },
  );
});
