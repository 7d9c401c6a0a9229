import { globsMeet } from '../identity/glob.ts';
import type { Location, Pattern, Selector, SelectorField } from '../model/policy.ts';
import { listed, quote } from './diagnostics.ts';
import { TAG_KEY_LENGTH_MAX } from './limits.ts';
import type { LocatedText, Reading } from './reading.ts';
import { SELECTOR_FIELDS } from './schema.ts';
import { findContradiction, type SenseBudget } from './selector-sense.ts';
import { childOf, type TreeNode } from './source-tree.ts';

const KINDS = ['instance', 'task', 'interface', 'external'];

/** What a value of a field always looks like, as globs; a pattern that meets none never matches. */
const FORMS: Partial<Record<SelectorField, { readonly forms: Pattern; readonly hint: string }>> = {
  kind: { forms: KINDS, hint: `kinds are ${listed(KINDS)}` },
  account: { forms: ['????????????'], hint: 'an account has twelve digits' },
  region: { forms: ['*-*-*'], hint: 'write a Region such as `eu-central-1`' },
  vpc: { forms: ['vpc-*'], hint: 'write the id of a VPC, `vpc-...`; or select by tag' },
  subnet: { forms: ['subnet-*'], hint: 'write the id of a subnet, `subnet-...`' },
  iamRole: { forms: ['arn:*:iam::*:role/*'], hint: 'write the ARN, e.g. ' },
};

/**
 * Reads a selector whose shape was checked. Several keys in one map all have to hold.
 *
 * Errors: `selector-matches-nothing`, `selector-matches-all`, `bad-tag-key`.
 */
export function readSelector(node: TreeNode, reading: Reading, budget: SenseBudget): Selector {
  const places = new Map<Selector, Location>();
  const errorsBefore = reading.findings.errors;
  const selector = read(node, reading, places);
  // An empty list or an impossible value has been told already, and more exactly.
  if (reading.findings.errors > errorsBefore) return selector;
  const never = findContradiction(selector, budget);
  if (never !== undefined) {
    const at = places.get(never) ?? node.at;
    reading.findings.add(
      'selector-matches-nothing',
      at,
      'the conditions from here on exclude each other, so that no workload can match',
      'use a list for alternatives of one key, or `any`',
    );
  }
  return selector;
}

function read(node: TreeNode, reading: Reading, places: Map<Selector, Location>): Selector {
  const parts: Selector[] = [];
  const add = (part: Selector, at: Location): void => {
    parts.push(part);
    places.set(part, at);
  };
  const all = childOf(node, 'all');
  if (all !== undefined) add({ all: readParts(all, 'all', reading, places) }, all.at);
  const any = childOf(node, 'any');
  if (any !== undefined) add({ any: readParts(any, 'any', reading, places) }, any.at);
  const not = childOf(node, 'not');
  if (not !== undefined) add({ not: read(not, reading, places) }, not.at);
  const tags = childOf(node, 'tags');
  if (tags !== undefined) add({ tags: readTags(tags, reading) }, tags.at);
  for (const field of SELECTOR_FIELDS) {
    const value = childOf(node, field);
    if (value === undefined) continue;
    add({ field, values: readPattern(value, reading, field) }, value.at);
  }
  if (parts.length === 0) matchesAll('the selector', node, reading);
  const [first] = parts;
  const selector = parts.length === 1 && first !== undefined ? first : { all: parts };
  places.set(selector, node.at);
  return selector;
}

function readParts(
  node: TreeNode,
  key: 'all' | 'any',
  reading: Reading,
  places: Map<Selector, Location>,
): Selector[] {
  const items = node.kind === 'list' ? node.items : [];
  if (items.length === 0 && key === 'all') matchesAll('`all`', node, reading);
  if (items.length === 0 && key === 'any') {
    reading.findings.add(
      'selector-matches-nothing',
      node.at,
      '`any` lists no alternative, so that no workload can match',
      'add an alternative, or remove `any`',
    );
  }
  return items.map((item) => read(item, reading, places));
}

function matchesAll(what: string, node: TreeNode, reading: Reading): void {
  reading.findings.add(
    'selector-matches-all',
    node.at,
    `${what} asks for nothing, so that every workload would match`,
    'say what the workloads have in common, e.g. `tags: { app: shop }`',
  );
}

/** Tags of a selector, of VPCs, of subnets or of groups. */
export function readTags(node: TreeNode, reading: Reading): Record<string, Pattern> {
  const entries = node.kind === 'map' ? [...node.entries] : [];
  if (entries.length === 0) matchesAll('`tags`', node, reading);
  return Object.fromEntries(
    entries.map(([key, { keyAt, value }]) => {
      if (key === '' || key.length > TAG_KEY_LENGTH_MAX) {
        const seen = `tag key ${quote(key)} has \`${key.length}\` characters`;
        const hint = `tag keys of AWS have 1 to ${TAG_KEY_LENGTH_MAX}`;
        reading.findings.add('bad-tag-key', keyAt, seen, hint);
      }
      return [key, readPattern(value, reading)];
    }),
  );
}

function readPattern(node: TreeNode, reading: Reading, field?: SelectorField): Pattern {
  const texts = reading.textsOf(node);
  if (texts.length === 0) {
    reading.findings.add(
      'selector-matches-nothing',
      node.at,
      'the list is empty, so that no workload can match',
      'add a value, or remove the key',
    );
  }
  for (const text of texts) {
    reading.checkOneLine(text);
    if (field !== undefined) checkForm(field, text, reading);
  }
  return [...new Set(texts.map(({ text }) => text))];
}

function checkForm(field: SelectorField, { text, at }: LocatedText, reading: Reading): void {
  const form = FORMS[field];
  if (form === undefined) return;
  const digits = field !== 'account' || /^[\d*?]*$/.test(text);
  if (digits && form.forms.some((shape) => globsMeet(text, shape))) return;
  const role = text.includes(':') ? 'payments-*' : text;
  const example = field === 'iamRole' ? `\`arn:aws:iam::*:role/${role.replaceAll('`', "'")}\`` : '';
  reading.findings.add(
    'selector-matches-nothing',
    at,
    `no ${field} can be ${quote(text)}`,
    `${form.hint}${example}`,
  );
}
