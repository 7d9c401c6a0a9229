import type { Template } from 'aws-cdk-lib/assertions';
import type { RoleStatement } from '../../sandbox/iam-record.ts';
import { resourcesOf } from '../infra/synth.ts';

/** One thing that a role may do, and could be made to do without. */
export interface Grant {
  /** As exemptions name it: role, what, and on what, all from the template. */
  readonly name: string;
  /** Logical id of the role. */
  readonly role: string;
  /** Index of the statement among those of the role. */
  readonly statement: number;
  /** `managed`: a policy of AWS's own, as a whole. */
  readonly kind: 'action' | 'resource' | 'managed';
  /** Index within the statement's list of actions or resources, or the role's of policies. */
  readonly at: number;
}

/** A condition of a statement: narrows it by one key. */
export interface Narrowing {
  readonly name: string;
  readonly role: string;
  readonly statement: number;
  readonly operator: string;
  readonly key: string;
}

interface TemplateStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What the template gives to a role, in the order in which IAM will hold it. */
export interface TemplateRole {
  readonly id: string;
  readonly statements: readonly TemplateStatement[];
  readonly managed: readonly string[];
}

/** Every role of the template with its own policies. Throws where a policy has a shape of its own. */
export function rolesOf(template: Template): readonly TemplateRole[] {
  const attached = resourcesOf(template, 'AWS::IAM::Policy');
  return resourcesOf(template, 'AWS::IAM::Role').map(({ id, properties }) => {
    const inline = (properties.Policies ?? []) as { PolicyDocument: Document }[];
    const own = attached.filter((policy) => refersTo(policy.properties.Roles, id));
    const documents = [
      ...inline.map((policy) => policy.PolicyDocument),
      ...own.map((policy) => policy.properties.PolicyDocument as Document),
    ];
    const statements = documents.flatMap((document) => document.Statement);
    if (statements.some(({ Effect }) => Effect !== 'Allow')) {
      throw new Error(`${id} has a statement that does not allow; the replay does not read it`);
    }
    const managed = (properties.ManagedPolicyArns ?? []) as unknown[];
    return { id, statements, managed: managed.map(nameOf) };
  });
}

interface Document {
  readonly Statement: readonly TemplateStatement[];
}

function refersTo(roles: unknown, id: string): boolean {
  return (roles as readonly { readonly Ref: string }[]).some(({ Ref }) => Ref === id);
}

/** Actions, resources where a statement lists several, and policies of AWS's own. */
export function grantsOf(role: TemplateRole): readonly Grant[] {
  const managed = role.managed.map(
    (policy, at): Grant => ({
      name: `${shortId(role.id)}: managed policy ${policy}`,
      role: role.id,
      statement: -1,
      kind: 'managed',
      at,
    }),
  );
  return [
    ...managed,
    ...role.statements.flatMap((one, index) => statementGrants(role, one, index)),
  ];
}

function statementGrants(
  role: TemplateRole,
  one: TemplateStatement,
  statement: number,
): readonly Grant[] {
  const actions = listed(one.Action).map(String);
  const resources = listed(one.Resource).map(nameOf);
  const keys = Object.values(one.Condition ?? {}).flatMap(Object.keys);
  const only = keys.length === 0 ? '' : ` (by ${keys.join(', ')})`;
  const of = (kind: Grant['kind'], at: number, what: string): Grant => ({
    name: `${shortId(role.id)}: ${what}${only}`,
    role: role.id,
    statement,
    kind,
    at,
  });
  const byAction = actions.map((action, at) =>
    of('action', at, `${action} on ${resources.join(', ')}`),
  );
  if (resources.length < 2) return byAction;
  const byResource = resources.map((resource, at) =>
    of('resource', at, `${resource} for ${actions.join(', ')}`),
  );
  return [...byAction, ...byResource];
}

/** Conditions, one for each operator and key. */
export function narrowingsOf(role: TemplateRole): readonly Narrowing[] {
  return role.statements.flatMap((one, statement) =>
    Object.entries(one.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.keys(keys).map((key) => ({
        name: `${shortId(role.id)}: ${operator} ${key} for ${listed(one.Action).join(', ')}`,
        role: role.id,
        statement,
        operator,
        key,
      })),
    ),
  );
}

/**
 * The role's statements without this one action or resource; a statement left empty is gone. A
 * policy of AWS's own is none of them, so the replay never sees it used.
 */
export function without(
  statements: readonly RoleStatement[],
  { statement, kind, at }: Grant,
): readonly RoleStatement[] {
  const field = kind === 'action' ? 'Action' : 'Resource';
  return statements.flatMap((one, index) => {
    if (index !== statement) return [one];
    const left = listed(one[field]).filter((_, position) => position !== at) as string[];
    return left.length === 0 ? [] : [{ ...one, [field]: left }];
  });
}

/** The role's statements with this one condition gone, and so wider. */
export function widened(
  statements: readonly RoleStatement[],
  { statement, operator, key }: Narrowing,
): readonly RoleStatement[] {
  return statements.map((one, index) => {
    if (index !== statement) return one;
    const Condition = Object.fromEntries(
      Object.entries(one.Condition ?? {}).map(([name, keys]) => [
        name,
        name === operator ? omit(keys, key) : keys,
      ]),
    );
    return { ...one, Condition };
  });
}

function omit(keys: Readonly<Record<string, string>>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).filter(([name]) => name !== key));
}

export function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** `WorkloadPathWorkloadRole` of `WorkloadPathWorkloadRole97F74B3D`. */
export function shortId(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}

/** A resource of a statement as people say it: logical ids without hash, ARNs without account. */
export function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as object);
  if (name === 'Ref') return String(argument).startsWith('AWS::') ? '' : shortId(String(argument));
  if (name === 'Fn::GetAtt') return shortId(String((argument as unknown[])[0]));
  if (name === 'Fn::Sub')
    return String(argument)
      .replace(/\$\{AWS::\w+\}/g, '')
      .replace(/^arn::/, '');
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts
      .map(nameOf)
      .join(separator)
      .replace(/^arn::/, '')
      .replace(/:::/, ':');
  }
  throw new Error(`no name for ${JSON.stringify(value)}`);
}
