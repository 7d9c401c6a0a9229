import type { Random } from './random.ts';

export const FAULTS = [
  'event lost',
  'event doubled',
  'event late',
  'message redelivered',
  'crash before a call',
  'crash after a call',
  'function timed out',
  'call failed before it took effect',
  'call failed after it took effect',
  'slow call',
  'EC2 throttled a write',
  'EC2 throttled a read',
  'execution killed',
  'group edited by hand',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Chance of each fault: for an event, a message, a port call, a tick or an execution's state. */
export type Rates = Readonly<Record<Fault, number>>;

export const NO_FAULTS: Rates = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Rates;

/** Each seed has a character: most faults are rare in it, some are not. */
export function drawRates(random: Random): Rates {
  const level = (rare: number, often: number): number => {
    const draw = random.next();
    if (draw < 0.3) return 0;
    return draw < 0.75 ? rare : often;
  };
  return {
    'event lost': level(0.1, 0.5),
    'event doubled': level(0.1, 0.5),
    'event late': level(0.1, 0.6),
    'message redelivered': level(0.02, 0.2),
    'crash before a call': level(0.001, 0.01),
    'crash after a call': level(0.001, 0.01),
    'function timed out': 0,
    'call failed before it took effect': level(0.002, 0.02),
    'call failed after it took effect': level(0.002, 0.02),
    'slow call': level(0.003, 0.03),
    'EC2 throttled a write': level(0.05, 0.5),
    'EC2 throttled a read': level(0.01, 0.05),
    'execution killed': level(0.01, 0.06),
    'group edited by hand': level(0.5, 1),
  };
}

/** Decides about faults and counts them. */
export class Faults {
  readonly counts = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Record<Fault, number>;
  readonly #random: Random;
  rates: Rates = NO_FAULTS;

  constructor(random: Random) {
    this.#random = random;
  }

  strikes(fault: Fault): boolean {
    const rate = this.rates[fault];
    if (rate === 0 || !this.#random.chance(rate)) return false;
    this.note(fault);
    return true;
  }

  note(fault: Fault): void {
    this.counts[fault] += 1;
  }
}
