import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trafficTexts } from '../../core/api/traffic-text.ts';
import { type Comparison, compareEstate } from '../../core/check/compare.ts';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { groupsByKey } from '../../core/compile/owned-groups.ts';
import type { Plan } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import { applySteps, type Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';
import { planFor } from './plan-for.ts';
import { routed } from './routed.ts';
import { stillOpen } from './still-open.ts';
import { arbitraryInventory, arbitraryPolicy } from './worlds.ts';

/** Worlds compared in one run; `npm run test:soak` asks for 200,000. A failing run prints its seed. */
const WORLDS = Number(process.env.AGREEMENT_WORLDS ?? 2_000);

interface Published {
  readonly estate: Estate;
  /** Workloads that the plan could not bring to what the policy says, and why. */
  readonly blocked: ReadonlyMap<string, string>;
}

function publish(policy: Policy, before: Estate): Published {
  const plan = planFor(policy, before);
  const estate = applySteps(before, plan.steps);
  return { estate, blocked: new Map([...toldBlocked(plan), ...stillOpen(policy, before, estate)]) };
}

/** Who the plan says is blocked; it names five of those with one reason. */
function toldBlocked({ warnings }: Plan): readonly (readonly [string, string])[] {
  return warnings.flatMap((warning) => {
    const [who = '', why] = warning.split(' blocked: ');
    if (why === undefined) return [];
    return [...who.matchAll(/\bi-h\d+\b/g)].map(([id]) => [id, why] as const);
  });
}

function compare(policy: Policy, { estate: { inventory }, blocked }: Published): Comparison {
  const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
  const ids = [...groupsByKey(inventory, OWNER)].map(([key, group]) => [key, group.id] as const);
  return compareEstate({
    policy,
    inventory,
    memberships: desired.memberships,
    groupIds: Object.fromEntries(ids),
    now: NOW,
    excused: blocked,
  });
}

/** What a person needs to see of a disagreement. */
function told({ holes, cuts }: Comparison): readonly string[] {
  return [...holes, ...cuts].map(
    ({ kind, from, to, family, traffic }) =>
      `${kind} ${from} -> ${to} ${family} ${trafficTexts(traffic).join(' ')}`,
  );
}

describe('the two answers to "may A reach B?"', () => {
  test(`agree on ${WORLDS} random worlds, after one policy and after the next`, () => {
    let pairs = 0;
    let excused = 0;
    const change = fc.record({
      inventory: arbitraryInventory().map(routed),
      before: arbitraryPolicy(),
      after: arbitraryPolicy(),
    });
    fc.assert(
      fc.property(change, ({ inventory, before, after }) => {
        const first = publish(before, { inventory, ledger: {} });
        const one = compare(before, first);
        expect(told(one)).toEqual([]);
        const two = compare(after, publish(after, first.estate));
        expect(told(two)).toEqual([]);
        pairs += one.pairs + two.pairs;
        excused += one.count.excused + two.count.excused;
      }),
      // Each run compares two worlds.
      { numRuns: Math.ceil(WORLDS / 2) },
    );
    expect(pairs).toBeGreaterThan(WORLDS);
    // An excuse that swallows everything would prove nothing.
    expect(excused / pairs).toBeLessThan(0.05);
  });
});
