import type { Mode, PolicySource } from '../../core/model/policy.ts';
import {
  guardrailLines,
  isBaselineShared,
  matchingSegments,
  mayJoin,
  type SimGuardrail,
  withheldFrom,
} from './guardrails.ts';
import type { Random } from './random.ts';

/**
 * A policy as the simulator thinks of it: few words, so that what it asks for can be said again by a
 * handful of lines that share nothing with core/.
 */
export interface SimPolicy {
  readonly segments: readonly SimSegment[];
  readonly rules: readonly SimRule[];
  readonly zones: readonly string[];
  readonly guardrails: readonly SimGuardrail[];
  /** A baseline entry `to office` for everybody who is written. */
  readonly baseline: boolean;
  readonly keep: readonly string[];
  readonly onLeave: 'hold' | 'restore';
  /** Per cent; 100 lets everything pass without approval. */
  readonly changeShare: number;
}

export interface SimSegment {
  readonly name: string;
  /** All of these tags. */
  readonly tags: Tags;
  readonly mode: Mode;
  readonly egress: 'open' | 'closed';
  readonly zone?: string;
}

export interface SimRule {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** TCP ports. */
  readonly ports: readonly number[];
}

export type Tags = Readonly<Record<string, string>>;

export const APPS = ['web', 'api', 'db', 'jobs'] as const;
export const PORTS = [443, 5432, 6379, 8080, 9100] as const;

/** Matches by the tag `ops`, so that its members are in two segments. */
const OVERLAPPING: Pick<SimSegment, 'name' | 'tags'> = { name: 'ops', tags: { ops: 'yes' } };

/** The first policy: observes only, as a deploy ships it. */
export function firstPolicy(random: Random, keep: readonly string[]): SimPolicy {
  const apps = random.some(APPS, 0.8);
  const named = (apps.length === 0 ? ['web'] : apps).map((app) => ({ name: app, tags: { app } }));
  const segments = [...named, ...(random.chance(0.4) ? [OVERLAPPING] : [])].map((one) => ({
    ...one,
    mode: 'observe' as const,
    egress: random.chance(0.6) ? ('open' as const) : ('closed' as const),
  }));
  const count = random.between(2, 7);
  return {
    segments,
    rules: Array.from({ length: count }, (_, at) => drawRule(random, segments, `r${at}`)),
    zones: [],
    guardrails: [],
    baseline: random.chance(0.5),
    keep,
    onLeave: random.chance(0.8) ? 'hold' : 'restore',
    changeShare: random.chance(0.5) ? 100 : 20,
  };
}

function drawRule(random: Random, segments: readonly SimSegment[], id: string): SimRule {
  const names = segments.map(({ name }) => name);
  const ports = random.some(PORTS, 0.3);
  return {
    id,
    from: random.pick(names),
    to: random.pick(names),
    ports: ports.length === 0 ? [random.pick(PORTS)] : ports,
  };
}

/** What people do to a policy: tighten it, edit rules, rename, open up again. */
export function changedPolicy(random: Random, policy: SimPolicy, round: number): SimPolicy {
  const { segments, rules } = policy;
  const draw = random.next();
  if (draw < 0.55) return { ...policy, segments: segments.map((one) => stricter(random, one)) };
  if (draw < 0.67) {
    const rest = random.some(rules, 0.6);
    return { ...policy, rules: [...rest, drawRule(random, segments, `n${round}`)] };
  }
  if (draw < 0.79) return renamed(policy, random.pick(segments).name, `s${round}`);
  if (draw < 0.89) {
    const chosen = random.pick(segments).name;
    const other = (one: SimSegment): SimSegment => ({
      ...one,
      egress: one.egress === 'open' ? 'closed' : 'open',
    });
    return { ...policy, segments: segments.map((one) => (one.name === chosen ? other(one) : one)) };
  }
  const modes: readonly Mode[] = ['observe', 'stage', 'enforce'];
  return {
    ...policy,
    baseline: random.chance(0.5),
    segments: segments.map((one) => ({ ...one, mode: random.pick(modes) })),
  };
}

function stricter(random: Random, segment: SimSegment): SimSegment {
  if (random.chance(0.2)) return segment;
  return { ...segment, mode: segment.mode === 'observe' ? 'stage' : 'enforce' };
}

function renamed(policy: SimPolicy, before: string, after: string): SimPolicy {
  const rename = (name: string): string => (name === before ? after : name);
  return {
    ...policy,
    segments: policy.segments.map((one) => ({ ...one, name: rename(one.name) })),
    rules: policy.rules.map((one) => ({ ...one, from: rename(one.from), to: rename(one.to) })),
  };
}

/** As somebody would write it. */
export function toSources(policy: SimPolicy): readonly PolicySource[] {
  const root = [
    'apiVersion: bulkhead/v1',
    'settings:',
    '  vpcs: { tags: { segmentation: bulkhead } }',
    '  settleWindow: 2m',
    `  onLeave: ${policy.onLeave}`,
    `  changeGuard: { share: ${policy.changeShare}% }`,
    `  keepSecurityGroups: [${policy.keep.join(', ')}]`,
    ...(policy.zones.length === 0
      ? []
      : ['zones:', ...policy.zones.map((name) => `  ${name}: {}`)]),
    'networks:',
    '  office: { cidrs: [198.51.100.0/24] }',
    ...(policy.baseline
      ? ['baseline:', '  - { id: to-office, to: office, allow: [tcp/443], why: simulated }']
      : []),
    ...guardrailLines(policy),
  ];
  const team = [
    'apiVersion: bulkhead/v1',
    'team: simulated',
    'segments:',
    ...policy.segments.map(
      ({ name, tags, mode, egress, zone }) =>
        `  ${name}: { select: { tags: ${JSON.stringify(tags)} }, mode: ${mode}, egress: ${egress}${zone === undefined ? '' : `, zone: ${zone}`} }`,
    ),
    ...(policy.rules.length === 0 ? [] : ['rules:']),
    ...policy.rules.map(
      ({ id, from, to, ports }) =>
        `  - { id: ${id}, from: ${from}, to: ${to}, allow: [${ports.map((port) => `tcp/${port}`).join(', ')}], why: simulated }`,
    ),
  ];
  return [
    { file: 'root.yaml', text: `${root.join('\n')}\n` },
    { file: 'team.yaml', text: `${team.join('\n')}\n` },
  ];
}

/** The segments that a workload with these tags is in: no guardrail withholds them from it. */
export function segmentsOf(policy: SimPolicy, tags: Tags): readonly SimSegment[] {
  const matching = matchingSegments(policy, tags);
  const withheld = withheldFrom(policy, tags);
  return matching.filter(({ name }) => !withheld.has(name));
}

export interface Wish {
  readonly mode: Mode;
  /** Groups of ours to carry, as the tag `bulkhead:group` names them without the VPC; sorted. */
  readonly stems: readonly string[];
}

/** What a policy asks for a workload with these tags. */
export function wishFor(policy: SimPolicy, tags: Tags): Wish {
  const written = segmentsOf(policy, tags).filter(({ mode }) => mode !== 'observe');
  if (written.length === 0) return { mode: 'observe', stems: [] };
  const mode = written.every((segment) => segment.mode === 'enforce') ? 'enforce' : 'stage';
  const isOpen = written.some((one) => one.mode === 'enforce' && one.egress === 'open');
  const stems = [
    ...written.map(({ name }) => `segment:${name}`),
    ...(isBaselineShared(policy) ? ['baseline'] : []),
    ...(mode === 'enforce' && isOpen ? ['open-egress'] : []),
  ];
  return { mode, stems: stems.sort() };
}

/** TCP ports on which the policy lets a workload with the one tags reach one with the others. */
export function allowedPorts(policy: SimPolicy, from: Tags, to: Tags): ReadonlySet<number> {
  return portsOf(
    policy,
    { tags: from, names: namesOf(segmentsOf(policy, from)) },
    {
      tags: to,
      names: namesOf(segmentsOf(policy, to)),
    },
  );
}

/**
 * Those of them that it owes: for one that enforces, an observed segment that it is in too writes
 * nothing (design section 3, modes), so that what rests on that segment alone may stop.
 */
export function portsBetween(policy: SimPolicy, from: Tags, to: Tags): ReadonlySet<number> {
  return portsOf(
    policy,
    { tags: from, names: owedSegments(policy, from) },
    {
      tags: to,
      names: owedSegments(policy, to),
    },
  );
}

/**
 * Those of them that rest on groups of ours: an observed segment has none, so that what it may do rests on
 * what its owners put on, and may take off.
 */
export function portsWritten(policy: SimPolicy, from: Tags, to: Tags): ReadonlySet<number> {
  const writtenFor = (tags: Tags): RuleEnd => ({
    tags,
    names: namesOf(segmentsOf(policy, tags).filter(({ mode }) => mode !== 'observe')),
  });
  return portsOf(policy, writtenFor(from), writtenFor(to));
}

interface RuleEnd {
  readonly tags: Tags;
  readonly names: readonly string[];
}

function portsOf(policy: SimPolicy, from: RuleEnd, to: RuleEnd): ReadonlySet<number> {
  return new Set(
    policy.rules
      .filter((rule) => from.names.includes(rule.from) && to.names.includes(rule.to))
      .filter((rule) => mayJoin(policy, rule, from.tags, to.tags))
      .flatMap(({ ports }) => ports),
  );
}

function owedSegments(policy: SimPolicy, tags: Tags): readonly string[] {
  const isEnforced = wishFor(policy, tags).mode === 'enforce';
  return namesOf(segmentsOf(policy, tags).filter(({ mode }) => !isEnforced || mode !== 'observe'));
}

function namesOf(segments: readonly SimSegment[]): readonly string[] {
  return segments.map(({ name }) => name);
}
