import { decideJoins, type Joins } from '../core/compile/decide-joins.ts';
import { decideMembership } from '../core/compile/decide-membership.ts';
import type { Blocked, Membership } from '../core/model/desired-state.ts';
import type { Identity } from '../core/model/identity.ts';
import { ownValue } from '../core/model/own-value.ts';
import type { Head, WorkloadRecord, WorkloadStatus } from '../core/model/record.ts';
import type { InForce } from './in-force.ts';

/** What the policy in force makes of one workload, before any interface is looked at. */
export interface Standing {
  readonly membership: Membership;
  /** Keeps its groups until a person decides. */
  readonly held: boolean;
  /** Only while it is held and keeps groups of segments that it is in no more. */
  readonly joins?: Joins;
  /** Gets the isolation group and nothing else. */
  readonly isolate: boolean;
  /** It has an interface in a VPC that is managed. */
  readonly managed: boolean;
  readonly blocked?: Blocked;
}

/** The part of a record that a standing depends on. */
export type Subject = Pick<
  WorkloadRecord,
  'identity' | 'left' | 'loosened' | 'guarded' | 'keeps' | 'classified' | 'firstSeen'
>;

export function isUnclassified(membership: Membership): boolean {
  return membership.segments.length + membership.withheld.length === 0;
}

/** Total. `nowMs` decides whether the settle window of a never classified workload is over. */
export function decideStanding(inForce: InForce, subject: Subject, nowMs: number): Standing {
  const { head, bundle, index } = inForce;
  const { settings } = bundle.policy;
  const uninstalled = head.kind === 'uninstall';
  const member = decideMembership(index, subject.identity);
  const membership = uninstalled ? nobody(subject.identity.workload) : member;
  const managed = !uninstalled && isManaged(inForce, subject.identity);
  const lost = managed && isUnclassified(membership);
  const left = lost && subject.left === true;
  const windowOver = nowMs - Date.parse(subject.firstSeen) >= settings.settleWindowMs;
  const neverClassified = lost && !subject.classified && windowOver;
  const blocked = blockedBy(head, member);
  const guarded = managed && standsSince(head, subject.guarded?.generation);
  const held =
    (left && settings.onLeave === 'hold') ||
    guarded ||
    (!lost && standsSince(head, subject.loosened));
  const { keeps } = subject;
  return {
    membership,
    held,
    ...(held && keeps !== undefined
      ? { joins: decideJoins(index, subject.identity, keeps.segments) }
      : {}),
    isolate:
      (left && settings.onLeave === 'isolate' && !guarded) ||
      (neverClassified && settings.unclassified === 'isolate'),
    managed,
    ...(blocked === undefined ? {} : { blocked }),
  };
}

/** The oldest generation whose holds stand. */
export function heldSince(head: Head): number {
  return head.heldSince ?? head.generation;
}

/** Whether a hold that was made under this generation still stands: no plan has ended it. */
export function standsSince(head: Head, generation: number | undefined): boolean {
  return head.kind === 'publish' && generation !== undefined && generation >= heldSince(head);
}

/** Nothing is written for it, as all its segments are withheld; core/plan/decide-interface.ts. */
export function keepsByConflict(membership: Membership): boolean {
  return membership.mode === 'observe' && membership.withheld.length > 0;
}

export function isManaged({ bundle }: InForce, identity: Identity): boolean {
  return identity.vpc !== undefined && bundle.vpcs.includes(identity.vpc);
}

/** Only a step that takes groups off can be blocked: the foreign ones, or in an uninstall ours. */
function blockedBy(head: Head, membership: Membership): Blocked | undefined {
  if (membership.mode !== 'enforce' && head.kind === 'publish') return undefined;
  return membership.segments
    .map((segment) => ownValue(head.blockedSegments, segment))
    .find((blocked) => blocked !== undefined);
}

/** What a workload comes to that no policy speaks of. */
export function nobody(workload: string): Membership {
  return {
    workload,
    segments: [],
    withheld: [],
    mode: 'observe',
    openEgress: false,
    conflicts: [],
    carries: [],
  };
}

/**
 * Whether the policy in force has segments for `before` and none for `after`: then it was the change
 * of the workload, not of the policy, that made it lose them.
 */
export function lostByEvent(inForce: InForce, before: Identity, after: Identity): boolean {
  if (inForce.head.kind === 'uninstall' || !isManaged(inForce, before)) return false;
  return (
    isUnclassified(decideMembership(inForce.index, after)) &&
    !isUnclassified(decideMembership(inForce.index, before))
  );
}

/**
 * The generation in force when an event, now or before, took enforcement away and nothing has given
 * it back since; undefined otherwise. A change of the policy does not count: that was a plan.
 */
export function loosenedByEvent(
  inForce: InForce,
  stored: Pick<WorkloadRecord, 'identity' | 'left' | 'loosened'>,
  after: Identity,
): number | undefined {
  const { head, bundle, index } = inForce;
  if (head.kind === 'uninstall' || bundle.policy.settings.onLeave === 'restore') return undefined;
  if (!isManaged(inForce, stored.identity)) return undefined;
  if (decideMembership(index, after).mode === 'enforce') return undefined;
  const wasEnforced = decideMembership(index, stored.identity).mode === 'enforce';
  const isStillOut = stored.left === true && stored.loosened !== undefined;
  const isHeldNow = standsSince(head, stored.loosened);
  return wasEnforced || isStillOut || isHeldNow ? head.generation : undefined;
}

/** The status as far as it is known before the interfaces were looked at. */
export function expectedStatus(
  standing: Standing,
  control: WorkloadRecord['control'],
): WorkloadStatus {
  const { membership } = standing;
  if (!standing.managed) return 'unmanaged';
  if (control !== 'attach') return 'visible';
  if (standing.held) return 'held';
  if (isUnclassified(membership)) return 'unclassified';
  if (membership.mode === 'enforce' && standing.blocked !== undefined) return 'blocked';
  if (membership.conflicts.length > 0) return 'conflict';
  if (membership.mode === 'observe') return 'observed';
  return membership.mode === 'stage' ? 'staged' : 'enforced';
}
