import { describe, expect, test } from 'vitest';
import { CONTRACT } from '../../core/api/contract.ts';
import { problemSchema } from '../../core/api/problem.ts';
import { matchRoute } from '../../core/api/routes.ts';
import type { Policy, Segment } from '../../core/model/policy.ts';
import { ApiWorld, interfaceRecord, NOW, planRecord, workloadRecord } from './api-world.ts';

const POLICY: Policy = {
  version: 'sha256:in-force',
  settings: {
    vpcTags: { segmentation: ['bulkhead'] },
    unclassified: 'observe',
    settleWindowMs: 0,
    keepSecurityGroups: [],
    changeGuardShare: 0.2,
    onLeave: 'hold',
  },
  zones: [],
  networks: [],
  services: {},
  segments: [segment('shop-db'), segment('shop-web')],
  rules: [
    {
      id: 'web-to-db',
      from: ['shop-web'],
      to: ['shop-db'],
      allow: [{ text: 'tcp/5432', ranges: [] }],
      why: 'orders',
      expires: '2026-11-22',
      location: { file: 'a.yaml', line: 1, column: 1 },
    },
  ],
  baseline: [],
  guardrails: [],
  assertions: [],
};

function segment(name: string): Segment {
  return {
    name,
    select: { tags: { app: [name] } },
    mode: 'enforce',
    egress: 'open',
    crownJewel: false,
    bornIn: [],
    location: { file: 'a.yaml', line: 1, column: 1 },
  };
}

function worldInForce(): ApiWorld {
  const world = new ApiWorld();
  world.head = {
    generation: 6,
    phase: 'steady',
    kind: 'publish',
    policyVersion: POLICY.version,
    plan: 'plan-6',
    blockedSegments: { 'shop-db': { reason: 'slots', message: '5 of 5', hint: 'ask for more' } },
    since: NOW,
  };
  world.bundle = {
    generation: 6,
    policy: POLICY,
    groupIds: { 'segment:shop-web@vpc-1': 'sg-web', 'baseline@vpc-1': 'sg-base' },
    vpcs: ['vpc-1'],
    groupsPerInterface: 5,
  };
  world.workloads = ['i-1', 'i-2', 'i-3'].map((id) => workloadRecord(id));
  world.workloads.push(workloadRecord('ecs:main:t1', { status: 'held' }, ['shop-db']));
  return world;
}

/** Asks, and holds the answer against the schema that the OpenAPI document promises. */
async function get(world: ApiWorld, path: string) {
  const reply = await world.request('GET', path);
  const match = matchRoute('GET', path.split('?')[0] ?? '');
  if (reply.statusCode >= 400) problemSchema.parse(reply.json);
  else if (match.kind === 'found') {
    const schema = CONTRACT[match.route.operation].answer;
    if (schema !== undefined) expect(schema.parse(reply.json)).toEqual(reply.json);
  }
  return reply;
}

describe('GET /v1/status', () => {
  test('before the first publish: idle', async () => {
    const { statusCode, json } = await get(new ApiWorld(), '/v1/status');
    expect(statusCode).toBe(200);
    expect(json).toMatchObject({ idle: true, generation: 0, stack: 'Bulkhead', time: NOW });
  });

  test('counts workloads by status and names the plan under way', async () => {
    const world = worldInForce();
    world.plans = [planRecord(), planRecord({ id: 'plan-6', state: 'done' })];
    const { json } = await get(world, '/v1/status');
    expect(json).toMatchObject({
      idle: false,
      generation: 6,
      managedVpcs: ['vpc-1'],
      segments: 2,
      workloads: { total: 4, byStatus: { enforced: 3, held: 1 }, complete: true },
      plan: { id: 'plan-7', state: 'waiting-for-approval' },
      blockedSegments: [{ segment: 'shop-db', message: '5 of 5', hint: 'ask for more' }],
      counts: { throttled: 2 },
    });
  });

  test('says why workloads are held, how many each', async () => {
    const world = worldInForce();
    const held = { status: 'held', held: true } as const;
    const guarded = { generation: 6, because: 'share', reason: '600 have left' } as const;
    world.workloads = [
      workloadRecord('i-1'),
      workloadRecord('i-2', { ...held, guarded, left: true }),
      workloadRecord('i-3', { ...held, guarded: { ...guarded, because: 'flapping' } }),
      workloadRecord('i-4', { ...held, left: true }),
      workloadRecord('i-5', { ...held, loosened: 6 }),
      workloadRecord('i-6', { ...held, guarded }),
    ];
    const { json } = await get(world, '/v1/status');
    expect(json.workloads).toMatchObject({
      heldBecause: { left: 1, loosened: 1, share: 2, flapping: 1 },
    });
  });

  test('names the interface that has waited longest to be looked at', async () => {
    const world = worldInForce();
    const early = '2026-11-23T09:00:00.000Z';
    world.interfaces = [
      interfaceRecord('eni-done'),
      interfaceRecord('eni-late', { fence: 4 }),
      interfaceRecord('eni-early', { fence: 9, verifiedAt: early, reason: 'lease is taken' }),
    ];
    expect((await get(world, '/v1/status')).json.open).toEqual({
      count: 2,
      oldest: { interface: 'eni-early', workload: 'i-1', since: early, reason: 'lease is taken' },
    });
  });

  test('says how many workloads wait for their turn, and which one longest', async () => {
    const world = worldInForce();
    const due = '2026-11-23T09:40:00.000Z';
    const parked = (workload: string, since: string) => ({
      workload,
      since,
      due,
      reason: 'no token',
    });
    world.parked = [
      parked('i-1', '2026-11-23T09:29:00.000Z'),
      parked('i-2', '2026-11-23T09:20:00.000Z'),
      parked('i-3', '2026-11-23T09:25:00.000Z'),
    ];
    expect((await get(world, '/v1/status')).json.parked).toEqual({
      count: 3,
      oldest: parked('i-2', '2026-11-23T09:20:00.000Z'),
    });
    expect((await get(worldInForce(), '/v1/status')).json.parked).toEqual({ count: 0 });
  });

  test('never shows a task token', async () => {
    const world = worldInForce();
    world.plans = [planRecord()];
    for (const path of ['/v1/status', '/v1/plans', '/v1/plans/plan-7']) {
      expect((await get(world, path)).body).not.toContain('token-7');
    }
  });
});

describe('GET /v1/segments', () => {
  test('lists members of each', async () => {
    const { json } = await get(worldInForce(), '/v1/segments');
    expect(json.items).toMatchObject([
      { name: 'shop-db', members: 1, blocked: { reason: 'slots' } },
      { name: 'shop-web', members: 3 },
    ]);
  });

  test('one segment has its rules, groups and statuses', async () => {
    const { json } = await get(worldInForce(), '/v1/segments/shop-web');
    expect(json).toMatchObject({
      rules: [{ id: 'web-to-db', allow: ['tcp/5432'], expired: true }],
      groups: [{ vpc: 'vpc-1', group: 'sg-web' }],
      statuses: { enforced: 3 },
    });
  });

  test('an unknown one is 404', async () => {
    const { statusCode, json } = await get(worldInForce(), '/v1/segments/nope');
    expect(statusCode).toBe(404);
    expect(json).toMatchObject({
      code: 'unknown-segment',
      type: 'urn:bulkhead:problem:unknown-segment',
    });
  });
});

describe('GET /v1/workloads', () => {
  test('goes page by page, each workload once', async () => {
    const world = worldInForce();
    const seen: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page += 1) {
      const { json } = await get(world, `/v1/workloads?segment=shop-web&limit=1${cursor}`);
      seen.push(...(json.items as { id: string }[]).map((item) => item.id));
      if (json.cursor === undefined) break;
      cursor = `&cursor=${json.cursor}`;
    }
    expect(seen).toEqual(['i-1', 'i-2', 'i-3']);
  });

  test('refuses a cursor that was edited or belongs to another filter', async () => {
    const world = worldInForce();
    const { json } = await get(world, '/v1/workloads?segment=shop-web&limit=1');
    const cursor = String(json.cursor);
    const forged = `${Buffer.from('9').toString('base64url')}.${cursor.split('.')[1]}`;
    for (const query of [
      `segment=shop-web&cursor=${forged}`,
      `segment=shop-db&cursor=${cursor}`,
      `segment=shop-web&cursor=${cursor}x`,
      'cursor=garbage',
      'cursor=%00',
    ]) {
      const reply = await get(world, `/v1/workloads?${query}`);
      expect([reply.statusCode, reply.json.code]).toEqual([400, 'bad-cursor']);
    }
  });

  test.each(['limit=0', 'limit=101', 'limit=ten', 'colour=red', 'limit=1&limit=2'])(
    'refuses ?%s',
    async (query) => {
      const { statusCode, json } = await get(worldInForce(), `/v1/workloads?${query}`);
      expect([statusCode, json.code]).toEqual([400, 'bad-request']);
    },
  );

  test('one workload has its interfaces with what they carried before us', async () => {
    const world = worldInForce();
    world.workloads = [workloadRecord('i-1', { interfaces: ['eni-1', 'eni-unseen'] })];
    world.interfaces = [interfaceRecord('eni-1', { fence: 4 })];
    const entry = { interface: 'eni-1', workload: 'i-1', vpc: 'vpc-1', generation: 6 };
    world.ledger = [{ ...entry, groups: ['sg-flat'], recordedAt: NOW }];
    expect((await get(world, '/v1/workloads/i-1')).json.interfaces).toMatchObject([
      { id: 'eni-1', groups: ['sg-web'], ledger: ['sg-flat'], pending: true },
    ]);
  });

  test('an id with colons is found, encoded or not', async () => {
    for (const id of ['ecs:main:t1', 'ecs%3Amain%3At1']) {
      expect((await get(worldInForce(), `/v1/workloads/${id}`)).json).toMatchObject({
        id: 'ecs:main:t1',
        status: 'held',
      });
    }
  });

  test('an unknown one is 404', async () => {
    const { statusCode, json } = await get(worldInForce(), '/v1/workloads/i-9');
    expect([statusCode, json.code]).toEqual([404, 'unknown-workload']);
  });
});

describe('GET /v1/plans', () => {
  test('goes page by page', async () => {
    const world = new ApiWorld();
    world.plans = [3, 2, 1].map((number) => planRecord({ id: `plan-${number}` }));
    const first = await get(world, '/v1/plans');
    const second = await get(world, `/v1/plans?cursor=${first.json.cursor}`);
    expect([first, second].map(({ json }) => (json.items as unknown[]).length)).toEqual([2, 1]);
  });

  test('one plan has its report', async () => {
    const world = new ApiWorld();
    world.plans = [planRecord({ state: 'done' })];
    const outcome = {
      kind: 'failed',
      error: 'no such group',
      code: 'InvalidGroup.NotFound',
    } as const;
    const steps = [{ step: 'attach:eni-1', phase: 'attach' as const, outcome }];
    world.reports['plan-7'] = { plan: 'plan-7', generation: 7, steps };
    expect((await get(world, '/v1/plans/plan-7')).json).toMatchObject({ report: steps });
  });

  test('a large report shows what did not go well, and counts the rest', async () => {
    const world = new ApiWorld();
    world.plans = [planRecord({ state: 'done' })];
    const steps = Array.from({ length: 5_000 }, (_, index) => ({
      step: `attach:eni-${index}`,
      phase: 'attach' as const,
      outcome:
        index === 4_999
          ? ({ kind: 'blocked', reason: 'slots' } as const)
          : ({ kind: 'updated' } as const),
    }));
    world.reports['plan-7'] = { plan: 'plan-7', generation: 7, steps };
    expect((await get(world, '/v1/plans/plan-7')).json).toMatchObject({
      outcomes: { updated: 4_999, blocked: 1 },
      report: [{ step: 'attach:eni-4999' }],
      truncated: true,
    });
  });

  test('an unknown one is 404', async () => {
    expect((await get(new ApiWorld(), '/v1/plans/plan-9')).json).toMatchObject({
      status: 404,
      code: 'unknown-plan',
    });
  });
});

describe('the door', () => {
  test('a request without an identity is refused, even if the gateway let it pass', async () => {
    const reply = await new ApiWorld().request('GET', '/v1/status', { caller: null });
    expect([reply.statusCode, reply.json.code]).toEqual([403, 'no-caller']);
  });

  test('an unknown path is 404, a wrong method 405 with Allow', async () => {
    const world = new ApiWorld();
    expect((await world.request('GET', '/v1/secrets')).json.code).toBe('unknown-path');
    const reply = await world.request('PUT', '/v1/policies');
    expect([reply.statusCode, reply.headers.allow]).toEqual([405, 'GET, POST']);
  });

  test('a fault of ours is a number for the caller and a line in the log', async () => {
    const world = new ApiWorld();
    world.fault = new Error('table arn:aws:dynamodb:secret is on fire');
    const reply = await world.request('GET', '/v1/status');
    expect([reply.statusCode, reply.json.code]).toEqual([500, 'internal']);
    expect(reply.body).not.toContain('fire');
    expect(reply.body).toContain('request-1');
    expect(world.logged.join('\n')).toContain('on fire');
  });

  test('a throttled AWS is 503 with Retry-After', async () => {
    const world = new ApiWorld();
    world.fault = Object.assign(new Error('slow'), { name: 'ThrottlingException' });
    const reply = await world.request('GET', '/v1/status');
    expect([reply.statusCode, reply.headers['retry-after']]).toEqual([503, '5']);
  });

  test('an event of something else is refused', async () => {
    expect((await new ApiWorld().answer({ Records: [] })).statusCode).toBe(400);
  });

  test('a stage in the path is no part of it', async () => {
    const result = await new ApiWorld().answer({
      rawPath: '/live/v1/status',
      requestContext: {
        stage: 'live',
        http: { method: 'GET' },
        authorizer: { iam: { userArn: 'arn:aws:iam::1:user/a' } },
      },
    });
    expect(result.statusCode).toBe(200);
  });

  test('serves its own description', async () => {
    const { json } = await get(new ApiWorld(), '/v1/openapi.json');
    expect(json).toMatchObject({ openapi: '3.1.1', servers: [{ url: 'https://api.test' }] });
  });

  test('no answer may be kept', async () => {
    expect((await get(new ApiWorld(), '/v1/status')).headers['cache-control']).toBe('no-store');
  });
});
