import type { GroupRule, Inventory, NetworkInterface } from '../../core/model/inventory.ts';

/** A packet that a test asks about; ICMP: the type as port. */
export interface Probe {
  readonly protocol: number;
  readonly port: number;
}

export const PROBES: readonly Probe[] = [
  { protocol: 6, port: 22 },
  { protocol: 6, port: 443 },
  { protocol: 6, port: 8080 },
  { protocol: 6, port: 8085 },
  { protocol: 17, port: 53 },
  { protocol: 1, port: 8 },
  { protocol: 47, port: 0 },
];

/**
 * The pairs that security groups let talk, as `<from> <to> <protocol>/<port>`: IPv4 inside and
 * between peered VPCs. A few lines on purpose, sharing nothing with the evaluators.
 */
export function allowedFlows(inventory: Inventory): ReadonlySet<string> {
  const found = new Set<string>();
  for (const from of inventory.interfaces) {
    for (const to of inventory.interfaces) {
      if (from.id === to.id || !peered(inventory, from.vpc, to.vpc)) continue;
      for (const probe of PROBES) {
        const out = rulesOf(inventory, from, 'egress').some((rule) => admits(rule, probe, to));
        const into = rulesOf(inventory, to, 'ingress').some((rule) => admits(rule, probe, from));
        if (out && into) found.add(`${from.id} ${to.id} ${probe.protocol}/${probe.port}`);
      }
    }
  }
  return found;
}

function peered(inventory: Inventory, a: string, b: string): boolean {
  return (
    a === b ||
    inventory.peerings.some(
      (p) =>
        p.status === 'active' &&
        [p.requester.vpc, p.accepter.vpc].includes(a) &&
        [p.requester.vpc, p.accepter.vpc].includes(b),
    )
  );
}

function rulesOf(
  inventory: Inventory,
  nic: NetworkInterface,
  direction: 'ingress' | 'egress',
): readonly GroupRule[] {
  return inventory.groups
    .filter((group) => nic.groups.includes(group.id))
    .flatMap((group) => group[direction]);
}

function admits(rule: GroupRule, probe: Probe, peer: NetworkInterface): boolean {
  if (rule.protocol !== -1 && rule.protocol !== probe.protocol) return false;
  const anyPort = rule.protocol === -1 || rule.fromPort === -1;
  const upTo = probe.protocol === 1 ? rule.fromPort : rule.toPort;
  if (!anyPort && (probe.port < rule.fromPort || probe.port > upTo)) return false;
  if (rule.peer.kind === 'group') return peer.groups.includes(rule.peer.id);
  return rule.peer.kind === 'ipv4' && peer.ipv4.some((ip) => inside(ip, cidrOf(rule)));
}

const cidrOf = ({ peer }: GroupRule): string => ('cidr' in peer ? peer.cidr : '');

function inside(ip: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(numberOf(ip) / size) === Math.floor(numberOf(base) / size);
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
