import type { Plan } from '../../core/model/plan.ts';
import type { Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import { filtersOf, passes } from './flows.ts';
import { isAcross } from './guardrails.ts';
import { allowedPorts, PORTS, type SimPolicy, type Tags, wishFor } from './sim-policy.ts';

type Nic = Snapshot['interfaces'][number];

/** What stands while a write is made: every policy and every identity that somebody may act on. */
export interface Standing {
  /** Empty where no policy is in force alone, as in an uninstall: then nothing is judged. */
  readonly policies: readonly SimPolicy[];
  readonly identities: (nic: Nic) => readonly Tags[];
  /** Keeps groups of segments that it is in no more, until a person decides; or may not enforce yet. */
  readonly isExcused: (nic: Nic) => boolean;
  /** The tag `bulkhead:group` of a group of ours; undefined for a foreign one. */
  readonly keyOf: (group: string) => string | undefined;
  readonly plans: readonly Plan[];
}

/**
 * What a write has opened to an enforced workload although nothing that stands allows it. A guardrail
 * is what forbids it in the worlds that have some; there the text says so.
 */
export function findOpenings(
  before: Snapshot,
  after: Snapshot,
  isConcerned: (nic: Nic) => boolean,
  standing: Standing,
): readonly string[] {
  if (standing.policies.length === 0) return [];
  const [old, now] = [filtersOf(before), filtersOf(withoutGoing(after, standing))];
  const earlier = new Map(before.interfaces.map((nic) => [nic.id, nic]));
  const found: string[] = [];
  for (const nic of after.interfaces.filter(isConcerned)) {
    for (const peer of after.interfaces) {
      if (peer.id === nic.id) continue;
      for (const [from, to] of [
        [nic, peer],
        [peer, nic],
      ] as const) {
        const [source, target] = [earlier.get(from.id), earlier.get(to.id)];
        if (source === undefined || target === undefined) continue;
        const opened = PORTS.filter(
          (port) => passes(now, from, to, port) && !passes(old, source, target, port),
        );
        if (opened.length === 0 || standing.isExcused(from) || !isBound(to, standing)) continue;
        // One that has just been taken from its instance is nobody's for a moment.
        if (standing.identities(from).length === 0) continue;
        if (isLeaving(nic, standing) || isLeaving(peer, standing)) continue;
        const isWrong = (port: number): boolean => !isAllowed(from, to, port, standing);
        const names = `${from.id} (${from.attachment?.instance}) -> ${to.id} (${to.attachment?.instance})`;
        const how = crossed(from, to, standing) ? 'opened across a guardrail' : 'opened';
        found.push(...opened.filter(isWrong).map((port) => `${how} ${names} tcp/${port}`));
      }
    }
  }
  return found;
}

/**
 * Without the rules of ours that a plan under way takes away in the end, if it has said who joins their
 * groups, or those they name, meanwhile: those who join have them for a moment (docs/accuracy.md).
 */
function withoutGoing(snapshot: Snapshot, { plans, keyOf }: Standing): Snapshot {
  const going = new Set<string>();
  for (const { steps, warnings } of plans) {
    for (const step of steps) {
      if (step.kind !== 'revoke' || step.phase !== 'revoke') continue;
      for (const { protocol, fromPort, peer } of step.rules) {
        const named = [step.group, 'id' in peer ? keyOf(peer.id) : undefined];
        const isSaid = (text: string): boolean =>
          named.some((group) => text.includes(`while rules go (group ${group})`));
        if (!warnings.some(isSaid)) continue;
        const name = protocol === 6 ? 'tcp' : String(protocol);
        going.add(`${step.group} ${step.direction} ${name} ${fromPort} ${JSON.stringify(peer)}`);
      }
    }
  }
  const groups = snapshot.groups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ isEgress, protocol, fromPort = -1, peer }) => {
      const direction = isEgress ? 'egress' : 'ingress';
      const text = `${keyOf(group.id)} ${direction} ${protocol} ${fromPort} ${JSON.stringify(peer)}`;
      return !going.has(text);
    }),
  }));
  return { ...snapshot, groups };
}

/** It enforces by all that stands, and carries nothing but groups of ours and kept ones. */
function isBound(nic: Nic, standing: Standing): boolean {
  if (standing.isExcused(nic) || standing.identities(nic).length === 0) return false;
  return standing.policies.every(
    (policy) =>
      nic.groups.every((id) => standing.keyOf(id) !== undefined || policy.keep.includes(id)) &&
      standing.identities(nic).every((tags) => wishFor(policy, tags).mode === 'enforce'),
  );
}

/**
 * What it leaves by some policy under way it carries until that plan's groups are on everywhere (make
 * before break); the plan says so. Then that group is what opens, not what is attached or let in now.
 */
function isLeaving(nic: Nic, { policies, identities, keyOf }: Standing): boolean {
  return policies.some((policy) => {
    const wanted = new Set(identities(nic).flatMap((tags) => wishFor(policy, tags).stems));
    return nic.groups.some((id) => {
      const key = keyOf(id);
      return key !== undefined && !wanted.has(key.split('@')[0] ?? key);
    });
  });
}

function isAllowed(from: Nic, to: Nic, port: number, { policies, identities }: Standing): boolean {
  return policies.some((policy) =>
    identities(from).some((source) =>
      identities(to).some((target) => allowedPorts(policy, source, target).has(port)),
    ),
  );
}

function crossed(from: Nic, to: Nic, { policies, identities }: Standing): boolean {
  return policies.some((policy) =>
    identities(from).some((source) =>
      identities(to).some((target) => isAcross(policy, source, target)),
    ),
  );
}
