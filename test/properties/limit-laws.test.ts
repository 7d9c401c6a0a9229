import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { ownedGroups } from '../../core/compile/owned-groups.ts';
import type { Inventory, Quotas } from '../../core/model/inventory.ts';
import type { Policy } from '../../core/model/policy.ts';
import { awsReach } from '../../core/reach/aws-reach.ts';
import { applyStep, applySteps, type Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';
import { allowedFlows } from './group-flows.ts';
import { planFor } from './plan-for.ts';
import { routed } from './routed.ts';
import { stillOpen } from './still-open.ts';
import { arbitraryInventory, arbitraryPolicy } from './worlds.ts';

const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) };

/** Nothing of these worlds comes near it. */
const LIMITLESS: Quotas = {
  groupsPerInterface: 100,
  rulesPerGroup: 10_000,
  groupsPerRegion: 10_000,
};

/** Rules in few groups: some segment needs a second or third one in most worlds. */
const tightChange = fc.record({
  inventory: arbitraryInventory().map(routed),
  before: arbitraryPolicy(),
  after: arbitraryPolicy(),
  rulesPerGroup: fc.integer({ min: 1, max: 7 }),
});

const fresh = (inventory: Inventory, quotas: Partial<Quotas>): Estate => ({
  inventory: { ...inventory, quotas: { ...LIMITLESS, ...quotas } },
  ledger: {},
});

function publish(policy: Policy, estate: Estate): Estate {
  return applySteps(estate, planFor(policy, estate).steps);
}

/**
 * For each ordered pair of interfaces the exact traffic that AWS lets through, by family; without those of
 * some workloads.
 */
function reachOf(
  { inventory }: Estate,
  without: ReadonlySet<string> = new Set(),
): Readonly<Record<string, unknown>> {
  const reach = awsReach(inventory);
  const ids = inventory.interfaces.filter((nic) => !without.has(nic.workload)).map(({ id }) => id);
  const pairs = ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => [from, to]));
  return Object.fromEntries(
    pairs.map(([from = '', to = '']) => [`${from} ${to}`, reach.between(from, to)]),
  );
}

/**
 * Workloads in conflict keep what they have, as those do that are blocked: a group of rules, say, or the
 * one that in the other world has those rules, too.
 */
function torn(policy: Policy, { inventory }: Estate): readonly string[] {
  const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
  return desired.memberships
    .filter(({ conflicts }) => conflicts.length > 0)
    .map(({ workload }) => workload);
}

const surplusIn = (estate: Estate): number =>
  ownedGroups(estate.inventory, OWNER).filter((group) => group.name.includes('/rules-')).length;

describe('laws of limits', () => {
  test('spread over more groups, rules allow exactly what they allow in one', () => {
    let [spread, pairs, all] = [0, 0, 0];
    fc.assert(
      fc.property(tightChange, ({ inventory, before, after, rulesPerGroup }) => {
        const first = publish(before, fresh(inventory, { rulesPerGroup }));
        const second = publish(after, first);
        spread += surplusIn(second);
        const roomy = publish(after, publish(before, fresh(inventory, {})));
        expect(surplusIn(roomy)).toBe(0);
        const keepers = new Set([...stillOpen(after, first, second).keys(), ...torn(after, first)]);
        const reach = reachOf(second, keepers);
        expect(reach).toEqual(reachOf(roomy, keepers));
        pairs += Object.keys(reach).length;
        all += Object.keys(reachOf(second)).length;
      }),
      RUNS,
    );
    expect(pairs / all).toBeGreaterThan(0.7);
    expect(spread).toBeGreaterThan(RUNS.numRuns / 2);
  });

  test('no group takes more than the quota, and no rule is lost or doubled', () => {
    fc.assert(
      fc.property(tightChange, ({ inventory, before, after, rulesPerGroup }) => {
        const estate = publish(before, fresh(inventory, { rulesPerGroup }));
        const compile = (quotas: Partial<Quotas>) =>
          compilePolicy({
            policy: after,
            inventory: { ...estate.inventory, quotas: { ...LIMITLESS, ...quotas } },
            ...{ now: NOW, owner: OWNER },
          });
        const { desired, diagnostics } = compile({ rulesPerGroup });
        fc.pre(!diagnostics.some(({ severity }) => severity === 'error'));
        const unspread = compile({}).desired.groups;
        for (const direction of ['ingress', 'egress'] as const) {
          const texts = (groups: typeof unspread) =>
            groups.flatMap((g) =>
              g[direction].map((r) => `${segmentOf(g.key)} ${JSON.stringify(r)}`),
            );
          expect(texts(desired.groups).sort()).toEqual(texts(unspread).sort());
          for (const group of desired.groups) {
            const families = group[direction].map(({ peer }) => peer.kind);
            const four = families.filter((kind) => kind !== 'ipv6' && kind !== 'prefixList').length;
            const lists = families.filter((kind) => kind === 'prefixList').length;
            // The one list of these worlds has room for five IPv4 entries.
            expect(four + 5 * lists).toBeLessThanOrEqual(rulesPerGroup);
            const six = families.filter((kind) => !['ipv4', 'prefixList'].includes(kind)).length;
            expect(six).toBeLessThanOrEqual(rulesPerGroup);
          }
        }
      }),
      RUNS,
    );
  });

  test('every set of groups fits its interface, or the policy is refused or the interface waits', () => {
    const slots = fc.integer({ min: 1, max: 6 });
    let refused = 0;
    fc.assert(
      fc.property(
        tightChange,
        slots,
        ({ inventory, before, rulesPerGroup }, groupsPerInterface) => {
          const { inventory: tight } = fresh(inventory, { rulesPerGroup, groupsPerInterface });
          const { desired, diagnostics } = compilePolicy({
            ...{ policy: before, inventory: tight, now: NOW, owner: OWNER },
          });
          if (diagnostics.some(({ severity }) => severity === 'error')) {
            refused += 1;
            return;
          }
          for (const { owned, interface: id, blocked } of desired.attachments) {
            const nic = tight.interfaces.find((one) => one.id === id);
            const kept = (nic?.groups ?? []).filter((group) =>
              before.settings.keepSecurityGroups.includes(group),
            );
            expect(owned.length + kept.length).toBeLessThanOrEqual(groupsPerInterface);
            const open = owned.filter((key) => key.startsWith('open-egress@')).length;
            const staged = owned.length - open;
            if (staged === 0 || kept.length === nic?.groups.length) continue;
            const crowded = staged + (nic?.groups.length ?? 0) > groupsPerInterface;
            expect([id, blocked?.reason === 'slots']).toEqual([id, crowded]);
          }
        },
      ),
      RUNS,
    );
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(RUNS.numRuns);
  });

  // Revoked early is what had to make room: where one does, the plan says so.
  test('no prefix cuts a flow that is allowed before and after, though rules are spread', () => {
    let moved = 0;
    fc.assert(
      fc.property(tightChange, ({ inventory, before, after, rulesPerGroup }) => {
        const start = publish(before, fresh(inventory, { rulesPerGroup }));
        const plan = planFor(after, start);
        const carried = new Set(start.inventory.interfaces.flatMap((nic) => nic.groups));
        const early = plan.steps.filter(
          (step) =>
            step.id.startsWith('revoke-early:') &&
            carried.has(`sg-${(step as { group: string }).group}`),
        );
        expect(plan.warnings.filter((text) => text.includes('must be revoked before')).length).toBe(
          early.length,
        );
        if (early.length > 0) return;
        const old = allowedFlows(start.inventory);
        const end = applySteps(start, plan.steps);
        moved += surplusIn(end);
        const stays = [...allowedFlows(end.inventory)].filter((flow) => old.has(flow));
        let estate = start;
        for (const step of plan.steps) {
          estate = applyStep(estate, step);
          const now = allowedFlows(estate.inventory);
          const cut = stays.filter((flow) => !now.has(flow));
          expect({ step: step.id, cut }).toEqual({ step: step.id, cut: [] });
        }
      }),
      RUNS,
    );
    expect(moved).toBeGreaterThan(RUNS.numRuns / 4);
  });
});

const segmentOf = (key: string): string => key.replace(/^surplus:(.+):\d+@/, 'segment:$1@');
