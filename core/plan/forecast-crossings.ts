import { containsCidr } from 'cidr-tools';
import { type GuardView, matchesZone, viewOfNetwork } from '../compile/guardrail-views.ts';
import type { DesiredRule, GroupKey, Membership } from '../model/desired-state.ts';
import type { GroupRule, NetworkInterface } from '../model/inventory.ts';
import type { AuthorizeStep, Crossing, Direction, RevokeStep } from '../model/plan.ts';
import type { Guardrail, Policy } from '../model/policy.ts';
import type { Opening, OpeningsInput } from './forecast-openings.ts';
import { groupNamedBy } from './rule-keys.ts';

export interface CrossingsInput extends OpeningsInput {
  readonly openings: readonly Opening[];
  readonly policy: Policy;
  readonly memberships: readonly Membership[];
  /** All of them, also those that the plan leaves alone. */
  readonly nics: readonly NetworkInterface[];
}

/** A rule as a workload sees it that carries its group, or the one that it names. */
interface SeenRule {
  /** The end that the workload is. */
  readonly end: 'from' | 'to';
  readonly peer: { readonly group: string } | { readonly cidr: string } | 'unknown';
  /** Rules of the policy that it stands for; undefined where they are not known. */
  readonly ids?: readonly string[];
  /** Only peers count that join their group with this plan: the others could be met before. */
  readonly joining: boolean;
}

interface Carrier {
  readonly workload: string;
  readonly joins: boolean;
}

/**
 * Which guardrails of the new policy what is open for a moment may cross. It is said of groups, as openings
 * are: it may be that nothing passes after all. Behind a prefix list every network of the policy, and
 * everybody, counts.
 */
export function forecastCrossings(input: CrossingsInput): readonly Crossing[] {
  const { policy, openings } = input;
  if (policy.guardrails.length === 0 || openings.length === 0) return [];
  const survey = new Survey(input);
  const found: Crossing[] = [];
  for (const opening of openings) {
    const rules = seenRules(input, opening);
    for (const guardrail of policy.guardrails) {
      const meeting = rules.filter((rule) => survey.meets(guardrail, rule));
      const ends = new Set(meeting.map(({ end }) => end));
      const across = opening.workloads.filter((one) => survey.isAtOneOf(ends, guardrail, one));
      if (across.length === 0) continue;
      const workloads = [...new Set(across)].sort();
      found.push({ guardrail: guardrail.id, group: opening.group, workloads });
    }
  }
  return found;
}

/** What the workloads of an opening have for a moment. */
function seenRules(input: CrossingsInput, { group, because }: Opening): readonly SeenRule[] {
  if (because === 'join while rules go') return ofSteps(input, group, input.going);
  return [...ofSteps(input, group, input.coming), ...ofExisting(input, group)];
}

function ofSteps(
  { keysById }: CrossingsInput,
  key: GroupKey,
  steps: readonly (AuthorizeStep | RevokeStep)[],
): readonly SeenRule[] {
  return steps.flatMap(({ group, direction, rules }) =>
    rules.flatMap((rule) => {
      const named = groupNamedBy(rule, keysById);
      const ids = 'because' in rule ? { ids: rule.because } : {};
      return seen(key, { group, direction, rule, named }).map((one) => ({
        ...{ ...one, ...ids, joining: false },
      }));
    }),
  );
}

function ofExisting({ existing, keysById }: CrossingsInput, key: GroupKey): readonly SeenRule[] {
  return [...existing].flatMap(([group, { ingress, egress }]) =>
    [
      ...ingress.map((rule) => ({ direction: 'ingress', rule }) as const),
      ...egress.map((rule) => ({ direction: 'egress', rule }) as const),
    ].flatMap(({ direction, rule }) =>
      seen(key, { group, direction, rule, named: groupNamedBy(rule, keysById) }).map((one) => ({
        ...{ ...one, joining: true },
      })),
    ),
  );
}

interface RuleOf {
  readonly group: GroupKey;
  readonly direction: Direction;
  readonly rule: DesiredRule | GroupRule;
  readonly named: string | undefined;
}

/** The rule from the side of the group that carries it, and from that of the one it names. */
function seen(
  key: GroupKey,
  { group, direction, rule, named }: RuleOf,
): readonly Pick<SeenRule, 'end' | 'peer'>[] {
  const [own, other] =
    direction === 'ingress' ? (['to', 'from'] as const) : (['from', 'to'] as const);
  const found: Pick<SeenRule, 'end' | 'peer'>[] = [];
  if (group === key) found.push({ end: own, peer: peerOf(rule, named) });
  if (named === key) found.push({ end: other, peer: { group } });
  return found;
}

function peerOf({ peer }: DesiredRule | GroupRule, named: string | undefined): SeenRule['peer'] {
  if (named !== undefined) return { group: named };
  return peer.kind === 'ipv4' || peer.kind === 'ipv6' ? { cidr: peer.cidr } : 'unknown';
}

/** Who carries which group before or after, and what guardrails see of whom. */
class Survey {
  readonly #input: CrossingsInput;
  readonly #carriers = new Map<string, Carrier[]>();
  readonly #memberships: ReadonlyMap<string, Membership>;
  readonly #zones: ReadonlyMap<string, string | undefined>;
  readonly #peers = new Map<string, readonly GuardView[]>();

  constructor(input: CrossingsInput) {
    this.#input = input;
    const { policy, memberships, interfaces, nics, keysById } = input;
    this.#memberships = new Map(memberships.map((one) => [one.workload, one]));
    this.#zones = new Map(policy.segments.map(({ name, zone }) => [name, zone]));
    const finals = new Map(interfaces.map(({ nic, final }) => [nic.id, final]));
    for (const { id, workload, groups } of nics) {
      const before = groups.map((one) => keysById.get(one) ?? one);
      const after = (finals.get(id) ?? groups).map((one) => keysById.get(one) ?? one);
      for (const key of new Set([...before, ...after])) {
        const carriers = this.#carriers.get(key) ?? [];
        carriers.push({ workload, joins: !before.includes(key) });
        this.#carriers.set(key, carriers);
      }
    }
  }

  /** Whether somebody is behind the rule who stands at its other end of the guardrail. */
  meets({ deny, except }: Guardrail, rule: SeenRule): boolean {
    if (rule.ids?.every((id) => except.includes(id)) === true) return false;
    const other = rule.end === 'from' ? deny.to : deny.from;
    return this.#viewsOfPeers(rule).some((view) => matchesZone(other, view));
  }

  isAtOneOf(ends: ReadonlySet<'from' | 'to'>, { deny }: Guardrail, workload: string): boolean {
    const views = this.#viewsOf(workload);
    return [...ends].some((end) => views.some((view) => matchesZone(deny[end], view)));
  }

  /** Several where it is in conflict between zones. */
  #viewsOf(workload: string): readonly GuardView[] {
    const { segments = [], withheld = [], zone } = this.#memberships.get(workload) ?? {};
    const names = [...segments, ...withheld.map(({ segment }) => segment)];
    const zones = zone === undefined ? names.map((name) => this.#zones.get(name)) : [zone];
    const seenZones = zones.length === 0 ? [undefined] : [...new Set(zones)];
    return seenZones.map((one) => ({ zone: one, segments: names }));
  }

  #viewsOfPeers({ peer, joining }: SeenRule): readonly GuardView[] {
    const key = `${joining} ${JSON.stringify(peer)}`;
    const known = this.#peers.get(key) ?? this.#findPeers(peer, joining);
    this.#peers.set(key, known);
    return known;
  }

  #findPeers(peer: SeenRule['peer'], joining: boolean): readonly GuardView[] {
    if (peer !== 'unknown' && 'group' in peer) {
      const carriers = this.#carriers.get(peer.group) ?? [];
      const counted = joining ? carriers.filter(({ joins }) => joins) : carriers;
      return distinct(counted.flatMap(({ workload }) => this.#viewsOf(workload)));
    }
    // Nobody comes to an address with this plan.
    if (joining) return [];
    return this.#viewsInside(peer === 'unknown' ? undefined : peer.cidr);
  }

  /**
   * Of networks and workloads that have an address in there, and of an address that nothing is known of.
   * Undefined: anything may be in there.
   */
  #viewsInside(cidr: string | undefined): readonly GuardView[] {
    const { policy, nics } = this.#input;
    const isInside = (addresses: readonly string[]): boolean =>
      cidr === undefined || addresses.some((address) => containsCidr(cidr, address));
    const networks = policy.networks.filter(({ cidrs }) => isInside(cidrs));
    const workloads = nics.filter(({ ipv4, ipv6 }) => isInside([...ipv4, ...ipv6]));
    return distinct([
      { segments: [] },
      ...networks.map(viewOfNetwork),
      ...workloads.flatMap(({ workload }) => this.#viewsOf(workload)),
    ]);
  }
}

function distinct(views: readonly GuardView[]): readonly GuardView[] {
  return [...new Map(views.map((view) => [JSON.stringify(view), view])).values()];
}
