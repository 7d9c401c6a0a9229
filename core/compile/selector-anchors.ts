import { isGlob } from '../identity/glob.ts';
import { valuesOf } from '../identity/match.ts';
import type { Identity } from '../model/identity.ts';
import { ownValue } from '../model/own-value.ts';
import type { Segment, Selector, SelectorField } from '../model/policy.ts';

/**
 * A condition that every match must meet: the attribute has one of these exact values. Attributes
 * are `tag:<key>` and `field:<name>`.
 */
export interface Anchor {
  readonly attribute: string;
  readonly values: readonly string[];
}

function exact(attribute: string, values: readonly string[]): readonly Anchor[] {
  return values.some(isGlob) ? [] : [{ attribute, values }];
}

/** All that a selector certainly asks for; empty when nothing can be said. */
export function anchorsOf(selector: Selector): readonly Anchor[] {
  if ('all' in selector) return selector.all.flatMap(anchorsOf);
  if ('any' in selector) return commonAnchors(selector.any.map(anchorsOf));
  if ('not' in selector) return [];
  if ('tags' in selector) {
    return Object.entries(selector.tags).flatMap(([key, values]) => exact(`tag:${key}`, values));
  }
  return exact(`field:${selector.field}`, selector.values);
}

/** What holds in each branch of an `any`: the same attribute, with the values of all branches. */
function commonAnchors(branches: readonly (readonly Anchor[])[]): readonly Anchor[] {
  const [first, ...rest] = branches;
  if (first === undefined) return [];
  return first.flatMap((anchor) => {
    const others = rest.map((branch) => branch.find((a) => a.attribute === anchor.attribute));
    if (others.some((other) => other === undefined)) return [];
    const values = [anchor, ...others].flatMap((other) => other?.values ?? []);
    return [{ attribute: anchor.attribute, values: [...new Set(values)] }];
  });
}

/**
 * True when no workload can match both. Subnets are left out: a workload may stand in several.
 * False says nothing.
 */
export function provablyDisjoint(a: readonly Anchor[], b: readonly Anchor[]): boolean {
  return a.some(
    (one) =>
      one.attribute !== 'field:subnet' &&
      b.some(
        (other) =>
          other.attribute === one.attribute && !other.values.some((v) => one.values.includes(v)),
      ),
  );
}

/** Finds the segments that could match an identity, some twice, without asking every selector. */
export interface SegmentFinder {
  candidates(identity: Identity): readonly Segment[];
}

/** Files each segment under its rarest anchor; one without any is a candidate for everybody. */
export function findSegments(segments: readonly Segment[]): SegmentFinder {
  const anchorsBySegment = new Map(segments.map((s) => [s.name, anchorsOf(s.select)] as const));
  const uses = new Map<string, number>();
  for (const anchors of anchorsBySegment.values()) {
    for (const key of anchors.flatMap(bucketKeys)) uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  const crowd = (anchor: Anchor): number =>
    Math.max(0, ...bucketKeys(anchor).map((key) => uses.get(key) ?? 0));

  const everybody: Segment[] = [];
  const buckets = new Map<string, Map<string, Segment[]>>();
  for (const segment of segments) {
    const anchors = [...(anchorsBySegment.get(segment.name) ?? [])];
    const rarest = anchors.sort((a, b) => crowd(a) - crowd(b))[0];
    if (rarest === undefined) everybody.push(segment);
    else file(buckets, rarest, segment);
  }
  return {
    candidates: (identity) => {
      const found = [...everybody];
      for (const [attribute, byValue] of buckets) {
        for (const value of attributeValues(identity, attribute)) {
          const filed = byValue.get(value);
          if (filed !== undefined) found.push(...filed);
        }
      }
      return found;
    },
  };
}

function bucketKeys(anchor: Anchor): string[] {
  return anchor.values.map((value) => `${anchor.attribute}=${value}`);
}

function file(buckets: Map<string, Map<string, Segment[]>>, anchor: Anchor, s: Segment): void {
  const byValue = buckets.get(anchor.attribute) ?? new Map<string, Segment[]>();
  buckets.set(anchor.attribute, byValue);
  for (const value of new Set(anchor.values)) {
    const filed = byValue.get(value);
    if (filed === undefined) byValue.set(value, [s]);
    else filed.push(s);
  }
}

function attributeValues(identity: Identity, attribute: string): readonly string[] {
  if (attribute.startsWith('tag:')) {
    const value = ownValue(identity.tags, attribute.slice('tag:'.length));
    return value === undefined ? [] : [value];
  }
  return valuesOf(identity, attribute.slice('field:'.length) as SelectorField);
}
