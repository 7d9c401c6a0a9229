import type { LeaveClaim, Leaves, LeaveWindow } from '../../../core/model/record.ts';
import { ConditionFailed, type Store } from '../../../engine/ports.ts';
import { frozenCopy } from './frozen.ts';

/** The leave guard's counts; conditions as in aws/store/workloads.ts. */
export class MemoryLeaves implements Pick<Store, 'readLeaves' | 'recordRunning'> {
  #running: Leaves['running'] = {};
  readonly #windows = new Map<string, LeaveWindow>();

  async readLeaves(segments: readonly string[]): Promise<Leaves> {
    const windows = segments.flatMap((segment) => {
      const window = this.#windows.get(segment);
      return window === undefined ? [] : [[segment, window] as const];
    });
    return { running: this.#running, windows: Object.fromEntries(windows) };
  }

  async recordRunning(running: Leaves['running']): Promise<void> {
    this.#running = frozenCopy(running);
  }

  /** As a part of a transaction: all conditions are looked at before anything is written. */
  claimLeaves(claims: readonly LeaveClaim[]): void {
    const written = claims.map((claim) => [claim.segment, this.#after(claim)] as const);
    for (const [segment, window] of written) this.#windows.set(segment, frozenCopy(window));
  }

  #after({ segment, seen, next, totalMax }: LeaveClaim): LeaveWindow {
    const stored = this.#windows.get(segment);
    if (seen !== undefined && seen.until === next.until) {
      const isOpen = stored?.until === seen.until && stored.total < totalMax;
      if (!isOpen) throw new ConditionFailed('the window is another one, or full');
      return { ...stored, total: stored.total + 1 };
    }
    if (stored?.until !== seen?.until || stored?.total !== seen?.total) {
      throw new ConditionFailed('the window is another one');
    }
    return next;
  }
}
