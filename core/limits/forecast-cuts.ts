import { overlapCidr } from 'cidr-tools';
import type { Family } from '../compile/draft-groups.ts';
import { forbiddenBy, type GuardView, viewOfSegment } from '../compile/guardrail-views.ts';
import type { DesiredGroup, DesiredRule } from '../model/desired-state.ts';
import type { Direction } from '../model/plan.ts';
import type { Policy } from '../model/policy.ts';

/** CIDRs of networks that the rule or baseline entry names, and that addresses may be cut out of. */
export type CutFrom = (segment: string, rule: string, direction: Direction) => readonly string[];

/**
 * Compile cuts the addresses of workloads that a guardrail keeps from a segment out of the networks
 * that include workloads. Here: where that may come to pass, whoever is in them now.
 */
export function cutFrom({ guardrails, networks, segments, rules, baseline }: Policy): CutFrom {
  const open = new Map(
    networks.filter((one) => one.includesWorkloads).map((one) => [one.name, one.cidrs]),
  );
  const viewBySegment = new Map(segments.map((one) => [one.name, viewOfSegment(one)]));
  const others: readonly GuardView[] = [{ segments: [] }, ...viewBySegment.values()];
  const endsById = new Map([...rules, ...baseline].map(({ id, from, to }) => [id, { from, to }]));
  return (segment, id, direction) => {
    const own = viewBySegment.get(segment);
    const ends = endsById.get(id);
    const peers = [(direction === 'egress' ? ends?.to : ends?.from) ?? []].flat();
    const cidrs = peers.flatMap((name) => open.get(name) ?? []);
    if (own === undefined || cidrs.length === 0) return [];
    const guarded = others.some((other) => {
      const [from, to] = direction === 'egress' ? [own, other] : [other, own];
      return forbiddenBy(guardrails, from, to, id) !== undefined;
    });
    return guarded ? cidrs : [];
  };
}

/**
 * How many further addresses may be cut out of the CIDRs that these groups name, wherever they lie,
 * before that takes more rules than there is room for. Infinite where none can cost any.
 *
 * @param cuts says of a rule of the policy what addresses may be cut out of.
 * @param roomFor how many rules more the groups take.
 */
export function cutsThatFit(
  groups: readonly DesiredGroup[],
  cuts: (rule: string, direction: Direction) => readonly string[],
  roomFor: (direction: Direction, family: Family) => number,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (const direction of ['ingress', 'egress'] as const) {
    const rules = groups
      .flatMap((group) => group[direction])
      .filter(
        ({ peer, because }) =>
          'cidr' in peer &&
          because.some((rule) => overlapCidr([...cuts(rule, direction)], peer.cidr)),
      );
    for (const [family, bits] of Object.entries(BITS) as [Family, number][]) {
      const lengths = lengthsByTraffic(rules, family);
      least = Math.min(least, splitsThatFit(lengths, bits, roomFor(direction, family)));
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

/**
 * A CIDR without one of its addresses is one CIDR of each greater length. Answers how many more; the
 * last of them is a single address, which costs nothing to take away.
 */
function splitWidest(lengths: number[], bits: number): number {
  const length = Math.min(...lengths);
  if (length >= bits) return 0;
  lengths.splice(lengths.indexOf(length), 1);
  for (let longer = length + 1; longer < bits; longer += 1) lengths.push(longer);
  return bits - length - 1;
}
