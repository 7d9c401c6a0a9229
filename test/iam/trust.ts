import type { Template } from 'aws-cdk-lib/assertions';
import type { IamRecord } from '../../sandbox/iam-record.ts';
import { resourcesOf } from '../infra/synth.ts';
import { listed, nameOf, shortId } from './grants.ts';

interface TrustStatement {
  readonly Principal: Readonly<Record<string, unknown>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** `<role> by <principal>`, with the condition keys if there are any. */
export function trustsOf(template: Template): readonly string[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) => {
    const { Statement } = properties.AssumeRolePolicyDocument as {
      readonly Statement: readonly TrustStatement[];
    };
    return Statement.flatMap(({ Principal, Condition = {} }) => {
      const keys = Object.values(Condition).flatMap(Object.keys).sort();
      const only = keys.length === 0 ? '' : ` if ${keys.join(', ')}`;
      return Object.values(Principal)
        .flatMap(listed)
        .map((principal) => `${shortId(id)} by ${nameOf(principal)}${only}`);
    });
  });
}

/** What the template lets AWS's services run in a role's name; the emulators do not assume roles. */
export function servicesOf(template: Template): readonly string[] {
  const of = (type: string, role: (properties: Record<string, unknown>) => unknown) =>
    resourcesOf(template, type).map(({ properties }) => nameOf(role(properties)));
  return [
    ...of('AWS::Lambda::Function', ({ Role }) => Role).map(
      (role) => `${role} by lambda.amazonaws.com`,
    ),
    ...of('AWS::StepFunctions::StateMachine', ({ RoleArn }) => RoleArn).map(
      // Against the confused deputy, as CDK has it.
      (role) => `${role} by states.amazonaws.com if aws:SourceAccount, aws:SourceArn`,
    ),
    ...of('AWS::Scheduler::Schedule', ({ Target }) => (Target as { RoleArn: unknown }).RoleArn).map(
      (role) => `${role} by scheduler.amazonaws.com`,
    ),
  ];
}

/** Roles that were assumed by others of the stack. */
export function assumptionsOf({ roles, calls }: IamRecord): readonly string[] {
  const shortOf = (name: string | undefined): string =>
    shortId(roles.find((role) => role.name === name)?.logicalId ?? '');
  return calls
    .filter(({ action }) => action === 'sts:AssumeRole')
    .map(({ role, resource }) => `${shortOf(resource.split('/').at(-1))} by ${shortOf(role)}`);
}
