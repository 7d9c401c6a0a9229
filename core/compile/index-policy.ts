import type { Membership } from '../model/desired-state.ts';
import type { BaselineEntry, Guardrail, Network, Policy, Rule, Segment } from '../model/policy.ts';
import {
  forbiddenBy,
  type GuardView,
  matchesZone,
  viewOfNetwork,
  viewOfSegment,
} from './guardrail-views.ts';
import {
  anchorsOf,
  findSegments,
  provablyDisjoint,
  type SegmentFinder,
} from './selector-anchors.ts';

/**
 * A guardrail that a member of one segment could break by a rule of that segment, if the member
 * looks different from the segment alone, because of its other segments.
 */
export interface Exposure {
  readonly guardrail: Guardrail;
  /** The end of the guardrail that the member would have to match. */
  readonly side: 'from' | 'to';
  readonly rule: string;
  readonly peer: string;
}

/** The policy, made ready for many questions: sorted, and without expired rules. */
export interface PolicyIndex {
  readonly policy: Policy;
  /**
   * Unexpired rules; also each baseline entry that some zone or segment may not use, as a rule of
   * every other segment, since the baseline's group is one for all.
   */
  readonly rules: readonly Rule[];
  /** The baseline entries that everybody may use. */
  readonly baseline: readonly BaselineEntry[];
  readonly segments: ReadonlyMap<string, Segment>;
  readonly networks: ReadonlyMap<string, Network>;
  readonly finder: SegmentFinder;
  readonly exposuresBySegment: ReadonlyMap<string, readonly Exposure[]>;
  /**
   * What decideMembership has worked out so far, by the names of the segments that match: an estate
   * has many workloads and few such sets. Nobody else writes it.
   */
  readonly standings: Map<string, Standing>;
}

/** A membership without its workload: it is the same for all who match the same segments. */
export type Standing = Omit<Membership, 'workload'>;

/**
 * Indexes a policy for decideMembership and compilePolicy.
 *
 * @param options.now ISO 8601, UTC; a rule holds up to the end of the day that it expires on.
 */
export function indexPolicy(source: Policy, options: { readonly now: string }): PolicyIndex {
  const policy = inOrder(source);
  const segments = new Map(policy.segments.map((segment) => [segment.name, segment]));
  const networks = new Map(policy.networks.map((network) => [network.name, network]));
  const today = options.now.slice(0, 'YYYY-MM-DD'.length);
  const live = policy.rules.filter((r) => r.expires === undefined || today <= r.expires);
  const views = viewsByName(segments, networks);
  const shared = policy.baseline.filter((entry) => everybodyMayUse(entry, policy, views));
  const personal = policy.baseline.filter((entry) => !shared.includes(entry));
  const rules = [...live, ...personal.map((entry) => asRule(entry, policy))];
  return {
    policy,
    rules,
    baseline: shared,
    segments,
    networks,
    finder: findSegments(policy.segments),
    exposuresBySegment: exposures(policy, rules, views),
    standings: new Map(),
  };
}

/** Every list by its name or id, so that no answer depends on how the policy was put together. */
function inOrder(policy: Policy): Policy {
  const byName = <T extends { readonly name: string }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
  const byId = <T extends { readonly id: string }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    ...policy,
    segments: byName(policy.segments),
    networks: byName(policy.networks),
    zones: byName(policy.zones),
    rules: byId(policy.rules).map((rule) => ({
      ...rule,
      from: [...rule.from].sort(),
      to: [...rule.to].sort(),
    })),
    baseline: byId(policy.baseline),
    guardrails: byId(policy.guardrails),
  };
}

type Views = ReadonlyMap<string, GuardView>;

function viewsByName(
  segments: ReadonlyMap<string, Segment>,
  networks: ReadonlyMap<string, Network>,
): Views {
  return new Map([
    ...[...networks].map(([name, network]) => [name, viewOfNetwork(network)] as const),
    ...[...segments].map(([name, segment]) => [name, viewOfSegment(segment)] as const),
  ]);
}

/** No guardrail forbids the entry to any zone, to any segment or to who is in neither. */
function everybodyMayUse(entry: BaselineEntry, policy: Policy, views: Views): boolean {
  const peer = views.get(entry.to ?? entry.from ?? '');
  if (peer === undefined) return true;
  const carriers: GuardView[] = [
    { segments: [] },
    ...policy.zones.map((zone) => ({ zone: zone.name, segments: [] })),
    ...policy.segments.map(viewOfSegment),
  ];
  return carriers.every((carrier) => {
    const [from, to] = entry.to === undefined ? [peer, carrier] : [carrier, peer];
    return forbiddenBy(policy.guardrails, from, to, entry.id) === undefined;
  });
}

function asRule(entry: BaselineEntry, policy: Policy): Rule {
  const everybody = policy.segments.map((segment) => segment.name);
  return {
    id: entry.id,
    from: entry.from === undefined ? everybody : [entry.from],
    to: entry.to === undefined ? everybody : [entry.to],
    allow: entry.allow,
    why: entry.why,
    location: entry.location,
  };
}

/**
 * For each segment and guardrail the first rule by which a member could cross. Only what the
 * segment's own look does not already forbid: that pair is not compiled, so it carries nobody.
 *
 * Where both ends might cross only because of their other segments, the destination is the one
 * that loses its segment: one end is enough, and the destination is what guardrails protect.
 */
function exposures(
  policy: Policy,
  rules: readonly Rule[],
  views: Views,
): ReadonlyMap<string, readonly Exposure[]> {
  const found = new Map<string, Exposure[]>();
  if (policy.guardrails.length === 0) return found;
  const mayLook = possibleLooks(policy, views);
  const joined = rules.map((rule) => withInsiders(rule, policy));
  for (const guardrail of policy.guardrails) {
    for (const rule of joined.filter((r) => !guardrail.except.includes(r.id))) {
      const source = rule.from.find((name) => mayLook(name, guardrail));
      const destination = rule.to.find((name) => looksLike(views, name, guardrail, 'to'));
      const ends = [
        { side: 'from', peer: destination },
        { side: 'to', peer: source },
      ] as const;
      for (const { side, peer } of ends) {
        if (peer === undefined) continue;
        for (const name of rule[side]) {
          // A network holds no memberships to withhold.
          if (!views.get(name)?.segments.length) continue;
          if (looksLike(views, name, guardrail, side)) continue;
          addExposure(found, name, { guardrail, side, rule: rule.id, peer });
        }
      }
    }
  }
  return found;
}

/** A network that includes workloads puts its rules on the groups of any segment inside it. */
function withInsiders(rule: Rule, policy: Policy): Rule {
  const open = new Set(policy.networks.filter((n) => n.includesWorkloads).map((n) => n.name));
  const everybody = policy.segments.map((segment) => segment.name);
  const extend = (names: readonly string[]): readonly string[] =>
    names.some((name) => open.has(name)) ? [...new Set([...names, ...everybody])] : names;
  return open.size === 0 ? rule : { ...rule, from: extend(rule.from), to: extend(rule.to) };
}

function looksLike(views: Views, name: string, guardrail: Guardrail, side: 'from' | 'to'): boolean {
  const view = views.get(name);
  return view !== undefined && matchesZone(guardrail.deny[side], view);
}

function addExposure(found: Map<string, Exposure[]>, segment: string, exposure: Exposure): void {
  const known = found.get(segment) ?? [];
  const same = known.some((k) => k.guardrail === exposure.guardrail && k.side === exposure.side);
  if (!same) found.set(segment, [...known, exposure]);
}

/**
 * Whether a member of the named segment may look like the source of a guardrail: by the segment
 * itself, or by another segment that a member could be in as well. The guess is only ruled out by
 * selectors that contradict each other in an exact value; it errs on the side of withholding.
 */
function possibleLooks(policy: Policy, views: Views) {
  const anchors = new Map(policy.segments.map((s) => [s.name, anchorsOf(s.select)] as const));
  const known = new Map<string, boolean>();
  const overlaps = (a: string, b: string): boolean =>
    !provablyDisjoint(anchors.get(a) ?? [], anchors.get(b) ?? []);
  const throughAnother = (name: string, zone: string | undefined, guardrail: Guardrail): boolean =>
    policy.segments.some((other) => {
      if (other.name === name) return false;
      // A member in two zones carries nothing, so it need not be feared.
      if (zone !== undefined && other.zone !== undefined && zone !== other.zone) return false;
      const both = { zone: zone ?? other.zone, segments: [name, other.name] };
      return matchesZone(guardrail.deny.from, both) && overlaps(name, other.name);
    });

  return (name: string, guardrail: Guardrail): boolean => {
    const key = `${guardrail.id} ${name}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const looks =
      looksLike(views, name, guardrail, 'from') ||
      (anchors.has(name) && throughAnother(name, views.get(name)?.zone, guardrail));
    known.set(key, looks);
    return looks;
  };
}
