import type { PlanAnswer } from '../../core/api/plan-answer.ts';
import type { PublishAnswer } from '../../core/api/policy-answer.ts';
import type { Mode } from '../../core/model/policy.ts';
import { writeEstatePolicy } from '../estate/policy.ts';
import type { Operator } from './operator.ts';
import { eventually, expectHeld, type StepContext } from './steps.ts';

/** Writes the policy in this mode and publishes it with the user's own command. Gives the plan id. */
export async function publishMode(
  author: Operator,
  folder: string,
  mode: Mode,
  context: StepContext,
): Promise<string> {
  writeEstatePolicy(folder, mode);
  context.say(`$ bulkhead publish ${folder}`);
  const accepted = await author.json<PublishAnswer>(['publish', folder]);
  context.say(`${accepted.plan} accepted, policy ${accepted.policyVersion.slice(0, 19)}...`);
  context.note('plan', accepted.plan);
  return accepted.plan;
}

/** Follows the plan to its end and says how many steps came to what. */
export async function finishPublish(
  reader: Operator,
  plan: string,
  context: StepContext,
): Promise<PlanAnswer> {
  const answer = await eventually(
    `${plan} ends`,
    async () => {
      const found = await reader.json<PlanAnswer>(['plans', plan]);
      return ['done', 'failed', 'rejected', 'stale'].includes(found.state) ? found : undefined;
    },
    300_000,
  );
  expectHeld(answer.state === 'done', `${plan} is done`, {
    state: answer.state,
    reason: answer.reason,
  });
  const outcomes: Record<string, number> = {};
  for (const step of answer.report ?? []) {
    outcomes[step.outcome.kind] = (outcomes[step.outcome.kind] ?? 0) + 1;
  }
  const text = Object.entries(outcomes).map(([kind, count]) => `${count} ${kind}`);
  context.say(`${plan} done${text.length > 0 ? `: ${text.join(', ')}` : ', nothing to change'}`);
  context.note('outcomes', outcomes);
  return answer;
}

/** Waits for the change guard, sees the author refused, and lets a second identity approve. */
export async function approveBySecond(
  author: Operator,
  approver: Operator,
  plan: string,
  context: StepContext,
): Promise<void> {
  const waiting = await eventually(`${plan} waits for approval`, async () => {
    const found = await author.json<PlanAnswer>(['plans', plan]);
    expectHeld(found.state !== 'done', 'the plan exceeds the change guard', found.state);
    return found.state === 'waiting-for-approval' ? found : undefined;
  });
  for (const finding of waiting.plan?.guard.filter((one) => one.exceeded && one.segment === '*') ??
    []) {
    context.say(
      `waits: ${finding.changed} of ${finding.members} running workloads change, ` +
        `guard ${finding.limit * 100} %`,
    );
  }
  const refused = await author.run(['approve', plan]);
  expectHeld(refused.code === 3, 'the author may not approve', refused);
  context.say(`${author.name} tried to approve: refused (${refused.stderr.trim().split('\n')[0]})`);
  const approved = await approver.run(['approve', plan, '--why', 'the matrix looks right']);
  expectHeld(approved.code === 0, 'the second identity may approve', approved);
  context.say(`${approver.name} approved`);
}
