import type { Status } from '../../core/api/status-answer.ts';
import type { EmulatedCall } from '../front-door.ts';
import { expectHeld, type StepContext } from './steps.ts';

/** EC2 calls by function and action. */
export type CallCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Calls of the deployed functions; the demo's own hands are left out. */
export function countCalls(calls: readonly EmulatedCall[]): CallCounts {
  const counts: Record<string, Record<string, number>> = {};
  for (const call of calls) {
    if (call.principal === 'root') continue;
    const name = functionOf(call.caller);
    const actions = counts[name] ?? {};
    counts[name] = actions;
    actions[`${call.service}:${call.action}`] =
      (actions[`${call.service}:${call.action}`] ?? 0) + 1;
  }
  return counts;
}

/** `WorkloadPathWorkload` of `Bulkhead-WorkloadPathWorkloadDB08FDB2-09AE...`. */
function functionOf(caller: string): string {
  return /^Bulkhead-([A-Za-z]+?)[0-9A-F]{8}/.exec(caller)?.[1] ?? caller;
}

/** Prints what the signed status API says, and holds it against what the demo has done. */
export function showStatus(status: Status, calls: CallCounts, context: StepContext): void {
  const { latency, counts, workloads } = status;
  const states = Object.entries(workloads.byStatus).map(([name, count]) => `${count} ${name}`);
  context.say(
    `generation ${status.generation}, ${status.phase ?? '-'}; functions on Node ${status.runtime}`,
  );
  context.say(`${workloads.total} workloads: ${states.join(', ')}`);
  const whole = latency.receivedToWritten;
  expectHeld(whole !== undefined && latency.count >= 5, 'changes were measured', latency.count);
  context.say(
    `received to written over ${latency.count} changes: p50 ${whole.p50} ms, p95 ${whole.p95} ms, p99 ${whole.p99} ms`,
  );
  for (const [hop, { p50, p99 }] of Object.entries(latency.hops)) {
    context.say(
      `  ${hop.padEnd(20)} p50 ${String(p50).padStart(5)} ms   p99 ${String(p99).padStart(5)} ms`,
    );
  }
  context.say(
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  );
  const { proof } = status;
  expectHeld(proof !== undefined, 'the estate was compared with the policy', proof);
  context.say(
    `proof at ${proof.at}: ${proof.pairs} pairs in ${proof.classes} classes, ` +
      `${proof.holes} holes, ${proof.cuts} cuts, ${proof.excused} excused, ${proof.durationMs} ms`,
  );
  expectHeld(proof.generation === status.generation, 'of the generation in force', proof);
  expectHeld(proof.holes + proof.cuts === 0, 'no hole and no cut', proof.named);
  expectHeld((counts['missed-by-events'] ?? 0) >= 1, 'the lost event is counted', counts);
  expectHeld((counts.throttled ?? 0) >= 2, 'the throttled writes are counted', counts);
  for (const [name, actions] of Object.entries(calls)) {
    const total = Object.values(actions).reduce((sum, count) => sum + count, 0);
    context.say(`calls by ${name}: ${total}`);
  }
}
