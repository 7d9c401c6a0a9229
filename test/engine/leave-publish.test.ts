import { describe, expect, test } from 'vitest';
import type { Policy, PolicySource } from '../../core/model/policy.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import { SWEEP_AUTHOR } from '../../engine/publish/holds.ts';
import { preparePublish } from '../../engine/publish/prepare.ts';
import { setPhase } from '../../engine/publish/set-phase.ts';
import { sweepEstate } from '../../engine/sweep.ts';
import { idOf, instanceIds, LeaveWorld } from './leave-world.ts';

const PERSON = 'arn:aws:iam::000000000000:user/dana';

const SOURCES: readonly PolicySource[] = [
  {
    file: 'root.yaml',
    text: `apiVersion: bulkhead/v1
settings: { vpcs: { tags: { segmentation: bulkhead } } }
segments:
  api: { select: { tags: { app: api } }, mode: enforce, egress: closed }
  web: { select: { tags: { app: web } }, mode: enforce, egress: closed }
`,
  },
];

function read(): Policy {
  const { policy, diagnostics } = parsePolicy(SOURCES, { now: '2026-11-24T12:00:00Z' });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

/** Of five in `web` one has left, `i-1` is held beyond the share, and the event of `i-2` is lost. */
async function worldOf(): Promise<LeaveWorld> {
  const policy = read();
  const world = new LeaveWorld(policy);
  await world.publish(await world.store.nextGeneration());
  await world.archive.putPolicy(policy.version, SOURCES);
  await world.store.writeCurrentPolicy(
    { version: policy.version, author: PERSON, publishedAt: '2026-11-24T12:00:00Z', generation: 1 },
    undefined,
  );
  await world.start(instanceIds(5), 'web');
  await sweepEstate(world.ports);
  world.nowMs += 60_000;
  await world.move('i-0', 'api');
  await world.move('i-1', 'api');
  world.retag('i-2', { app: 'api' });
  world.nowMs += 60_000;
  return world;
}

/** Publishes the same policy once more; gives the workloads whose interfaces the plan lists. */
async function publish(world: LeaveWorld, author: string): Promise<readonly string[]> {
  const generation = await world.store.nextGeneration();
  const plan = `plan-${generation}`;
  const { version } = read();
  await preparePublish(world.ports, {
    ...{ plan, generation, policyVersion: version, kind: 'publish', author },
    expectedVersion: version,
  });
  for (const phase of ['attach', 'steady'] as const) {
    await setPhase(world.ports, plan, phase);
    for (const id of world.instances.keys()) await world.process({ workload: id, reason: 'plan' });
  }
  const steps = (await world.archive.getPlan(plan))?.steps ?? [];
  return [...new Set(steps.flatMap((step) => ('interface' in step ? [step.workload] : [])))].sort();
}

describe('a plan that the sweep published', () => {
  test('moves nobody who is held, and nobody whose event is still to be looked at', async () => {
    const world = await worldOf();
    expect(await publish(world, SWEEP_AUTHOR)).toEqual([]);
    expect(await world.store.readHead()).toMatchObject({ generation: 2, heldSince: 1 });
    expect(await world.record('i-1')).toMatchObject({ status: 'held', generation: 2 });
    expect(world.groupsOf('i-1')).toEqual([idOf('api'), idOf('web')]);
    expect(world.groupsOf('i-2')).toEqual([idOf('web')]);
    await world.process({ workload: 'i-2', reason: 'sweep' });
    expect(await world.record('i-2')).toMatchObject({ status: 'held' });
  });

  test('one after the other ends no hold', async () => {
    const world = await worldOf();
    await publish(world, SWEEP_AUTHOR);
    await publish(world, SWEEP_AUTHOR);
    expect(await world.store.readHead()).toMatchObject({ generation: 3, heldSince: 1 });
    expect(await world.record('i-1')).toMatchObject({ status: 'held' });
  });
});

describe('a plan that a person published', () => {
  test('moves who was held and who has just been re-tagged, as it has shown', async () => {
    const world = await worldOf();
    expect(await publish(world, PERSON)).toEqual(['i-1', 'i-2']);
    for (const id of ['i-1', 'i-2']) {
      expect(await world.record(id)).toMatchObject({ status: 'enforced', held: false });
      expect(world.groupsOf(id)).toEqual([idOf('api')]);
    }
  });

  test('does not use up what events may take', async () => {
    const world = await worldOf();
    world.nowMs += 600_000;
    await publish(world, PERSON);
    expect(await world.move('i-3', 'api')).toMatchObject({ status: 'enforced' });
    expect(await world.move('i-4', 'api')).toMatchObject({ status: 'held' });
  });
});
