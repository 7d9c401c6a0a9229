import type {
  Assertion,
  BaselineEntry,
  Guardrail,
  Location,
  Network,
  PolicySource,
  Rule,
  Segment,
  Settings,
  Zone,
} from '../model/policy.ts';
import { addUnknownKey, checkShape, kindOf } from './check-shape.ts';
import { placeOf, quote, startOf } from './diagnostics.ts';
import { RULES_MAX, SEGMENTS_MAX } from './limits.ts';
import {
  DEFAULT_SETTINGS,
  type Pending,
  readAssertion,
  readBaseline,
  readGuardrail,
  readNetwork,
  readRule,
  readSegment,
  readSettings,
  readZone,
} from './read-entries.ts';
import { isReservedService } from './read-traffic.ts';
import type { LocatedText, Reading } from './reading.ts';
import { API_VERSION, fileSchema, ROOT_SECTIONS, serviceSchema } from './schema.ts';
import { SENSE_BUDGET, type SenseBudget } from './selector-sense.ts';
import { childOf, readTree, type TreeMap, type TreeNode } from './source-tree.ts';

/** What the files hold, before names are looked up across them. */
export interface Draft {
  settings: Settings;
  readonly zones: Zone[];
  readonly networks: { readonly value: Network; readonly node: TreeNode }[];
  readonly segments: { readonly value: Segment; readonly node: TreeNode }[];
  readonly rules: Pending<Rule>[];
  readonly baseline: Pending<BaselineEntry>[];
  readonly guardrails: Pending<Guardrail>[];
  readonly assertions: Pending<Assertion>[];
}

export function isRootFile(file: string): boolean {
  return /(?:^|[\\/])root\.ya?ml$/.test(file);
}

/** Parses a file and checks what stands at its top; undefined where there is nothing to go on with. */
export function readFile(source: PolicySource, reading: Reading): TreeMap | undefined {
  const { findings } = reading;
  const root = readTree(source, findings);
  if (root === undefined) return undefined;
  if (root.kind !== 'map') {
    const seen = `${kindOf(root)} stands here, expected a map`;
    findings.add('wrong-type', root.at, seen, `start with \`apiVersion: ${API_VERSION}\``);
    return undefined;
  }
  const isRoot = isRootFile(source.file);
  const known = Object.keys(fileSchema.shape);
  for (const [key, { keyAt }] of root.entries) {
    if (!known.includes(key)) addUnknownKey(root, key, known, findings);
    else if (!isRoot && ROOT_SECTIONS.some((section) => section === key)) {
      const seen = `section ${quote(key)} stands in a team's file`;
      findings.add('root-only', keyAt, seen, 'move it to root.yaml');
    }
  }
  checkApiVersion(root, reading);
  if (!isRoot) checkTeam(root, reading);
  return root;
}

function checkApiVersion(root: TreeMap, reading: Reading): void {
  const node = childOf(root, 'apiVersion');
  if (node === undefined) {
    const seen = 'key `apiVersion` is missing here';
    reading.findings.add('missing-key', root.at, seen, `add \`apiVersion: ${API_VERSION}\``);
  } else if (node.kind !== 'scalar' || node.value !== API_VERSION) {
    const seen = `${kindOf(node)} is not one of \`${API_VERSION}\``;
    reading.findings.add('bad-value', node.at, seen, `write \`${API_VERSION}\``);
  }
}

function checkTeam(root: TreeMap, reading: Reading): void {
  if (root.entries.has('team')) return;
  const seen = 'key `team` is missing here';
  reading.findings.add('missing-key', root.at, seen, "add `team:` with the owner's name");
}

function teamOf(root: TreeMap, reading: Reading): string | undefined {
  const node = childOf(root, 'team');
  if (node === undefined) return undefined;
  const team = reading.textOf(node);
  if (team === undefined) {
    const seen = `${kindOf(node)} stands here, expected a text`;
    reading.findings.add('wrong-type', node.at, seen, 'write a text');
    return undefined;
  }
  return reading.checkName('team', team) ? team.text : undefined;
}

interface NamedEntry {
  readonly name: LocatedText;
  readonly node: TreeNode;
}

/** Entries of a section that is a map from names. */
function namedEntries(root: TreeMap, section: string, reading: Reading): NamedEntry[] {
  const node = childOf(root, section);
  if (node === undefined) return [];
  if (node.kind === 'map') {
    return [...node.entries].map(([text, { keyAt, value }]) => ({
      name: { text, at: keyAt },
      node: value,
    }));
  }
  const seen = `${kindOf(node)} stands here, expected a map`;
  reading.findings.add('wrong-type', node.at, seen, `write \`name: { ... }\` below \`${section}\``);
  return [];
}

/** Entries of a section that is a list. */
function listedEntries(root: TreeMap, section: string, reading: Reading): readonly TreeNode[] {
  const node = childOf(root, section);
  if (node === undefined) return [];
  if (node.kind === 'list') return node.items;
  const seen = `${kindOf(node)} stands here, expected a list`;
  reading.findings.add('wrong-type', node.at, seen, `write \`- { id: ... }\` below \`${section}\``);
  return [];
}

/** Reads all entries of all files. Names first, since a file may use what a later one defines. */
export function readEntries(roots: readonly TreeMap[], reading: Reading): Draft {
  const draft: Draft = {
    settings: DEFAULT_SETTINGS,
    zones: [],
    networks: [],
    segments: [],
    rules: [],
    baseline: [],
    guardrails: [],
    assertions: [],
  };
  for (const root of roots) readServices(root, reading);
  const budget: SenseBudget = { left: SENSE_BUDGET };
  for (const root of roots) {
    readRootSections(root, draft, reading);
    readTeamSections(root, draft, reading, budget);
  }
  checkCount('segments', SEGMENTS_MAX, draft.segments, reading);
  checkCount('rules', RULES_MAX, draft.rules, reading);
  return draft;
}

function checkCount(
  what: string,
  most: number,
  entries: readonly { readonly value: { readonly location: Location } }[],
  reading: Reading,
): void {
  const first = entries[most];
  if (first === undefined) return;
  const seen = `the policy has \`${entries.length}\` ${what}; at most ${most} are possible`;
  reading.findings.add('too-many', first.value.location, seen, 'merge some of them');
}

function readServices(root: TreeMap, reading: Reading): void {
  const entries = namedEntries(root, 'services', reading);
  // Declared before any is read, so that one that names another is told apart from an unknown name.
  for (const { name } of entries) {
    if (isReservedService(name.text)) {
      const seen = `service ${quote(name.text)} is called like a protocol`;
      reading.findings.add('reserved-name', name.at, seen, 'rename it');
    }
    reading.declare('services', 'service', name);
  }
  for (const { name, node } of entries) {
    if (checkShape(serviceSchema, node, reading.findings) === undefined) continue;
    const named = reading.textsOf(node).find(({ text }) => reading.has('services', text));
    if (named !== undefined) {
      const seen = `service ${quote(name.text)} names the service ${quote(named.text)}`;
      reading.findings.add('bad-port', named.at, seen, 'write its ports here');
      continue;
    }
    const ranges = reading.allowancesOf(node).flatMap((allowance) => allowance.ranges);
    if (!reading.services.has(name.text)) {
      reading.services.set(name.text, { text: name.text, ranges });
    }
  }
}

function readRootSections(root: TreeMap, draft: Draft, reading: Reading): void {
  const settings = root.entries.get('settings');
  if (settings !== undefined) {
    const read = readSettings(settings.value, settings.keyAt, reading);
    if (read !== undefined) draft.settings = read;
  }
  for (const { name, node } of namedEntries(root, 'zones', reading)) {
    reading.declare('zones', 'zone', name);
    const value = readZone(name, node, reading);
    if (value !== undefined) draft.zones.push(value);
  }
  for (const { name, node } of namedEntries(root, 'networks', reading)) {
    reading.declare('peers', 'network', name);
    const value = readNetwork(name, node, reading);
    if (value !== undefined) draft.networks.push({ value, node });
  }
  const sections = [
    ['baseline', 'baseline entry', readBaseline, draft.baseline],
    ['guardrails', 'guardrail', readGuardrail, draft.guardrails],
    ['assert', 'assertion', readAssertion, draft.assertions],
  ] as const;
  for (const [section, what, read, into] of sections) {
    for (const node of listedEntries(root, section, reading)) {
      declareId(node, what, reading);
      const pending = read(node, reading);
      if (pending !== undefined) (into as Pending<unknown>[]).push(pending);
    }
  }
}

function declareId(node: TreeNode, what: string, reading: Reading): void {
  const id = reading.textOf(childOf(node, 'id'));
  if (id !== undefined) reading.declare('ids', what, id);
}

function readTeamSections(
  root: TreeMap,
  draft: Draft,
  reading: Reading,
  budget: SenseBudget,
): void {
  const team = teamOf(root, reading);
  for (const { name, node } of namedEntries(root, 'segments', reading)) {
    reading.declare('peers', 'segment', name);
    const value = readSegment(name, node, team, reading, budget);
    if (value !== undefined) draft.segments.push({ value, node });
  }
  for (const node of listedEntries(root, 'rules', reading)) {
    declareId(node, 'rule', reading);
    const pending = readRule(node, team, reading);
    if (pending !== undefined) draft.rules.push(pending);
  }
}

/** Exactly one root.yaml, no file twice. */
export function checkFileNames(sources: readonly PolicySource[], reading: Reading): void {
  const seen = new Set<string>();
  for (const { file } of sources) {
    if (seen.has(file)) {
      const message = `file ${quote(file)} is given twice`;
      reading.findings.add('file-twice', startOf(file), message, 'give each file its own name');
    }
    seen.add(file);
  }
  const roots = [...seen].filter(isRootFile).sort();
  const [first, ...others] = roots;
  if (first === undefined) {
    const message = 'no file is called `root.yaml`';
    const hint = 'add root.yaml with settings, zones, networks and guardrails';
    reading.findings.add('no-root', startOf('root.yaml'), message, hint);
    return;
  }
  for (const other of others) {
    const message = `this is a second root file, beside ${placeOf(startOf(first))}`;
    reading.findings.add('two-roots', startOf(other), message, 'keep one of them');
  }
}
