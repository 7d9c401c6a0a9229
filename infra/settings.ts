import type { Node } from 'constructs';

/** What a deployer may choose, by CDK context (`cdk deploy -c stack=Bulkhead2`). */
export interface Settings {
  /** Name of the stack; also the value of the tag `bulkhead:owner`. Context `stack`. */
  readonly stack: string;
  /**
   * The tag of the VPCs in which groups may be created, as `key=value` in context `managedVpcTag`.
   * It is the IAM side of `settings.vpcs.tags` in policies/root.yaml and has to name a tag that
   * every managed VPC carries.
   */
  readonly managedVpcTag: { readonly key: string; readonly value: string };
}

/** As CloudFormation has it: letters, digits and hyphens, first a letter, at most 128. */
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** Throws with what was seen and what to change. */
export function readSettings(node: Node): Settings {
  const stack = String(node.tryGetContext('stack') ?? 'Bulkhead');
  if (!STACK_NAME.test(stack)) {
    throw new Error(`context \`stack\` is \`${stack}\`; use letters, digits and hyphens`);
  }
  const tag = String(node.tryGetContext('managedVpcTag') ?? 'segmentation=bulkhead');
  const split = tag.indexOf('=');
  if (split < 1 || split === tag.length - 1) {
    throw new Error(`context \`managedVpcTag\` is \`${tag}\`; write it as \`key=value\``);
  }
  return { stack, managedVpcTag: { key: tag.slice(0, split), value: tag.slice(split + 1) } };
}
