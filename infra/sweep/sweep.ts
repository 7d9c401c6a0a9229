import { Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BulkheadFunction, grantEstateRead } from '../function/bulkhead-function.ts';
import { answerWildcards } from '../function/nag.ts';

/**
 * Every minute, which is what bounds how long a lost event can go unnoticed. It fits EC2's budget:
 * a sweep reads with pages of 1,000 (AWS: 20 paginated calls a second per action, 100 at once), so
 * even 100,000 interfaces are 100 calls per action, a tenth of what a minute refills.
 */
export const SWEEP_PERIOD = Duration.minutes(1);

export interface SweepProps {
  /** Where a tick goes that Scheduler could not deliver. */
  readonly deadLetters: Queue;
}

/** Scheduler -> sweep: reads everything and wakes what is not as it should be. */
export class Sweep extends Construct {
  readonly sweep: BulkheadFunction;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    this.sweep = new BulkheadFunction(this, 'Sweep', {
      entry: 'sweep',
      description: 'compares the whole estate with what should be and wakes what differs',
      memoryMiB: 2048,
      timeout: Duration.minutes(5),
      // One at a time: a second sweep would only spend the same EC2 budget twice.
      reservedConcurrency: 1,
    });
    // A tick that comes while a sweep runs is dropped; the next one is a minute away.
    this.sweep.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    grantEstateRead(this.sweep.functionRole);
    const caller = new Role(this, 'SchedulerRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      description: 'Bulkhead: EventBridge Scheduler starts the sweep',
    });
    new Schedule(this, 'EveryMinute', {
      description: 'Bulkhead: compares the estate with what should be',
      schedule: ScheduleExpression.rate(SWEEP_PERIOD),
      target: new LambdaInvoke(this.sweep, {
        role: caller,
        deadLetterQueue: props.deadLetters,
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    });
    answerWildcards(
      caller,
      [`${this.sweep.functionArn}:*`],
      'versions of the one function, as the target of Scheduler grants them',
    );
  }

  /** May start a sweep out of turn. */
  grantStart(target: BulkheadFunction): void {
    target.tell('sweepFunction', this.sweep.functionArn);
    target.functionRole.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [this.sweep.functionArn],
      }),
    );
  }
}
