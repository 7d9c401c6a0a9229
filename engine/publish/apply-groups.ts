import type { DesiredRule } from '../../core/model/desired-state.ts';
import type { GroupRule, SecurityGroup } from '../../core/model/inventory.ts';
import type {
  AuthorizeStep,
  CreateGroupStep,
  DeleteGroupStep,
  Outcome,
  RevokeStep,
  StepReport,
} from '../../core/model/plan.ts';
import { ruleKey } from '../../core/plan/rule-keys.ts';
import { type BackOff, withBackOff } from '../back-off.ts';
import {
  codeOf,
  isAlreadyThere,
  isDependency,
  isGroupMissing,
  isIncorrectState,
  isNotThere,
  isNotYetVisible,
  isThrottling,
  isTransient,
} from '../ec2-errors.ts';
import type { Ports, ResolvedRule, WriteAction } from '../ports.ts';
import { drawToken, slowDown } from '../write-budget.ts';
import { type OwnedGroups, type PlanContext, readOwned } from './plan-context.ts';

/** What is over soon by itself. */
const GROUP_WRITE: BackOff = { attempts: 8, delayMsFirst: 200, delayMsMax: 5_000 };

/**
 * How long one write waits for its token in place. In the long run a token comes every 223 ms, so this
 * is over only while EC2 keeps refusing. A step has 15 minutes (infra/publishing/publishing.ts), and
 * goes on from what exists when Step Functions starts it again.
 */
const TOKEN_WAIT_MS_MAX = 180_000;

/** No token for a group write came in time: EC2 is refusing this action. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget';
}

/** A duplicate or an absent rule says that our reading was old: read, compare, write again. */
const DIFFERENCES_MAX = 4;

export type GroupStep = CreateGroupStep | AuthorizeStep | RevokeStep | DeleteGroupStep;

/** What the steps of one phase work with; the owned groups are read again where they may be old. */
export class GroupHand {
  readonly #ports: Ports;
  readonly #context: PlanContext;
  #owned: OwnedGroups | undefined;

  constructor(ports: Ports, context: PlanContext) {
    this.#ports = ports;
    this.#context = context;
  }

  async owned(): Promise<OwnedGroups> {
    this.#owned ??= await readOwned(this.#ports, this.#context.inventory);
    return this.#owned;
  }

  async ownedAgain(): Promise<OwnedGroups> {
    this.#owned = undefined;
    return await this.owned();
  }

  /**
   * Carries out one step, from what exists now: a step that a run before has done is `not-needed`.
   * An error becomes an outcome, so that independent steps go on.
   */
  async carryOut(step: GroupStep, protects?: (rule: GroupRule) => boolean): Promise<StepReport> {
    const report = (outcome: Outcome): StepReport => ({
      step: step.id,
      phase: step.phase,
      outcome,
    });
    try {
      if (step.kind === 'create-group') return report(await this.#create(step));
      if (step.kind === 'authorize') return report(await this.#authorize(step));
      if (step.kind === 'revoke') return report(await this.#revoke(step, protects));
      return report(await this.#delete(step));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#ports.signal.event('step-failed', {
        step: step.id,
        error: codeOf(error),
        reason: text,
      });
      return report({ kind: 'failed', error: text, code: codeOf(error) });
    }
  }

  async #create(step: CreateGroupStep): Promise<Outcome> {
    const owned = await this.owned();
    if (owned.byKey.has(step.group)) return { kind: 'not-needed' };
    const { vpc, name, description } = step;
    await this.#call('CreateSecurityGroup', () =>
      this.#ports.writer.createGroup({ key: step.group, vpc, name, description }),
    );
    // The next step finds it in a fresh reading.
    this.#owned = undefined;
    return { kind: 'added' };
  }

  async #authorize(step: AuthorizeStep): Promise<Outcome> {
    for (let attempt = 0; attempt < DIFFERENCES_MAX; attempt += 1) {
      const owned = attempt === 0 ? await this.owned() : await this.ownedAgain();
      const group = await this.#find(step.group);
      if (group === undefined) return absent(step.group);
      const have = new Set(group[step.direction].map((rule) => ruleKey(rule, owned.keysById)));
      const missing = step.rules.filter((rule) => !have.has(ruleKey(rule, owned.keysById)));
      if (missing.length === 0) return { kind: attempt === 0 ? 'not-needed' : 'added' };
      const rules = resolveRules(missing, owned);
      if (typeof rules === 'string') return absent(rules);
      try {
        const action = AUTHORIZE[step.direction];
        await this.#call(action, () =>
          this.#ports.writer.authorize(group.id, step.direction, rules),
        );
        return { kind: 'added' };
      } catch (error) {
        // A peer that was made a moment ago may not be visible everywhere yet.
        if (isNotYetVisible(error)) await this.#ports.clock.sleep(200 * 2 ** attempt);
        else if (!isAlreadyThere(error)) throw error;
      }
    }
    return { kind: 'waiting', reason: 'the rules of the group change under our hands' };
  }

  async #revoke(step: RevokeStep, protects?: (rule: GroupRule) => boolean): Promise<Outcome> {
    const wanted = protects === undefined ? step.rules : step.rules.filter((r) => !protects(r));
    const spared = step.rules.length - wanted.length;
    const blocked: Outcome = {
      kind: 'blocked',
      reason: `${spared} of ${step.rules.length} rules stay: an interface that is not where the plan wants it may live on them`,
    };
    if (wanted.length === 0 && spared > 0) return blocked;
    for (let attempt = 0; attempt < DIFFERENCES_MAX; attempt += 1) {
      const owned = attempt === 0 ? await this.owned() : await this.ownedAgain();
      // EC2's own rule must be off a group that was made a moment ago, before anybody carries it.
      const isNew = step.phase === 'create';
      const group = isNew ? await this.#find(step.group) : owned.byKey.get(step.group);
      if (group === undefined) return isNew ? absent(step.group) : { kind: 'not-needed' };
      const keys = new Set(wanted.map((rule) => ruleKey(rule, owned.keysById)));
      const there = group[step.direction].filter((rule) => keys.has(ruleKey(rule, owned.keysById)));
      if (there.length === 0) return attempt === 0 ? { kind: 'not-needed' } : { kind: 'removed' };
      try {
        const action = REVOKE[step.direction];
        await this.#call(action, () => this.#ports.writer.revoke(group.id, step.direction, there));
        return spared > 0 ? blocked : { kind: 'removed' };
      } catch (error) {
        if (!isNotThere(error)) throw error;
      }
    }
    return { kind: 'waiting', reason: 'the rules of the group change under our hands' };
  }

  async #delete(step: DeleteGroupStep): Promise<Outcome> {
    const owned = await this.owned();
    if (!owned.ids.includes(step.groupId)) return { kind: 'not-needed' };
    // EC2 lets a group go that is named in a peered VPC, and leaves the rule behind.
    if (isNamed(step.groupId, owned)) return STILL_NAMED;
    try {
      await this.#call('DeleteSecurityGroup', () => this.#ports.writer.deleteGroup(step.groupId));
      return { kind: 'removed' };
    } catch (error) {
      if (isGroupMissing(error)) return { kind: 'not-needed' };
      if (!isDependency(error)) throw error;
      return STILL_NAMED;
    }
  }

  /** A group made a moment ago may not be in the reading yet. */
  async #find(key: string): Promise<SecurityGroup | undefined> {
    for (let attempt = 0; attempt < DIFFERENCES_MAX; attempt += 1) {
      const found = (await this.owned()).byKey.get(key);
      if (found !== undefined) return found;
      await this.#ports.clock.sleep(200 * 2 ** attempt);
      await this.ownedAgain();
    }
    return undefined;
  }

  /** Every attempt draws a token: a refused one was counted by EC2 too. */
  async #call<T>(action: WriteAction, write: () => Promise<T>): Promise<T> {
    return await withBackOff(this.#ports, GROUP_WRITE, isWorthRepeating, async () => {
      await this.#waitForToken(action);
      try {
        return await write();
      } catch (error) {
        if (isThrottling(error)) {
          this.#ports.signal.event('throttled', { plan: this.#context.plan.id, action });
          await this.#ports.store.count({ throttled: 1 });
          await slowDown(this.#ports, action);
        }
        throw error;
      }
    });
  }

  async #waitForToken(action: WriteAction): Promise<void> {
    const startedMs = this.#ports.clock.now();
    let placeMs: number | undefined;
    for (;;) {
      const draw = await drawToken(this.#ports, { action, purpose: 'ordinary', placeMs });
      if (draw.kind === 'granted') return;
      placeMs = draw.untilMs;
      const waitMs = placeMs - this.#ports.clock.now();
      if (placeMs - startedMs > TOKEN_WAIT_MS_MAX) {
        throw new OverBudget(
          `the next token for ${action} comes in ${Math.ceil(waitMs / 1_000)} s`,
        );
      }
      await this.#ports.clock.sleep(waitMs);
    }
  }
}

const AUTHORIZE = {
  ingress: 'AuthorizeSecurityGroupIngress',
  egress: 'AuthorizeSecurityGroupEgress',
} as const;
const REVOKE = {
  ingress: 'RevokeSecurityGroupIngress',
  egress: 'RevokeSecurityGroupEgress',
} as const;

const STILL_NAMED: Outcome = {
  kind: 'waiting',
  reason: 'an interface or a rule still refers to the group',
};

/** Whether a rule of another owned group names it. */
function isNamed(groupId: string, { byKey }: OwnedGroups): boolean {
  return [...byKey.values()].some(
    ({ id, ingress, egress }) =>
      id !== groupId &&
      [...ingress, ...egress].some(({ peer }) => peer.kind === 'group' && peer.id === groupId),
  );
}

function isWorthRepeating(error: unknown): boolean {
  return isThrottling(error) || isIncorrectState(error) || isTransient(error);
}

function absent(key: string): Outcome {
  return { kind: 'failed', error: `group ${key} does not exist`, code: 'InvalidGroup.NotFound' };
}

/** Rules with ids for keys; a text: the key of a group that does not exist. */
export function resolveRules(
  rules: readonly DesiredRule[],
  owned: OwnedGroups,
): readonly ResolvedRule[] | string {
  const resolved: ResolvedRule[] = [];
  for (const rule of rules) {
    const { peer } = rule;
    if (peer.kind !== 'owned') {
      resolved.push({ ...rule, peer });
      continue;
    }
    const id = owned.byKey.get(peer.key)?.id;
    if (id === undefined) return peer.key;
    resolved.push({ ...rule, peer: { kind: 'group', id } });
  }
  return resolved;
}
