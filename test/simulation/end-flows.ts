import type { Snapshot } from '../fakes/ec2/create-fake-ec2.ts';
import { filtersOf, passes } from './flows.ts';
import { isAcross } from './guardrails.ts';
import {
  allowedPorts,
  PORTS,
  portsWritten,
  type SimPolicy,
  type Tags,
  type Wish,
  wishFor,
} from './sim-policy.ts';

type Nic = Snapshot['interfaces'][number];

/** What is known of an interface's workload when all is over. */
export interface Subject {
  readonly workload: string;
  readonly tags: Tags;
  /** Held, blocked or in conflict: it may have more, or less, than the policy asks for. */
  readonly isExcused: boolean;
}

interface End extends Subject {
  readonly nic: Nic;
  readonly wish: Wish;
  /** Every group that is asked for. */
  readonly isAttached: boolean;
  /** It enforces, and nothing but groups of ours and kept ones is left. */
  readonly isBound: boolean;
}

/**
 * What passes and should not, and what should and does not, by the groups as they are in the end. The
 * same question as core's comparison of the whole estate, answered by nothing that it is made of.
 */
export function compareFlows(
  snapshot: Snapshot,
  policy: SimPolicy,
  subjectOf: (nic: Nic) => Subject | undefined,
): readonly string[] {
  const keys = new Map(snapshot.groups.map(({ id, tags }) => [id, tags['bulkhead:group']]));
  const ends = snapshot.interfaces.flatMap((nic): End[] => {
    const subject = subjectOf(nic);
    if (subject === undefined) return [];
    const wish = wishFor(policy, subject.tags);
    const carried = nic.groups.map((id) => keys.get(id));
    const isForeign = (id: string): boolean =>
      keys.get(id) === undefined && !policy.keep.includes(id);
    const isAttached =
      wish.stems.length > 0 && wish.stems.every((stem) => carried.includes(`${stem}@${nic.vpc}`));
    const isBound = wish.mode === 'enforce' && isAttached && !nic.groups.some(isForeign);
    return [{ ...subject, nic, wish, isAttached, isBound }];
  });
  const filters = filtersOf(snapshot);
  return ends.flatMap((from) =>
    ends
      .filter((to) => to.nic.id !== from.nic.id && !from.isExcused && !to.isExcused)
      .flatMap((to) => {
        const allowed = allowedPorts(policy, from.tags, to.tags);
        const owed = portsWritten(policy, from.tags, to.tags);
        const open = PORTS.filter((port) => passes(filters, from.nic, to.nic, port));
        const names = `${from.nic.id} (${from.workload}) -> ${to.nic.id} (${to.workload})`;
        const across = isAcross(policy, from.tags, to.tags) ? ' across a guardrail' : '';
        const isJoined = filters.peered(from.nic.vpc, to.nic.vpc);
        // A kept group lets out what its owners let out.
        const isOurs = from.nic.groups.every((id) => keys.get(id) !== undefined);
        const isShut = from.isBound && isOurs && !from.wish.stems.includes('open-egress');
        const holes = to.isBound || isShut ? open.filter((port) => !allowed.has(port)) : [];
        const isOwed = isJoined && from.isAttached && to.isAttached;
        const cuts = isOwed ? [...owed].filter((port) => !open.some((one) => one === port)) : [];
        return [
          ...holes.map((port) => `hole in the end ${names} tcp/${port}${across}`),
          ...cuts.map((port) => `cut in the end ${names} tcp/${port}`),
        ];
      }),
  );
}
