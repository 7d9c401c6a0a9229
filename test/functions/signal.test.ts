import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../functions/environment.ts';
import { PowertoolsSignal } from '../../functions/signal.ts';

function workshop() {
  const lines: [string, unknown][] = [];
  const metrics: [string, number][] = [];
  const write = (level: string) => (line: unknown) => void lines.push([level, line]);
  const signal = new PowertoolsSignal({
    logger: { info: write('info'), warn: write('warn'), error: write('error') },
    metrics: { addMetric: (name, _, value) => void metrics.push([name, value]) },
  });
  return { signal, lines, metrics };
}

describe('PowertoolsSignal', () => {
  test('an event is a line with its code, and foreign text stays below `fields`', () => {
    const { signal, lines } = workshop();
    signal.event('event-ignored', { level: 'ERROR', message: 'forged', tag: 'a\nb' });
    expect(lines).toEqual([
      [
        'info',
        {
          message: 'event-ignored',
          code: 'event-ignored',
          fields: { level: 'ERROR', message: 'forged', tag: 'a\nb' },
        },
      ],
    ]);
  });

  test.each([
    ['workload-failed', 'error'],
    ['event-rejected', 'warn'],
    ['events-routed', 'info'],
  ])('%s is logged as %s', (code, level) => {
    const { signal, lines } = workshop();
    signal.event(code, {});
    expect(lines.map(([seen]) => seen)).toEqual([level]);
  });

  test('a sweep that found nothing still says that it was there', () => {
    const { signal, metrics } = workshop();
    signal.event('sweep-finished', { missedByEvents: 0, drifted: 2, workloads: 40 });
    expect(metrics).toEqual([
      ['SweepFinished', 1],
      ['MissedByEvents', 0],
      ['Drifted', 2],
    ]);
  });

  test('a metric whose value is absent is not sent as zero', () => {
    const { signal, metrics } = workshop();
    signal.event('change-written', { receivedToWrittenMs: undefined });
    signal.event('change-written', { receivedToWrittenMs: Number.NaN });
    expect(metrics).toEqual([]);
  });
});

describe('readEnvironment', () => {
  test('gives the named values', () => {
    const values = readEnvironment(['table'], { BULKHEAD_TABLE: 't', BULKHEAD_BUCKET: 'b' });
    expect(values).toEqual({ table: 't' });
  });

  test('lists every absent variable at once', () => {
    expect(() => readEnvironment(['table', 'bucket', 'owner'], { BULKHEAD_BUCKET: ' ' })).toThrow(
      /BULKHEAD_TABLE.*BULKHEAD_BUCKET.*BULKHEAD_OWNER/,
    );
  });
});
