import { describe, expect, test } from 'vitest';
import { policyOf, Stand, segment } from './stand.ts';

const OBSERVED = policyOf([segment('web', 'observe'), segment('db', 'observe')], [['web', 'db']]);

describe('what cannot be written, as simulated worlds have shown it', () => {
  test('a task that has stopped is forgotten, though ECS describes it for an hour', async () => {
    const stand = new Stand();
    const { admin } = stand.ec2;
    await stand.publish(OBSERVED);
    const where = { cluster: 'apps', subnet: stand.subnet, groups: [stand.flat] };
    const task = admin.runTask({ ...where, tags: { app: 'web' } });
    const id = `ecs:apps:${task.id.split('/').at(-1)}`;
    await stand.look(id);
    expect(await stand.store.countMembers('web')).toBe(1);
    admin.stopTask(task.id);
    expect((await stand.look(id)).kind).toBe('gone');
    expect(await stand.store.readWorkload(id)).toBeUndefined();
    expect(await stand.store.countMembers('web')).toBe(0);
  });

  test('an instance that is stopped is remembered', async () => {
    const stand = new Stand();
    const { id } = stand.launch({ app: 'web' });
    await stand.publish(OBSERVED);
    stand.ec2.admin.StopInstances({ InstanceIds: [id] });
    stand.ec2.settle();
    expect((await stand.look(id)).kind).toBe('done');
    expect(await stand.store.countMembers('web')).toBe(1);
  });
});
