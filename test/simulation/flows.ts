import type { Snapshot } from '../fakes/ec2/create-fake-ec2.ts';

type Nic = Snapshot['interfaces'][number];
type Group = Snapshot['groups'][number];
type Rule = Group['rules'][number];

/** A state of EC2 that says which TCP port passes between which interfaces. */
export interface Filters {
  readonly groups: ReadonlyMap<string, Group>;
  readonly peered: (a: string, b: string) => boolean;
}

export function filtersOf(snapshot: Snapshot): Filters {
  const pairs = snapshot.peerings
    .filter(({ status }) => status === 'active')
    .flatMap(({ requester: a, accepter: b }) => [`${a} ${b}`, `${b} ${a}`]);
  const joined = new Set(pairs);
  return {
    groups: new Map(snapshot.groups.map((group) => [group.id, group])),
    peered: (a, b) => a === b || joined.has(`${a} ${b}`),
  };
}

/**
 * Whether a TCP port passes, by the groups alone: simulated VPCs keep their default NACL, which lets
 * everything through. These few lines share nothing with the evaluators in core/.
 */
export function passes(filters: Filters, from: Nic, to: Nic, port: number): boolean {
  return (
    filters.peered(from.vpc, to.vpc) &&
    admits(filters, from, { isEgress: true, peer: to, port }) &&
    admits(filters, to, { isEgress: false, peer: from, port })
  );
}

/** The same, if both ends carried other groups. */
export function passesBy(
  filters: Filters,
  [from, to]: readonly [Nic, Nic],
  port: number,
  groupsOf: (nic: Nic) => readonly string[],
): boolean {
  const carrying = (nic: Nic): Nic => ({ ...nic, groups: groupsOf(nic) });
  return passes(filters, carrying(from), carrying(to), port);
}

interface Asked {
  readonly isEgress: boolean;
  readonly peer: Nic;
  readonly port: number;
}

function admits(filters: Filters, nic: Nic, asked: Asked): boolean {
  return nic.groups.some((id) => filters.groups.get(id)?.rules.some((rule) => isFor(rule, asked)));
}

function isFor(rule: Rule, { isEgress, peer, port }: Asked): boolean {
  if (rule.isEgress !== isEgress) return false;
  const isPort =
    rule.protocol === '-1' ||
    (rule.protocol === 'tcp' && (rule.fromPort ?? 0) <= port && port <= (rule.toPort ?? 65_535));
  if (!isPort) return false;
  if (rule.peer.kind === 'group') return peer.groups.includes(rule.peer.id);
  const cidr = rule.peer.kind === 'ipv4' ? rule.peer.cidr : '';
  return cidr !== '' && peer.ipv4.some((address) => isInside(address, cidr));
}

function isInside(address: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
