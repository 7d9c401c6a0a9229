import fc from 'fast-check';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { COMMON_PROBLEMS, CONTRACT } from '../../core/api/contract.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS, problemSchema } from '../../core/api/problem.ts';
import { matchRoute, ROUTES } from '../../core/api/routes.ts';
import { inventoryFromDescribe } from '../../core/inventory/from-describe.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { sealCursor } from '../../functions/api/cursor.ts';
import {
  ApiWorld,
  interfaceRecord,
  LEE,
  NOW,
  planRecord,
  workloadRecord,
} from '../functions/api-world.ts';
import { DESCRIBED } from './estates.ts';
import { FUZZ_RUNS, HOSTILE_NAMES, hostileText, type Json, mutated } from './hostile.ts';
import { EXAMPLE } from './policies.ts';

/** Largest answer of a synchronous invocation (page "Lambda quotas"). */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024;
const ETAG = 'sha256:in-force';

function worldInForce(): ApiWorld {
  const world = new ApiWorld();
  const { policy } = parsePolicy(EXAMPLE, { now: NOW });
  if (policy === undefined) throw new Error('the example does not lint clean');
  world.head = {
    ...{ generation: 6, phase: 'steady', kind: 'publish', plan: 'plan-6', since: NOW },
    ...{
      policyVersion: ETAG,
      blockedSegments: { db: { reason: 'slots', message: 'm', hint: 'h' } },
    },
  };
  world.policy = { version: ETAG, sources: EXAMPLE };
  world.bundle = {
    ...{ generation: 6, policy, vpcs: ['vpc-0a'], groupsPerInterface: 5 },
    groupIds: { 'segment:api@vpc-0a': 'sg-api', 'baseline@vpc-0a': 'sg-base' },
  };
  world.inventory = inventoryFromDescribe(DESCRIBED, { takenAt: NOW });
  world.workloads = ['i-01', 'i-02', 'ecs:main:t1'].map((id) => workloadRecord(id, {}, ['api']));
  world.interfaces = ['eni-01', 'eni-02', 'eni-03'].map((id) => interfaceRecord(id));
  world.plans = [planRecord({ author: LEE }), planRecord({ id: 'plan-6', state: 'done' })];
  return world;
}

const NAMES = [
  ...[
    'api',
    'web-tier',
    'i-01',
    'eni-01',
    'ecs:main:t1',
    'plan-7',
    'plan-6',
    '10.0.1.10',
    '8.8.8.8',
  ],
  ...['tcp/443', 'postgres', 'all', 'icmp/8', '{id}', '..', '%00', '%', '%e2%82', '%2F', 'a%20b'],
  ...HOSTILE_NAMES,
];
/** Names that every JavaScript object answers to, where a table is asked for one. */
const word = fc.oneof(
  fc.constantFrom('constructor', '__proto__', 'toString', 'valueOf'),
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  hostileText,
);

/** Names that exist, where the path asks for one; else a request would never come past its first look-up. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  segments: ['api', 'web-tier', 'db'],
  workloads: ['i-01', 'ecs:main:t1'],
  plans: ['plan-7', 'plan-6'],
};

const path = fc
  .tuple(
    fc.constantFrom(...ROUTES.map((route) => route.path)),
    fc.nat({ max: 3 }),
    word,
    hostileText,
  )
  .map(([template, how, name, text]) => {
    const known = KNOWN[template.split('/')[2] ?? ''] ?? [];
    if (how === 0) return template.replace(/\{\w+\}/, () => name);
    if (how === 1 && text.startsWith('/')) return text;
    return template.replace(/\{\w+\}/, () => known[name.length % known.length] ?? name);
  });

const cursor = fc.oneof(
  word,
  fc
    .tuple(
      fc.constantFrom('plans', 'workloads ', 'workloads api'),
      fc.constantFrom('0', '1', '2', '99'),
    )
    .map(([list, at]) => sealCursor(list, at)),
  fc.base64String({ maxLength: 30 }).map((text) => `${text}.${text}`),
);

const end = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('i-01', 'i-02', 'eni-03', '10.0.1.12', '198.51.100.9') },
  word,
  fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended()),
);
const port = fc.oneof(
  word,
  fc.tuple(word, word).map((two) => two.join('/')),
);

const pairs = fc.oneof(
  fc.constant<[string, string][]>([]),
  fc.record({ from: end, to: end, port }).map(Object.entries<string>),
  fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom('from', 'to', 'port', 'segment', 'limit'), word),
      fc.tuple(fc.constant('cursor'), cursor),
      fc.tuple(word, word),
    ),
    { maxLength: 3 },
  ),
);

const query = pairs.map((list) =>
  list.map((pair) => pair.map((text) => encodeURIComponent(safe(text))).join('=')).join('&'),
);

/** encodeURIComponent refuses half a pair, and no client can send one. */
function safe(text: string): string {
  return text.toWellFormed();
}

const bodies: fc.Arbitrary<string> = fc.oneof(
  mutated({ sources: EXAMPLE }, { min: 0, max: 3 }).map((value) => JSON.stringify(value)),
  mutated({ why: 'looked at it' }, { min: 0, max: 2 }).map((value) => JSON.stringify(value)),
  hostileText,
  fc.constant(`{"sources":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
);

const headers = fc.dictionary(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom('If-Match', 'if-none-match', 'Content-Type', 'if-match'),
    },
    word,
  ),
  fc.oneof(
    fc.constantFrom(`"${ETAG}"`, '*', 'application/json', 'text/yaml', '"a", "b"', '""'),
    word,
  ),
  { maxKeys: 3 },
);

const anyRequest = fc.record({
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('GET', 'POST') },
    fc.constantFrom('HEAD', 'PUT', '', '__proto__'),
  ),
  path,
  query,
  headers,
  body: fc.option(bodies, { nil: undefined }),
  base64: fc.boolean(),
  caller: fc.constantFrom('arn:aws:iam::123456789012:user/dana', LEE, ''),
});
type Request = typeof anyRequest extends fc.Arbitrary<infer R> ? R : never;

/** Nearly right, so that more than the door is tried. */
const publishRequest = anyRequest.map(
  (one): Request => ({
    ...{ ...one, method: 'POST', path: '/v1/policies', caller: LEE },
    headers: { 'if-match': `"${ETAG}"`, ...one.headers },
  }),
);
const request = fc.oneof({ weight: 3, arbitrary: anyRequest }, publishRequest);

function toEvent({ method, path, query, headers, body, base64, caller }: Request) {
  const text =
    body === undefined ? undefined : base64 ? Buffer.from(body).toString('base64') : body;
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers,
    ...(text === undefined ? {} : { body: text }),
    isBase64Encoded: base64,
    requestContext: {
      requestId: 'request-1',
      stage: '$default',
      http: { method, path },
      authorizer: { iam: { userArn: caller } },
    },
  };
}

/** The operation a request asked for, and whether the answer is one that its contract names. */
async function holdContract(world: ApiWorld, method: string, path: string, event: unknown) {
  const before = world.logged.length;
  const result = await world.answer(event);
  const failures = world.logged.slice(before).filter((line) => line.includes('request failed'));
  expect(failures).toEqual([]);
  expect(Buffer.byteLength(result.body)).toBeLessThan(ANSWER_BYTES_MAX);
  const json: unknown = JSON.parse(result.body);
  const match = matchRoute(method, path);
  const contract = match.kind === 'found' ? CONTRACT[match.route.operation] : undefined;
  if (result.statusCode >= 400) {
    const problem = problemSchema.parse(json);
    expect(result.headers['content-type']).toBe(PROBLEM_MEDIA_TYPE);
    expect(result.statusCode).toBe(PROBLEMS[problem.code as keyof typeof PROBLEMS].status);
    const allowed = contract?.problems ?? ['unknown-path', 'wrong-method'];
    // A request that cannot be read is refused before anybody knows where it was going.
    const early = ['bad-request', 'body-too-large'];
    expect([...allowed, ...COMMON_PROBLEMS, ...early]).toContain(problem.code);
    expect(problem.code).not.toBe('internal');
    return `problem ${problem.code}`;
  }
  expect(result.statusCode).toBe(contract?.status);
  const schema: z.ZodType | undefined = contract?.answer;
  if (schema !== undefined) expect(schema.parse(json)).toEqual(json);
  return match.kind === 'found' ? match.route.operation : 'nothing';
}

test('every request has an answer of its contract, or a problem that says why not', async () => {
  const world = worldInForce();
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(request, async (one) => {
      world.usedTokens.clear();
      const what = await holdContract(world, one.method, one.path, toEvent(one));
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }),
    { numRuns: FUZZ_RUNS * 2 },
  );
  // The search comes past the door: to answers, and to refusals behind it.
  for (const operation of ['listWorkloads', 'readPlan', 'readSegment', 'publishPolicy']) {
    expect([...seen.keys()]).toContain(operation);
  }
  expect([...seen.keys()]).toContain('problem bad-policy');
});

test('so has every event of the gateway, whatever is wrong with its envelope', async () => {
  const world = worldInForce();
  const event = toEvent({
    ...{ method: 'GET', path: '/v1/workloads', query: 'limit=2', headers: { host: 'api' } },
    ...{ body: '{}', base64: false, caller: LEE },
  });
  await fc.assert(
    fc.asyncProperty(mutated(event), async (edited: Json) => {
      const result = await world.answer(edited);
      expect(result.statusCode).toBeLessThan(500);
      if (result.statusCode >= 400) problemSchema.parse(JSON.parse(result.body));
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test('a path is explained for any two ends and any port', async () => {
  const world = worldInForce();
  let explained = 0;
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
  const end = fc.oneof(word, address);
  const port = fc.oneof(
    word,
    fc.tuple(word, word).map((two) => two.join('/')),
  );
  await fc.assert(
    fc.asyncProperty(end, end, port, async (from, to, asked) => {
      const query = new URLSearchParams({ from: safe(from), to: safe(to), port: safe(asked) });
      const what = await holdContract(world, 'GET', '/v1/explain', {
        ...toEvent({
          ...{ method: 'GET', path: '/v1/explain', query: query.toString(), headers: {} },
          ...{ body: undefined, base64: false, caller: LEE },
        }),
      });
      if (what === 'explain') explained += 1;
    }),
    { numRuns: FUZZ_RUNS },
  );
  expect(explained).toBeGreaterThan(0);
});
