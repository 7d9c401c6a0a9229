import { containsCidr, excludeCidr, overlapCidr } from 'cidr-tools';
import type { z } from 'zod';
import type {
  Assertion,
  BaselineEntry,
  Guardrail,
  LeaveGuard,
  Location,
  Network,
  Rule,
  Segment,
  Settings,
  Zone,
  ZoneMatcher,
} from '../model/policy.ts';
import { LEAVE_GUARD_DEFAULTS } from '../plan/leave-guard.ts';
import { checkShape } from './check-shape.ts';
import { quote } from './diagnostics.ts';
import {
  LEAVE_MOVES_MAX,
  LEAVE_WINDOW_MS_MAX,
  LEAVE_WINDOW_MS_MIN,
  SETTLE_WINDOW_MS_MAX,
} from './limits.ts';
import { readCidr } from './read-cidr.ts';
import { readSelector, readTags } from './read-selector.ts';
import { readDay, readDurationMs, readShare } from './read-values.ts';
import type { LocatedText, Reading } from './reading.ts';
import {
  assertionSchema,
  baselineSchema,
  guardrailSchema,
  networkSchema,
  ruleSchema,
  segmentSchema,
  settingsSchema,
  type ZoneMatcherInput,
  zoneSchema,
} from './schema.ts';
import type { SenseBudget } from './selector-sense.ts';
import { childOf, entryOf, nodeAt, type TreeNode } from './source-tree.ts';

/** An entry whose names can be looked up only when every file was read. */
export interface Pending<T> {
  readonly value: T;
  readonly node: TreeNode;
}

/** What the entries of every list have: a shape, an id, where that stands, and why. */
interface ListedEntry<T> {
  readonly shape: T;
  readonly id: string;
  readonly location: Location;
  readonly why: string;
}

function readListed<T extends { readonly id: string }>(
  schema: z.ZodType<T>,
  node: TreeNode,
  reading: Reading,
): ListedEntry<T> | undefined {
  const shape = checkShape(schema, node, reading.findings);
  if (shape === undefined) return undefined;
  const why = reading.proseOf(childOf(node, 'why')) ?? '';
  return { shape, id: shape.id, location: nodeAt(node, ['id']).at, why };
}

const textsOnly = (texts: readonly LocatedText[]): string[] => [
  ...new Set(texts.map(({ text }) => text)),
];

export function readSegment(
  name: LocatedText,
  node: TreeNode,
  team: string | undefined,
  reading: Reading,
  budget: SenseBudget,
): Segment | undefined {
  const shape = checkShape(segmentSchema, node, reading.findings);
  if (shape === undefined) return undefined;
  const why = reading.proseOf(childOf(node, 'why'));
  return {
    name: name.text,
    select: readSelector(nodeAt(node, ['select']), reading, budget),
    mode: shape.mode,
    egress: shape.egress,
    ...(shape.zone === undefined ? {} : { zone: shape.zone }),
    crownJewel: shape.crownJewel ?? false,
    bornIn: readIds(reading.textsOf(childOf(node, 'bornIn')), 'vpc', reading),
    ...(team === undefined ? {} : { team }),
    ...(why === undefined ? {} : { why }),
    location: name.at,
  };
}

/** Ids of AWS, sorted: a prefix and 8 or 17 hexadecimal digits (page "Resource IDs"). */
function readIds(texts: readonly LocatedText[], prefix: string, reading: Reading): string[] {
  for (const { text, at } of texts) {
    if (new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(text)) continue;
    const seen = `${quote(text)} has not the form of an id \`${prefix}-...\``;
    reading.findings.add('bad-id', at, seen, 'copy the id from AWS');
  }
  return textsOnly(texts).sort();
}

export function readRule(
  node: TreeNode,
  team: string | undefined,
  reading: Reading,
): Pending<Rule> | undefined {
  const entry = readListed(ruleSchema, node, reading);
  if (entry === undefined) return undefined;
  const { id, location, why } = entry;
  const expires = reading.textOf(childOf(node, 'expires'));
  if (expires !== undefined && readDay(expires.text) === undefined) {
    const seen = `${quote(expires.text)} is no day of the calendar`;
    reading.findings.add('bad-date', expires.at, seen, 'write it as `2027-03-31`');
  }
  const ticket = reading.proseOf(childOf(node, 'ticket'));
  const value: Rule = {
    id,
    from: textsOnly(reading.someTextsOf(childOf(node, 'from'))),
    to: textsOnly(reading.someTextsOf(childOf(node, 'to'))),
    allow: reading.allowancesOf(childOf(node, 'allow')),
    why,
    ...(ticket === undefined ? {} : { ticket }),
    ...(expires === undefined ? {} : { expires: expires.text }),
    ...(team === undefined ? {} : { team }),
    location,
  };
  return { value, node };
}

export function readBaseline(node: TreeNode, reading: Reading): Pending<BaselineEntry> | undefined {
  const entry = readListed(baselineSchema, node, reading);
  if (entry === undefined) return undefined;
  const { id, location, why } = entry;
  const { to, from } = entry.shape;
  exactlyOne(node, ['to', 'from'], location, reading);
  const allow = reading.allowancesOf(childOf(node, 'allow'));
  const ends = { ...(to === undefined ? {} : { to }), ...(from === undefined ? {} : { from }) };
  return { value: { id, ...ends, allow, why, location }, node };
}

function exactlyOne(
  node: TreeNode,
  keys: readonly string[],
  at: Location,
  reading: Reading,
): boolean {
  const present = keys.filter((key) => childOf(node, key) !== undefined);
  if (present.length === 1) return true;
  const choice = keys.map((key) => `\`${key}\``).join(', ');
  if (present.length === 0) {
    reading.findings.add('missing-key', at, `none of ${choice} is here`, 'add exactly one of them');
    return false;
  }
  const both = present.map((key) => `\`${key}\``).join(' and ');
  const keyAt = entryOf(node, present[1] ?? '')?.keyAt ?? at;
  reading.findings.add('bad-value', keyAt, `${both} exclude each other`, 'keep one of them');
  return false;
}

export function readGuardrail(node: TreeNode, reading: Reading): Pending<Guardrail> | undefined {
  const entry = readListed(guardrailSchema, node, reading);
  if (entry === undefined) return undefined;
  const { id, location, why } = entry;
  const { deny } = entry.shape;
  const from = readMatcher(deny.from, nodeAt(node, ['deny', 'from']), reading);
  const to = readMatcher(deny.to, nodeAt(node, ['deny', 'to']), reading);
  if (from === undefined || to === undefined) return undefined;
  const except = textsOnly(reading.textsOf(childOf(node, 'except')));
  return { value: { id, deny: { from, to }, except, why, location }, node };
}

function readMatcher(
  input: ZoneMatcherInput,
  node: TreeNode,
  reading: Reading,
): ZoneMatcher | undefined {
  if (!exactlyOne(node, ['zone', 'segment', 'not'], node.at, reading)) return undefined;
  if (input.zone !== undefined) return { zone: input.zone };
  if (input.segment !== undefined) return { segment: input.segment };
  if (input.not === undefined) return undefined;
  const inner = readMatcher(input.not, nodeAt(node, ['not']), reading);
  return inner && { not: inner };
}

export function readAssertion(node: TreeNode, reading: Reading): Pending<Assertion> | undefined {
  const entry = readListed(assertionSchema, node, reading);
  if (entry === undefined) return undefined;
  const [port] = reading.allowancesOf(childOf(node, 'port'));
  if (port === undefined) return undefined;
  const { id, location } = entry;
  const { from, to, expect } = entry.shape;
  return { value: { id, from, to, port, expect, location }, node };
}

export function readZone(name: LocatedText, node: TreeNode, reading: Reading): Zone | undefined {
  const shape = checkShape(zoneSchema, node, reading.findings);
  if (shape === undefined) return undefined;
  const tags = childOf(childOf(node, 'subnets'), 'tags');
  const subnetTags = tags === undefined ? {} : readTags(tags, reading);
  return { name: name.text, subnetTags, location: name.at };
}

export function readNetwork(
  name: LocatedText,
  node: TreeNode,
  reading: Reading,
): Network | undefined {
  const shape = checkShape(networkSchema, node, reading.findings);
  if (shape === undefined) return undefined;
  if (!exactlyOne(node, ['cidrs', 'prefixList', 'securityGroups'], name.at, reading)) {
    return undefined;
  }
  const cidrs = readCidrs(childOf(node, 'cidrs'), reading);
  const list = reading.textOf(childOf(node, 'prefixList'));
  const groups = childOf(node, 'securityGroups');
  return {
    name: name.text,
    ...(shape.zone === undefined ? {} : { zone: shape.zone }),
    cidrs: textsOnly(cidrs),
    except: readExcept(childOf(node, 'except'), cidrs, reading),
    ...(list === undefined ? {} : { prefixList: list.text }),
    ...(groups === undefined ? {} : { securityGroups: readGroups(groups, reading) }),
    includesWorkloads: shape.includesWorkloads ?? false,
    location: name.at,
  };
}

function readGroups(node: TreeNode, reading: Reading): NonNullable<Network['securityGroups']> {
  const ids = childOf(node, 'ids');
  const tags = childOf(node, 'tags');
  if (ids === undefined && tags === undefined) {
    const seen = 'none of `ids`, `tags` is here';
    reading.findings.add('missing-key', node.at, seen, 'add one of them');
  }
  return {
    ids: readIds(reading.someTextsOf(ids), 'sg', reading),
    tags: tags === undefined ? {} : readTags(tags, reading),
  };
}

function readCidrs(node: TreeNode | undefined, reading: Reading): LocatedText[] {
  return reading.someTextsOf(node).flatMap(({ text, at }) => {
    const read = readCidr(text);
    if (read.kind === 'bad') {
      const hint = 'write it as `10.0.0.0/16` or `2001:db8::/32`';
      reading.findings.add('bad-cidr', at, `${quote(text)} ${read.seen}`, hint);
      return [];
    }
    if (read.flaw === 'host bits') {
      const seen = `${quote(text)} has bits set below its prefix and is read as \`${read.cidr}\``;
      const hint = `write \`${read.cidr}\`, or a longer prefix if one address was meant`;
      reading.findings.add('cidr-host-bits', at, seen, hint);
    } else if (read.flaw === 'form') {
      const seen = `${quote(text)} is read as \`${read.cidr}\``;
      reading.findings.add('cidr-not-canonical', at, seen, `write \`${read.cidr}\``);
    }
    return [{ text: read.cidr, at }];
  });
}

function readExcept(
  node: TreeNode | undefined,
  cidrs: readonly LocatedText[],
  reading: Reading,
): string[] {
  if (node === undefined) return [];
  const except = readCidrs(node, reading);
  const ranges = textsOnly(cidrs);
  if (ranges.length === 0) {
    const hint = '`except` goes with `cidrs` alone';
    reading.findings.add('bad-value', node.at, 'there are no `cidrs` to except from', hint);
    return textsOnly(except);
  }
  for (const { text, at } of except) {
    if (overlapCidr(ranges, text)) continue;
    const hint = 'remove it, or correct it';
    reading.findings.add('except-outside', at, `${quote(text)} is outside the network`, hint);
  }
  const all = textsOnly(except);
  // containsCidr first: it is cheap, and excludeCidr of many ranges is not.
  if (containsCidr(all, ranges) || excludeCidr(ranges, all).length === 0) {
    const seen = 'the exceptions leave nothing of the network';
    reading.findings.add('network-empty', node.at, seen, 'remove some of them');
  }
  return all;
}

/** What holds where root.yaml says nothing: no VPC is managed. */
export const DEFAULT_SETTINGS: Settings = {
  vpcTags: {},
  unclassified: 'observe',
  settleWindowMs: 120_000,
  keepSecurityGroups: [],
  changeGuardShare: 0.2,
  onLeave: 'hold',
};

export function readSettings(
  node: TreeNode,
  keyAt: Location,
  reading: Reading,
): Settings | undefined {
  const shape = checkShape(settingsSchema, node, reading.findings);
  if (shape === undefined) return undefined;
  const tags = childOf(childOf(node, 'vpcs'), 'tags');
  return {
    vpcTags: tags === undefined ? {} : readTags(tags, reading),
    unclassified: shape.unclassified,
    settleWindowMs: readWindow(reading.textOf(childOf(node, 'settleWindow')), SETTLE, reading),
    keepSecurityGroups: readIds(
      reading.textsOf(childOf(node, 'keepSecurityGroups')),
      'sg',
      reading,
    ),
    ...readGuards(node, reading),
    onLeave: shape.onLeave,
    location: keyAt,
  };
}

interface Window {
  readonly absentMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** What a window outside of these is, and some inside. */
  readonly outside: string;
  readonly examples: string;
}

const SETTLE: Window = {
  absentMs: DEFAULT_SETTINGS.settleWindowMs,
  minMs: 0,
  maxMs: SETTLE_WINDOW_MS_MAX,
  outside: 'exceeds a day',
  examples: '`90s`, `2m` or `1h`',
};

const LEAVE: Window = {
  absentMs: LEAVE_GUARD_DEFAULTS.windowMs,
  minMs: LEAVE_WINDOW_MS_MIN,
  maxMs: LEAVE_WINDOW_MS_MAX,
  outside: 'is not between ten seconds and a day',
  examples: '`10m` or `1h`',
};

function readWindow(located: LocatedText | undefined, window: Window, reading: Reading): number {
  if (located === undefined) return window.absentMs;
  const { text, at } = located;
  const ms = readDurationMs(text);
  if (ms !== undefined && ms >= window.minMs && ms <= window.maxMs) return ms;
  const seen = `${quote(text)} ${ms === undefined ? 'is no duration' : window.outside}`;
  reading.findings.add('bad-duration', at, seen, `write for example ${window.examples}`);
  return window.absentMs;
}

function readGuards(
  node: TreeNode,
  reading: Reading,
): Pick<Settings, 'changeGuardShare' | 'leaveGuard'> {
  const textAt = (key: string, inner: string): LocatedText | undefined =>
    reading.textOf(childOf(childOf(node, key), inner));
  const share = textAt('changeGuard', 'share');
  const changeGuardShare = readGuardShare(share, DEFAULT_SETTINGS.changeGuardShare, reading);
  if (childOf(node, 'leaveGuard') === undefined) return { changeGuardShare };
  const leaveGuard: LeaveGuard = {
    share: readGuardShare(textAt('leaveGuard', 'share'), changeGuardShare, reading),
    windowMs: readWindow(textAt('leaveGuard', 'window'), LEAVE, reading),
    movesMax: readMoves(textAt('leaveGuard', 'moves'), reading),
  };
  return { changeGuardShare, leaveGuard };
}

function readMoves(text: LocatedText | undefined, reading: Reading): number {
  if (text === undefined) return LEAVE_GUARD_DEFAULTS.movesMax;
  const moves = /^\d{1,3}$/.test(text.text) ? Number(text.text) : 0;
  if (moves >= 1 && moves <= LEAVE_MOVES_MAX) return moves;
  const seen = `${quote(text.text)} is no number from 1 to ${LEAVE_MOVES_MAX}`;
  reading.findings.add('bad-count', text.at, seen, 'write for example `3`');
  return LEAVE_GUARD_DEFAULTS.movesMax;
}

function readGuardShare(text: LocatedText | undefined, absent: number, reading: Reading): number {
  if (text === undefined) return absent;
  const share = readShare(text.text);
  if (share !== undefined) return share;
  const seen = `${quote(text.text)} is no share from 0% to 100%`;
  reading.findings.add('bad-share', text.at, seen, 'write for example `20%`');
  return absent;
}
