import { z } from 'zod';
import { type Findings, listed, quote } from './diagnostics.ts';
import { entryOf, nodeAt, plainOf, type TreeNode } from './source-tree.ts';
import { suggestName } from './suggest.ts';

type ShapeIssue = z.core.$ZodIssue;

/**
 * Reads a node with a schema. Every issue becomes a located diagnostic: `unknown-key`, `missing-key`,
 * `wrong-type`, `bad-value`. Undefined when there was one.
 */
export function checkShape<T>(
  schema: z.ZodType<T>,
  node: TreeNode,
  findings: Findings,
): T | undefined {
  const result = schema.safeParse(plainOf(node), { reportInput: true, error: knownKeys });
  if (result.success) return result.data;
  for (const issue of result.error.issues) addIssue(issue, node, [], findings);
  return undefined;
}

/** zod tells which keys are foreign, but not which ones it knows; the message carries them. */
function knownKeys({ inst }: { readonly inst?: unknown }): string | undefined {
  return inst instanceof z.ZodObject ? JSON.stringify(Object.keys(inst.shape)) : undefined;
}

function addIssue(
  issue: ShapeIssue,
  root: TreeNode,
  above: readonly PropertyKey[],
  findings: Findings,
): void {
  const path = [...above, ...issue.path];
  const node = nodeAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) addUnknownKey(node, key, JSON.parse(issue.message), findings);
  } else if (issue.input === undefined) {
    const key = String(path.at(-1));
    const seen = `key ${quote(key)} is missing here`;
    findings.add('missing-key', node.at, seen, `add \`${key}:\``);
  } else if (issue.code === 'invalid_value') {
    addBadValue(issue, node, findings);
  } else {
    const inItems = issuesOfItems(issue);
    for (const inner of inItems) addIssue(inner, root, path, findings);
    if (inItems.length === 0) addWrongType(issue, node, findings);
  }
}

/** A key of a map that is none of the known ones. */
export function addUnknownKey(
  node: TreeNode,
  key: string,
  known: readonly string[],
  findings: Findings,
): void {
  const similar = suggestName(key, known);
  findings.add(
    'unknown-key',
    entryOf(node, key)?.keyAt ?? node.at,
    `key ${quote(key)} is unknown here`,
    similar === undefined ? `possible are ${listed(known)}` : `did you mean \`${similar}\`?`,
  );
}

function addBadValue(
  issue: z.core.$ZodIssueInvalidValue,
  node: TreeNode,
  findings: Findings,
): void {
  const possible = issue.values.map(String);
  const similar = typeof issue.input === 'string' ? suggestName(issue.input, possible) : undefined;
  findings.add(
    'bad-value',
    node.at,
    `${kindOf(node)} is not one of ${listed(possible)}`,
    similar === undefined ? `write ${listed(possible)}` : `did you mean \`${similar}\`?`,
  );
}

function addWrongType(issue: ShapeIssue, node: TreeNode, findings: Findings): void {
  const expected = expectedOf(issue);
  const seen = `${kindOf(node)} stands here, expected ${expected}`;
  findings.add('wrong-type', node.at, seen, `write ${expected}`);
}

/** A text or a list of texts is the only union of the language: a list's own issues count. */
function issuesOfItems(issue: ShapeIssue): readonly ShapeIssue[] {
  const branches = issue.code === 'invalid_union' ? issue.errors : [];
  return branches.find((branch) => branch.every((inner) => inner.path.length > 0)) ?? [];
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function expectedOf(issue: ShapeIssue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  const branches = issue.code === 'invalid_union' ? issue.errors.flat() : [];
  const list = branches.some((one) => one.code === 'invalid_type' && one.expected === 'array');
  return list ? 'a text or a list of texts' : 'a text';
}

/** What stands at a node, for a message. */
export function kindOf(node: TreeNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`;
  return node.value === null ? 'nothing' : quote(String(node.value));
}
