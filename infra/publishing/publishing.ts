import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { BulkheadFunction, grantEstateRead } from '../function/bulkhead-function.ts';
import { answerWildcards } from '../function/nag.ts';
import { publishStates } from './publish-states.ts';

/**
 * Publishing: a state machine that carries a plan through its phases, one call of the function
 * `publish` a step. Each step looks at what exists first, so any of them may run again.
 */
export class Publishing extends Construct {
  readonly publish: BulkheadFunction;
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.publish = new BulkheadFunction(this, 'Publish', {
      entry: 'publish',
      description: 'one step of a plan: prepare, create, set the phase, check, revoke, delete',
      memoryMiB: 2048,
      // Rules are written at 5 a second in the long run (AuthorizeSecurityGroup*, bucket 50).
      timeout: Duration.minutes(15),
    });
    grantEstateRead(this.publish.functionRole);
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(publishStates(this, this.publish)),
      comment: 'Bulkhead: carries a plan through its phases',
      // The wait for an approval, and a day for the work itself.
      timeout: Duration.days(8),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'MachineLog', {
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: true,
      },
    });
    answerWildcards(
      this.machine,
      [`${this.publish.functionArn}:*`, '*'],
      'versions of the one function, and the log delivery and X-Ray calls that take no resource',
    );
  }

  /** May start a publish. */
  grantStart(target: BulkheadFunction): void {
    target.tell('publishMachine', this.machine.stateMachineArn);
    this.machine.grantStartExecution(target.functionRole);
  }

  /** May see whether an execution is still alive, and start another one for its plan. */
  grantResume(target: BulkheadFunction): void {
    this.grantStart(target);
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.machine.stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    target.functionRole.addToPolicy(
      new PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] }),
    );
    answerWildcards(
      target.functionRole,
      [executions],
      'executions of the one state machine; their names are plan ids, known at run time',
    );
  }

  /** May answer a plan that waits for approval. */
  grantDecide(target: BulkheadFunction): void {
    target.functionRole.addToPolicy(
      new PolicyStatement({
        sid: 'AnswerTheWait',
        actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'],
        resources: [this.machine.stateMachineArn],
      }),
    );
  }
}
