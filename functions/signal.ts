import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Signal } from '../engine/ports.ts';

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

/** A type and not an interface: Powertools wants an index signature. */
type Line = {
  readonly message: string;
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

/** What is used of Powertools' Logger. */
export interface LineLog {
  info(line: Line): void;
  warn(line: Line): void;
  error(line: Line): void;
}

/** What is used of Powertools' Metrics. */
export interface MetricSink {
  addMetric(name: string, unit: Unit, value: number): unknown;
}

interface MetricOfEvent {
  readonly name: string;
  readonly unit: Unit;
  /** Field that holds the value; without one each event counts 1. */
  readonly field?: string;
}

/**
 * Which events are also metrics. infra/observability draws and alarms on these names; they are few
 * because each costs money for as long as it is sent.
 */
const METRICS: Readonly<Record<string, readonly MetricOfEvent[]>> = {
  'change-written': [
    { name: 'ReceivedToWritten', unit: MetricUnit.Milliseconds, field: 'receivedToWrittenMs' },
  ],
  'sweep-finished': [
    { name: 'SweepFinished', unit: MetricUnit.Count },
    { name: 'MissedByEvents', unit: MetricUnit.Count, field: 'missedByEvents' },
    { name: 'Drifted', unit: MetricUnit.Count, field: 'drifted' },
  ],
  'proof-finished': [
    { name: 'ProofHoles', unit: MetricUnit.Count, field: 'holes' },
    { name: 'ProofCuts', unit: MetricUnit.Count, field: 'cuts' },
  ],
  'workload-held': [{ name: 'WorkloadsHeld', unit: MetricUnit.Count }],
  throttled: [{ name: 'Throttled', unit: MetricUnit.Count }],
};

/** Codes that a person should see among the errors of a log. */
const ERRORS = /(?:^|-)(?:failed|error)$/;
const WARNINGS = /(?:^|-)(?:rejected|throttled|held|blocked|conflict|gap|hole|cut)$/;

/** The port Signal on Powertools: every coded event is one line of JSON, a few are metrics too. */
export class PowertoolsSignal implements Signal {
  readonly #logger: LineLog;
  readonly #metrics: MetricSink;

  constructor(options: {
    readonly logger: LineLog;
    readonly metrics: MetricSink;
  }) {
    this.#logger = options.logger;
    this.#metrics = options.metrics;
  }

  event(code: string, fields: Readonly<Record<string, unknown>>): void {
    // Below one key, so that no field can pass for one of the logger's own.
    const line: Line = { message: code, code, fields };
    if (ERRORS.test(code)) this.#logger.error(line);
    else if (WARNINGS.test(code)) this.#logger.warn(line);
    else this.#logger.info(line);
    for (const { name, unit, field } of METRICS[code] ?? []) {
      const value = field === undefined ? 1 : fields[field];
      if (typeof value === 'number' && Number.isFinite(value)) {
        this.#metrics.addMetric(name, unit, value);
      }
    }
  }
}
