import type { Ports } from '../engine/ports.ts';
import type { PublishInput } from './api/machine.ts';

export type StartPlan = (input: PublishInput) => Promise<void>;

/** Reserves the number of a plan and starts the state machine on it. Gives the plan's id. */
export async function startNumbered(
  store: Pick<Ports['store'], 'nextGeneration'>,
  start: StartPlan,
  input: Omit<PublishInput, 'plan' | 'generation'>,
): Promise<string> {
  const generation = await store.nextGeneration();
  const plan = `plan-${generation}`;
  await start({ ...input, plan, generation });
  return plan;
}
