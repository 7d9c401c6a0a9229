import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { CONTRACT } from '../../../core/api/contract.ts';
import { ANSWER_EXAMPLES, BODY_EXAMPLES } from '../../../core/api/examples.ts';
import { openApiDocument } from '../../../core/api/openapi.ts';
import { PROBLEMS } from '../../../core/api/problem.ts';
import { type Operation, ROUTES } from '../../../core/api/routes.ts';
import { VERSION } from '../../../core/api/version.ts';
import packageJson from '../../../package.json' with { type: 'json' };

interface MediaType {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}
interface Response {
  readonly content: Record<string, MediaType>;
}
interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, Response>;
}

const document = openApiDocument() as {
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: { readonly schemas: Record<string, object> };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** A validator that resolves the document's own references. */
function validator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'https://bulkhead.test/openapi.json', ...document });
  return ajv;
}

/** References are to the document, so a schema is compiled as a part of it. */
function inDocument(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema).replaceAll(
      '"#/components',
      '"https://bulkhead.test/openapi.json#/components',
    ),
  );
}

describe('openApiDocument', () => {
  test('holds every route once, under its operation', () => {
    const found = operations.map(({ path, method, operation }) => {
      return `${method.toUpperCase()} ${path} ${operation.operationId}`;
    });
    const expected = ROUTES.map((route) => `${route.method} ${route.path} ${route.operation}`);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(new Set(ROUTES.map((route) => route.operation)).size).toBe(ROUTES.length);
  });

  test('declares each parameter of a path', () => {
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map((parameter) => parameter.name)).toEqual(named);
    }
  });

  test('every reference leads to a schema that compiles', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, name = ''] of references)
      expect(document.components.schemas).toHaveProperty(name);
    const ajv = validator();
    for (const schema of Object.values(document.components.schemas)) {
      expect(() => ajv.compile(inDocument(schema))).not.toThrow();
    }
  });

  test('every example fits the schema beside it', () => {
    const ajv = validator();
    let checked = 0;
    for (const { operation } of operations) {
      for (const response of Object.values(operation.responses)) {
        for (const media of Object.values(response.content)) {
          const examples = Object.values(media.examples ?? {}).map((example) => example.value);
          if (media.example !== undefined) examples.push(media.example);
          const fits = ajv.compile(inDocument(media.schema));
          for (const example of examples) {
            expect(fits(example), JSON.stringify(fits.errors)).toBe(true);
            checked += 1;
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(40);
  });

  test('has the version of the package', () => expect(VERSION).toBe(packageJson.version));
});

describe('examples', () => {
  test.each(Object.keys(ANSWER_EXAMPLES) as Exclude<Operation, 'readOpenApi'>[])(
    '%s: the answer survives its schema unchanged',
    (operation) => {
      const example = ANSWER_EXAMPLES[operation];
      expect(CONTRACT[operation].answer?.parse(example)).toEqual(example);
    },
  );

  test('bodies are taken', () => {
    for (const [operation, body] of Object.entries(BODY_EXAMPLES)) {
      expect(CONTRACT[operation as Operation].body?.parse(body)).toEqual(body);
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
