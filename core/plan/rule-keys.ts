import type { DesiredRule, GroupKey } from '../model/desired-state.ts';
import type { GroupRule } from '../model/inventory.ts';

type AnyRule = DesiredRule | GroupRule;

/**
 * A text that is equal for equal rules, whether a peer group is named by id or by key. Without
 * description and reason: neither changes what a rule allows.
 */
export function ruleKey(rule: AnyRule, keysById: ReadonlyMap<string, GroupKey>): string {
  return `${rule.protocol}|${rule.fromPort}|${rule.toPort}|${peerKey(rule, keysById)}`;
}

export function peerKey({ peer }: AnyRule, keysById: ReadonlyMap<string, GroupKey>): string {
  if (peer.kind === 'owned') return `owned:${peer.key}`;
  if (peer.kind === 'ipv4' || peer.kind === 'ipv6') return peer.cidr.toLowerCase();
  const key = peer.kind === 'group' ? keysById.get(peer.id) : undefined;
  return key === undefined ? peer.id : `owned:${key}`;
}

/** The key of the owned group that a rule names, or the id of a foreign one. */
export function groupNamedBy(
  { peer }: AnyRule,
  keysById: ReadonlyMap<string, GroupKey>,
): string | undefined {
  if (peer.kind === 'owned') return peer.key;
  return peer.kind === 'group' ? (keysById.get(peer.id) ?? peer.id) : undefined;
}

/** Whether `wider` allows everything that `narrower` does, as far as one rule alone can tell. */
export function covers(
  wider: AnyRule,
  narrower: AnyRule,
  keysById: ReadonlyMap<string, GroupKey>,
): boolean {
  if (peerKey(wider, keysById) !== peerKey(narrower, keysById)) return false;
  if (wider.protocol === -1) return true;
  if (wider.protocol !== narrower.protocol) return false;
  if (wider.fromPort === -1) return true;
  const isIcmp = wider.protocol === 1 || wider.protocol === 58;
  if (isIcmp) {
    const sameCode = wider.toPort === -1 || wider.toPort === narrower.toPort;
    return wider.fromPort === narrower.fromPort && sameCode;
  }
  return wider.fromPort <= narrower.fromPort && narrower.toPort <= wider.toPort;
}
