import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface EventRule {
  readonly id: string;
  readonly description: string;
  readonly pattern: EventPattern;
}

export interface EventRulesProps {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly ownRoles: readonly string[];
}

/** The rules on the default bus, each as narrow as what `route` makes something of. */
export function addEventRules(scope: Construct, props: EventRulesProps): readonly EventRule[] {
  const rules = eventRules(props.ownRoles);
  for (const { id, description, pattern } of rules) {
    new Rule(scope, id, {
      description: `Bulkhead: ${description}`,
      eventPattern: pattern,
      targets: [
        new SqsQueue(props.queue, {
          deadLetterQueue: props.deadLetters,
          // An event says "look again"; after an hour the sweep has looked sixty times.
          maxEventAge: Duration.hours(1),
          retryAttempts: 20,
        }),
      ],
    });
  }
  return rules;
}

function eventRules(ownRoles: readonly string[]): readonly EventRule[] {
  return [
    {
      id: 'InstanceStates',
      description: 'instances that start and end',
      pattern: {
        source: ['aws.ec2'],
        detailType: ['EC2 Instance State-change Notification'],
        // An instance has its interfaces from `pending` on, so it can be in its segment before it
        // serves; `stopping` and `shutting-down` change nothing.
        detail: { state: ['pending', 'running', 'stopped', 'terminated'] },
      },
    },
    {
      id: 'Tags',
      description: 'tags of instances and interfaces',
      pattern: {
        source: ['aws.tag'],
        detailType: ['Tag Change on Resource'],
        detail: { service: ['ec2'], 'resource-type': ['instance', 'network-interface'] },
      },
    },
    {
      id: 'Tasks',
      description: 'ECS tasks that start and end',
      pattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { lastStatus: ['RUNNING', 'STOPPED'] },
      },
    },
    {
      id: 'Scaling',
      description: 'Auto Scaling, whose tags may come after the instance',
      pattern: {
        source: ['aws.autoscaling'],
        detailType: [
          'EC2 Instance-launch Lifecycle Action',
          'EC2 Instance-terminate Lifecycle Action',
          'EC2 Instance Launch Successful',
          'EC2 Instance Terminate Successful',
        ],
      },
    },
    {
      id: 'HandEdits',
      description: 'groups of an interface changed by somebody else (needs a CloudTrail trail)',
      pattern: {
        source: ['aws.ec2'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['ec2.amazonaws.com'],
          eventName: ['ModifyNetworkInterfaceAttribute'],
          errorCode: [{ exists: false }],
          // A user without a session has no issuer at all, and anything-but needs the field.
          $or: [
            { userIdentity: { sessionContext: { sessionIssuer: { arn: [{ exists: false }] } } } },
            {
              userIdentity: {
                sessionContext: { sessionIssuer: { arn: [{ 'anything-but': [...ownRoles] }] } },
              },
            },
          ],
        },
      },
    },
  ];
}
