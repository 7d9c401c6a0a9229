import type { Ports, Wake } from '../ports.ts';

/**
 * Wakes workloads for a plan. `round` names the occasion: SQS takes two messages of one name within
 * five minutes for the same.
 */
export async function wakeWorkloads(
  ports: Ports,
  workloads: ReadonlySet<string>,
  round: string,
): Promise<void> {
  const wakes: Wake[] = [...workloads].sort().map((workload) => ({
    workload,
    reason: 'plan',
    deduplicationId: `${round}-${workload}`,
  }));
  if (wakes.length > 0) await ports.queue.wake(wakes);
}
