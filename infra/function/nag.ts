import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Answers findings of cdk-nag on a construct and everything below it, with the reason. */
export function answer(construct: Construct, findings: readonly string[], reason: string): void {
  for (const id of findings) Validations.of(construct).acknowledge({ id, reason });
}

/**
 * Answers the finding that a statement names more than one resource. cdk-nag wants each such
 * resource by itself, so that a wildcard that comes later is found again.
 */
export function answerWildcards(
  construct: Construct,
  resources: readonly string[],
  reason: string,
): void {
  const stack = Stack.of(construct);
  answer(
    construct,
    resources.map((arn) => `AwsSolutions-IAM5[Resource::${flatten(stack.resolve(arn))}]`),
    reason,
  );
}

/** A resolved token as cdk-nag writes it: `<LogicalId.Attribute>` for a reference. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = []] = Object.entries(value);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`;
  if (name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
    return argument[1].map(flatten).join(String(argument[0]));
  }
  return JSON.stringify(value);
}
