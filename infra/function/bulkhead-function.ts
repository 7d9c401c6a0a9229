import { type Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ENVIRONMENT, type EnvironmentName } from '../../functions/env.ts';
import { bundleFunction } from './bundle.ts';
import { answer } from './nag.ts';

export const METRIC_NAMESPACE = 'Bulkhead';

export interface BulkheadFunctionProps {
  /** File in functions/, without the ending. */
  readonly entry: string;
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly reservedConcurrency?: number;
  /** A folder that is shipped beside the code. */
  readonly folder?: string;
}

/**
 * A Lambda function as all of ours are: its own role that may write its own log and nothing else, a
 * log group that forgets, one bundled module, no EC2 write ever (design section 5, Roles).
 */
export class BulkheadFunction extends LambdaFunction {
  readonly functionRole: Role;

  constructor(scope: Construct, id: string, props: BulkheadFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Bulkhead, function ${props.entry}: ${props.description}`,
    });
    super(scope, id, {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundleFunction({
        entry: props.entry,
        ...(props.folder === undefined ? {} : { folder: props.folder }),
      }),
      role,
      logGroup,
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        // Dimension of every metric, so that two deployments in one account stay apart.
        POWERTOOLS_SERVICE_NAME: Stack.of(scope).stackName,
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
        [ENVIRONMENT.owner]: Stack.of(scope).stackName,
      },
    });
    this.functionRole = role;
    logGroup.grantWrite(role);
  }

  /** Tells the function about a resource, by the name that functions/env.ts has for it. */
  tell(name: EnvironmentName, value: string): void {
    this.addEnvironment(ENVIRONMENT[name], value);
  }

  /**
   * Is started with the queue's messages, at most so many times at once. CDK's SqsEventSource would
   * grant more: the poller needs these three (Lambda developer guide, "Using Lambda with Amazon SQS",
   * execution role permissions; managed policy AWSLambdaSQSQueueExecutionRole).
   */
  workOff(queue: Queue, maxConcurrency: number): void {
    this.functionRole.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        resources: [queue.queueArn],
      }),
    );
    // The id is SqsEventSource's, so that a stack made with it keeps its mapping.
    this.addEventSourceMapping(`SqsEventSource:${Names.nodeUniqueId(queue.node)}`, {
      eventSourceArn: queue.queueArn,
      // No window: a message waits for nobody.
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
  }
}

/**
 * Reads of a whole estate (aws/reader.ts, collectInventory). EC2, ECS and IAM know no resource-level
 * permission for these actions (service authorization reference), hence the `*`.
 */
export function grantEstateRead(role: Role): void {
  grantReads(role, 'ReadTheEstate', [
    'ec2:DescribeInstances',
    'ec2:DescribeManagedPrefixLists',
    'ec2:DescribeNetworkAcls',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcPeeringConnections',
    'ec2:DescribeVpcs',
    'ec2:GetManagedPrefixListEntries',
    'ecs:DescribeTaskDefinition',
    'ecs:DescribeTasks',
    'ecs:ListClusters',
    'ecs:ListTasks',
    'iam:ListInstanceProfiles',
    'servicequotas:GetServiceQuota',
  ]);
}

/** Reads of one workload, and of the groups that it is to carry. */
export function grantWorkloadRead(role: Role): void {
  grantReads(role, 'ReadAWorkload', [
    'ec2:DescribeInstances',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ecs:DescribeTaskDefinition',
    'ecs:DescribeTasks',
    'iam:GetInstanceProfile',
  ]);
}

function grantReads(role: Role, sid: string, actions: string[]): void {
  role.addToPolicy(new PolicyStatement({ sid, actions, resources: ['*'] }));
  answer(
    role,
    ['AwsSolutions-IAM5[Resource::*]'],
    'EC2, ECS and IAM describe and list calls take no resource in a policy; all are reads',
  );
}
