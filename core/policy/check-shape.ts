import { z } from 'zod';
import type { Location } from '../model/policy.ts';
import { type Findings, listed, quote } from './diagnostics.ts';
import { nodeAt, plainOf, type TreeNode } from './source-tree.ts';
import { suggestName } from './suggest.ts';

/** What zod leaves of an issue, and the keys that the map could have had. */
interface ShapeIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly input?: unknown;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly ShapeIssue[])[];
  /** From the error map below: the keys of the strict object, as JSON. */
  readonly message: string;
}

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
  for (const issue of result.error.issues as readonly ShapeIssue[]) {
    addIssue(issue, node, [], findings);
  }
  return undefined;
}

/** zod tells which keys are foreign, but not which ones it knows; the message carries them. */
function knownKeys(issue: { readonly code?: string; readonly inst?: unknown }): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  return JSON.stringify(Object.keys(issue.inst.shape));
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
    for (const key of issue.keys ?? []) addUnknownKey(key, issue.message, node, findings);
  } else if (issue.input === undefined) {
    const key = String(path.at(-1) ?? '');
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

function addWrongType(issue: ShapeIssue, node: TreeNode, findings: Findings): void {
  const expected = expectedOf(issue);
  const seen = `${kindOf(node)} stands here, expected ${expected}`;
  findings.add('wrong-type', node.at, seen, `write ${expected}`);
}

export function addUnknownKey(
  key: string,
  knownAsJson: string,
  node: TreeNode,
  findings: Findings,
): void {
  const known: string[] = knownAsJson.startsWith('[') ? JSON.parse(knownAsJson) : [];
  const similar = suggestName(key, known);
  const at: Location = (node.kind === 'map' ? node.entries.get(key)?.keyAt : undefined) ?? node.at;
  findings.add(
    'unknown-key',
    at,
    `key ${quote(key)} is unknown here`,
    similar === undefined ? `possible are ${listed(known)}` : `did you mean \`${similar}\`?`,
  );
}

function addBadValue(issue: ShapeIssue, node: TreeNode, findings: Findings): void {
  const possible = (issue.values ?? []).map(String);
  const similar = typeof issue.input === 'string' ? suggestName(issue.input, possible) : undefined;
  findings.add(
    'bad-value',
    node.at,
    `${kindOf(node)} is not one of ${listed(possible)}`,
    similar === undefined ? `write ${listed(possible)}` : `did you mean \`${similar}\`?`,
  );
}

/** A text or a list of texts is the only union of the language: a list's own issues count. */
function issuesOfItems(issue: ShapeIssue): readonly ShapeIssue[] {
  return (issue.errors ?? []).find((branch) => branch.every((i) => i.path.length > 0)) ?? [];
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function expectedOf(issue: ShapeIssue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected ?? ''] ?? String(issue.expected);
  const branches = (issue.errors ?? []).flat();
  const list = branches.some((branch) => branch.expected === 'array');
  return list ? 'a text or a list of texts' : 'a text';
}

/** What stands at a node, for a message. */
export function kindOf(node: TreeNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`;
  return node.value === null ? 'nothing' : quote(String(node.value));
}
