import { matchesSelector } from '../identity/match.ts';
import type { Membership } from '../model/desired-state.ts';
import type { Identity } from '../model/identity.ts';
import type { Mode, Segment } from '../model/policy.ts';
import { type GuardView, matchesZone } from './guardrail-views.ts';
import type { Exposure, PolicyIndex, Standing } from './index-policy.ts';
import { BASELINE, OPEN_EGRESS, segmentStem } from './owned-groups.ts';

/**
 * What a workload belongs to, and what it must not (design section 3).
 *
 * - Membership is the union of all segments whose selector matches.
 * - Two zones: no segment at all, and a conflict.
 * - A segment whose rules would carry this workload across a guardrail, because of what its other
 *   segments make of it, is withheld, and a conflict is raised. The look of the workload is that of
 *   all matching segments, withheld ones too, so that the verdict does not depend on any order; a
 *   segment of the workload's own zone looks the same alone and is therefore never withheld by zone.
 * - Modes have no say in any of this; they only decide what is written.
 *
 * `also`: segments that count as matching, whatever their selectors say.
 */
export function decideMembership(
  index: PolicyIndex,
  identity: Identity,
  also: readonly string[] = [],
): Membership {
  const matching = new Set(
    index.finder
      .candidates(identity)
      .filter((segment) => matchesSelector(segment.select, identity))
      .map((segment) => segment.name),
  );
  for (const name of also) if (index.segments.has(name)) matching.add(name);
  const names = [...matching].sort();
  const key = names.join(' ');
  const standing = index.standings.get(key) ?? standingOf(index, names);
  index.standings.set(key, standing);
  return { workload: identity.workload, ...standing };
}

/** What belonging to exactly these segments comes to, whoever it is. `names` is sorted. */
function standingOf(index: PolicyIndex, names: readonly string[]): Standing {
  const matching = names.flatMap((name) => index.segments.get(name) ?? []);
  const zones = [...new Set(matching.flatMap((segment) => segment.zone ?? []))];
  if (zones.length > 1) return inTwoZones(matching, zones);

  const zone = zones[0];
  const view: GuardView = { zone, segments: names };
  const kept: Segment[] = [];
  const withheld: { segment: string; because: string }[] = [];
  for (const segment of matching) {
    const exposure = index.exposuresBySegment
      .get(segment.name)
      ?.find(({ guardrail, side }) => matchesZone(guardrail.deny[side], view));
    if (exposure === undefined) kept.push(segment);
    else withheld.push({ segment: segment.name, because: becauseOf(exposure) });
  }
  return {
    ...(zone === undefined ? {} : { zone }),
    withheld,
    conflicts: withheld.map((w) => `segment \`${w.segment}\` is withheld: ${w.because}`),
    ...writtenOf(kept, index.baseline.length > 0),
  };
}

function inTwoZones(matching: readonly Segment[], zones: readonly string[]): Standing {
  const inThem = matching.filter((s) => s.zone !== undefined).map((s) => `\`${s.name}\``);
  const because = `the workload is in zones ${zones.join(', ')} by segments ${inThem.join(', ')}`;
  return {
    segments: [],
    withheld: matching.map((segment) => ({ segment: segment.name, because })),
    mode: 'observe',
    openEgress: false,
    conflicts: [because],
    carries: [],
  };
}

function becauseOf(exposure: Exposure): string {
  const way = exposure.side === 'from' ? 'to' : 'from';
  return `rule \`${exposure.rule}\` ${way} \`${exposure.peer}\` would cross guardrail \`${exposure.guardrail.id}\``;
}

function writtenOf(
  kept: readonly Segment[],
  hasBaseline: boolean,
): Pick<Membership, 'segments' | 'mode' | 'openEgress' | 'carries'> {
  const written = kept.filter((segment) => segment.mode !== 'observe');
  const mode = weakest(written);
  const openEgress = written.some((s) => s.mode === 'enforce' && s.egress === 'open');
  const carries = written.map((segment) => segmentStem(segment.name));
  if (mode !== 'observe' && hasBaseline) carries.push(BASELINE);
  if (mode === 'enforce' && openEgress) carries.push(OPEN_EGRESS);
  return {
    segments: kept.map((segment) => segment.name),
    mode,
    openEgress,
    carries: carries.sort(),
  };
}

/** Observed segments have no say: they never change what the others do. */
function weakest(written: readonly Segment[]): Mode {
  if (written.length === 0) return 'observe';
  return written.some((segment) => segment.mode === 'stage') ? 'stage' : 'enforce';
}
