import type { Diagnostic } from '../model/policy.ts';
import { ALL_TRAFFIC } from '../model/traffic.ts';
import { GroupDrafts } from './draft-groups.ts';
import { joinNetwork } from './join-network.ts';
import type { Carrier, Link } from './link-ends.ts';
import { addressSpace, cidrPeers } from './network-peers.ts';
import { groupKey, OPEN_EGRESS } from './owned-groups.ts';
import type { Places } from './place-groups.ts';
import type { Estate } from './survey-estate.ts';

/** Writes both sides of every link into the drafts. */
export function draftRules(
  estate: Estate,
  links: readonly Link[],
  places: Places,
): { drafts: GroupDrafts; diagnostics: readonly Diagnostic[] } {
  const drafts = new GroupDrafts();
  for (const [stem, vpcs] of places)
    for (const vpc of vpcs) drafts.addGroup(groupKey(stem, vpc), vpc);
  for (const vpc of places.get(OPEN_EGRESS) ?? []) {
    const anything = [{ range: ALL_TRAFFIC, because: OPEN_EGRESS }];
    for (const peer of cidrPeers(['0.0.0.0/0', '::/0'])) {
      drafts.allow(groupKey(OPEN_EGRESS, vpc), 'egress', peer, anything);
    }
  }
  const diagnostics: Diagnostic[] = [];
  for (const link of links) {
    const { from, to } = link;
    if (from.kind === 'network') {
      if (to.kind === 'network') continue;
      diagnostics.push(...joinNetwork(estate, drafts, places, link, to, from, 'ingress'));
    } else if (to.kind === 'network') {
      diagnostics.push(...joinNetwork(estate, drafts, places, link, from, to, 'egress'));
    } else {
      joinCarriers(estate, drafts, places, link, from, to);
      diagnostics.push(...unnameable(estate, link, from, to));
    }
  }
  return { drafts, diagnostics };
}

function joinCarriers(
  estate: Estate,
  drafts: GroupDrafts,
  places: Places,
  link: Link,
  from: Carrier,
  to: Carrier,
): void {
  for (const source of places.get(from.stem) ?? []) {
    for (const destination of places.get(to.stem) ?? []) {
      if (!estate.reach.get(source)?.has(destination)) continue;
      const fromKey = groupKey(from.stem, source);
      const toKey = groupKey(to.stem, destination);
      drafts.allow(fromKey, 'egress', { kind: 'owned', key: toKey }, link.contributions);
      drafts.allow(toKey, 'ingress', { kind: 'owned', key: fromKey }, link.contributions);
    }
  }
}

const NO_VPCS: ReadonlySet<string> = new Set();

/** Members that a rule should join but no group can name across their VPCs. */
function unnameable(estate: Estate, link: Link, from: Carrier, to: Carrier): Diagnostic[] {
  const sources = estate.runningVpcsBySegment.get(from.name) ?? NO_VPCS;
  const destinations = estate.runningVpcsBySegment.get(to.name) ?? NO_VPCS;
  const apart = (vpc: string, others: ReadonlySet<string>): boolean =>
    others.size > 0 && ![...others].some((other) => estate.reach.get(vpc)?.has(other));
  const alone = [...sources].filter((vpc) => apart(vpc, destinations));
  const unreached = [...destinations].filter((vpc) => apart(vpc, sources));
  const routed = [...sources].flatMap((source) =>
    [...destinations]
      .filter((d) => !estate.reach.get(source)?.has(d) && routedOtherwise(estate, source, d))
      .map((destination) => `${source} to ${destination}`),
  );
  const seen = [
    ...alone.map((vpc) => `\`${from.name}\` in ${vpc} reaches no VPC of \`${to.name}\``),
    ...unreached.map((vpc) => `\`${to.name}\` in ${vpc} is reached by no VPC of \`${from.name}\``),
    ...routed.map((pair) => `${pair} is routed, but not by peering within the Region`),
  ].sort();
  if (seen.length === 0) return [];
  return [
    {
      ...link.location,
      severity: 'warning',
      code: 'not-nameable-by-group',
      message: `rule \`${link.id}\` is not nameable by group: ${seen.join('; ')}`,
      hint: 'those flows are not allowed; peer the VPCs, or name the addresses as a network',
    },
  ];
}

function routedOtherwise(estate: Estate, source: string, destination: string): boolean {
  const vpc = estate.inventory.vpcs.find((v) => v.id === destination);
  const wanted = vpc === undefined ? [] : [...vpc.ipv4, ...vpc.ipv6];
  return estate.inventory.routeTables
    .filter((table) => table.vpc === source)
    .flatMap((table) => table.routes)
    .filter((route) => route.state === 'active' && /^(tgw|pcx|vgw|eni)-/.test(route.target))
    .filter((route) => route.destination.includes('/'))
    .some((route) => wanted.some((cidr) => addressSpace([route.destination]).holdsCidr(cidr)));
}
