import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { BulkheadStack } from '../../infra/bulkhead-stack.ts';
import { readSettings } from '../../infra/settings.ts';

export interface Synthesised {
  readonly stack: BulkheadStack;
  readonly template: Template;
}

/** As the CLI reads it: feature flags decide what constructs make. */
const cdkJson: { readonly context: Record<string, unknown> } = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
);

/** The stack without its code: bundling has a test of its own (bundle.test.ts). */
export function synthesise(context: Record<string, string> = {}): Synthesised {
  const app = new App({
    context: { ...cdkJson.context, ...context, 'aws:cdk:bundling-stacks': [] },
  });
  const settings = readSettings(app.node);
  const stack = new BulkheadStack(app, settings.stack, settings);
  return { stack, template: Template.fromStack(stack) };
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Record<string, unknown>;
}

export function resourcesOf(template: Template, type?: string): readonly Resource[] {
  const all: Record<string, { Type: string; Properties?: Record<string, unknown> }> =
    template.toJSON().Resources;
  return Object.entries(all)
    .filter(([, resource]) => type === undefined || resource.Type === type)
    .map(([id, resource]) => ({ id, type: resource.Type, properties: resource.Properties ?? {} }));
}

export interface Statement {
  /** Logical id of the role, or of the resource whose policy it is. */
  readonly of: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** As JSON, references and all. */
  readonly resources: readonly string[];
  readonly condition: unknown;
}

interface Policy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource?: unknown;
    readonly Condition?: unknown;
  }[];
}

/** Every statement that gives a role of the template something. */
export function statementsOf(template: Template): readonly Statement[] {
  const attached = resourcesOf(template, 'AWS::IAM::Policy').flatMap(({ properties }) => {
    const roles = properties.Roles as readonly { readonly Ref: string }[];
    return roles.flatMap(({ Ref }) => toStatements(Ref, properties.PolicyDocument as Policy));
  });
  const inline = resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
    ((properties.Policies ?? []) as readonly { readonly PolicyDocument: Policy }[]).flatMap(
      ({ PolicyDocument }) => toStatements(id, PolicyDocument),
    ),
  );
  return [...attached, ...inline];
}

function toStatements(of: string, policy: Policy): Statement[] {
  return policy.Statement.map((statement) => ({
    of,
    effect: statement.Effect,
    actions: listed(statement.Action).map(String),
    resources: listed(statement.Resource).map((resource) => JSON.stringify(resource)),
    condition: statement.Condition,
  }));
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
