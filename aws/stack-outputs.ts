import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/**
 * Outputs of a CloudFormation stack by key, with the caller's own credentials; undefined when there
 * is no such stack. CloudFormation says that with a ValidationError, which it also uses for a bad
 * name; both mean the same here (API reference, "DescribeStacks").
 */
export async function readStackOutputs(
  stack: string,
  client: CloudFormationClient = new CloudFormationClient({}),
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks?.[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.flatMap(({ OutputKey, OutputValue }) =>
        OutputKey === undefined || OutputValue === undefined ? [] : [[OutputKey, OutputValue]],
      ),
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  }
}
