import type { Random } from './random.ts';
import type { SimPolicy, SimRule, SimSegment, Tags } from './sim-policy.ts';

/** One side of a guardrail, as a policy names it. */
export type Side =
  | { readonly zone: string }
  | { readonly segment: string }
  | { readonly not: Side };

/** No pair of workloads that looks like this may be joined, but by the excepted rules. */
export interface SimGuardrail {
  readonly id: string;
  readonly from: Side;
  readonly to: Side;
  readonly except: readonly string[];
}

/** What a guardrail sees of an end: its zone, and every segment that matches it. */
interface View {
  readonly zone?: string | undefined;
  readonly segments: readonly string[];
}

const ZONES = ['inner', 'outer'] as const;

/** The network of the baseline's entry: in no zone and no segment. */
const OFFICE: View = { segments: [] };
const TO_OFFICE = 'to-office';

export function matchingSegments(policy: SimPolicy, tags: Tags): readonly SimSegment[] {
  return policy.segments.filter((segment) =>
    Object.entries(segment.tags).every(([key, value]) => tags[key] === value),
  );
}

function zonesOf(segments: readonly SimSegment[]): readonly string[] {
  return [...new Set(segments.flatMap(({ zone }) => zone ?? []))];
}

function viewOf(segments: readonly SimSegment[]): View {
  return { zone: zonesOf(segments)[0], segments: segments.map(({ name }) => name) };
}

function looksLike(side: Side, view: View): boolean {
  if ('zone' in side) return view.zone === side.zone;
  if ('segment' in side) return view.segments.includes(side.segment);
  return !looksLike(side.not, view);
}

function isForbidden(policy: SimPolicy, rule: string, from: View, to: View): boolean {
  return policy.guardrails.some(
    (one) => looksLike(one.from, from) && looksLike(one.to, to) && !one.except.includes(rule),
  );
}

/** Whether a guardrail speaks of this pair of workloads, whatever it excepts. */
export function isAcross(policy: SimPolicy, from: Tags, to: Tags): boolean {
  const [a, b] = [viewOf(matchingSegments(policy, from)), viewOf(matchingSegments(policy, to))];
  return policy.guardrails.some((one) => looksLike(one.from, a) && looksLike(one.to, b));
}

/**
 * Whether a rule may join two workloads with these tags. One that a guardrail forbids between the
 * segments that it names is written for none of their members, whatever else those are in.
 */
export function mayJoin(
  policy: SimPolicy,
  { id, ...rule }: SimRule,
  from: Tags,
  to: Tags,
): boolean {
  if (isForbidden(policy, id, endOf(policy, rule.from), endOf(policy, rule.to))) return false;
  const [a, b] = [viewOf(matchingSegments(policy, from)), viewOf(matchingSegments(policy, to))];
  return !isForbidden(policy, id, a, b);
}

/**
 * Segments that a workload with these tags is not in, although they match: all, when it would be in two
 * zones; and each by whose rules it would cross a guardrail because of its other segments (design
 * section 3). The other end of such a rule is a destination that looks so by itself, or a source that
 * some workload could look like.
 */
export function withheldFrom(policy: SimPolicy, tags: Tags): ReadonlySet<string> {
  if (policy.guardrails.length === 0 && policy.zones.length === 0) return new Set();
  const matching = matchingSegments(policy, tags);
  if (zonesOf(matching).length > 1) return new Set(matching.map(({ name }) => name));
  const whole = viewOf(matching);
  const rules = rulesOfSegments(policy);
  const isWithheld = (segment: SimSegment): boolean =>
    policy.guardrails.some(({ from, to, except }) => {
      const isLate = (side: Side): boolean =>
        looksLike(side, whole) && !looksLike(side, viewOf([segment]));
      return rules
        .filter(({ id }) => !except.includes(id))
        .some(
          (rule) =>
            (rule.from === segment.name && isLate(from) && looksLike(to, endOf(policy, rule.to))) ||
            (rule.to === segment.name && isLate(to) && mayLook(policy, rule.from, from)),
        );
    });
  return new Set(matching.filter(isWithheld).map(({ name }) => name));
}

function endOf(policy: SimPolicy, name: string): View {
  const segment = policy.segments.find((one) => one.name === name);
  return segment === undefined ? OFFICE : viewOf([segment]);
}

/** Whether a workload could be in this segment, and perhaps one more, and look so. */
function mayLook(policy: SimPolicy, name: string, side: Side): boolean {
  const segment = policy.segments.find((one) => one.name === name);
  if (segment === undefined) return false;
  return policy.segments.some((other) => {
    const both = matchingSegments(policy, { ...segment.tags, ...other.tags });
    const isBoth = both.includes(segment) && both.includes(other);
    return isBoth && zonesOf(both).length < 2 && looksLike(side, viewOf(both));
  });
}

/** The rules, and the baseline's entry as one of every segment where some may not use it. */
function rulesOfSegments(policy: SimPolicy): readonly Omit<SimRule, 'ports'>[] {
  if (!policy.baseline || isBaselineShared(policy)) return policy.rules;
  const own = policy.segments.map(({ name }) => ({ id: TO_OFFICE, from: name, to: 'office' }));
  return [...policy.rules, ...own];
}

/** Whether everybody gets the baseline's group: no zone and no segment is kept from its entry. */
export function isBaselineShared(policy: SimPolicy): boolean {
  const carriers: readonly View[] = [
    { segments: [] },
    ...policy.zones.map((zone) => ({ zone, segments: [] })),
    ...policy.segments.map((one) => viewOf([one])),
  ];
  return policy.baseline && !carriers.some((one) => isForbidden(policy, TO_OFFICE, one, OFFICE));
}

export function guardrailLines({ guardrails }: SimPolicy): readonly string[] {
  if (guardrails.length === 0) return [];
  const lines = guardrails.map(
    ({ id, from, to, except }) =>
      `  - { id: ${id}, deny: { from: ${sideText(from)}, to: ${sideText(to)} }, ` +
      `except: [${except.join(', ')}], why: simulated }`,
  );
  return ['guardrails:', ...lines];
}

function sideText(side: Side): string {
  if ('not' in side) return `{ not: ${sideText(side.not)} }`;
  return 'zone' in side ? `{ zone: ${side.zone} }` : `{ segment: ${side.segment} }`;
}

/** Gives a policy zones and guardrails, other ones now and then. */
export class Lawgiver {
  readonly #random: Random;
  #zones: ReadonlyMap<string, string> = new Map();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The policy as it was, with guardrails drawn anew; or, mostly, with those that it has. */
  amend(policy: SimPolicy): SimPolicy {
    const isNew = policy.zones.length === 0 || this.#random.chance(0.4);
    if (isNew) this.#zones = this.#drawZones(policy);
    const segments = policy.segments.map(({ zone: _zone, ...one }) => {
      const zone = this.#zones.get(JSON.stringify(one.tags));
      return zone === undefined ? one : { ...one, zone };
    });
    const zoned = { ...policy, segments, zones: ZONES };
    const kept = policy.guardrails.filter((one) => this.#stillFits(one, policy));
    const count = this.#random.between(0, 2);
    return {
      ...zoned,
      guardrails: isNew
        ? Array.from({ length: count }, (_, at) => this.#drawGuardrail(zoned, `g${at}`))
        : kept.map((one) => ({ ...one, except: one.except.filter((id) => hasRule(policy, id)) })),
    };
  }

  /** Renamed segments leave the guardrails that named them behind. */
  #stillFits({ from, to }: SimGuardrail, { segments }: SimPolicy): boolean {
    const names = (side: Side): readonly string[] =>
      'not' in side ? names(side.not) : 'segment' in side ? [side.segment] : [];
    return [...names(from), ...names(to)].every((name) => segments.some((s) => s.name === name));
  }

  #drawZones({ segments }: SimPolicy): ReadonlyMap<string, string> {
    const zoned = this.#random.some(segments, 0.55);
    return new Map(zoned.map(({ tags }) => [JSON.stringify(tags), this.#random.pick(ZONES)]));
  }

  #drawGuardrail({ segments, rules }: SimPolicy, id: string): SimGuardrail {
    const segment = (): Side => ({ segment: this.#random.pick(segments).name });
    const inner: Side = { zone: 'inner' };
    const pairs: readonly (readonly [Side, Side])[] = [
      [{ not: inner }, inner],
      [inner, { not: inner }],
      [{ zone: 'outer' }, inner],
      [segment(), segment()],
      [{ not: segment() }, segment()],
      [segment(), inner],
    ];
    const [from, to] = this.#random.pick(pairs);
    const except = this.#random.chance(0.3) ? this.#random.some(rules, 0.3) : [];
    return { id, from, to, except: except.map((rule) => rule.id) };
  }
}

function hasRule({ rules }: SimPolicy, id: string): boolean {
  return rules.some((rule) => rule.id === id);
}
