import { describe, expect, test } from 'vitest';
import { BODY_BYTES_MAX } from '../../core/api/limits.ts';
import { problemSchema } from '../../core/api/problem.ts';
import { ApiWorld, DANA, LEE, planRecord } from './api-world.ts';

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
const SOURCES = [
  { file: 'root.yaml', text: ROOT },
  { file: 'shop.yaml', text: TEAM },
];

async function publish(
  world: ApiWorld,
  headers: Readonly<Record<string, string>>,
  sources: unknown = SOURCES,
) {
  return await world.request('POST', '/v1/policies', {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ sources }),
  });
}

const FIRST = { 'if-none-match': '*' };

function worldWithPolicy(): ApiWorld {
  const world = new ApiWorld();
  world.policy = { version: 'sha256:in-force', sources: SOURCES };
  return world;
}

describe('POST /v1/policies', () => {
  test('the first publish archives the sources and starts the plan that Location names', async () => {
    const world = new ApiWorld();
    const { statusCode, headers, json } = await publish(world, FIRST);
    expect(statusCode).toBe(202);
    expect(headers.location).toBe('/v1/plans/plan-7');
    expect(json).toMatchObject({ plan: 'plan-7', generation: 7, state: 'planned' });
    const version = String(json.policyVersion);
    expect(world.archived).toEqual({ [version]: SOURCES });
    expect(world.machineCalls).toEqual([
      {
        kind: 'start',
        input: {
          plan: 'plan-7',
          generation: 7,
          policyVersion: version,
          kind: 'publish',
          author: DANA,
          expectedVersion: null,
        },
      },
    ]);
  });

  test('a later one names the version that it replaces', async () => {
    const world = worldWithPolicy();
    const { headers } = await world.request('GET', '/v1/policies');
    expect(headers.etag).toBe('"sha256:in-force"');
    const reply = await publish(world, { 'if-match': String(headers.etag) });
    expect(reply.statusCode).toBe(202);
    expect(world.machineCalls).toMatchObject([{ input: { expectedVersion: 'sha256:in-force' } }]);
  });

  test.each([
    ['another version', { 'if-match': '"sha256:older"' }],
    ['a weak tag, which never matches', { 'if-match': 'W/"sha256:in-force", "sha256:older"' }],
    ['that there is none', FIRST],
  ])('412 when the caller expected %s', async (_case, headers) => {
    const world = worldWithPolicy();
    const { statusCode, json } = await publish(world, headers);
    expect([statusCode, json.code]).toEqual([412, 'stale-policy']);
    expect(json.detail).toContain('sha256:in-force');
    expect(world.machineCalls).toEqual([]);
  });

  test('412 for a version where nothing was published yet', async () => {
    const { statusCode } = await publish(new ApiWorld(), { 'if-match': '"sha256:x"' });
    expect(statusCode).toBe(412);
  });

  test.each([[{}], [{ 'if-match': '*' }], [{ 'if-match': 'sha256:in-force' }]])(
    '428 without a usable precondition: %j',
    async (headers: Readonly<Record<string, string>>) => {
      const { statusCode, json } = await publish(worldWithPolicy(), headers);
      expect([statusCode, json.code]).toEqual([428, 'precondition-required']);
    },
  );

  test('422 with every diagnostic; nothing is archived, nothing starts', async () => {
    const world = worldWithPolicy();
    const text = TEAM.replace('to: shop-db', 'to: nobody').replace(
      'mode: observe',
      'mood: observe',
    );
    const { statusCode, json } = await publish(world, { 'if-match': '"sha256:in-force"' }, [
      { file: 'root.yaml', text: ROOT },
      { file: 'shop.yaml', text },
    ]);
    expect([statusCode, json.code]).toEqual([422, 'bad-policy']);
    const diagnostics = problemSchema.parse(json).diagnostics ?? [];
    expect(diagnostics.length).toBeGreaterThanOrEqual(2);
    expect(diagnostics.every(({ file, line }) => file === 'shop.yaml' && line > 0)).toBe(true);
    expect([world.archived, world.machineCalls]).toEqual([{}, []]);
  });

  test('the body: too large, not JSON, wrong type, wrong shape', async () => {
    const world = new ApiWorld();
    const send = (body: string, headers: Record<string, string> = {}) =>
      world.request('POST', '/v1/policies', { body, headers: { ...FIRST, ...headers } });
    const replies = [
      await send(`"${'x'.repeat(BODY_BYTES_MAX)}"`),
      await send('{"sources": ['),
      await send('{}', { 'content-type': 'text/yaml' }),
      await send('{"sources": []}'),
      await send(JSON.stringify({ sources: SOURCES, force: true })),
    ];
    expect(replies.map(({ statusCode, json }) => `${statusCode} ${json.code}`)).toEqual([
      '413 body-too-large',
      '400 bad-json',
      '415 wrong-media-type',
      '400 bad-request',
      '400 bad-request',
    ]);
    expect(world.machineCalls).toEqual([]);
  });

  test('a body in base64 is the same body', async () => {
    const world = new ApiWorld();
    const result = await world.answer({
      rawPath: '/v1/policies',
      headers: { 'If-None-Match': '*', 'Content-Type': 'application/json; charset=utf-8' },
      body: Buffer.from(JSON.stringify({ sources: SOURCES })).toString('base64'),
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST' }, authorizer: { iam: { userArn: DANA } } },
    });
    expect(result.statusCode).toBe(202);
  });
});

describe('GET /v1/policies', () => {
  test('gives the sources as they were published', async () => {
    const { json } = await worldWithPolicy().request('GET', '/v1/policies');
    expect(json).toMatchObject({ version: 'sha256:in-force', author: LEE, sources: SOURCES });
  });

  test('404 before the first publish', async () => {
    const { statusCode, json } = await new ApiWorld().request('GET', '/v1/policies');
    expect([statusCode, json.code]).toEqual([404, 'no-policy']);
  });
});

describe('approve and reject', () => {
  function waitingWorld(): ApiWorld {
    const world = new ApiWorld();
    world.plans = [planRecord()];
    return world;
  }
  const approve = (world: ApiWorld, caller: string, body?: string) =>
    world.request('POST', '/v1/plans/plan-7/approve', {
      caller,
      ...(body === undefined ? {} : { body }),
    });

  test('somebody else approves, and the execution hears who and why', async () => {
    const world = waitingWorld();
    const { statusCode } = await approve(world, LEE, '{"why": "agreed"}');
    expect(statusCode).toBe(202);
    expect(world.machineCalls).toEqual([
      { kind: 'approve', token: 'token-7', decision: { by: LEE, why: 'agreed' } },
    ]);
  });

  test('the author does not', async () => {
    const world = waitingWorld();
    const { statusCode, json } = await approve(world, DANA);
    expect([statusCode, json.code]).toEqual([403, 'author-may-not-approve']);
    expect(world.machineCalls).toEqual([]);
  });

  test('nor does the author under another session name of the same role', async () => {
    const world = new ApiWorld();
    const role = 'arn:aws:sts::123456789012:assumed-role/deployer';
    world.plans = [planRecord({ author: `${role}/one` })];
    expect((await approve(world, `${role}/two`)).statusCode).toBe(403);
  });

  test('the author may reject', async () => {
    const world = waitingWorld();
    const reply = await world.request('POST', '/v1/plans/plan-7/reject', { caller: DANA });
    expect(reply.statusCode).toBe(202);
    expect(world.machineCalls).toMatchObject([{ kind: 'reject', decision: { by: DANA } }]);
  });

  test.each(['planned', 'applying', 'done', 'rejected', 'stale', 'failed'] as const)(
    '409 for a plan that is %s',
    async (state) => {
      const world = new ApiWorld();
      world.plans = [planRecord({ state })];
      const { statusCode, json } = await approve(world, LEE);
      expect([statusCode, json.code]).toEqual([409, 'plan-not-waiting']);
    },
  );

  test('the second decision comes too late', async () => {
    const world = waitingWorld();
    await approve(world, LEE);
    const reply = await world.request('POST', '/v1/plans/plan-7/reject', { caller: LEE });
    expect([reply.statusCode, reply.json.code]).toEqual([409, 'plan-not-waiting']);
    expect(world.machineCalls).toHaveLength(1);
  });

  test('an unknown plan is 404, a strange body 400', async () => {
    expect((await approve(new ApiWorld(), LEE)).statusCode).toBe(404);
    expect((await approve(waitingWorld(), LEE, '{"force": true}')).statusCode).toBe(400);
  });
});

describe('POST /v1/sweeps and /v1/uninstall', () => {
  test('a sweep is started and not waited for', async () => {
    const world = new ApiWorld();
    expect((await world.request('POST', '/v1/sweeps')).statusCode).toBe(202);
    expect(world.sweeps).toBe(1);
  });

  test('uninstall is a plan like any other', async () => {
    const world = worldWithPolicy();
    world.head = {
      generation: 6,
      phase: 'steady',
      kind: 'publish',
      policyVersion: 'sha256:in-force',
      plan: 'plan-6',
      blockedSegments: {},
      since: '2026-11-23T09:00:00.000Z',
    };
    const { statusCode, headers } = await world.request('POST', '/v1/uninstall');
    expect([statusCode, headers.location]).toEqual([202, '/v1/plans/plan-7']);
    expect(world.machineCalls).toMatchObject([
      { input: { kind: 'uninstall', expectedVersion: 'sha256:in-force', author: DANA } },
    ]);
  });

  test('409 where nothing was ever published', async () => {
    const { statusCode, json } = await new ApiWorld().request('POST', '/v1/uninstall');
    expect([statusCode, json.code]).toEqual([409, 'nothing-in-force']);
  });
});
