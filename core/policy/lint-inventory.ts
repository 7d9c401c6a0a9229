import { excludeCidr, overlapCidr } from 'cidr-tools';
import { decideMembership } from '../compile/decide-membership.ts';
import { indexPolicy, type PolicyIndex } from '../compile/index-policy.ts';
import { KEEP_TAG, managedVpcs } from '../compile/owned-groups.ts';
import { matchesPattern, matchesSelector, matchesTags } from '../identity/match.ts';
import type { Inventory, PrefixList } from '../model/inventory.ts';
import type { Diagnostic, Network, Policy, Segment } from '../model/policy.ts';
import { Findings, listed, quote, startOf } from './diagnostics.ts';
import { EXAMPLES_MAX } from './limits.ts';

/**
 * What only AWS can tell about a policy: selectors that match nobody, workloads that overlapping
 * selectors carry across a guardrail, networks that are workloads, names that nothing bears.
 *
 * Takes the time of the reading as now. A kind of resource that could not be read in full is not
 * held against the policy.
 */
export function lintAgainstInventory(policy: Policy, inventory: Inventory): readonly Diagnostic[] {
  const findings = new Findings();
  const partial = inventory.gaps.length > 0;
  const index = indexPolicy(policy, { now: inventory.takenAt });
  if (!partial) {
    lintMembers(index, inventory, findings);
    lintKeptGroups(policy, inventory, findings);
    lintBornIn(policy, inventory, findings);
  }
  const managed = managedRanges(policy, inventory);
  for (const network of policy.networks) {
    lintOverlap(network, managed, inventory, findings);
    if (!partial) lintNames(network, inventory, findings);
  }
  lintOverlappingSegments(index, inventory, findings);
  return findings.sorted();
}

function lintMembers(index: PolicyIndex, inventory: Inventory, findings: Findings): void {
  const waiting = new Set<Segment>(index.segments.values());
  for (const { identity } of inventory.workloads) {
    if (waiting.size === 0) return;
    for (const segment of index.finder.candidates(identity)) {
      if (waiting.has(segment) && matchesSelector(segment.select, identity))
        waiting.delete(segment);
    }
  }
  for (const segment of waiting) {
    findings.add(
      'selector-matches-no-workload',
      segment.location,
      `segment ${quote(segment.name)} matches none of \`${inventory.workloads.length}\` workloads`,
      'check the tags of the workloads; a segment of the future may wait like this',
    );
  }
}

interface Withheld {
  readonly segment: string;
  readonly because: string;
  readonly inTwoZones: boolean;
  readonly workloads: string[];
}

/** Workloads that a guardrail or a second zone keeps from their segments, by the same reason. */
function lintOverlappingSegments(
  index: PolicyIndex,
  inventory: Inventory,
  findings: Findings,
): void {
  const byReason = new Map<string, Withheld>();
  for (const { identity } of inventory.workloads) {
    const { withheld } = decideMembership(index, identity);
    const zones = new Set(withheld.flatMap((w) => index.segments.get(w.segment)?.zone ?? []));
    for (const { segment, because } of withheld) {
      const key = `${segment} ${because}`;
      const fresh = { segment, because, inTwoZones: zones.size > 1, workloads: [] };
      const known: Withheld = byReason.get(key) ?? fresh;
      known.workloads.push(identity.workload);
      byReason.set(key, known);
    }
  }
  for (const { segment, because, inTwoZones, workloads } of byReason.values()) {
    const at = index.segments.get(segment)?.location ?? startOf('root.yaml');
    const examples = listed(workloads.toSorted().slice(0, EXAMPLES_MAX));
    findings.add(
      inTwoZones ? 'overlap-in-two-zones' : 'overlap-crosses-guardrail',
      at,
      `segment ${quote(segment)} is withheld from \`${workloads.length}\` workloads, e.g. ` +
        `${examples}: ${because}`,
      'make the selectors exclude each other, or change the rule',
    );
  }
}

interface ManagedRange {
  readonly cidr: string;
  /** `vpc-...`, and how it is reached. */
  readonly owner: string;
}

/** Addresses of the managed VPCs and of those that are actively peered with them. */
function managedRanges(policy: Policy, inventory: Inventory): readonly ManagedRange[] {
  const managed = new Set(managedVpcs(policy, inventory));
  const ranges: ManagedRange[] = inventory.vpcs
    .filter((vpc) => managed.has(vpc.id))
    .flatMap((vpc) =>
      [...vpc.ipv4, ...vpc.ipv6].map((cidr) => ({ cidr, owner: `managed VPC \`${vpc.id}\`` })),
    );
  for (const { id, status, requester, accepter } of inventory.peerings) {
    if (status !== 'active') continue;
    for (const [near, far] of [
      [requester, accepter],
      [accepter, requester],
    ] as const) {
      if (!managed.has(near.vpc) || managed.has(far.vpc)) continue;
      const owner = `VPC \`${far.vpc}\`, peered with \`${near.vpc}\` by \`${id}\``;
      const known = inventory.vpcs.find((vpc) => vpc.id === far.vpc);
      const cidrs = new Set([...far.cidrs, ...(known?.ipv4 ?? []), ...(known?.ipv6 ?? [])]);
      ranges.push(...[...cidrs].map((cidr) => ({ cidr, owner })));
    }
  }
  return ranges;
}

function lintOverlap(
  network: Network,
  managed: readonly ManagedRange[],
  inventory: Inventory,
  findings: Findings,
): void {
  if (network.includesWorkloads) return;
  const listedCidrs = prefixListsOf(network, inventory).flatMap((list) => list.cidrs);
  const cidrs = [...network.cidrs, ...listedCidrs];
  const ranges = network.except.length === 0 ? cidrs : excludeCidr(cidrs, [...network.except]);
  for (const range of ranges) {
    const hit = managed.find(({ cidr }) => overlapCidr(range, cidr));
    if (hit === undefined) continue;
    findings.add(
      'network-overlaps-vpc',
      network.location,
      `range ${quote(range)} of network ${quote(network.name)} overlaps ${quote(hit.cidr)} of ` +
        hit.owner,
      'name segments instead, except the range, or say `includesWorkloads: true`',
    );
    return;
  }
}

function prefixListsOf(network: Network, inventory: Inventory): readonly PrefixList[] {
  const wanted = network.prefixList;
  if (wanted === undefined) return [];
  return inventory.prefixLists.filter(
    (list) => list.id === wanted || matchesPattern([wanted], list.name),
  );
}

function lintNames(network: Network, inventory: Inventory, findings: Findings): void {
  if (network.prefixList !== undefined && prefixListsOf(network, inventory).length === 0) {
    findings.add(
      'prefix-list-matches-nothing',
      network.location,
      `none of \`${inventory.prefixLists.length}\` prefix lists is called ` +
        `${quote(network.prefixList)} (network ${quote(network.name)})`,
      'check the name with `aws ec2 describe-managed-prefix-lists`',
    );
  }
  const wanted = network.securityGroups;
  if (wanted === undefined) return;
  const byTags = Object.keys(wanted.tags).length > 0;
  const found = inventory.groups.some(
    (group) => wanted.ids.includes(group.id) || (byTags && matchesTags(wanted.tags, group.tags)),
  );
  if (found) return;
  findings.add(
    'network-matches-no-group',
    network.location,
    `no security group fits network ${quote(network.name)}`,
    'check the ids and tags',
  );
}

function lintKeptGroups(policy: Policy, inventory: Inventory, findings: Findings): void {
  const at = policy.settings.location ?? startOf('root.yaml');
  const groups = new Map(inventory.groups.map((group) => [group.id, group]));
  for (const id of policy.settings.keepSecurityGroups) {
    const group = groups.get(id);
    if (group === undefined) {
      const seen = `kept group ${quote(id)} does not exist`;
      findings.add('kept-group-missing', at, seen, 'remove it from `keepSecurityGroups`');
    } else if (!Object.hasOwn(group.tags, KEEP_TAG)) {
      const seen = `kept group ${quote(id)} lacks the tag \`${KEEP_TAG}\``;
      findings.add('kept-group-untagged', at, seen, 'tag it, else IAM refuses to keep it');
    }
  }
}

function lintBornIn(policy: Policy, inventory: Inventory, findings: Findings): void {
  const vpcs = new Set(inventory.vpcs.map((vpc) => vpc.id));
  for (const segment of policy.segments) {
    for (const id of segment.bornIn) {
      if (vpcs.has(id)) continue;
      const seen = `segment ${quote(segment.name)} is born in ${quote(id)}, which does not exist`;
      findings.add('born-in-unknown-vpc', segment.location, seen, 'correct the id');
    }
  }
}
