import type { Ports } from '../ports.ts';
import { assertCurrent, loadPlan, movePlan } from './plan-context.ts';
import { RefusedPlan, StalePlan } from './refusals.ts';

/** The plan waits for somebody who is not its author; `taskToken` is what the answer goes to. */
export async function awaitApproval(ports: Ports, id: string, taskToken: string): Promise<void> {
  const { record, plan } = await loadPlan(ports, id);
  await assertCurrent(ports, plan);
  const moved = await movePlan(ports, record, { state: 'waiting-for-approval', taskToken });
  if (!moved) throw new RefusedPlan(`${id} does not wait for approval any more`);
  ports.signal.event('plan-waiting', { plan: id });
}

export interface Decided {
  /** ARN. */
  readonly by: string;
  readonly why?: string | undefined;
}

/** Records who approved. Throws StalePlan when another generation came into force meanwhile. */
export async function approvePublish(ports: Ports, id: string, decided: Decided): Promise<void> {
  const { record, plan } = await loadPlan(ports, id);
  await assertCurrent(ports, plan);
  const moved = await movePlan(ports, record, {
    state: 'applying',
    decidedBy: decided.by,
    ...(decided.why === undefined ? {} : { reason: decided.why }),
  });
  if (!moved) throw new RefusedPlan(`${id} cannot be approved any more`);
  ports.signal.event('plan-approved', { plan: id, by: decided.by });
}

/** `by` is absent when nobody decided in time. */
export async function rejectPublish(
  ports: Ports,
  id: string,
  decided: { readonly by?: string | undefined; readonly why?: string | undefined },
): Promise<void> {
  const record = await ports.store.readPlan(id);
  if (record === undefined) return;
  await movePlan(ports, record, {
    state: 'rejected',
    ...(decided.by === undefined ? {} : { decidedBy: decided.by }),
    reason: decided.why ?? (decided.by === undefined ? 'nobody decided in time' : 'rejected'),
  });
  ports.signal.event('plan-rejected', { plan: id, by: decided.by });
}

/** Records why the plan came to no end. What it has written stays; the next plan starts from there. */
export async function failPublish(
  ports: Ports,
  id: string,
  error: { readonly name: string; readonly message: string },
): Promise<void> {
  const record = await ports.store.readPlan(id);
  if (record === undefined) return;
  const state = error.name === StalePlan.name ? 'stale' : 'failed';
  const moved = await movePlan(ports, record, { state, reason: error.message.slice(0, 2_000) });
  if (moved) ports.signal.event('plan-failed', { plan: id, state, reason: error.message });
}
