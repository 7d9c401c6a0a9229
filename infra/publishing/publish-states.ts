import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  Fail,
  type IChainable,
  IntegrationPattern,
  JsonPath,
  Succeed,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

/** How long a plan waits for somebody to decide; then it is rejected, and nothing was written. */
const APPROVAL_WAIT = Duration.days(7);

/**
 * Errors that no repetition mends, by the names that functions/publish.ts throws. Everything else
 * is tried again: each step looks at what exists first, so a repetition is always safe.
 */
const FINAL_ERRORS = ['StalePlan', 'RefusedPlan', 'InvalidInput'];

/** Another plan is writing groups: this one waits for its turn, half an hour if need be. */
const UNDER_WAY = 'PlanUnderWay';

/** Error name with which a rejected plan leaves its wait; aws/machine.ts sends it. */
const REJECTED = 'Rejected';

/** States of one phase that ends with a barrier: set it, then wait until every interface is there. */
interface Barrier {
  readonly enter: LambdaInvoke;
  readonly passed: Choice;
}

/**
 * prepare -> (nothing | wait for approval) -> create -> attach -> barrier -> steady -> barrier ->
 * revoke -> delete -> finish. The input is what the API starts it with (functions/api/machine.ts)
 * and goes unchanged to every step.
 */
export function publishStates(scope: Construct, handler: IFunction): IChainable {
  const states = new PublishStates(scope, handler);
  const prepare = states.step('Prepare', '$.prepare');
  const create = states.step('Create');
  const attach = states.barrier('Attach');
  const steady = states.barrier('Steady');
  const revoke = states.step('Revoke');
  prepare.next(
    new Choice(scope, 'What is to do?')
      .when(Condition.stringEquals('$.prepare.verdict', 'nothing'), new Succeed(scope, 'Nothing'))
      .when(Condition.stringEquals('$.prepare.verdict', 'approval'), states.approval(create))
      .otherwise(create),
  );
  create.next(attach.enter);
  attach.passed.when(Condition.booleanEquals('$.barrier.passed', true), steady.enter);
  steady.passed.when(Condition.booleanEquals('$.barrier.passed', true), revoke);
  revoke.next(states.step('Delete').next(states.step('Finish').next(new Succeed(scope, 'Done'))));
  return prepare;
}

class PublishStates {
  readonly #scope: Construct;
  readonly #handler: IFunction;
  readonly #failure: LambdaInvoke;

  constructor(scope: Construct, handler: IFunction) {
    this.#scope = scope;
    this.#handler = handler;
    this.#failure = this.#invoke('Fail', { error: JsonPath.objectAt('$.error') });
    const failed = new Fail(scope, 'Failed', {
      errorPath: JsonPath.stringAt('$.error.Error'),
      causePath: JsonPath.stringAt('$.error.Cause'),
    });
    retry(this.#failure);
    this.#failure.next(failed);
  }

  /** One call of the function; `result` is where its answer is kept, if it is. */
  step(name: string, result?: string, more: Record<string, unknown> = {}): LambdaInvoke {
    const state = this.#invoke(name, more, result);
    retry(state);
    state.addCatch(this.#failure, { resultPath: '$.error' });
    return state;
  }

  /**
   * Sets the phase, then looks until every interface was read back. How long to wait, and when to
   * stop waiting for interfaces that do not come, the function says (`$.barrier`).
   */
  barrier(name: string): Barrier {
    const enter = this.step(name, '$.barrier');
    const wait = new Wait(this.#scope, `Wait for ${name}`, {
      time: WaitTime.secondsPath('$.barrier.waitSeconds'),
    });
    const check = this.step(`Check${name}`, '$.barrier', {
      barrier: JsonPath.objectAt('$.barrier'),
    });
    const passed = new Choice(this.#scope, `Is ${name} complete?`);
    enter.next(wait.next(check.next(passed)));
    passed.otherwise(wait);
    return { enter, passed };
  }

  /** Asks a person: the token is in the plan's record until somebody answers or the time is up. */
  approval(approved: LambdaInvoke): LambdaInvoke {
    const ask = new LambdaInvoke(this.#scope, 'Ask', {
      lambdaFunction: this.#handler,
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      taskTimeout: Timeout.duration(APPROVAL_WAIT),
      payload: this.#payload('Ask', { token: JsonPath.taskToken }),
      resultPath: '$.decision',
      retryOnServiceExceptions: true,
    });
    const reject = this.step('Reject', undefined, { error: JsonPath.objectAt('$.error') });
    reject.next(new Succeed(this.#scope, 'Rejected'));
    ask.addCatch(reject, { errors: [REJECTED, 'States.Timeout'], resultPath: '$.error' });
    ask.addCatch(this.#failure, { resultPath: '$.error' });
    const decide = this.step('Approve', undefined, { decision: JsonPath.objectAt('$.decision') });
    ask.next(decide.next(approved));
    return ask;
  }

  #invoke(name: string, more: Record<string, unknown>, result?: string): LambdaInvoke {
    return new LambdaInvoke(this.#scope, name, {
      lambdaFunction: this.#handler,
      payloadResponseOnly: true,
      payload: this.#payload(name, more),
      resultPath: result ?? JsonPath.DISCARD,
      // Retries are listed below, all in one place.
      retryOnServiceExceptions: false,
    });
  }

  #payload(name: string, more: Record<string, unknown>): TaskInput {
    return TaskInput.fromObject({
      step: name,
      execution: JsonPath.stringAt('$$.Execution.Id'),
      publish: JsonPath.objectAt('$$.Execution.Input'),
      ...more,
    });
  }
}

function retry(state: LambdaInvoke): void {
  state.addRetry({ errors: FINAL_ERRORS, maxAttempts: 0 });
  state.addRetry({
    errors: [UNDER_WAY],
    interval: Duration.seconds(5),
    backoffRate: 1,
    maxAttempts: 360,
  });
  state.addRetry({
    errors: ['States.ALL'],
    interval: Duration.seconds(1),
    backoffRate: 2,
    maxAttempts: 8,
    maxDelay: Duration.seconds(60),
  });
}
