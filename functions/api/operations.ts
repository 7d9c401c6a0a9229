import type { ApiAnswer } from './answer.ts';
import type { ApiContext } from './context.ts';
import { ApiFault } from './fault.ts';
import { startPlan } from './plans.ts';
import type { ApiRequest } from './request.ts';

export async function sweepNow(context: ApiContext): Promise<ApiAnswer> {
  await context.startSweep();
  return { status: 202, body: { accepted: true } };
}

/** Puts every interface back as the ledger has it; a plan like any other, and resumable as one. */
export async function uninstall(context: ApiContext, request: ApiRequest): Promise<ApiAnswer> {
  const { store } = context.ports;
  const [head, current] = await Promise.all([store.readHead(), store.readCurrentPolicy()]);
  if (head === undefined) {
    throw new ApiFault(
      'nothing-in-force',
      'nothing was ever published, so there is nothing to undo',
    );
  }
  const accepted = await startPlan(context, {
    kind: 'uninstall',
    policyVersion: head.policyVersion,
    author: request.caller,
    expectedVersion: current?.version ?? null,
  });
  return { status: 202, body: accepted, headers: { location: `/v1/plans/${accepted.plan}` } };
}
