import { Duration } from 'aws-cdk-lib';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { BulkheadFunction } from '../function/bulkhead-function.ts';

/**
 * Publishes the policies/ that this deploy ships, if nothing was ever published: a deploy never
 * moves a live policy. After that a publish names the version that it replaces.
 */
export class FirstPublish extends Construct {
  readonly handler: BulkheadFunction;
  readonly trigger: Trigger;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.handler = new BulkheadFunction(this, 'Handler', {
      entry: 'first-publish',
      description: 'publishes the shipped policy into an empty store',
      memoryMiB: 512,
      timeout: Duration.minutes(1),
      folder: 'policies',
    });
    this.trigger = new Trigger(this, 'Trigger', {
      handler: this.handler,
      timeout: Duration.minutes(2),
      // Once, when the stack is made: later deploys have no business with the policy.
      executeOnHandlerChange: false,
    });
  }
}
