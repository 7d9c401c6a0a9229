import type { PolicySource } from '../core/model/policy.ts';
import { parsePolicy } from '../core/policy/parse-policy.ts';
import type { Ports } from '../engine/ports.ts';
import { type StartPlan, startNumbered } from './number-plan.ts';

/** The shipped policy has errors; a deploy that carried it would leave nothing in force. */
export class ShippedPolicyError extends Error {
  override readonly name = 'ShippedPolicyError';
}

/** Who the first publish is by: no person, so anybody who may approve may approve it. */
export const DEPLOY_AUTHOR = 'deploy';

export interface PublishFirstOptions {
  readonly ports: {
    readonly store: Pick<Ports['store'], 'readCurrentPolicy' | 'nextGeneration'>;
    readonly archive: Pick<Ports['archive'], 'putPolicy'>;
    readonly clock: Pick<Ports['clock'], 'now'>;
  };
  readonly start: StartPlan;
  readonly sources: readonly PolicySource[];
}

export type FirstPublishAnswer =
  | { readonly kind: 'started'; readonly plan: string; readonly policyVersion: string }
  | { readonly kind: 'not-needed'; readonly because: string };

/**
 * Publishes the shipped policy if none is in force. The plan names "none" as the version that it
 * replaces, so that a person who publishes at the same moment wins and this plan becomes stale.
 * Throws ShippedPolicyError.
 */
export async function publishFirst(options: PublishFirstOptions): Promise<FirstPublishAnswer> {
  const { ports, sources } = options;
  if (sources.length === 0) return { kind: 'not-needed', because: 'no policy is shipped' };
  const current = await ports.store.readCurrentPolicy();
  if (current !== undefined) {
    return { kind: 'not-needed', because: `policy ${current.version} is in force` };
  }
  const now = new Date(ports.clock.now()).toISOString();
  const { policy, diagnostics } = parsePolicy(sources, { now });
  if (policy === undefined) {
    const [first] = diagnostics.filter(({ severity }) => severity === 'error');
    throw new ShippedPolicyError(
      `the shipped policy has errors, first ${first?.file}:${first?.line}: ${first?.message}; ` +
        'run `bulkhead lint policies`',
    );
  }
  await ports.archive.putPolicy(policy.version, sources);
  const plan = await startNumbered(ports.store, options.start, {
    kind: 'publish',
    policyVersion: policy.version,
    author: DEPLOY_AUTHOR,
    expectedVersion: null,
  });
  return { kind: 'started', plan, policyVersion: policy.version };
}
