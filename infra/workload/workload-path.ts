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

/**
 * The write path: a FIFO queue with one message group per workload, and the function that works it
 * off. Within a group order holds and nothing runs twice at once; groups do not wait for each other.
 */
export class WorkloadPath extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly workload: BulkheadFunction;

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
    // Puts a workload that must wait back into the queue.
    this.grantWake(this.workload);
  }

  /** May have a workload looked at. */
  grantWake(target: BulkheadFunction): void {
    target.tell('workloadQueue', this.queue.queueUrl);
    grantSend(target, this.queue);
  }
}
