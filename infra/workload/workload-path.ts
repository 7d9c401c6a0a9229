import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
} from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { grantSend } from '../events/event-intake.ts';
import { BulkheadFunction, grantWorkloadRead } from '../function/bulkhead-function.ts';

const WORKLOAD_TIMEOUT = Duration.seconds(30);
const WAKE_TIMEOUT = Duration.seconds(30);

/**
 * The write path: a FIFO queue with one message group per workload, and the function that works it
 * off. Within a group order holds and nothing runs twice at once; groups do not wait for each other.
 *
 * A FIFO queue delays no single message, and what it hands out too often ends as a dead letter. So a
 * workload that must wait is parked in the table, and a reminder in the standard queue `parked` comes
 * out when it is due; `wake` then sends a new message for it.
 */
export class WorkloadPath extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly workload: BulkheadFunction;
  readonly parked: Queue;
  readonly parkedDeadLetters: Queue;
  readonly wake: BulkheadFunction;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      fifo: true,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, 'Workloads', {
      fifo: true,
      contentBasedDeduplication: false,
      // High-throughput mode: deduplication and limits per group, not per queue.
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // After a crash the group waits this long, so it is short: twice the function's time-out,
      // which leaves the poller time for a throttled invocation (maxConcurrency makes it rare).
      visibilityTimeout: WORKLOAD_TIMEOUT.plus(WORKLOAD_TIMEOUT),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 10 },
    });
    this.workload = new BulkheadFunction(this, 'Workload', {
      entry: 'workload',
      description: 'decides what groups a workload carries and makes it so',
      // Memory buys CPU: a decision with a large policy loaded is CPU work.
      memoryMiB: 1024,
      timeout: WORKLOAD_TIMEOUT,
    });
    // EC2 lets us write 5 interfaces a second in the long run (ModifyNetworkInterfaceAttribute,
    // bucket 100, refill 5), so more hands would only wait.
    this.workload.workOff(this.queue, 25);
    // A message whose workload must wait comes again when the function says so.
    this.workload.functionRole.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:ChangeMessageVisibility'],
        resources: [this.queue.queueArn],
      }),
    );
    grantWorkloadRead(this.workload.functionRole);
    this.parkedDeadLetters = new Queue(this, 'ParkedDeadLetters', {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.parked = new Queue(this, 'Parked', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's time-out, as AWS advises for event source mappings.
      visibilityTimeout: WAKE_TIMEOUT.plus(Duration.seconds(150)),
      deadLetterQueue: { queue: this.parkedDeadLetters, maxReceiveCount: 5 },
    });
    this.wake = new BulkheadFunction(this, 'Wake', {
      entry: 'wake',
      description: 'sends a message for each parked workload whose turn has come',
      memoryMiB: 512,
      timeout: WAKE_TIMEOUT,
    });
    // Five workloads a second fall due in the long run.
    this.wake.workOff(this.parked, 5);
    this.grantWake(this.wake);
    // One that parks; one that hands on what is due later than SQS can wait.
    for (const target of [this.workload, this.wake]) this.grantPark(target);
  }

  private grantPark(target: BulkheadFunction): void {
    target.tell('parkedQueue', this.parked.queueUrl);
    grantSend(target, this.parked);
  }

  /** May have a workload looked at. */
  grantWake(target: BulkheadFunction): void {
    target.tell('workloadQueue', this.queue.queueUrl);
    grantSend(target, this.queue);
  }
}
