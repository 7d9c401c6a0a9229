import { describe, expect, test } from 'vitest';
import { policyOf, Stand, segment } from '../../simulation/stand.ts';

const RULES = [['ops', 'web']] as const;
const STAGED = policyOf([segment('web', 'stage'), segment('ops', 'observe')], RULES);
const ENFORCED = policyOf([segment('web', 'enforce'), segment('ops', 'stage')], RULES);

describe('findLateComers', () => {
  test('a plan waits for a workload that it took for held, though a lost event had ended that', async () => {
    const stand = new Stand();
    const { nics } = stand.launch({ app: 'web' });
    const held = stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    stand.ec2.admin.putTags(held.id, { app: 'nothing' });
    stand.nowMs += 60_000;
    await stand.look(held.id);
    expect((await stand.store.readWorkload(held.id))?.held).toBe(true);
    // No event tells of it: the plan finds it in its inventory, and the hold in the table.
    stand.ec2.admin.putTags(held.id, { app: 'ops' });
    stand.nowMs += 60_000;
    const plan = await stand.prepare(ENFORCED);
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach, barrier]) await step?.(stand.ports('publish'));
    expect(stand.groupsOf(held.nics[0] ?? '')).toContain('segment:ops');
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(nics[0] ?? '')).toEqual(['open-egress', 'segment:web']);
  });

  test('what carries its groups already, or gets them by the plan, is not late', async () => {
    const stand = new Stand();
    stand.launch({ app: 'web' });
    await stand.publish(STAGED);
    stand.launch({ app: 'web' });
    const plan = await stand.prepare(STAGED);
    for (const step of stand.steps(plan).slice(0, 2)) await step(stand.ports('publish'));
    expect((await stand.store.readPlan(plan))?.late).toBeUndefined();
  });
});

describe('setPhase steady', () => {
  test('blocks the peers of one that changed into a segment without a group in its VPC', async () => {
    const rules = [['web', 'db']] as const;
    const policy = (mode: 'stage' | 'enforce') =>
      policyOf([segment('web', mode), segment('db', mode), segment('jobs', mode)], rules);
    const stand = new Stand();
    const web = stand.launch({ app: 'web' });
    const jobs = stand.launch({ app: 'jobs' }, 1, stand.home('10.2'));
    await stand.publish(policyOf([segment('web', 'observe'), segment('jobs', 'observe')]));
    const plan = await stand.prepare(policy('enforce'));
    const [create, attach, barrier, steady] = stand.steps(plan);
    for (const step of [create, attach]) await step?.(stand.ports('publish'));
    await stand.drain();
    // Nobody in its VPC was in `db` when the plan was made, so that there it has no group.
    stand.ec2.admin.putTags(jobs.id, { app: 'db' });
    stand.nowMs += 60_000;
    await stand.look(jobs.id);
    await barrier?.(stand.ports('publish'));
    await steady?.(stand.ports('publish'));
    await stand.drain();
    expect(stand.groupsOf(jobs.nics[0] ?? '')).toContain('flat');
    expect(stand.groupsOf(web.nics[0] ?? '')).toContain('flat');
    expect(Object.keys((await stand.store.readHead())?.blockedSegments ?? {})).toEqual(['web']);
  });
});
