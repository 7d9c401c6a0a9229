import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PlanRecord } from '../../core/model/record.ts';
import { DANA, LEE, NOW, planRecord } from '../functions/api-world.ts';
import { CliWorld } from './cli-world.ts';

const ROOT = `apiVersion: bulkhead/v1
settings:
  vpcs: { tags: { segmentation: bulkhead } }
`;
const TEAM = `apiVersion: bulkhead/v1
team: shop
segments:
  shop-web: { select: { tags: { app: shop } }, mode: observe }
  shop-db: { select: { tags: { app: db } }, mode: observe }
rules:
  - { id: web-to-db, from: shop-web, to: shop-db, allow: [tcp/5432], why: orders }
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bulkhead-policy-'));
  writeFileSync(path.join(folder, 'root.yaml'), ROOT);
  mkdirSync(path.join(folder, 'teams'));
  writeFileSync(path.join(folder, 'teams', 'shop.yml'), TEAM);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A world whose state machine takes the plan through these states, one per look. */
function worldThatGoes(...states: readonly Partial<PlanRecord>[]): CliWorld {
  const world = new CliWorld();
  const left = [...states];
  world.onSleep = () => {
    const next = left.shift();
    if (next !== undefined) world.api.plans = [planRecord({ ...next, id: 'plan-7' })];
  };
  return world;
}

describe('publish', () => {
  test('without --wait: accepted, and where to look', async () => {
    const world = new CliWorld();
    const { code, out } = await world.run('publish', folder);
    expect(code).toBe(0);
    expect(out).toContain('bulkhead plans plan-7 --wait');
    const [call] = world.api.machineCalls;
    expect(call).toMatchObject({ kind: 'start', input: { expectedVersion: null, author: DANA } });
    const files = Object.values(world.api.archived)[0]?.map(({ file }) => file);
    expect(files).toEqual(['root.yaml', 'teams/shop.yml']);
  });

  test('names the version in force as the one that it replaces', async () => {
    const world = new CliWorld();
    world.api.policy = { version: 'sha256:in-force', sources: [] };
    expect((await world.run('publish', folder)).code).toBe(0);
    expect(world.api.machineCalls).toMatchObject([
      { input: { expectedVersion: 'sha256:in-force' } },
    ]);
  });

  test('--if-match with another version ends with 3 and says who was faster', async () => {
    const world = new CliWorld();
    world.api.policy = { version: 'sha256:in-force', sources: [] };
    const { code, err } = await world.run('publish', folder, '--if-match', 'sha256:older');
    expect(code).toBe(3);
    expect(err).toContain('error stale-policy');
    expect(err).toContain(LEE);
  });

  test('a policy with errors is not sent', async () => {
    writeFileSync(
      path.join(folder, 'teams', 'shop.yml'),
      TEAM.replace('to: shop-db', 'to: nobody'),
    );
    const world = new CliWorld();
    const { code, err } = await world.run('publish', folder);
    expect(code).toBe(2);
    expect(err).toMatch(/teams\/shop\.yml:\d+:\d+: error /);
    expect(world.calls).toEqual([]);
  });

  test('--wait follows the phases to the end', async () => {
    const world = worldThatGoes(
      { state: 'planned' },
      { state: 'applying', phase: 'create' },
      { state: 'applying', phase: 'attach' },
      { state: 'applying', phase: 'detach' },
      { state: 'done', phase: 'delete' },
    );
    const { code, out, err } = await world.run('publish', folder, '--wait');
    expect(code).toBe(0);
    expect(err.split('\n').filter((line) => line.startsWith('plan-7'))).toEqual([
      'plan-7: accepted',
      'plan-7: planning',
      'plan-7: applying, phase create',
      'plan-7: applying, phase attach',
      'plan-7: applying, phase detach',
      'plan-7: done',
    ]);
    expect(out).toContain('plan-7  publish  done');
  });

  test('--wait says once which command lets a waiting plan go on', async () => {
    const world = worldThatGoes(
      { state: 'waiting-for-approval' },
      { state: 'waiting-for-approval' },
      { state: 'done' },
    );
    world.api.planDocuments['plan-7'] = {
      id: 'plan-7',
      generation: 7,
      base: 6,
      policyVersion: 'sha256:new',
      createdAt: NOW,
      kind: 'publish',
      addOnly: false,
      steps: [],
      guard: [
        { segment: 'shop-web', changed: 6, members: 6, share: 1, limit: 0.2, exceeded: true },
        { segment: 'shop-db', changed: 0, members: 6, share: 0, limit: 0.2, exceeded: false },
      ],
      warnings: [],
    };
    const { code, err } = await world.run('publish', folder, '--wait');
    expect(code).toBe(0);
    expect(err.match(/bulkhead approve plan-7/g)).toHaveLength(1);
    expect(err).toContain('shop-web: 6 of 6 running members change (100 %, guard 20 %)');
    expect(err).not.toContain('shop-db: 0');
  });

  test.each([
    ['rejected', 3],
    ['stale', 3],
    ['failed', 1],
  ] as const)('--wait on a plan that ends %s ends with %d', async (state, expected) => {
    const world = worldThatGoes({ state, reason: 'because of that', decidedBy: LEE });
    const { code, err } = await world.run('publish', folder, '--wait');
    expect(code).toBe(expected);
    expect(err).toContain(`error plan-${state}`);
    expect(err).toContain('because of that');
  });

  test('--timeout gives up on watching, not on the plan', async () => {
    const world = worldThatGoes({ state: 'applying', phase: 'attach' });
    const { code, err } = await world.run('publish', folder, '--wait', '--timeout', '10s');
    expect(code).toBe(6);
    expect(err).toContain('it goes on without this command');
  });

  test('a plan that never appears is an error, not an endless wait', async () => {
    const { code, err } = await new CliWorld().run('publish', folder, '--wait');
    expect([code, err.includes('error unknown-plan')]).toEqual([5, true]);
  });

  test('--json gives one document, whatever happens on the way', async () => {
    const world = worldThatGoes({ state: 'waiting-for-approval' }, { state: 'done' });
    const { out, err } = await world.run('publish', folder, '--wait', '--json');
    expect(JSON.parse(out)).toMatchObject({ id: 'plan-7', state: 'done' });
    expect(err).toBe('');
  });
});

describe('approve and reject', () => {
  test('the author is told that somebody else does it', async () => {
    const world = new CliWorld();
    world.api.plans = [planRecord()];
    const { code, err } = await world.run('approve', 'plan-7');
    expect([code, err.includes('error author-may-not-approve')]).toEqual([3, true]);
  });

  test.each(['approve', 'reject'])('%s by somebody else', async (verb) => {
    const world = new CliWorld();
    world.caller = LEE;
    world.api.plans = [planRecord()];
    const { code } = await world.run(verb, 'plan-7', '--why', 'looked at it');
    expect(code).toBe(0);
    expect(world.api.machineCalls).toEqual([
      { kind: verb, token: 'token-7', decision: { by: LEE, why: 'looked at it' } },
    ]);
  });
});

describe('the folder', () => {
  test('links out of it are not followed', async () => {
    symlinkSync('/etc', path.join(folder, 'out'));
    symlinkSync(path.join(folder, 'root.yaml'), path.join(folder, 'link.yaml'));
    const world = new CliWorld();
    await world.run('publish', folder);
    expect(Object.values(world.api.archived)[0]).toHaveLength(2);
  });

  test.each([['nowhere'], ['root.yaml'], ['empty']])('%s ends with 5', async (name) => {
    mkdirSync(path.join(folder, 'empty'));
    const { code } = await new CliWorld().run('lint', path.join(folder, name));
    expect(code).toBe(5);
  });

  test('bytes that are not UTF-8 are a located error', async () => {
    writeFileSync(path.join(folder, 'bad.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
    const { code, out } = await new CliWorld().run('lint', folder);
    expect(code).toBe(2);
    expect(out).toMatch(/bad\.yaml:\d+:\d+: error /);
  });
});

describe('sweep', () => {
  test('is started', async () => {
    const world = new CliWorld();
    expect((await world.run('sweep')).code).toBe(0);
    expect(world.api.sweeps).toBe(1);
  });
});

describe('uninstall', () => {
  function installed(world: CliWorld): CliWorld {
    world.api.head = {
      generation: 6,
      phase: 'steady',
      kind: 'publish',
      policyVersion: 'sha256:in-force',
      plan: 'plan-6',
      blockedSegments: {},
      since: NOW,
    };
    return world;
  }

  test('without a terminal it wants --yes', async () => {
    const world = installed(new CliWorld());
    const { code, err } = await world.run('uninstall');
    expect([code, err.includes('pass --yes')]).toEqual([3, true]);
    expect(world.api.machineCalls).toEqual([]);
  });

  test.each([
    ['Bulkhead', 0],
    ['yes', 3],
    [undefined, 3],
  ])('asked for the name of the stack, `%s` ends with %d', async (typed, expected) => {
    const world = installed(worldThatGoes({ state: 'done', kind: 'uninstall' }));
    world.typed = typed === undefined ? [''] : [typed];
    expect((await world.run('uninstall')).code).toBe(expected);
    expect(world.api.machineCalls).toHaveLength(expected === 0 ? 1 : 0);
  });

  test('--yes waits to the end and says what comes next', async () => {
    const world = installed(worldThatGoes({ state: 'applying' }, { state: 'done' }));
    const { code, out } = await world.run('uninstall', '--yes');
    expect(code).toBe(0);
    expect(out).toContain('npx cdk destroy');
  });

  test('where nothing was published there is nothing to do', async () => {
    const { code, out } = await new CliWorld().run('uninstall', '--yes');
    expect([code, out.includes('nothing to put back')]).toEqual([0, true]);
  });
});
