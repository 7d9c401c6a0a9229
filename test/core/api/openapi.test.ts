import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { COMMON_PROBLEMS, CONTRACT } from '../../../core/api/contract.ts';
import { ANSWER_EXAMPLES, BODY_EXAMPLES } from '../../../core/api/examples.ts';
import { openApiDocument } from '../../../core/api/openapi.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS } from '../../../core/api/problem.ts';
import { matchRoute, type Operation, ROUTES, type Route } from '../../../core/api/routes.ts';
import { VERSION } from '../../../core/api/version.ts';
import packageJson from '../../../package.json' with { type: 'json' };

interface MediaType {
  readonly schema: { readonly $ref?: string };
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}
interface Response {
  readonly description: string;
  readonly headers?: Record<string, unknown>;
  readonly content: Record<string, MediaType>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly example?: string;
}
interface OperationObject {
  readonly operationId: Operation;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, MediaType> };
  readonly responses: Record<string, Response>;
}
interface Document {
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** Made again for each test, so that each holds how it is made. */
function read(): Document {
  return openApiDocument() as unknown as Document;
}

function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

function operationOf(id: Operation): OperationObject {
  const found = operationsOf(read()).find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found.operation;
}

const SOME_TEXT = expect.stringMatching(/\w/);
const TEXT_SCHEMA = { type: 'string' };

describe('openApiDocument', () => {
  test('says what it is, and how to sign', () => {
    const { paths: _paths, components, ...frame } = openApiDocument();
    expect(frame).toEqual({
      openapi: '3.1.1',
      info: {
        title: SOME_TEXT,
        version: VERSION,
        summary: SOME_TEXT,
        license: { name: packageJson.license, identifier: packageJson.license },
      },
      security: [{ sigv4: [] }],
      tags: [...new Set(ROUTES.map(({ scope }) => scope))].map((name) => ({ name })),
    });
    expect(components).toEqual({
      schemas: expect.any(Object),
      securitySchemes: {
        sigv4: {
          ...{ type: 'apiKey', in: 'header', name: 'Authorization', description: SOME_TEXT },
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    });
  });

  test('names the server where it is known', () => {
    const server = 'https://abc.execute-api.us-east-1.amazonaws.com';
    expect(openApiDocument({ server }).servers).toEqual([{ url: server }]);
    expect(openApiDocument()).not.toHaveProperty('servers');
  });

  test('holds every route once, as the route has it', () => {
    const found = operationsOf(read()).map(({ path, method, operation }): Route => {
      const { operationId, summary, tags } = operation;
      const [scope] = tags as Route['scope'][];
      expect(method).toBe(method.toLowerCase());
      if (scope === undefined) throw new Error(`${operationId} has no scope`);
      return {
        method: method.toUpperCase() as 'GET',
        path,
        scope,
        operation: operationId,
        summary,
      };
    });
    const byOperation = (a: Route, b: Route) => a.operation.localeCompare(b.operation);
    expect(found.toSorted(byOperation)).toEqual([...ROUTES].sort(byOperation));
    expect(new Set(ROUTES.map((route) => route.operation)).size).toBe(ROUTES.length);
  });

  test('declares each parameter of a path, with an example that leads there', () => {
    let declared = 0;
    for (const { path, method, operation } of operationsOf(read())) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = (operation.parameters ?? []).filter((one) => one.in === 'path');
      const texts = { description: SOME_TEXT, example: SOME_TEXT };
      const required = { in: 'path', required: true, schema: TEXT_SCHEMA };
      expect(parameters).toEqual(named.map((name) => ({ name, ...required, ...texts })));
      const example = parameters.reduce(
        (text, one) => text.replace(`{${one.name}}`, one.example ?? ''),
        path,
      );
      expect(matchRoute(method.toUpperCase(), example)).toMatchObject({
        route: { operation: operation.operationId },
      });
      declared += parameters.length;
    }
    expect(declared).toBeGreaterThan(3);
  });

  test.each([
    [
      'listWorkloads',
      [
        ['segment', false, { ...TEXT_SCHEMA, minLength: 1, maxLength: 256 }],
        ['cursor', false, { ...TEXT_SCHEMA, minLength: 1, maxLength: 4_096 }],
        ['limit', false, { type: 'integer', minimum: 1, maximum: 100 }],
      ],
    ],
    [
      'explain',
      [
        ['from', true, { ...TEXT_SCHEMA, minLength: 1, maxLength: 256, description: SOME_TEXT }],
        ['to', true, { ...TEXT_SCHEMA, minLength: 1, maxLength: 256, description: SOME_TEXT }],
        ['port', true, { ...TEXT_SCHEMA, minLength: 1, maxLength: 64, description: SOME_TEXT }],
      ],
    ],
  ] as const)('declares what %s may be asked with', (operation, expected) => {
    const parameters = expected.map(([name, required, schema]) => ({
      ...{ name, in: 'query', required, schema },
    }));
    expect(operationOf(operation).parameters).toEqual(parameters);
  });

  test('a publish names the version that it replaces, and leads to its plan', () => {
    const { parameters, requestBody, responses } = operationOf('publishPolicy');
    const optional = { in: 'header', required: false, description: SOME_TEXT, schema: TEXT_SCHEMA };
    expect(parameters).toEqual([
      { name: 'If-Match', ...optional },
      { name: 'If-None-Match', ...optional },
    ]);
    expect(requestBody).toEqual({
      required: true,
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/PublishRequest' },
          example: BODY_EXAMPLES.publishPolicy,
        },
      },
    });
    expect(responses['202']).toEqual({
      description: SOME_TEXT,
      headers: { Location: { description: SOME_TEXT, schema: TEXT_SCHEMA } },
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/Published' },
          example: ANSWER_EXAMPLES.publishPolicy,
        },
      },
    });
  });

  test('a decision may come without a body, and a reading has none', () => {
    expect(operationOf('approvePlan').requestBody).toMatchObject({ required: false });
    expect(operationOf('readStatus')).not.toHaveProperty('requestBody');
    expect(operationOf('readStatus')).not.toHaveProperty('parameters');
  });

  test('every answer has the schema and the example of its operation, and its headers', () => {
    for (const { operation } of operationsOf(read())) {
      const { status, answer, answerHeaders } = CONTRACT[operation.operationId];
      const { content, headers } = operation.responses[status] ?? {};
      const { schema, example } = content?.['application/json'] ?? {};
      if (answer === undefined) expect(schema).toEqual({ type: 'object' });
      else expect(schema).toEqual({ $ref: expect.stringMatching(/^#\/components\/schemas\/\w+$/) });
      expect(example).toEqual(ANSWER_EXAMPLES[operation.operationId]);
      expect(headers && Object.keys(headers)).toEqual(answerHeaders && Object.keys(answerHeaders));
    }
  });

  test('every refusal stands under its status, with an example of each problem', () => {
    for (const { operation } of operationsOf(read())) {
      const { status: answered, problems } = CONTRACT[operation.operationId];
      const { [answered]: _answer, ...refusals } = operation.responses;
      const found = Object.entries(refusals).flatMap(([status, { content, description }]) => {
        expect(Object.keys(content)).toEqual([PROBLEM_MEDIA_TYPE]);
        const { schema, examples = {} } = content[PROBLEM_MEDIA_TYPE] ?? {};
        expect(schema).toEqual({ $ref: '#/components/schemas/Problem' });
        const said = Object.keys(examples).map(
          (code) => `${code}: ${PROBLEMS[code as keyof typeof PROBLEMS].title}`,
        );
        expect(description).toBe(said.join('; '));
        return Object.entries(examples).map(([code, { value }]) => {
          expect(value).toMatchObject({ code, status: Number(status), detail: SOME_TEXT });
          return code;
        });
      });
      expect(found.toSorted()).toEqual([...problems, ...COMMON_PROBLEMS].toSorted());
    }
  });

  test('has the version of the package', () => expect(VERSION).toBe(packageJson.version));
});

describe('its schemas', () => {
  const ID = 'https://bulkhead.test/openapi.json';

  /** A validator for each schema of the document, which resolves the document's own references. */
  function validators(document: Document): Readonly<Record<string, ValidateFunction>> {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: ID, ...document });
    return Object.fromEntries(
      Object.keys(document.components.schemas).map((name) => {
        const reference = `#/components/schemas/${name}`;
        return [reference, ajv.compile({ $ref: `${ID}${reference}` })];
      }),
    );
  }

  test('are those that are referred to, and nothing else', () => {
    const document = read();
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    const named = new Set([...references].map(([, name = '']) => name));
    expect([...named].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
  });

  test('say nothing about themselves that only a schema on its own would', () => {
    const { components } = read();
    expect(JSON.stringify(components)).not.toMatch(/"(readOnly|\$schema|\$id)":/);
  });

  test('every example fits the schema beside it', () => {
    const document = read();
    const fits = validators(document);
    const media = operationsOf(document).flatMap(({ operation: { requestBody, responses } }) =>
      [requestBody, ...Object.values(responses)].flatMap((one) =>
        Object.values(one?.content ?? {}),
      ),
    );
    const pairs = media.flatMap(({ schema, example, examples = {} }) =>
      [example, ...Object.values(examples).map(({ value }) => value)]
        .filter((one) => one !== undefined)
        .map((one) => ({ example: one, validate: fits[schema.$ref ?? ''] })),
    );
    for (const { example, validate } of pairs) {
      expect(validate?.(example), JSON.stringify(validate?.errors)).toBe(true);
    }
    expect(pairs.length).toBeGreaterThan(60);
  });

  test('tell what fits from what does not', () => {
    const fits = validators(read());
    const status = ANSWER_EXAMPLES.readStatus as object;
    expect(fits['#/components/schemas/Status']?.({ ...status, later: 'field' })).toBe(true);
    expect(fits['#/components/schemas/Status']?.({ ...status, generation: 'six' })).toBe(false);
    expect(fits['#/components/schemas/PublishRequest']?.({ sources: [] })).toBe(false);
  });
});

describe('examples', () => {
  test.each(ROUTES)('$operation: the answer survives its schema unchanged', ({ operation }) => {
    const example = ANSWER_EXAMPLES[operation];
    const { answer } = CONTRACT[operation];
    expect(example === undefined).toBe(answer === undefined);
    expect(answer?.parse(example)).toEqual(example);
  });

  test('there is one of each body, and it is taken', () => {
    for (const { operation } of ROUTES) {
      const { body } = CONTRACT[operation];
      const example = BODY_EXAMPLES[operation];
      expect(example === undefined, operation).toBe(body === undefined);
      expect(body?.parse(example)).toEqual(example);
    }
  });
});

test('every problem is one that some operation or the door may give', () => {
  const documented = new Set(Object.values(CONTRACT).flatMap((contract) => contract.problems));
  const atTheDoor = ['no-caller', 'unknown-path', 'wrong-method', 'throttled', 'internal'];
  expect([...new Set([...documented, ...atTheDoor])].toSorted()).toEqual(
    Object.keys(PROBLEMS).toSorted(),
  );
});
