import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BulkheadFunction } from '../function/bulkhead-function.ts';
import { answer } from '../function/nag.ts';
import { addEventRules, type EventRule } from './event-rules.ts';

export interface EventIntakeProps {
  /** ARNs of the write roles: what they did is not news. */
  readonly ownRoles: readonly string[];
}

const ROUTE_TIMEOUT = Duration.seconds(30);

/**
 * From AWS's own events to one message per workload: EventBridge rules, a standard queue and the
 * function `route`. What cannot be delivered or keeps failing ends in `deadLetters`; what cannot be
 * read is sent to `rejected` with the reason.
 */
export class EventIntake extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly rejected: Queue;
  readonly route: BulkheadFunction;
  readonly rules: readonly EventRule[];

  constructor(scope: Construct, id: string, props: EventIntakeProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.rejected = new Queue(this, 'Rejected', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    answer(this.rejected, ['AwsSolutions-SQS3'], 'is itself where unreadable messages end');
    this.queue = new Queue(this, 'Events', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's time-out, as AWS advises for event source mappings.
      visibilityTimeout: ROUTE_TIMEOUT.plus(Duration.seconds(150)),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    this.rules = addEventRules(this, {
      queue: this.queue,
      deadLetters: this.deadLetters,
      ownRoles: props.ownRoles,
    });
    this.route = new BulkheadFunction(this, 'Route', {
      entry: 'route',
      description: 'reads events and sends one message per workload',
      memoryMiB: 512,
      timeout: ROUTE_TIMEOUT,
    });
    this.route.workOff(this.queue, 20);
    this.grantReject(this.route);
  }

  /** May send what it cannot read to `rejected`. */
  grantReject(target: BulkheadFunction): void {
    target.tell('deadLetterQueue', this.rejected.queueUrl);
    grantSend(target, this.rejected);
  }
}

/**
 * SendMessage and its batch form. AWS asks for sqs:SendMessage in both cases; other implementations
 * of SQS ask for the batch action by its own name, and on AWS the wildcard matches nothing more.
 */
export function grantSend(target: BulkheadFunction, queue: Queue): void {
  target.functionRole.addToPolicy(
    new PolicyStatement({ actions: ['sqs:SendMessage*'], resources: [queue.queueArn] }),
  );
  answer(
    target.functionRole,
    ['AwsSolutions-IAM5[Action::sqs:SendMessage*]'],
    'SendMessage and SendMessageBatch on one queue; there is no other action of that prefix',
  );
}
