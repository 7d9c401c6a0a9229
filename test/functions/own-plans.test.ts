import { describe, expect, test } from 'vitest';
import type { Head, PolicyRecord } from '../../core/model/record.ts';
import { SWEEP_AUTHOR } from '../../engine/publish/holds.ts';
import type { PublishInput } from '../../functions/api/machine.ts';
import { publishAgain } from '../../functions/publish-again.ts';
import { DEPLOY_AUTHOR, publishFirst, ShippedPolicyError } from '../../functions/publish-first.ts';

const CURRENT: PolicyRecord = {
  version: 'sha256:live',
  author: 'arn:aws:iam::123456789012:user/author',
  publishedAt: '2026-11-23T12:00:00Z',
  generation: 3,
};
const EMPTY_POLICY = 'apiVersion: bulkhead/v1\n';

function world(options: { current?: PolicyRecord; kind?: Head['kind'] } = {}) {
  const started: PublishInput[] = [];
  const kept: string[] = [];
  const head =
    options.kind === undefined ? undefined : ({ kind: options.kind, generation: 3 } as Head);
  const ports = {
    store: {
      readCurrentPolicy: async () => options.current,
      readHead: async () => head,
      nextGeneration: async () => 4,
    },
    archive: { putPolicy: async (version: string) => void kept.push(version) },
    clock: { now: () => Date.UTC(2026, 10, 23) },
    signal: { event: () => undefined },
  };
  const start = async (input: PublishInput) => void started.push(input);
  return { ports, start, started, kept };
}

describe('publishFirst', () => {
  const sources = [{ file: 'root.yaml', text: EMPTY_POLICY }];

  test('publishes into an empty store, as a plan that replaces none', async () => {
    const { ports, start, started, kept } = world();
    const answer = await publishFirst({ ports, start, sources });
    expect(answer).toMatchObject({ kind: 'started', plan: 'plan-4' });
    expect(started).toEqual([
      {
        plan: 'plan-4',
        generation: 4,
        policyVersion: kept[0],
        kind: 'publish',
        author: DEPLOY_AUTHOR,
        expectedVersion: null,
      },
    ]);
  });

  test('leaves a live policy alone', async () => {
    const { ports, start, started, kept } = world({ current: CURRENT });
    expect(await publishFirst({ ports, start, sources })).toMatchObject({ kind: 'not-needed' });
    expect([...started, ...kept]).toEqual([]);
  });

  test('a policy with errors fails the deploy and says where', async () => {
    const { ports, start, started } = world();
    const wrong = [{ file: 'root.yaml', text: `${EMPTY_POLICY}colour: red\n` }];
    const attempt = publishFirst({ ports, start, sources: wrong });
    await expect(attempt).rejects.toThrow(ShippedPolicyError);
    await expect(attempt).rejects.toThrow(/root\.yaml:\d/);
    expect(started).toEqual([]);
  });

  test('ships nothing where there is nothing to ship', async () => {
    const { ports, start, started } = world();
    expect(await publishFirst({ ports, start, sources: [] })).toMatchObject({ kind: 'not-needed' });
    expect(started).toEqual([]);
  });
});

describe('publishAgain', () => {
  test('publishes what is in force over itself', async () => {
    const { ports, start, started } = world({ current: CURRENT, kind: 'publish' });
    expect(await publishAgain(ports, start, ['authorize:x'])).toBe('plan-4');
    expect(started).toMatchObject([
      { policyVersion: CURRENT.version, expectedVersion: CURRENT.version, author: SWEEP_AUTHOR },
    ]);
  });

  test.each([
    ['nothing is needed', { current: CURRENT, kind: 'publish' as const }, []],
    ['it was uninstalled', { current: CURRENT, kind: 'uninstall' as const }, ['authorize:x']],
    ['nothing was ever published', {}, ['authorize:x']],
  ])('does nothing when %s', async (_, options, reasons) => {
    const { ports, start, started } = world(options);
    expect(await publishAgain(ports, start, reasons)).toBeUndefined();
    expect(started).toEqual([]);
  });
});
