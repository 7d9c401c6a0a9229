import type { Ports } from '../engine/ports.ts';
import { SWEEP_AUTHOR } from '../engine/publish/holds.ts';
import { type StartPlan, startNumbered } from './number-plan.ts';

/**
 * Publishes the policy in force once more, because groups or rules are not what it wants: a segment
 * has come to a VPC, somebody edited a rule. It is a plan like any other, with its change guard.
 * Gives the plan's id; undefined when nothing is in force that could be published.
 */
export async function publishAgain(
  ports: {
    readonly store: Pick<Ports['store'], 'readHead' | 'readCurrentPolicy' | 'nextGeneration'>;
    readonly signal: Ports['signal'];
  },
  start: StartPlan,
  reasons: readonly string[],
): Promise<string | undefined> {
  if (reasons.length === 0) return undefined;
  const head = await ports.store.readHead();
  const current = await ports.store.readCurrentPolicy();
  // After an uninstall nothing is wanted; what is left over belongs to the next publish.
  if (head?.kind !== 'publish' || current === undefined) return undefined;
  const plan = await startNumbered(ports.store, start, {
    kind: 'publish',
    policyVersion: current.version,
    author: SWEEP_AUTHOR,
    expectedVersion: current.version,
  });
  ports.signal.event('published-again', { plan, because: reasons.slice(0, 20) });
  return plan;
}
