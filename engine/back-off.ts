import type { Ports } from './ports.ts';

export interface BackOff {
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly delayMsFirst: number;
  readonly delayMsMax: number;
}

/**
 * How long to wait before the attempt after this one (0: the first): doubling, and between half and
 * all of it, so that workers which failed together do not come back together. The spread comes from
 * the seed, so that a run can be replayed.
 */
export function delayMs(backOff: BackOff, attempt: number, seed: string): number {
  const full = Math.min(backOff.delayMsFirst * 2 ** attempt, backOff.delayMsMax);
  return Math.round((full / 2) * (1 + spread(`${seed} ${attempt}`)));
}

/** 0 to 1, evenly spread over texts (FNV-1a). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash / 0x1_0000_0000;
}

/** Calls until it works, an error that is not worth a repetition comes, or the attempts are over. */
export async function withBackOff<T>(
  ports: Pick<Ports, 'clock' | 'ids'>,
  backOff: BackOff,
  isWorthRepeating: (error: unknown) => boolean,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt + 1 >= backOff.attempts || !isWorthRepeating(error)) throw error;
      await ports.clock.sleep(delayMs(backOff, attempt, ports.ids.next()));
    }
  }
}
