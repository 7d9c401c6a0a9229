import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a run cost. Milliseconds of processor time count all threads of the process, GC's too. */
export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** MiB resident before it, after a full collection: what the inputs and Node itself take. */
  readonly heldMiB: number;
  /** MiB resident at the most while it ran; undefined where the kernel does not tell (not Linux). */
  readonly peakMiB: number | undefined;
}

setFlagsFromString('--expose-gc');
const collect: (options: object) => void = runInNewContext('gc');

/**
 * The least processor and wall time of a few runs (the others were disturbed), and the peak of
 * resident memory over all of them. The peak holds garbage that was not collected yet, so it is what
 * a machine must have, not what a smaller one could do with.
 */
export function measure(run: () => unknown, repeats = 3): Cost {
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  resetPeak();
  const heldMiB = Math.round(process.memoryUsage.rss() / MIB);
  let cpuMs = Number.POSITIVE_INFINITY;
  let wallMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < repeats; at += 1) {
    const startedMs = performance.now();
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    wallMs = Math.min(wallMs, performance.now() - startedMs);
    cpuMs = Math.min(cpuMs, (user + system) / 1_000);
  }
  return { cpuMs, wallMs, heldMiB, peakMiB: peakMiB() };
}

const MIB = 2 ** 20;

/** proc(5): writing 5 to clear_refs sets the peak (VmHWM) back to what is resident now. */
function resetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peakMiB(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return found === undefined ? undefined : Math.round(Number(found) / 1_024);
}
