import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resourcesOf, synthesise } from './synth.ts';

const { template } = synthesise();
const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

/** Anchors as GitHub makes them: lower case, punctuation gone, spaces to hyphens. */
const anchors = new Set(
  [...runbook.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replace(/ /g, '-'),
  ),
);

function sectionOf(anchor: string): string {
  const parts = runbook.split(/^## /m);
  const found = parts.find((part) => {
    const heading = part.split('\n')[0] ?? '';
    return (
      heading
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replace(/ /g, '-') === anchor
    );
  });
  return found ?? '';
}

describe('alarms', () => {
  test('there is one for each way in which the loop can stand still', () => {
    const watched = alarms.map(({ id }) => id.replace(/^Observability|[0-9A-F]{8}$/g, ''));
    expect(watched.sort()).toEqual([
      'ApiAnswers',
      'ApiErrors',
      'EventDeadLetters',
      'MissedByEvents',
      'OldestEvent',
      'OldestWorkload',
      'ParkedDeadLetters',
      'ProofCut',
      'ProofHole',
      'PublishErrors',
      'PublishFailed',
      'PublishTimedOut',
      'RejectedMessages',
      'RouteErrors',
      'SweepErrors',
      'SweepMissing',
      'WakeErrors',
      'WorkloadDeadLetters',
      'WorkloadErrors',
      'WorkloadsHeld',
    ]);
  });

  test.each(alarms.map(({ id, properties }) => [id, String(properties.AlarmDescription)]))(
    '%s leads to its section of the runbook',
    (_, description) => {
      const anchor = /docs\/runbook\.md#([a-z0-9-]+)$/.exec(description)?.[1] ?? 'none';
      expect([...anchors]).toContain(anchor);
      expect(sectionOf(anchor).length, 'the section says something').toBeGreaterThan(200);
    },
  );

  test('each tells somebody', () => {
    for (const { properties } of alarms) expect(properties.AlarmActions).toHaveLength(1);
  });

  test('no sweep at all is an alarm, not an absence of data', () => {
    const [missing] = alarms.filter(({ id }) => id.includes('SweepMissing'));
    expect(missing?.properties).toMatchObject({
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
    });
  });
});
