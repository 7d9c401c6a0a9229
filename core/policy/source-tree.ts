import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import type { Location, PolicySource } from '../model/policy.ts';
import { type Findings, hasHidden, placeOf, quote, startOf } from './diagnostics.ts';
import { DEPTH_MAX, NODES_MAX, SYNTAX_ERRORS_MAX, TOKENS_MAX } from './limits.ts';

/** A value of a file with its place. Aliases share nodes, so this is a graph without cycles. */
export type TreeNode = TreeMap | TreeList | TreeScalar;

export interface TreeMap {
  readonly kind: 'map';
  readonly at: Location;
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Nodes below and including this one, aliases counted as often as they stand. */
  readonly size: number;
}

export interface TreeEntry {
  readonly keyAt: Location;
  readonly value: TreeNode;
}

export interface TreeList {
  readonly kind: 'list';
  readonly at: Location;
  readonly items: readonly TreeNode[];
  readonly size: number;
}

/**
 * Numbers stay texts, so that an account or a tag keeps its leading zeros; only a plain `true` or
 * `false` is a boolean and only nothing, `~` or `null` is null.
 */
export interface TreeScalar {
  readonly kind: 'scalar';
  readonly at: Location;
  readonly value: string | boolean | null;
  readonly size: 1;
}

/** Ends the reading of a file whose parse would cost too much. */
class TooComplex extends Error {
  readonly offset: number;
  constructor(offset: number, seen: string) {
    super(seen);
    this.offset = offset;
  }
}

/**
 * Parses one file within the limits of tokens, nesting, nodes and errors. Gives undefined when there
 * is nothing to go on with; else the tree of what could be read, so that the other findings of a
 * file with a syntax error are told as well.
 *
 * Errors: `yaml-syntax`, `too-complex`, `alias-unknown`, `alias-recursive`, `bad-merge`,
 * `duplicate-key`, `control-character`.
 */
export function readTree(source: PolicySource, findings: Findings): TreeNode | undefined {
  const lines = new LineCounter();
  const place = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file: source.file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (offset: number, seen: string): undefined => {
    findings.add('too-complex', place(offset), seen, 'write it flatter and split it by team');
  };
  try {
    const document = compose(source, lines, place, findings);
    if (document === undefined) return undefined;
    for (const problem of [...document.errors, ...document.warnings].slice(0, SYNTAX_ERRORS_MAX)) {
      addSyntaxError(findings, place(problem.pos[0]), problem.message);
    }
    if (document.contents === null) {
      findings.add(
        'wrong-type',
        startOf(source.file),
        'the file is empty',
        'start it with `apiVersion: bulkhead/v1`',
      );
      return undefined;
    }
    return new TreeReader(findings, place).read(document.contents, 0);
  } catch (error) {
    if (error instanceof TooComplex) return fail(error.offset, error.message);
    // The library throws on some inputs that it should report; the text is at fault all the same.
    addSyntaxError(findings, startOf(source.file), 'the text cannot be parsed');
    return undefined;
  }
}

function addSyntaxError(findings: Findings, at: Location, message: string): void {
  const first = message.split('\n')[0] ?? '';
  const seen = first.replaceAll('`', "'").slice(0, 200);
  findings.add('yaml-syntax', at, seen, 'check indentation, quotes and brackets at this place');
}

/**
 * Lexer, parser and composer one after the other: the lexer and the parser keep a stack of their
 * own, but the composer recurses, and deep nesting can end the whole process before it notices.
 */
function compose(
  source: PolicySource,
  lines: LineCounter,
  place: (offset: number) => Location,
  findings: Findings,
): Document.Parsed | undefined {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const composer = new Composer({
    // Every scalar a text; duplicate keys are found below, in linear time.
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  limitErrors(composer);
  const documents = composer.compose(tokens(source.text, parser), true, source.text.length);
  let first: Document.Parsed | undefined;
  for (const document of documents) {
    if (first === undefined) {
      first = document;
      continue;
    }
    const at = place(document.range[0]);
    findings.add('yaml-syntax', at, 'a second document starts here', 'keep one document a file');
    break;
  }
  return first;
}

/**
 * The composer keeps each error with its stack, and a file of the largest size makes hundreds of
 * thousands: more memory than a function has. It has no limit of its own, so what it calls for each
 * is wrapped; test/fuzz/limits.test.ts fails when a new version of the library calls another.
 */
function limitErrors(composer: Composer): void {
  const report = Reflect.get(composer, 'onError');
  let errors = 0;
  let excess: TooComplex | undefined;
  Reflect.set(composer, 'onError', (source: unknown, ...more: readonly unknown[]) => {
    errors += 1;
    if (errors > SYNTAX_ERRORS_MAX) {
      // What is thrown inside a collection comes again as an error at the start of the collection.
      excess ??= tooManyErrors(startOfSource(source));
      throw excess;
    }
    Reflect.apply(report, composer, [source, ...more]);
  });
}

/** An offset, a range, or a token. */
function startOfSource(source: unknown): number {
  if (typeof source === 'number') return source;
  if (Array.isArray(source)) return Number(source[0]);
  return Number(Reflect.get(Object(source), 'offset') ?? 0);
}

function tooManyErrors(offset: number): TooComplex {
  return new TooComplex(offset, `there are more than \`${SYNTAX_ERRORS_MAX}\` errors`);
}

function* tokens(text: string, parser: Parser) {
  let lexemes = 0;
  let errors = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > TOKENS_MAX) {
      throw new TooComplex(parser.offset, `the file has more than \`${TOKENS_MAX}\` tokens`);
    }
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') errors += 1;
      yield token;
    }
    // Beside the collections, a document and the token being read stand on the stack; a flow map
    // inside a flow list takes two levels.
    if (parser.stack.length > 2 * DEPTH_MAX + 2) {
      throw new TooComplex(parser.offset, `the nesting is deeper than \`${DEPTH_MAX}\``);
    }
    if (errors > SYNTAX_ERRORS_MAX) {
      throw tooManyErrors(parser.offset);
    }
  }
  yield* parser.end();
}

class TreeReader {
  readonly #findings: Findings;
  readonly #place: (offset: number) => Location;
  /** Undefined while the anchor's own node is being read. */
  readonly #byAnchor = new Map<string, TreeNode | undefined>();
  /** Entries copied by `<<` so far; each is memory, wherever it stands. */
  #merged = 0;

  constructor(findings: Findings, place: (offset: number) => Location) {
    this.#findings = findings;
    this.#place = place;
  }

  read(node: unknown, depth: number): TreeNode {
    const offset = offsetOf(node);
    const at = this.#place(offset);
    if (depth > DEPTH_MAX) {
      throw new TooComplex(offset, `the nesting is deeper than \`${DEPTH_MAX}\``);
    }
    if (isAlias(node)) return this.#readAlias(node.source, at);
    const anchor = anchorOf(node);
    if (anchor !== undefined) this.#byAnchor.set(anchor, undefined);
    const read = this.#readOwn(node, at, depth);
    if (read.size > NODES_MAX) {
      throw new TooComplex(offset, `the file has more than \`${NODES_MAX}\` nodes, with aliases`);
    }
    if (anchor !== undefined) this.#byAnchor.set(anchor, read);
    return read;
  }

  #readOwn(node: unknown, at: Location, depth: number): TreeNode {
    if (isMap(node)) return this.#readMap(node, at, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1));
      return { kind: 'list', at, items, size: sizeOf(items) };
    }
    if (!isScalar(node)) return { kind: 'scalar', at, value: null, size: 1 };
    const text = typeof node.value === 'string' ? node.value : '';
    if (node.type === 'PLAIN' && /^(?:|~|null)$/.test(text)) {
      return { kind: 'scalar', at, value: null, size: 1 };
    }
    if (node.type === 'PLAIN' && (text === 'true' || text === 'false')) {
      return { kind: 'scalar', at, value: text === 'true', size: 1 };
    }
    this.#checkText(text, at, true);
    return { kind: 'scalar', at, value: text, size: 1 };
  }

  #checkText(text: string, at: Location, lines: boolean): void {
    if (!hasHidden(text, { lines })) return;
    this.#findings.add(
      'control-character',
      at,
      `${quote(text)} holds control or invisible characters`,
      'remove them',
    );
  }

  #readAlias(name: string, at: Location): TreeNode {
    const node = this.#byAnchor.get(name);
    if (node !== undefined) return node;
    if (this.#byAnchor.has(name)) {
      const seen = `alias ${quote(`*${name}`)} stands inside its own anchor`;
      this.#findings.add('alias-recursive', at, seen, 'write the value out');
    } else {
      const seen = `alias ${quote(`*${name}`)} has no anchor before it`;
      this.#findings.add(
        'alias-unknown',
        at,
        seen,
        `mark the value with ${quote(`&${name}`)} first`,
      );
    }
    return { kind: 'scalar', at, value: null, size: 1 };
  }

  #readMap(map: YAMLMap, at: Location, depth: number): TreeMap {
    const own = new Map<string, TreeEntry>();
    const merged = new Map<string, TreeEntry>();
    for (const pair of map.items) {
      const keyAt = this.#place(offsetOf(pair.key));
      const key = this.#readKey(pair, keyAt);
      const value = pair.value === null ? emptyAt(keyAt) : this.read(pair.value, depth + 1);
      if (key === undefined) continue;
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        this.#merge(value, merged);
        continue;
      }
      const before = own.get(key);
      if (before === undefined) {
        own.set(key, { keyAt, value });
        continue;
      }
      this.#findings.add(
        'duplicate-key',
        keyAt,
        `key ${quote(key)} stands here and at ${placeOf(before.keyAt)}`,
        'remove or rename one of them',
      );
    }
    // What a map says itself goes before what it merges.
    const entries = new Map([...merged, ...own]);
    return { kind: 'map', at, entries, size: sizeOf([...entries.values()].map((e) => e.value)) };
  }

  #readKey(pair: Pair, keyAt: Location): string | undefined {
    const key = isAlias(pair.key) ? this.#readAlias(pair.key.source, keyAt) : undefined;
    const text = isScalar(pair.key) ? pair.key.value : key?.kind === 'scalar' ? key.value : null;
    if (typeof text === 'string' && text !== '__proto__') {
      if (isScalar(pair.key) && pair.key.anchor !== undefined) {
        const scalar = { kind: 'scalar', at: keyAt, value: text, size: 1 } as const;
        this.#byAnchor.set(pair.key.anchor, scalar);
      }
      this.#checkText(text, keyAt, false);
      return text;
    }
    const seen = text === null ? 'a key here is no text' : `key ${quote(String(text))} is refused`;
    this.#findings.add('wrong-type', keyAt, seen, 'write a plain key');
    return undefined;
  }

  #merge(value: TreeNode, into: Map<string, TreeEntry>): void {
    const maps = value.kind === 'list' ? value.items : [value];
    for (const map of maps) {
      if (map.kind !== 'map') {
        const seen = `\`<<\` merges a ${map.kind} here`;
        this.#findings.add('bad-merge', map.at, seen, 'name a map or a list of maps');
        continue;
      }
      // The first of several wins (YAML 1.1, "Merge Key Language-Independent Type").
      for (const [key, entry] of map.entries) if (!into.has(key)) into.set(key, entry);
      this.#merged += map.entries.size;
      if (this.#merged > NODES_MAX) {
        throw new TooComplex(0, `\`<<\` repeats more than \`${NODES_MAX}\` keys`);
      }
    }
  }
}

function sizeOf(nodes: readonly TreeNode[]): number {
  return nodes.reduce((sum, node) => sum + node.size, 1);
}

function emptyAt(at: Location): TreeScalar {
  return { kind: 'scalar', at, value: null, size: 1 };
}

function offsetOf(node: unknown): number {
  return (node as ParsedNode | null)?.range?.[0] ?? 0;
}

function anchorOf(node: unknown): string | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
}

/** The value without places, as zod reads it. Maps have no prototype. */
export function plainOf(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) plain[key] = plainOf(entry.value);
  return plain;
}

/** The entry under a key of a map; undefined where there is none. */
export function entryOf(node: TreeNode | undefined, key: string): TreeEntry | undefined {
  return node?.kind === 'map' ? node.entries.get(key) : undefined;
}

/** The value under a key of a map; undefined where there is none. */
export function childOf(node: TreeNode | undefined, key: string): TreeNode | undefined {
  return entryOf(node, key)?.value;
}

/** The node at a path of keys and indexes, or the nearest one above that exists. */
export function nodeAt(node: TreeNode, path: readonly PropertyKey[]): TreeNode {
  const [step, ...rest] = path;
  if (step === undefined) return node;
  const below = node.kind === 'list' ? node.items[Number(step)] : childOf(node, String(step));
  return below === undefined ? node : nodeAt(below, rest);
}
