import { containsCidr, mergeCidr } from 'cidr-tools';
import type { DesiredGroup, DesiredPeer, DesiredRule, GroupKey } from '../model/desired-state.ts';
import type { Direction } from '../model/plan.ts';
import { type Contribution, mergeTraffic } from './merge-traffic.ts';
import { ISOLATION, OPEN_EGRESS, parseGroupKey } from './owned-groups.ts';

/** AWS's limit for names and descriptions of groups (CreateSecurityGroup). */
const GROUP_TEXT_LENGTH_MAX = 255;

interface PeerDraft {
  readonly peer: DesiredPeer;
  readonly contributions: Contribution[];
}

interface GroupDraft {
  readonly key: GroupKey;
  readonly vpc: string;
  readonly ingress: Map<string, PeerDraft>;
  readonly egress: Map<string, PeerDraft>;
}

/** Groups under construction: rules are added in any order, the result does not depend on it. */
export class GroupDrafts {
  readonly #drafts = new Map<GroupKey, GroupDraft>();

  addGroup(key: GroupKey, vpc: string): void {
    if (this.#drafts.has(key)) return;
    this.#drafts.set(key, { key, vpc, ingress: new Map(), egress: new Map() });
  }

  /** A group that was not added takes no rules. */
  allow(
    key: GroupKey,
    direction: Direction,
    peer: DesiredPeer,
    contributions: readonly Contribution[],
  ): void {
    const peers = this.#drafts.get(key)?.[direction];
    if (peers === undefined) return;
    const draft = peers.get(peerText(peer));
    if (draft === undefined) peers.set(peerText(peer), { peer, contributions: [...contributions] });
    else draft.contributions.push(...contributions);
  }

  /** @param owner becomes part of the names. */
  finish(owner: string, familyOf: (peer: DesiredPeer) => Family | undefined): DesiredGroup[] {
    return [...this.#drafts.values()]
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((draft) => ({
        key: draft.key,
        vpc: draft.vpc,
        name: nameOf(draft.key, owner),
        description: descriptionOf(draft.key),
        ingress: rulesOf(draft.ingress, familyOf),
        egress: rulesOf(draft.egress, familyOf),
      }));
  }
}

export type Family = 'ipv4' | 'ipv6';

/** A text that is equal for equal peers. */
export function peerText(peer: DesiredPeer): string {
  if (peer.kind === 'owned') return `owned:${peer.key}`;
  if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return peer.cidr;
  return peer.id;
}

function rulesOf(
  peers: ReadonlyMap<string, PeerDraft>,
  familyOf: (peer: DesiredPeer) => Family | undefined,
): readonly DesiredRule[] {
  const rules = [...peers.values()].flatMap(({ peer, contributions }) =>
    mergeTraffic(contributions, familyOf(peer)).map((traffic) => ({ ...traffic, peer })),
  );
  return mergeAddresses(rules).sort(compareRules);
}

type AddressPeer = Extract<DesiredPeer, { cidr: string }>;
type AddressRule = DesiredRule & { readonly peer: AddressPeer };

/** Rules of equal traffic become the fewest CIDRs that cover exactly the same addresses. */
function mergeAddresses(rules: readonly DesiredRule[]): DesiredRule[] {
  const result: DesiredRule[] = [];
  const byTraffic = new Map<string, AddressRule[]>();
  for (const rule of rules) {
    if (rule.peer.kind !== 'ipv4' && rule.peer.kind !== 'ipv6') {
      result.push(rule);
      continue;
    }
    const key = `${rule.peer.kind} ${rule.protocol} ${rule.fromPort} ${rule.toPort}`;
    byTraffic.set(key, [...(byTraffic.get(key) ?? []), { ...rule, peer: rule.peer }]);
  }
  for (const same of byTraffic.values()) {
    for (const cidr of mergeCidr(same.map((rule) => rule.peer.cidr))) {
      const merged = same.filter((rule) => containsCidr(cidr, rule.peer.cidr));
      const first = merged[0];
      if (first === undefined) continue;
      const because = [...new Set(merged.flatMap((rule) => rule.because))].sort();
      result.push({ ...first, peer: { ...first.peer, cidr }, because });
    }
  }
  return result;
}

function compareRules(a: DesiredRule, b: DesiredRule): number {
  const byPeer = compareTexts(peerText(a.peer), peerText(b.peer));
  return byPeer || a.protocol - b.protocol || a.fromPort - b.fromPort || a.toPort - b.toPort;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The VPC is left out: names are unique per VPC only, and people read them. */
function nameOf(key: GroupKey, owner: string): string {
  const parsed = parseGroupKey(key);
  const what = parsed?.segment === undefined ? parsed?.kind : `segment/${parsed.segment}`;
  return `${owner}/${what ?? key}`.slice(0, GROUP_TEXT_LENGTH_MAX);
}

function descriptionOf(key: GroupKey): string {
  const parsed = parseGroupKey(key);
  if (parsed?.segment !== undefined) {
    return `Bulkhead: members of segment ${parsed.segment}`.slice(0, GROUP_TEXT_LENGTH_MAX);
  }
  if (parsed?.kind === OPEN_EGRESS) return 'Bulkhead: egress to anywhere, while it is open';
  if (parsed?.kind === ISOLATION) return 'Bulkhead: no traffic at all';
  return 'Bulkhead: what every segmented workload may use';
}
