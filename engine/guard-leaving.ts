import type { WorkloadRecord } from '../core/model/record.ts';
import type { InForce } from './in-force.ts';
import { FREE, type GuardVerdict, judgeMove, moveOf } from './leave-guard.ts';
import type { Known } from './merge-reading.ts';
import type { Ports } from './ports.ts';
import { keepsByConflict } from './standing.ts';
import { draftRecord } from './workload-record.ts';

/** Asks the leave guard where an event would take groups off; only then the table is read. */
export async function guardLeaving(
  ports: Ports,
  inForce: InForce,
  {
    merged,
    stored,
    nowMs,
  }: {
    readonly merged: Known;
    readonly stored: WorkloadRecord | undefined;
    readonly nowMs: number;
  },
): Promise<GuardVerdict> {
  const move = moveOf(inForce, stored, merged.identity);
  if (stored === undefined || move.keeps === undefined) return FREE;
  const { standing, record } = draftRecord(inForce, merged, stored, nowMs);
  const isWritten = standing.managed && record.control === 'attach';
  if (!isWritten || standing.held || keepsByConflict(standing.membership)) return FREE;
  return await judgeMove(inForce, move, {
    moves: stored.moves ?? [],
    nowMs,
    readLeaves: (segments) => ports.store.readLeaves(segments),
  });
}
