import { describe, expect, test } from 'vitest';
import { workloadPageSchema } from '../../core/api/workload-answer.ts';
import { planRecord, workloadRecord } from '../functions/api-world.ts';
import { CliWorld } from './cli-world.ts';

function worldWithWorkloads(count: number): CliWorld {
  const world = new CliWorld();
  world.api.workloads = Array.from({ length: count }, (_, index) => workloadRecord(`i-${index}`));
  return world;
}

describe('status', () => {
  test('says that nothing was published', async () => {
    const { code, out } = await new CliWorld().run('status');
    expect(code).toBe(0);
    expect(out).toContain('idle: nothing was published yet');
  });

  test('--json is the API answer', async () => {
    const { out, err } = await new CliWorld().run('status', '--json');
    expect(JSON.parse(out)).toMatchObject({ idle: true, stack: 'Bulkhead' });
    expect(err).toBe('');
  });
});

test('status says who waits, only while somebody does', async () => {
  const world = new CliWorld();
  expect((await world.run('status')).out).not.toContain('parked');
  const [since, due] = ['2026-11-23T09:20:00.000Z', '2026-11-23T09:40:00.000Z'];
  world.api.parked = [{ workload: 'i-2', since, due, reason: 'the budget\u001b is used up' }];
  expect((await world.run('status')).out).toContain(
    `parked     1 workload; oldest i-2 since ${since}, next look ${due}: the budget· is used up`,
  );
});

describe('workloads', () => {
  test('one page, with the cursor of the next', async () => {
    const world = worldWithWorkloads(3);
    const first = JSON.parse((await world.run('workloads', '--limit', '2', '--json')).out);
    const next = await world.run('workloads', '--limit', '2', '--cursor', first.cursor, '--json');
    const ids = [first, JSON.parse(next.out)].map((page) =>
      workloadPageSchema.parse(page).items.map((item) => item.id),
    );
    expect(ids).toEqual([['i-0', 'i-1'], ['i-2']]);
  });

  test('--all reads every page as one', async () => {
    const { out } = await worldWithWorkloads(250).run('workloads', '--all', '--json');
    expect(JSON.parse(out).items).toHaveLength(250);
  });

  test('tag values cannot reach the terminal as commands', async () => {
    const world = new CliWorld();
    const name = 'web\u001b]0;owned\u0007\nroot';
    const record = workloadRecord('i-1');
    world.api.workloads = [
      { ...record, identity: { ...record.identity, name, tags: { a: name } } },
    ];
    for (const argv of [['workloads'], ['workloads', 'i-1']]) {
      const { out } = await world.run(...argv);
      expect(out).toContain('web·]0;owned··root');
      expect(out).not.toContain('\u001b');
    }
  });

  test('a held one names what it keeps, and the status counts the held by reason', async () => {
    const world = new CliWorld();
    const guarded = { generation: 6, because: 'share', reason: '600 have left' } as const;
    world.api.workloads = [
      workloadRecord('i-1', {
        ...{ status: 'held', held: true, statusReason: guarded.reason, guarded },
        keeps: { from: ['shop-web'], segments: ['shop-web'] },
      }),
    ];
    const { out } = await world.run('workloads', 'i-1');
    expect(out).toContain('status     held: 600 have left');
    expect(out).toContain('keeps      shop-web');
    expect((await world.run('status')).out).toContain(
      'held       1: their segments have lost as many as the leave guard lets go',
    );
  });

  test('an unknown one ends with 5', async () => {
    const { code, err } = await new CliWorld().run('workloads', 'i-9');
    expect(code).toBe(5);
    expect(err).toMatch(/^error unknown-workload: no workload `i-9` is known/);
  });
});

describe('plans', () => {
  test('lists them', async () => {
    const world = new CliWorld();
    world.api.plans = [planRecord()];
    expect((await world.run('plans')).out).toContain('plan-7  publish  waiting-for-approval');
  });

  test('one that waits says for what whoever approves has to judge', async () => {
    const world = new CliWorld();
    const finding = { changed: 6, members: 6, share: 1, limit: 0.2, exceeded: true };
    world.api.planDocuments['plan-7'] = {
      ...{ id: 'plan-7', generation: 7, base: 6, policyVersion: 'sha256:new', kind: 'publish' },
      ...{ createdAt: '2026-11-23T09:20:00.000Z', addOnly: false, steps: [], warnings: [] },
      guard: [{ ...finding, segment: 'shop-web' }],
      crossings: [{ guardrail: 'apart', group: 'segment:s@vpc-1', workloads: ['i-1'] }],
    };
    world.api.plans = [planRecord()];
    const waiting = (await world.run('plans', 'plan-7')).out;
    expect(waiting).toContain(
      'waits for approval:\n  shop-web: 6 of 6 running members change (100 %, guard 20 %)\n  guardrail `apart`:',
    );
    world.api.plans = [planRecord({ state: 'done' })];
    expect((await world.run('plans', 'plan-7')).out).not.toContain('waits for approval');
  });

  test('one plan says what was not done and why', async () => {
    const world = new CliWorld();
    world.api.plans = [planRecord({ state: 'done' })];
    const outcome = { kind: 'blocked', reason: '`db` does not carry the group' } as const;
    const steps = [{ step: 'detach:eni-1', phase: 'detach' as const, outcome }];
    world.api.reports['plan-7'] = { plan: 'plan-7', generation: 7, steps };
    const { out } = await world.run('plans', 'plan-7');
    expect(out).toContain('1 blocked');
    expect(out).toContain('blocked   detach:eni-1  `db` does not carry the group');
  });
});

describe('colours', () => {
  test('only on a terminal, and never with NO_COLOR or --json', async () => {
    const world = new CliWorld();
    const coloured = async (...argv: string[]) => (await world.run(...argv)).out.includes('\u001b');
    expect(await coloured('status')).toBe(false);
    world.terminal = true;
    expect(await coloured('status')).toBe(true);
    expect(await coloured('status', '--json')).toBe(false);
    world.env = { ...world.env, NO_COLOR: '1' };
    expect(await coloured('status')).toBe(false);
  });
});

describe('the address of the API', () => {
  test('--endpoint comes first, then BULKHEAD_API_URL, then the stack', async () => {
    const world = new CliWorld();
    world.stacks = {
      Bulkhead: { ApiUrl: 'https://from-stack.test/' },
      Two: { ApiUrl: 'https://two.test' },
    };
    await world.run('status', '--endpoint', 'https://from-option.test/');
    await world.run('status');
    world.env = {};
    await world.run('status');
    await world.run('status', '--stack', 'Two');
    expect(world.calls.map((call) => call.url)).toEqual([
      'https://from-option.test/v1/status',
      'https://api.test/v1/status',
      'https://from-stack.test/v1/status',
      'https://two.test/v1/status',
    ]);
  });

  test('no stack: says where it looked and how to set the address', async () => {
    const world = new CliWorld();
    world.env = { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };
    const { code, err } = await world.run('status');
    expect(code).toBe(4);
    expect(err).toContain('no stack `Bulkhead` in eu-central-1 at http://127.0.0.1:4566');
    expect(err).toContain('--endpoint or BULKHEAD_API_URL');
  });

  test.each(['ftp://x.test', 'localhost', ''])('refuses `%s`', async (endpoint) => {
    expect((await new CliWorld().run('status', '--endpoint', endpoint)).code).toBe(2);
  });
});

describe('an API that does not answer as it should', () => {
  test('no connection: three attempts, then the address and its source', async () => {
    const world = new CliWorld();
    world.reply = () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    };
    const { code, err } = await world.run('status');
    expect([code, world.calls.length]).toEqual([4, 3]);
    expect(err).toContain(
      'no answer from https://api.test (address from BULKHEAD_API_URL): connect ECONNREFUSED',
    );
  });

  test('a POST is sent once: it may have been taken', async () => {
    const world = new CliWorld();
    world.reply = () => {
      throw new TypeError('fetch failed');
    };
    expect((await world.run('approve', 'plan-7')).code).toBe(4);
    expect(world.calls).toHaveLength(1);
  });

  test('403 of the gateway is about permissions', async () => {
    const world = new CliWorld();
    world.reply = () => ({ status: 403, headers: {}, text: '{"message":"Forbidden"}' });
    const { code, err } = await world.run('status');
    expect(code).toBe(3);
    expect(err).toContain('execute-api:Invoke');
  });

  test('a web page is not an answer', async () => {
    const world = new CliWorld();
    world.reply = () => ({ status: 200, headers: {}, text: '<html>' });
    const { code, err } = await world.run('status');
    expect([code, err.includes('is this the address')]).toEqual([1, true]);
  });

  test('with --json a failure is JSON too', async () => {
    const { code, out, err } = await new CliWorld().run('segments', 'nope', '--json');
    expect([code, err]).toEqual([5, '']);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'unknown-segment' } });
  });
});

describe('arguments', () => {
  test.each([
    [['stauts']],
    [['approve']],
    [['status', '--colour']],
    [['publish', '--timeout', 'soon']],
  ])('%j ends with 2', async (argv) => {
    const { code, err } = await new CliWorld().run(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: /);
  });

  test.each([[['--help']], [['help', 'publish']], [['--version']]])(
    '%j ends with 0',
    async (argv) => {
      const { code, out } = await new CliWorld().run(...argv);
      expect(code).toBe(0);
      expect(out).not.toBe('');
    },
  );
});
