import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../core/compile/compile-policy.ts';
import { matchesZone } from '../../core/compile/guardrail-views.ts';
import { keyOf, ownerOf } from '../../core/compile/owned-groups.ts';
import type { Inventory } from '../../core/model/inventory.ts';
import { PHASES } from '../../core/model/plan.ts';
import type { Policy } from '../../core/model/policy.ts';
import { applyStep, applySteps, type Estate } from './apply-steps.ts';
import { NOW, OWNER } from './builders.ts';
import { PEERS_JOIN, RULES_COME, RULES_GO } from './crossing-world.ts';
import { allowedFlows } from './group-flows.ts';
import { planFor } from './plan-for.ts';
import { arbitraryInventory, arbitraryPolicy, arbitraryWorld } from './worlds.ts';

/** More on request; a failing run prints its seed. */
const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) };

function publish(policy: Policy, estate: Estate): Estate {
  return applySteps(estate, planFor(policy, estate).steps);
}

const fresh = (inventory: Inventory): Estate => ({ inventory, ledger: {} });

/**
 * Only what Bulkhead answers for, in an order that says nothing. In which of a segment's groups a
 * rule stands does not count: rules stay where they are, so that depends on what was there before.
 */
function shape({ inventory, ledger }: Estate): unknown {
  const places = new Map(
    inventory.groups.map((g) => [g.id, ownerOf(g) === OWNER ? placeOf(keyOf(g)) : g.id] as const),
  );
  const rules = (groups: Inventory['groups'], direction: 'ingress' | 'egress') =>
    groups
      .flatMap((group) => group[direction])
      .map((rule) => JSON.stringify([rule.protocol, rule.fromPort, rule.toPort, rule.peer]))
      .sort();
  const byPlace = Map.groupBy(inventory.groups, (group) => places.get(group.id) ?? '');
  return {
    ledger,
    groups: [...byPlace]
      .map(([place, all]) => [place, rules(all, 'ingress'), rules(all, 'egress')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    interfaces: inventory.interfaces.map((nic) => [
      nic.id,
      [...new Set(nic.groups.map((id) => places.get(id) ?? id))].sort(),
    ]),
  };
}

const placeOf = (key: string): string => key.replace(/^surplus:(.+):\d+@/, 'segment:$1@');

function renamed(policy: Policy, from: string, to: string): Policy {
  const name = (old: string): string => (old === from ? to : old);
  const text = JSON.stringify(policy.guardrails);
  return {
    ...policy,
    segments: policy.segments.map((one) => ({ ...one, name: name(one.name) })),
    rules: policy.rules.map((one) => ({
      ...one,
      from: one.from.map(name),
      to: one.to.map(name),
    })),
    guardrails: JSON.parse(text.replaceAll(`"segment":"${from}"`, `"segment":"${to}"`)),
  };
}

function oursAlone(inventory: Inventory): Inventory {
  const owned = new Set(inventory.groups.filter((g) => ownerOf(g) === OWNER).map(({ id }) => id));
  const interfaces = inventory.interfaces.map((nic) => ({
    ...nic,
    groups: nic.groups.filter((id) => owned.has(id)),
  }));
  return { ...inventory, interfaces };
}

/** Names of the guardrails that a flow is across, with the workloads at its ends. */
function guardrailsAcross(policy: Policy, inventory: Inventory) {
  const { desired } = compilePolicy({ policy, inventory, now: NOW, owner: OWNER });
  const workloads = new Map(inventory.interfaces.map(({ id, workload }) => [id, workload]));
  // A guardrail sees a workload in all the segments that match it, withheld or not.
  const views = new Map(
    desired.memberships.map(({ workload, segments, withheld, ...rest }) => [
      workload,
      { ...rest, segments: [...segments, ...withheld.map(({ segment }) => segment)] },
    ]),
  );
  return (flow: string): readonly (readonly [guardrail: string, ends: readonly string[]])[] => {
    const ends = flow.split(' ').flatMap((nic) => workloads.get(nic) ?? []);
    const [from, to] = ends.map((workload) => views.get(workload) ?? { segments: [] });
    if (from === undefined || to === undefined) return [];
    return policy.guardrails
      .filter(({ deny }) => matchesZone(deny.from, from) && matchesZone(deny.to, to))
      .map(({ id }) => [id, ends] as const);
  };
}

/** A world in which one policy is in force and another one comes. */
const arbitraryChange = fc.record({
  inventory: arbitraryInventory(),
  before: arbitraryPolicy(),
  after: arbitraryPolicy(),
});

describe('laws of compiling', () => {
  test('the result does not depend on the order of the input', () => {
    const shuffled = <T>(items: readonly T[]): T[] => [...items].reverse();
    fc.assert(
      fc.property(arbitraryWorld(), ({ policy, inventory }) => {
        const compile = (p: Policy, i: Inventory) =>
          compilePolicy({ policy: p, inventory: i, now: NOW, owner: OWNER });
        const mixed = compile(
          {
            ...policy,
            segments: shuffled(policy.segments),
            rules: shuffled(
              policy.rules.map((r) => ({
                ...r,
                from: shuffled(r.from),
                to: shuffled(r.to),
                allow: shuffled(r.allow),
              })),
            ),
            networks: shuffled(policy.networks),
            baseline: shuffled(policy.baseline),
            guardrails: shuffled(policy.guardrails),
          },
          {
            ...inventory,
            vpcs: shuffled(inventory.vpcs),
            interfaces: shuffled(inventory.interfaces),
            workloads: shuffled(inventory.workloads),
            groups: shuffled(inventory.groups),
            peerings: shuffled(inventory.peerings),
          },
        );
        expect(mixed.desired).toEqual(compile(policy, inventory).desired);
      }),
      RUNS,
    );
  });
});

describe('laws of planning', () => {
  test('an applied plan leaves nothing to plan', () => {
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after }) => {
        const first = publish(before, fresh(inventory));
        expect(planFor(before, first).steps).toEqual([]);
        const second = publish(after, first);
        expect(planFor(after, second).steps).toEqual([]);
      }),
      RUNS,
    );
  });

  test('a plan that died anywhere is finished by a new plan', () => {
    fc.assert(
      fc.property(arbitraryChange, fc.nat(), ({ inventory, before, after }, cut) => {
        const start = publish(before, fresh(inventory));
        const { steps } = planFor(after, start);
        const died = applySteps(start, steps.slice(0, cut % (steps.length + 1)));
        const resumed = publish(after, died);
        expect(planFor(after, resumed).steps).toEqual([]);
        expect(shape(resumed)).toEqual(shape(applySteps(start, steps)));
      }),
      RUNS,
    );
  });

  test('steps stand in an order that agrees with their phases and with `after`', () => {
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after }) => {
        const { steps } = planFor(after, publish(before, fresh(inventory)));
        const ids = steps.map((step) => step.id);
        expect(new Set(ids).size).toBe(ids.length);
        steps.forEach((step, at) => {
          for (const id of step.after) {
            expect(ids.indexOf(id)).toBeGreaterThanOrEqual(0);
            expect(ids.indexOf(id)).toBeLessThan(at);
          }
          const earlier = steps[at - 1];
          if (earlier === undefined) return;
          expect(PHASES.indexOf(earlier.phase)).toBeLessThanOrEqual(PHASES.indexOf(step.phase));
        });
      }),
      RUNS,
    );
  });

  // Where an interface or a group has no room for old and new, it swaps and the plan says so.
  test('no prefix cuts a flow that is allowed before and after, given free slots', () => {
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after }) => {
        const quotas = { ...inventory.quotas, groupsPerInterface: 16, rulesPerGroup: 200 };
        const start = publish(before, fresh({ ...inventory, quotas }));
        const { steps } = planFor(after, start);
        const old = allowedFlows(start.inventory);
        const end = allowedFlows(applySteps(start, steps).inventory);
        const stays = [...end].filter((flow) => old.has(flow));
        let estate = start;
        for (const step of steps) {
          estate = applyStep(estate, step);
          if (step.phase === 'create') continue;
          const now = allowedFlows(estate.inventory);
          const cut = stays.filter((flow) => !now.has(flow));
          expect({ step: step.id, cut }).toEqual({ step: step.id, cut: [] });
        }
      }),
      RUNS,
    );
  });

  // What foreign groups let through, they let through until they come off, whoever comes to it.
  test('what our groups open at a prefix that is shut before and after, the plan has said', () => {
    let opened = 0;
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after }) => {
        const quotas = { ...inventory.quotas, groupsPerInterface: 16, rulesPerGroup: 200 };
        const start = publish(before, fresh({ ...inventory, quotas }));
        const { steps, warnings } = planFor(after, start);
        const [old, end] = [start, applySteps(start, steps)].map((one) =>
          allowedFlows(one.inventory),
        );
        const isSaid = warnings.some((text) => text.includes('what neither policy allows'));
        let estate = start;
        for (const step of steps) {
          estate = applyStep(estate, step);
          const now = allowedFlows(oursAlone(estate.inventory));
          const news = [...now].filter((flow) => !old?.has(flow) && !end?.has(flow));
          if (news.length > 0) opened += 1;
          expect([step.id, isSaid ? [] : news]).toEqual([step.id, []]);
        }
      }),
      RUNS,
    );
    expect(opened).toBeGreaterThan(0);
  });

  test('what our groups open so across a guardrail waits for approval, by its name', () => {
    let crossed = 0;
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after: drawn }) => {
        const guardrails = drawn.guardrails.map((one) => ({ ...one, except: [] }));
        const after = { ...drawn, guardrails };
        const quotas = { ...inventory.quotas, groupsPerInterface: 16, rulesPerGroup: 200 };
        const start = publish(before, fresh({ ...inventory, quotas }));
        const plan = planFor(after, start);
        const old = allowedFlows(start.inventory);
        const end = allowedFlows(applySteps(start, plan.steps).inventory);
        const across = guardrailsAcross(after, start.inventory);
        let estate = start;
        for (const step of plan.steps) {
          estate = applyStep(estate, step);
          for (const flow of allowedFlows(oursAlone(estate.inventory))) {
            if (old.has(flow) || end.has(flow)) continue;
            for (const [guardrail, ends] of across(flow)) {
              crossed += 1;
              const said = (plan.crossings ?? []).filter((one) => one.guardrail === guardrail);
              const named = said.flatMap(({ workloads }) => workloads);
              expect([flow, ends.some((workload) => named.includes(workload))]).toEqual([
                flow,
                true,
              ]);
            }
          }
        }
      }),
      { ...RUNS, examples: [[RULES_COME], [PEERS_JOIN], [RULES_GO]] },
    );
    expect(crossed).toBeGreaterThanOrEqual(3);
  });

  test('renaming a segment cuts and opens nothing, at no step', () => {
    let moved = 0;
    fc.assert(
      fc.property(arbitraryInventory(), arbitraryPolicy(), (inventory, before) => {
        const quotas = { ...inventory.quotas, groupsPerInterface: 16, rulesPerGroup: 200 };
        const start = publish(before, fresh({ ...inventory, quotas }));
        const [first] = before.segments;
        const after = renamed(before, first?.name ?? '', 's-renamed');
        const { steps, warnings } = planFor(after, start);
        expect(warnings.join()).not.toContain('what neither policy allows');
        const flows = allowedFlows(start.inventory);
        moved += steps.filter((step) => step.kind === 'detach').length;
        let estate = start;
        for (const step of steps) {
          estate = applyStep(estate, step);
          expect([step.id, allowedFlows(estate.inventory)]).toEqual([step.id, flows]);
        }
        // A step to make the new group and one to take each interface off the old one.
        const members = steps.filter((step) => step.kind === 'attach').length;
        expect(steps.filter((step) => step.kind === 'detach')).toHaveLength(members);
      }),
      RUNS,
    );
    expect(moved).toBeGreaterThan(RUNS.numRuns / 2);
  });

  test('with gaps in the inventory nothing is removed', () => {
    fc.assert(
      fc.property(arbitraryChange, ({ inventory, before, after }) => {
        const start = publish(before, fresh(inventory));
        const gaps = [{ kind: 'groups', reason: 'throttled' }];
        const { steps, addOnly } = planFor(after, {
          ...start,
          inventory: { ...start.inventory, gaps },
        });
        expect(addOnly).toBe(true);
        for (const step of steps) {
          expect(['create', 'attach']).toContain(step.phase);
          if (step.kind === 'revoke') expect(step.id).toMatch(/^revoke-default:/);
          if (step.kind === 'attach')
            expect(step.to).toEqual(expect.arrayContaining([...step.from]));
        }
      }),
      RUNS,
    );
  });

  test('uninstalling puts every interface back and leaves nothing of ours', () => {
    fc.assert(
      fc.property(arbitraryChange, fc.nat(), ({ inventory, before, after }, cut) => {
        const start = publish(before, fresh(inventory));
        const { steps } = planFor(after, start);
        const anywhere = applySteps(start, steps.slice(0, cut % (steps.length + 1)));
        const removal = planFor(after, anywhere, { kind: 'uninstall' });
        expect(shape(applySteps(anywhere, removal.steps))).toEqual(shape(fresh(inventory)));
      }),
      RUNS,
    );
  });

  test('a held workload keeps its groups, and they keep their rules', () => {
    fc.assert(
      fc.property(arbitraryChange, fc.nat(), ({ inventory, before, after }, pick) => {
        const start = publish(before, fresh(inventory));
        const nic = start.inventory.interfaces[pick % start.inventory.interfaces.length];
        const held = new Set(nic === undefined ? [] : [nic.workload]);
        const plan = planFor(after, start, { held });
        const end = applySteps(start, plan.steps);
        const now = end.inventory.interfaces.find((other) => other.id === nic?.id);
        expect(now?.groups).toEqual(nic?.groups);
        expect(planFor(after, end, { held }).steps).toEqual([]);
      }),
      RUNS,
    );
  });
});
