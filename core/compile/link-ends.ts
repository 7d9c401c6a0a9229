import type {
  Allowance,
  BaselineEntry,
  Diagnostic,
  Guardrail,
  Location,
  Network,
} from '../model/policy.ts';
import { forbiddenBy, type GuardView, viewOfNetwork, viewOfSegment } from './guardrail-views.ts';
import type { Contribution } from './merge-traffic.ts';
import { BASELINE, segmentStem } from './owned-groups.ts';
import type { Estate } from './survey-estate.ts';

/** One end of an allowance: something with groups of ours, or a network. */
export type End =
  | {
      readonly kind: 'carrier';
      readonly name: string;
      readonly stem: string;
      readonly view: GuardView;
    }
  | {
      readonly kind: 'network';
      readonly name: string;
      readonly network: Network;
      readonly view: GuardView;
    };

export type Carrier = Extract<End, { kind: 'carrier' }>;
export type NetworkEnd = Extract<End, { kind: 'network' }>;

/** One ordered pair of ends that one rule or baseline entry joins. */
export interface Link {
  readonly id: string;
  readonly from: End;
  readonly to: End;
  readonly contributions: readonly Contribution[];
  readonly location: Location;
}

export interface Links {
  readonly links: readonly Link[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Every pair that the policy joins and no guardrail forbids. A pair that one does forbid is left
 * out and reported. Observed segments have no group, so nothing is written for them: a rule that
 * names one waits until it is staged, and readiness keeps its peers from enforcing meanwhile.
 */
export function linkEnds(estate: Estate): Links {
  const { policy, baseline } = estate.index;
  // A baseline entry that became rules is meant for whom it may serve; the others need no report.
  const personal = new Set(policy.baseline.map((entry) => entry.id));
  const diagnostics: Diagnostic[] = [];
  const links: Link[] = [];
  for (const link of [...ruleLinks(estate), ...baselineLinks(estate, baseline)]) {
    const { id, from, to } = link;
    const guardrail = forbiddenBy(policy.guardrails, from.view, to.view, id);
    if (guardrail === undefined) links.push(link);
    else if (!personal.has(id)) diagnostics.push(forbiddenPair(link, guardrail));
  }
  return { links, diagnostics };
}

function ruleLinks(estate: Estate): readonly Link[] {
  return estate.index.rules.flatMap(({ id, from, to, allow, location }) => {
    const contributions = contributionsOf(id, allow);
    const sources = from.flatMap((name) => endOf(estate, name));
    const destinations = to.flatMap((name) => endOf(estate, name));
    return sources.flatMap((source) =>
      destinations.map((end) => ({ id, from: source, to: end, contributions, location })),
    );
  });
}

const EVERYBODY: Carrier = {
  kind: 'carrier',
  name: BASELINE,
  stem: BASELINE,
  view: { segments: [] },
};

function baselineLinks(estate: Estate, entries: readonly BaselineEntry[]): readonly Link[] {
  return entries.flatMap(({ id, from, to, allow, location }) => {
    const contributions = contributionsOf(id, allow);
    return endOf(estate, to ?? from ?? '').map((end) =>
      to === undefined
        ? { id, from: end, to: EVERYBODY, contributions, location }
        : { id, from: EVERYBODY, to: end, contributions, location },
    );
  });
}

function contributionsOf(because: string, allow: readonly Allowance[]): readonly Contribution[] {
  return allow.flatMap((allowance) => allowance.ranges.map((range) => ({ range, because })));
}

function forbiddenPair({ id, from, to, location }: Link, guardrail: Guardrail): Diagnostic {
  return {
    ...location,
    severity: 'warning',
    code: 'guardrail-forbids-pair',
    message: `rule \`${id}\` from \`${from.name}\` to \`${to.name}\` is forbidden by guardrail \`${guardrail.id}\` (${guardrail.why})`,
    hint: `the pair is left out; remove it from the rule, or list \`${id}\` under the guardrail's \`except\``,
  };
}

function endOf(estate: Estate, name: string): readonly End[] {
  const segment = estate.index.segments.get(name);
  if (segment !== undefined) {
    const stem = segmentStem(name);
    return [{ kind: 'carrier', name, stem, view: viewOfSegment(segment) }];
  }
  const network = estate.index.networks.get(name);
  if (network === undefined) return [];
  return [{ kind: 'network', name, network, view: viewOfNetwork(network) }];
}
