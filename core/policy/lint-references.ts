import type { Location } from '../model/policy.ts';
import { quote } from './diagnostics.ts';
import type { Draft } from './read-files.ts';
import type { LocatedText, Reading } from './reading.ts';
import { childOf, type TreeNode } from './source-tree.ts';

/**
 * Looks up every name that one entry uses of another: segments and networks, zones, excepted rules.
 * Services are looked up as ports are read.
 */
export function lintReferences(draft: Draft, reading: Reading): void {
  for (const { node } of [...draft.segments, ...draft.networks]) {
    checkZone(childOf(node, 'zone'), reading);
  }
  for (const { value, node } of draft.rules) {
    const from = checkPeers(childOf(node, 'from'), reading);
    const to = checkPeers(childOf(node, 'to'), reading);
    checkEnds(value.id, value.location, from, to, reading);
  }
  for (const { node } of draft.baseline) {
    checkPeers(childOf(node, 'from'), reading);
    checkPeers(childOf(node, 'to'), reading);
  }
  for (const { node } of draft.assertions) {
    checkPeers(childOf(node, 'from'), reading);
    checkPeers(childOf(node, 'to'), reading);
  }
  for (const { node } of draft.guardrails) {
    checkMatcher(childOf(childOf(node, 'deny'), 'from'), reading);
    checkMatcher(childOf(childOf(node, 'deny'), 'to'), reading);
    for (const rule of reading.textsOf(childOf(node, 'except'))) checkExcepted(rule, reading);
  }
}

function checkZone(node: TreeNode | undefined, reading: Reading): void {
  const zone = reading.textOf(node);
  if (zone === undefined || reading.has('zones', zone.text)) return;
  reading.unknown('unknown-zone', 'zones', 'zone', zone);
}

/** Gives the names as they stand. */
function checkPeers(node: TreeNode | undefined, reading: Reading): readonly LocatedText[] {
  const names = reading.textsOf(node);
  for (const name of names) {
    if (reading.has('peers', name.text)) continue;
    reading.unknown('unknown-segment', 'peers', 'segment or network', name);
  }
  return names;
}

function checkEnds(
  rule: string,
  at: Location,
  from: readonly LocatedText[],
  to: readonly LocatedText[],
  reading: Reading,
): void {
  const isNetwork = ({ text }: LocatedText): boolean => reading.whatIs('peers', text) === 'network';
  if (from.length === 0 || to.length === 0) return;
  if (from.every(isNetwork) && to.every(isNetwork)) {
    reading.findings.add(
      'rule-without-segment',
      at,
      `rule ${quote(rule)} joins networks only`,
      'name a segment at one end: there is no group to write the rule to',
    );
    return;
  }
  const a = from.find(isNetwork);
  const b = to.find(isNetwork);
  if (a === undefined || b === undefined) return;
  reading.findings.add(
    'rule-pair-without-segment',
    at,
    `rule ${quote(rule)} joins, among others, networks ${quote(a.text)} and ${quote(b.text)}`,
    'that pair has no effect; split the rule',
  );
}

function checkMatcher(node: TreeNode | undefined, reading: Reading): void {
  checkZone(childOf(node, 'zone'), reading);
  const segment = reading.textOf(childOf(node, 'segment'));
  if (segment !== undefined && reading.whatIs('peers', segment.text) !== 'segment') {
    reading.unknown('unknown-segment', 'peers', 'segment', segment);
  }
  const not = childOf(node, 'not');
  if (not !== undefined) checkMatcher(not, reading);
}

/** Baseline entries may cross as well: they are allowances with an id. */
function checkExcepted(rule: LocatedText, reading: Reading): void {
  const what = reading.whatIs('ids', rule.text);
  if (what === 'rule' || what === 'baseline entry') return;
  reading.unknown('unknown-rule', 'ids', 'rule', rule);
}
