import type { Family } from '../compile/draft-groups.ts';
import { forbiddenBy, type GuardView, viewOfSegment } from '../compile/guardrail-views.ts';
import type { DesiredGroup, DesiredRule } from '../model/desired-state.ts';
import type { Direction } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';

/**
 * Whether guardrails may keep a segment from workloads in a network that includes workloads and that
 * the rule or baseline entry names: compile cuts the addresses of such workloads out of the network.
 */
export type MayCut = (segment: string, rule: string, direction: Direction) => boolean;

export function mayCut({ guardrails, networks, segments, rules, baseline }: Policy): MayCut {
  const open = new Set(networks.filter((n) => n.includesWorkloads).map((n) => n.name));
  if (open.size === 0 || guardrails.length === 0) return () => false;
  const viewBySegment = new Map(segments.map((one) => [one.name, viewOfSegment(one)]));
  const others: readonly GuardView[] = [{ segments: [] }, ...viewBySegment.values()];
  const endsById = new Map([...rules, ...baseline].map(({ id, from, to }) => [id, { from, to }]));
  return (segment, id, direction) => {
    const own = viewBySegment.get(segment);
    const ends = endsById.get(id);
    const peers = [(direction === 'egress' ? ends?.to : ends?.from) ?? []].flat();
    if (own === undefined || !peers.some((name) => open.has(name))) return false;
    return others.some((other) => {
      const [from, to] = direction === 'egress' ? [own, other] : [other, own];
      return forbiddenBy(guardrails, from, to, id) !== undefined;
    });
  };
}

/**
 * How many further addresses may be cut out of the CIDRs that these groups name, wherever they lie,
 * before that takes more rules than there is room for. Infinite where none can cost any.
 *
 * @param cuts says of a rule of the policy whether addresses are cut out of what it names.
 * @param roomFor how many rules more the groups take.
 */
export function cutsThatFit(
  groups: readonly DesiredGroup[],
  cuts: (rule: string, direction: Direction) => boolean,
  roomFor: (direction: Direction, family: Family) => number,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (const direction of ['ingress', 'egress'] as const) {
    const rules = groups
      .flatMap((group) => group[direction])
      .filter(({ because }) => because.some((rule) => cuts(rule, direction)));
    for (const [family, bits] of Object.entries(BITS) as [Family, number][]) {
      const lengths = lengthsByTraffic(rules, family);
      if (lengths.length > 0) {
        least = Math.min(least, splitsThatFit(lengths, bits, roomFor(direction, family)));
      }
    }
  }
  return least;
}

const BITS: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** The prefix lengths of a family's CIDRs, for each kind of traffic: each loses the address. */
function lengthsByTraffic(rules: readonly DesiredRule[], family: Family): number[][] {
  const found = new Map<string, number[]>();
  for (const { protocol, fromPort, toPort, peer } of rules) {
    if (peer.kind !== family) continue;
    const key = `${protocol} ${fromPort} ${toPort}`;
    found.set(key, [...(found.get(key) ?? []), Number(peer.cidr.split('/')[1])]);
  }
  return [...found.values()];
}

function splitsThatFit(lengths: readonly number[][], bits: number, room: number): number {
  let left = room;
  for (let fit = 0; ; fit += 1) {
    const cost = lengths.reduce((sum, one) => sum + splitWidest(one, bits), 0);
    if (cost === 0) return Number.POSITIVE_INFINITY;
    left -= cost;
    if (left < 0) return fit;
  }
}

/** A CIDR without one of its addresses is one CIDR of each greater length. Answers how many more. */
function splitWidest(lengths: number[], bits: number): number {
  const length = Math.min(...lengths);
  if (length >= bits - 1) return 0;
  lengths.splice(lengths.indexOf(length), 1);
  for (let longer = length + 1; longer <= bits; longer += 1) lengths.push(longer);
  return bits - length - 1;
}
